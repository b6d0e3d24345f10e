"""A registry in memory, at a time that stands still until a test moves it."""

import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cloud_functions.registry.transaction import Transaction
from cloud_functions.storage.sqlite_registry import SqliteRegistry


@pytest.fixture
def transaction():
    store = SqliteRegistry(Path(":memory:"))
    yield Transaction(store, now_s=1_000.0)
    store.close()


@pytest.fixture
def events(transaction):
    def said() -> list[tuple[str, str]]:
        return [(event.topic, event.body["operation"]) for event in transaction.events]

    return said


class ForeignCa:
    """A certificate authority that is not ours."""

    def __init__(self, name: str = "elsewhere") -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.pem = self._signed(self.name, self.key.public_key(), is_ca=True)

    def certificate(self, common_name: str) -> str:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        key = ec.generate_private_key(ec.SECP256R1())
        return self._signed(subject, key.public_key(), is_ca=False)

    def _signed(self, subject, public_key, *, is_ca: bool) -> str:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
            .not_valid_after(datetime.datetime(2126, 1, 1, tzinfo=datetime.UTC))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        )
        signed = builder.sign(self.key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture
def foreign_ca():
    return ForeignCa
