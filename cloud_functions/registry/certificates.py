"""Certificates: who they are, and the operations on them (AWS reference, sections 6.2 and 7).

A certificate is known by the SHA-256 of its DER, whatever its subject and whoever signed it.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from cloud_functions.region import ACCOUNT
from cloud_functions.registry.arns import Kind, arn, generation
from cloud_functions.registry.errors import (
    DeleteConflict,
    InvalidInput,
    ResourceExists,
    ResourceNotFound,
    WrongCertificateState,
)
from cloud_functions.registry.pages import Page, PageWanted, page
from cloud_functions.registry.transaction import Transaction
from cloud_functions.registry.x509 import read_certificate


class Status(StrEnum):
    """Whether a certificate opens a connection; only ACTIVE does."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    REVOKED = "REVOKED"
    PENDING_ACTIVATION = "PENDING_ACTIVATION"


class Mode(StrEnum):
    """DEFAULT has a CA that is ours or registered; SNI_ONLY was registered without one."""

    DEFAULT = "DEFAULT"
    SNI_ONLY = "SNI_ONLY"


SETTABLE: Final = (Status.ACTIVE, Status.INACTIVE, Status.REVOKED)
"""What a caller may set; the others are AWS's own."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A registered certificate; `id` is the SHA-256 of its DER, in hex.

    `common_name` is what Mosquitto sees of it, `ca_id` the registered CA that signed it (empty
    for the local authority and for none), `version` counts its changes.
    """

    id: str
    common_name: str
    pem: str
    status: Status = Status.ACTIVE
    ca_id: str = ""
    created_s: float = 0.0
    modified_s: float = 0.0
    version: int = 1
    mode: Mode = Mode.DEFAULT

    @property
    def arn(self) -> str:
        """Its ARN."""
        return arn(Kind.CERTIFICATE, self.id)

    def listed(self) -> dict[str, Any]:
        """The certificate in the answer of a list."""
        return {
            "certificateArn": self.arn,
            "certificateId": self.id,
            "status": self.status.value,
            "certificateMode": self.mode.value,
            "creationDate": self.created_s,
        }

    def described(self) -> dict[str, Any]:
        """The answer of DescribeCertificate, inside `certificateDescription`."""
        facts = read_certificate(self.pem)
        said = {
            **self.listed(),
            "certificatePem": self.pem,
            "ownedBy": ACCOUNT,
            "lastModifiedDate": self.modified_s,
            "customerVersion": self.version,
            "generationId": generation(self.arn, self.version),
            "validity": {"notBefore": facts.not_before_s, "notAfter": facts.not_after_s},
            "transferData": {},
        }
        return said | ({"caCertificateId": self.ca_id} if self.ca_id else {})


def add(
    transaction: Transaction,
    pem: str,
    status: Status,
    *,
    ca_id: str = "",
    mode: Mode = Mode.DEFAULT,
) -> Certificate:
    """Register a certificate.  Raises InvalidCertificate, ResourceExists."""
    facts = read_certificate(pem)
    store, now_s = transaction.store, transaction.now_s
    if store.certificates.get(facts.id) is not None:
        raise ResourceExists(
            "The certificate is already provisioned or registered",
            facts.id,
            arn(Kind.CERTIFICATE, facts.id),
        )
    made = Certificate(facts.id, facts.common_name, pem, status, ca_id, now_s, now_s, mode=mode)
    store.certificates.put(made)
    transaction.note_access()
    return made


def describe(transaction: Transaction, certificate_id: str) -> Certificate:
    """A certificate.  Raises ResourceNotFound."""
    found = transaction.store.certificates.get(certificate_id.lower())
    if found is None:
        raise ResourceNotFound(f"Certificate {certificate_id} cannot be found.")
    return found


def find(transaction: Transaction, wanted: PageWanted, ca_id: str = "") -> Page[Certificate]:
    """The certificates in the order of their creation; those of one CA."""
    where = {"ca_id": ca_id} if ca_id else None
    return page(transaction.store.certificates, wanted, where, by=("created_s",))


def update(transaction: Transaction, certificate_id: str, status: Status) -> Certificate:
    """Give a certificate a status; the same again changes nothing.  Raises InvalidInput."""
    certificate = describe(transaction, certificate_id)
    if status not in SETTABLE:
        raise InvalidInput(f"newStatus is one of {', '.join(SETTABLE)}, not {status}")
    if certificate.status is status:
        return certificate
    changed = replace(
        certificate,
        status=status,
        modified_s=transaction.now_s,
        version=certificate.version + 1,
    )
    transaction.store.certificates.put(changed)
    transaction.note_access(closed="" if status is Status.ACTIVE else certificate.id)
    return changed


def delete(transaction: Transaction, certificate_id: str, *, force: bool = False) -> None:
    """Remove a certificate, with `force` from its policies too.

    Raises WrongCertificateState while it is ACTIVE, DeleteConflict while something is attached.
    """
    store = transaction.store
    certificate = describe(transaction, certificate_id)
    if certificate.status is Status.ACTIVE:
        raise WrongCertificateState(
            f"Certificate must be deactivated (not ACTIVE) before deletion. Id: {certificate.id}"
        )
    if store.thing_principals.count({"principal": certificate.arn}):
        raise DeleteConflict(f"Things must be detached before deletion (arn: {certificate.arn})")
    targets = store.policy_targets.find({"target": certificate.arn})
    if targets and not force:
        raise DeleteConflict(
            f"Certificate policies must be detached before deletion (arn: {certificate.arn})"
        )
    for target in targets:
        store.policy_targets.delete(target.policy, certificate.arn)
    store.certificates.delete(certificate.id)
    transaction.note_access(closed=certificate.id)
