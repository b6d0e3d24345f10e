"""The certificate that robots of one data directory show at home, and their side of TLS.

Self-signed, RSA with 2048 bits and shared: no client verifies it, some can use nothing but RSA,
and one context for all keeps a reconnect storm affordable (robot reference, section 4).
"""

import datetime
import ssl
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from cloud_functions.contract.home_network import CIPHERS

FILE_NAME: Final = "home-network.pem"
_RSA_BITS: Final = 2048
_YEARS: Final = datetime.timedelta(days=20 * 365)


def server_context(directory: Path, now_s: float) -> ssl.SSLContext:
    """TLS 1.2 and 1.3 with the certificate of the directory, which is made when it is missing."""
    path = directory / FILE_NAME
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        draft.touch(mode=0o600)
        draft.write_bytes(_made(now_s))
        draft.replace(path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.num_tickets = 0
    context.load_cert_chain(path)
    return context


def _made(now_s: float) -> bytes:
    """Key and certificate as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Roomba")])
    began = datetime.datetime.fromtimestamp(now_s, datetime.UTC) - datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(began)
        .not_valid_after(began + _YEARS)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)
