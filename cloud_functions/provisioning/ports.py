"""What provisioning asks of the registry.

All that is done between opening the registry and closing it is done together, durably, or not at
all when something is raised in between.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from cloud_functions.provisioning.plan import KnownThing, SettledThing
from cloud_functions.provisioning.template import PrincipalType


@dataclass(frozen=True, slots=True)
class KnownCertificate:
    """A certificate of the registry; `status` is AWS's word."""

    id: str
    arn: str
    pem: str
    status: str


class Issued(Protocol):
    """A certificate made just now and not registered yet."""

    @property
    def pem(self) -> str:
        """The certificate."""

    @property
    def key_pem(self) -> str:
        """Its private key; empty when a signing request made it."""


class Issuer(Protocol):
    """Signs certificates; `registry.authority.Authority` is one."""

    def issue(self) -> Issued:
        """A new certificate with its key."""

    def sign(self, request_pem: str) -> Issued:
        """A certificate for a signing request.  Raises InvalidRequest."""


class CertificateDesk(Protocol):
    """Keeps certificates."""

    def add_certificate(self, pem: str, status: str) -> KnownCertificate:
        """Register a certificate of our own authority."""

    def register_certificate(self, pem: str, ca_pem: str | None, status: str) -> KnownCertificate:
        """Register a certificate somebody else made.  Raises InvalidRequest."""

    def certificate(self, certificate_id: str) -> KnownCertificate | None:
        """The certificate, or None."""

    def own_parameters(self, certificate: KnownCertificate) -> Mapping[str, str]:
        """`AWS::IoT::Certificate::...` by their short names, as far as it has them."""

    def set_status(self, certificate_id: str, status: str) -> None:
        """Activate it, or the contrary."""

    def delete_certificate(self, certificate_id: str) -> None:
        """Detach it from everything and forget it."""


class ThingDesk(Protocol):
    """Makes things and attaches what belongs together."""

    def known_thing(self, name: str) -> KnownThing | None:
        """What is there under the name, or None."""

    def put_thing(self, thing: SettledThing) -> str:
        """Make it, or make it so; its ARN.  Raises InvalidRequest, NotFound."""

    def policy_arn(self, name: str) -> str | None:
        """A policy's ARN, None if it is not there."""

    def put_policy(self, name: str, document: str) -> str:
        """Make a policy; its ARN.  Raises InvalidRequest for a document that is none."""

    def attach_policy(self, name: str, certificate: KnownCertificate) -> None:
        """Let the certificate do what the policy says."""

    def attach_thing(
        self, name: str, certificate: KnownCertificate, principal_type: PrincipalType | None
    ) -> None:
        """Make the certificate the thing's."""


class Registry(CertificateDesk, ThingDesk, Protocol):
    """Both, as long as it is open."""


OpenRegistry: TypeAlias = Callable[[], AbstractContextManager[Registry]]


@dataclass(frozen=True, slots=True)
class HookCall:
    """A pre-provisioning function to ask; `number` is the service's own for the answer."""

    number: int
    function: str
    event: bytes


AskHook: TypeAlias = Callable[[HookCall], None]
"""Asks soon; the answer comes back through `ProvisioningService.answered`."""
