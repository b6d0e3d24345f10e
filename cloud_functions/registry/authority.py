"""The local certificate authority: made once, signs the server and the clients.

A client is who its certificate's SHA-256 says in the registry (design, decision 10).  The hash
exists only after signing, so the common name is an identifier chosen before, which the registry
keeps beside the hash: Mosquitto knows a client by it.
"""

import datetime
import hashlib
import ipaddress
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cloud_functions.registry.errors import InvalidInput

PublicKey: TypeAlias = ec.EllipticCurvePublicKey | rsa.RSAPublicKey

_RSA_BITS: Final = 2048
_MAX_REQUEST: Final = 4096
_CURVES: Final = ("secp256r1", "secp384r1", "secp521r1")
_YEARS: Final = datetime.timedelta(days=3650)
_BACKDATED: Final = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Issued:
    """A new client certificate; `id` is the SHA-256 of its DER in hex.

    The keys are empty when the client has made them itself.
    """

    id: str
    common_name: str
    pem: str
    key_pem: str = ""
    public_key_pem: str = ""


class Authority:
    """The CA in a folder."""

    def __init__(self, folder: Path, now: datetime.datetime) -> None:
        self._folder = folder
        self._now = now
        folder.mkdir(parents=True, exist_ok=True)
        if not self.ca_path.exists():
            self._make_authority()
        self._ca = x509.load_pem_x509_certificate(self.ca_path.read_bytes())
        self._key = serialization.load_pem_private_key(self.key_path.read_bytes(), password=None)
        if not self.server_path.exists():
            self._make_server()

    @property
    def ca_path(self) -> Path:
        """The CA's certificate."""
        return self._folder / "ca.pem"

    @property
    def key_path(self) -> Path:
        """The CA's key."""
        return self._folder / "ca.key"

    @property
    def server_path(self) -> Path:
        """The server's certificate."""
        return self._folder / "server.pem"

    @property
    def server_key_path(self) -> Path:
        """The server's key."""
        return self._folder / "server.key"

    def issue(self) -> Issued:
        """A new client certificate with its key, an elliptic one."""
        key = ec.generate_private_key(ec.SECP256R1())
        return replace(self._sign(key.public_key()), key_pem=_key_pem(key).decode())

    def issue_with_rsa(self) -> Issued:
        """A new client certificate with its keys, RSA with 2048 bits as AWS makes them.

        Takes a tenth of a second and more.
        """
        key = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        issued = self._sign(key.public_key())
        return replace(issued, key_pem=private.decode(), public_key_pem=public.decode())

    def sign(self, request_pem: str) -> Issued:
        """A new client certificate for the key of a signing request; its subject is ignored.

        Raises InvalidInput.
        """
        return self._sign(_requested_key(request_pem))

    def _sign(self, public_key: PublicKey) -> Issued:
        common_name = secrets.token_hex(32)
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        builder = self._builder(_name(common_name), public_key)
        signed = builder.add_extension(usage, critical=False).sign(self._signer, hashes.SHA256())
        der = signed.public_bytes(serialization.Encoding.DER)
        return Issued(
            id=hashlib.sha256(der).hexdigest(),
            common_name=common_name,
            pem=signed.public_bytes(serialization.Encoding.PEM).decode(),
        )

    @property
    def _signer(self) -> ec.EllipticCurvePrivateKey:
        assert isinstance(self._key, ec.EllipticCurvePrivateKey)
        return self._key

    def _make_authority(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("robofleet local CA")
        signed = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - _BACKDATED)
            .not_valid_after(self._now + _YEARS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(_key_usage(is_ca=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        _write_secret(self.key_path, _key_pem(key))
        self.ca_path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))

    def _make_server(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName(
            [
                x509.DNSName("localhost"),
                x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
                x509.IPAddress(ipaddress.ip_address("::1")),
            ]
        )
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = self._builder(_name("localhost"), key.public_key())
        signed = (
            builder.add_extension(names, critical=False)
            .add_extension(usage, critical=False)
            .sign(self._signer, hashes.SHA256())
        )
        _write_secret(self.server_key_path, _key_pem(key))
        self.server_path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject: x509.Name, public_key: PublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._ca.subject)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - _BACKDATED)
            .not_valid_after(self._now + _YEARS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._signer.public_key()),
                critical=False,
            )
            .add_extension(_key_usage(is_ca=False), critical=True)
        )


def _requested_key(request_pem: str) -> PublicKey:
    """The key of a signing request, if AWS signs such keys.  Raises InvalidInput."""
    if len(request_pem) > _MAX_REQUEST:
        raise InvalidInput(f"certificateSigningRequest has at most {_MAX_REQUEST} characters")
    try:
        request = x509.load_pem_x509_csr(request_pem.encode())
        is_signed = request.is_signature_valid
        key = request.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidInput(
            f"certificateSigningRequest is no signing request in PEM: {error}"
        ) from None
    if not is_signed:
        raise InvalidInput("certificateSigningRequest is not signed with its own key")
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _RSA_BITS:
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return key
    raise InvalidInput(
        "certificateSigningRequest: the key is RSA with at least 2048 bits, or elliptic on"
        " P-256, P-384 or P-521"
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key_usage(*, is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write_secret(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(data)
