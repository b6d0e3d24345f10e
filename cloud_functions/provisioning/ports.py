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


@dataclass(frozen=True, slots=True)
class NewCertificate:
    """A certificate made just now; the keys are empty when a signing request made it."""

    id: str
    arn: str
    pem: str
    private_key: str = ""
    public_key: str = ""


class CertificateDesk(Protocol):
    """Makes certificates, and keeps them."""

    def create_with_keys(self, status: str) -> NewCertificate:
        """A new certificate and its keys."""

    def create_from_request(self, request: str, status: str) -> NewCertificate:
        """A certificate for a signing request in PEM.  Raises InvalidRequest."""

    def register(self, pem: str, ca_pem: str | None, status: str) -> NewCertificate:
        """Take in a certificate somebody else made.  Raises InvalidRequest."""

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
