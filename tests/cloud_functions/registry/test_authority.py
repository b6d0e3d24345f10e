"""The local CA signs for whoever holds a key, and chooses the name itself."""

import datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from cloud_functions.registry.authority import Authority
from cloud_functions.registry.errors import InvalidInput
from cloud_functions.registry.x509 import is_signed_by, read_certificate

NOW = datetime.datetime(2026, 11, 24, tzinfo=datetime.UTC)
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "pki", NOW)


def request_for(key, name: str = "anybody", algorithm=hashes.SHA256) -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    signed = builder.sign(key, algorithm() if algorithm else None)
    return signed.public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize(
    "key",
    [
        RSA,
        *(ec.generate_private_key(curve()) for curve in (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)),
    ],
)
def test_a_request_gets_a_certificate_for_its_key_and_not_for_its_name(authority, key) -> None:
    issued = authority.sign(request_for(key, "admin"))

    certificate = x509.load_pem_x509_certificate(issued.pem.encode())
    assert certificate.public_key() == key.public_key()
    assert read_certificate(issued.pem).id == issued.id
    assert read_certificate(issued.pem).common_name == issued.common_name != "admin"
    assert is_signed_by(issued.pem, authority.ca_path.read_text())
    assert (issued.key_pem, issued.public_key_pem) == ("", "")


def test_the_same_request_gets_another_certificate_each_time(authority) -> None:
    request = request_for(RSA)

    assert authority.sign(request).id != authority.sign(request).id


@pytest.mark.parametrize(
    ("request_pem", "complaint"),
    [
        ("", "no signing request"),
        (
            "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----",
            "no signing",
        ),
        ("x" * 4097, "4096"),
        (request_for(rsa.generate_private_key(public_exponent=65537, key_size=1024)), "2048 bits"),
        (request_for(ec.generate_private_key(ec.SECP256K1())), "P-256"),
        (request_for(ed25519.Ed25519PrivateKey.generate(), algorithm=None), "P-256"),
        (request_for(dsa.generate_private_key(2048)), "P-256"),
    ],
)
def test_a_bad_request_is_refused_with_what_is_wrong(authority, request_pem, complaint) -> None:
    with pytest.raises(InvalidInput, match=complaint):
        authority.sign(request_pem)


def test_a_request_signed_with_another_key_is_refused(authority) -> None:
    good = x509.load_pem_x509_csr(request_for(RSA).encode())
    der = bytearray(good.public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    forged = x509.load_der_x509_csr(bytes(der)).public_bytes(serialization.Encoding.PEM).decode()

    with pytest.raises(InvalidInput, match="own key"):
        authority.sign(forged)


def test_keys_of_the_service_are_rsa_with_2048_bits(authority) -> None:
    issued = authority.issue_with_rsa()

    private = serialization.load_pem_private_key(issued.key_pem.encode(), None)
    public = serialization.load_pem_public_key(issued.public_key_pem.encode())
    certificate = x509.load_pem_x509_certificate(issued.pem.encode())
    assert private.key_size == 2048
    assert private.public_key() == public == certificate.public_key()
    assert issued.key_pem.startswith("-----BEGIN RSA PRIVATE KEY-----")
