"""What the registry reads out of certificates: who they are, how long, and who signed them."""

import hashlib
import hmac
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import NameOID

from cloud_functions.registry.errors import InvalidCertificate


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """What a certificate says of itself; `id` is the SHA-256 of its DER, in hex."""

    id: str
    common_name: str
    subject: str
    issuer: str
    not_before_s: float
    not_after_s: float
    is_ca: bool


def read_certificate(pem: str, member: str = "certificatePem") -> CertificateFacts:
    """The facts of a certificate in PEM.  Raises InvalidCertificate."""
    certificate = _load(pem, member)
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return CertificateFacts(
        id=hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest(),
        common_name=str(names[0].value) if names else "",
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        not_before_s=certificate.not_valid_before_utc.timestamp(),
        not_after_s=certificate.not_valid_after_utc.timestamp(),
        is_ca=_is_ca(certificate),
    )


def is_signed_by(pem: str, ca_pem: str) -> bool:
    """Whether the key of a CA has signed a certificate."""
    certificate, ca = _load(pem, "certificatePem"), _load(ca_pem, "caCertificatePem")
    try:
        certificate.verify_directly_issued_by(ca)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True


def is_same(left: str, right: str) -> bool:
    """Whether two texts are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(left.encode(), right.encode())


def _load(pem: str, member: str) -> x509.Certificate:
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidCertificate(f"{member} is no certificate in PEM: {error}") from None
    return certificate


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return constraints.value.ca
