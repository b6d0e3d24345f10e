"""CA certificates of the caller's own, and certificates that they signed (AWS reference, 7)."""

from dataclasses import dataclass, replace
from typing import Any

from cloud_functions.region import ACCOUNT
from cloud_functions.registry import certificates, registration_code, tags
from cloud_functions.registry.arns import Kind, arn, generation
from cloud_functions.registry.certificates import Certificate, Mode, Status
from cloud_functions.registry.errors import (
    AmbiguousCertificate,
    InvalidCertificate,
    InvalidInput,
    LimitExceeded,
    ResourceExists,
    ResourceNotFound,
    WrongCertificateState,
    WrongRegistrationCode,
)
from cloud_functions.registry.pages import Page, PageWanted, page
from cloud_functions.registry.ports import RegistryStore
from cloud_functions.registry.transaction import Transaction
from cloud_functions.registry.x509 import is_same, is_signed_by, read_certificate


@dataclass(frozen=True, slots=True)
class CaCertificate:
    """A registered CA; `id` is the SHA-256 of its DER, in hex."""

    id: str
    subject: str
    pem: str
    is_active: bool
    mode: Mode
    created_s: float
    modified_s: float
    version: int = 1

    @property
    def arn(self) -> str:
        """Its ARN."""
        return arn(Kind.CA_CERTIFICATE, self.id)

    def listed(self) -> dict[str, Any]:
        """The CA in the answer of ListCACertificates."""
        return {
            "certificateArn": self.arn,
            "certificateId": self.id,
            "status": "ACTIVE" if self.is_active else "INACTIVE",
            "creationDate": self.created_s,
        }

    def described(self) -> dict[str, Any]:
        """The answer of DescribeCACertificate, inside `certificateDescription`."""
        facts = read_certificate(self.pem)
        return {
            **self.listed(),
            "certificatePem": self.pem,
            "ownedBy": ACCOUNT,
            "autoRegistrationStatus": "DISABLE",
            "lastModifiedDate": self.modified_s,
            "customerVersion": self.version,
            "generationId": generation(self.arn, self.version),
            "validity": {"notBefore": facts.not_before_s, "notAfter": facts.not_after_s},
            "certificateMode": self.mode.value,
        }


def register(
    transaction: Transaction, pem: str, verification_pem: str, *, is_active: bool, mode: Mode
) -> CaCertificate:
    """Register a CA, which in DEFAULT mode has signed the registration code."""
    facts = read_certificate(pem, "caCertificate")
    if not facts.is_ca:
        raise InvalidCertificate("caCertificate is no CA: its basic constraints do not say so")
    if (mode is Mode.SNI_ONLY) is bool(verification_pem):
        raise InvalidInput(
            "verificationCertificate is needed in certificateMode DEFAULT and only there"
        )
    if verification_pem:
        _verify(transaction, pem, verification_pem)
    store, now_s = transaction.store, transaction.now_s
    if store.ca_certificates.get(facts.id) is not None:
        raise ResourceExists(
            "The CA certificate is already registered",
            facts.id,
            arn(Kind.CA_CERTIFICATE, facts.id),
        )
    most = transaction.limits.cas_per_subject
    if store.ca_certificates.count({"subject": facts.subject}) >= most:
        raise LimitExceeded(f"There are {most} CA certificates with the subject {facts.subject}")
    made = CaCertificate(facts.id, facts.subject, pem, is_active, mode, now_s, now_s)
    store.ca_certificates.put(made)
    transaction.note_access()
    return made


def describe(transaction: Transaction, ca_id: str) -> CaCertificate:
    """A CA.  Raises ResourceNotFound."""
    found = transaction.store.ca_certificates.get(ca_id.lower())
    if found is None:
        raise ResourceNotFound(f"CA certificate {ca_id} cannot be found.")
    return found


def find(transaction: Transaction, wanted: PageWanted) -> Page[CaCertificate]:
    """The CAs in the order of their creation."""
    return page(transaction.store.ca_certificates, wanted, by=("created_s",))


def update(transaction: Transaction, ca_id: str, *, is_active: bool) -> CaCertificate:
    """Let a CA register certificates, or no more; those it has registered stay."""
    known = describe(transaction, ca_id)
    if known.is_active is is_active:
        return known
    changed = replace(
        known, is_active=is_active, modified_s=transaction.now_s, version=known.version + 1
    )
    transaction.store.ca_certificates.put(changed)
    transaction.note_access()
    return changed


def delete(transaction: Transaction, ca_id: str) -> None:
    """Remove a CA.  Raises WrongCertificateState while it is ACTIVE."""
    known = describe(transaction, ca_id)
    if known.is_active:
        raise WrongCertificateState(
            f"CA certificate must be deactivated (not ACTIVE) before deletion. Id: {known.id}"
        )
    transaction.store.ca_certificates.delete(known.id)
    tags.forget(transaction, known.arn)
    transaction.note_access()


def register_certificate(
    transaction: Transaction, pem: str, ca_pem: str, status: Status
) -> Certificate:
    """Register a certificate that a registered CA has signed; `ca_pem` may be empty.

    Raises InvalidCertificate without such a CA, AmbiguousCertificate with several,
    WrongCertificateState when the CA is not ACTIVE.
    """
    ca = _signer_of(transaction, pem, ca_pem)
    if not ca.is_active:
        raise WrongCertificateState(f"The CA certificate {ca.id} is not ACTIVE")
    return certificates.add(transaction, pem, status, ca_id=ca.id, mode=ca.mode)


def register_without_ca(transaction: Transaction, pem: str, status: Status) -> Certificate:
    """Register a certificate whoever signed it."""
    return certificates.add(transaction, pem, status, mode=Mode.SNI_ONLY)


def trusted_pems(store: RegistryStore) -> list[str]:
    """What a TLS handshake may end at, beside the local authority.

    Active CAs, and the certificates that were registered without one.
    """
    return [
        *(ca.pem for ca in store.ca_certificates.find() if ca.is_active),
        *(each.pem for each in store.certificates.find({"mode": Mode.SNI_ONLY.value})),
    ]


def _signer_of(transaction: Transaction, pem: str, ca_pem: str) -> CaCertificate:
    facts, store = read_certificate(pem), transaction.store
    if ca_pem:
        asked = store.ca_certificates.get(read_certificate(ca_pem, "caCertificatePem").id)
        found = [] if asked is None else [asked]
    else:
        found = list(store.ca_certificates.find({"subject": facts.issuer}))
        if len(found) > 1:
            raise AmbiguousCertificate(
                f"{len(found)} registered CA certificates have the subject {facts.issuer}:"
                " say which one with caCertificatePem"
            )
    if not found:
        raise InvalidCertificate(f"No CA certificate of {facts.issuer} is registered")
    if not is_signed_by(pem, found[0].pem):
        raise InvalidCertificate(f"The CA certificate {found[0].id} has not signed it")
    return found[0]


def _verify(transaction: Transaction, pem: str, verification_pem: str) -> None:
    facts = read_certificate(verification_pem, "verificationCertificate")
    if not is_same(facts.common_name, registration_code.get(transaction)):
        raise WrongRegistrationCode(
            "The common name of verificationCertificate is not the registration code"
        )
    if not is_signed_by(verification_pem, pem):
        raise InvalidCertificate("caCertificate has not signed verificationCertificate")
