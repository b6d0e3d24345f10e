"""The list of certificates that Mosquitto must refuse at their next handshake (a CRL).

Mosquitto reads it again when the access list changes; OpenSSL keeps every list it has read and
follows the newest by its date, so each list is dated later than the one before.
"""

import datetime
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_BACKDATED: Final = datetime.timedelta(days=1)
_VALID: Final = datetime.timedelta(days=3650)
_STEP: Final = datetime.timedelta(seconds=1)


class Revocations:
    """Writes the CA's lists."""

    def __init__(self, ca: Path, key: Path, now: datetime.datetime) -> None:
        self._ca = ca
        self._key = key
        self._dated = now.replace(microsecond=0) - _BACKDATED

    def write(self, path: Path, pems: Iterable[str]) -> None:
        """A list of these certificates, those of the local CA among them."""
        ca = x509.load_pem_x509_certificate(self._ca.read_bytes())
        key = serialization.load_pem_private_key(self._key.read_bytes(), password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._dated += _STEP
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(ca.subject)
            .last_update(self._dated)
            .next_update(self._dated + _VALID)
        )
        for pem in pems:
            certificate = x509.load_pem_x509_certificate(pem.encode())
            if certificate.issuer == ca.subject:
                revoked = (
                    x509.RevokedCertificateBuilder()
                    .serial_number(certificate.serial_number)
                    .revocation_date(self._dated)
                    .build()
                )
                builder = builder.add_revoked_certificate(revoked)
        signed = builder.sign(key, hashes.SHA256())
        path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
