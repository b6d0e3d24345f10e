"""Certificates and what they may do (AWS reference, sections 6.2 and 7)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Status(StrEnum):
    """Whether a certificate opens a connection; only ACTIVE does."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    REVOKED = "REVOKED"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A registered certificate; `id` is the SHA-256 of its DER, in hex.

    `common_name` is what Mosquitto sees of it, `thing` the thing it is attached to, `policy` the
    name of its policy.
    """

    id: str
    common_name: str
    pem: str
    thing: str
    policy: str
    status: Status = Status.ACTIVE


class CertificateStore(Protocol):
    """Keeps certificates and policies; durable on return."""

    def certificate(self, certificate_id: str) -> Certificate | None:
        """The certificate, or None."""

    def certificates(self) -> list[Certificate]:
        """All of them."""

    def put_certificate(self, certificate: Certificate) -> None:
        """Write it whole."""

    def policy(self, name: str) -> str | None:
        """A policy document's text, or None."""

    def put_policy(self, name: str, document: str) -> None:
        """Write it whole."""
