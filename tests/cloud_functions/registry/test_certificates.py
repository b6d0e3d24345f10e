"""Certificates and the CAs that sign them."""

from dataclasses import replace

import pytest

from cloud_functions.registry import (
    ca_certificates,
    certificates,
    policies,
    policy_targets,
    registration_code,
    thing_principals,
    things,
)
from cloud_functions.registry.certificates import Mode, Status
from cloud_functions.registry.errors import (
    AmbiguousCertificate,
    DeleteConflict,
    InvalidCertificate,
    InvalidInput,
    LimitExceeded,
    ResourceExists,
    ResourceNotFound,
    WrongCertificateState,
    WrongRegistrationCode,
)
from cloud_functions.registry.pages import PageWanted
from cloud_functions.registry.thing_principals import PrincipalType
from cloud_functions.registry.x509 import read_certificate

ALLOW = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iot:*","Resource":"*"}]}'


def register_ca(transaction, ca, *, is_active: bool = True, mode: Mode = Mode.SNI_ONLY):
    return ca_certificates.register(transaction, ca.pem, "", is_active=is_active, mode=mode)


def test_a_certificate_is_known_by_its_sha256(transaction, foreign_ca) -> None:
    pem = foreign_ca().certificate("robot")

    made = certificates.add(transaction, pem, Status.INACTIVE)

    described = certificates.describe(transaction, made.id.upper()).described()
    assert made.id == read_certificate(pem).id
    assert made.common_name == "robot"
    assert described["certificateArn"] == f"arn:aws:iot:us-east-1:000000000000:cert/{made.id}"
    assert described["status"] == "INACTIVE"
    assert described["validity"]["notBefore"] == 1_767_225_600.0
    assert "caCertificateId" not in described
    with pytest.raises(ResourceExists, match="already provisioned"):
        certificates.add(transaction, pem, Status.ACTIVE)


@pytest.mark.parametrize(
    "pem", ["", "robot", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_what_is_no_certificate_is_refused(transaction, pem) -> None:
    with pytest.raises(InvalidCertificate, match="certificatePem"):
        certificates.add(transaction, pem, Status.ACTIVE)


def test_a_status_changes_once_and_tells_who_is_closed(transaction, foreign_ca) -> None:
    made = certificates.add(transaction, foreign_ca().certificate("r"), Status.ACTIVE)
    transaction.access_changed = False

    same = certificates.update(transaction, made.id, Status.ACTIVE)
    assert (same, transaction.access_changed) == (made, False)

    changed = certificates.update(transaction, made.id, Status.REVOKED)
    assert (changed.status, changed.version) == (Status.REVOKED, 2)
    assert (transaction.access_changed, transaction.closed) == (True, {made.id})
    with pytest.raises(InvalidInput, match="ACTIVE, INACTIVE, REVOKED"):
        certificates.update(transaction, made.id, Status.PENDING_ACTIVATION)
    with pytest.raises(ResourceNotFound):
        certificates.update(transaction, "0" * 64, Status.ACTIVE)


def test_only_what_is_closed_and_detached_is_deleted(transaction, foreign_ca) -> None:
    made = certificates.add(transaction, foreign_ca().certificate("r"), Status.ACTIVE)
    things.create(transaction, "r1", {})
    policies.create(transaction, "p", ALLOW)
    policy_targets.attach(transaction, "p", made.arn)
    thing_principals.attach(transaction, "r1", made.arn, PrincipalType.NON_EXCLUSIVE)

    with pytest.raises(WrongCertificateState, match="must be deactivated"):
        certificates.delete(transaction, made.id, force=True)
    certificates.update(transaction, made.id, Status.INACTIVE)
    with pytest.raises(DeleteConflict, match="Things must be detached"):
        certificates.delete(transaction, made.id, force=True)
    thing_principals.detach(transaction, "r1", made.arn)
    with pytest.raises(DeleteConflict, match="policies must be detached"):
        certificates.delete(transaction, made.id)
    certificates.delete(transaction, made.id, force=True)

    policies.delete(transaction, "p")
    with pytest.raises(ResourceNotFound):
        certificates.describe(transaction, made.id)


def test_certificates_are_listed_by_their_creation_page_by_page(transaction, foreign_ca) -> None:
    ca = foreign_ca()
    made = [
        certificates.add(
            replace(transaction, now_s=float(second)), ca.certificate(f"r{second}"), Status.ACTIVE
        ).id
        for second in (1, 2, 2, 3)
    ]

    def listed(*, descending: bool) -> list[str]:
        found, token = [], ""
        while True:
            wanted = PageWanted(3, token, descending)
            page = certificates.find(transaction, wanted)
            found += [each.id for each in page.items]
            token = page.token
            if not token:
                return found

    assert listed(descending=False) == [made[0], *sorted(made[1:3]), made[3]]
    assert listed(descending=True) == listed(descending=False)[::-1]


def test_a_registered_ca_vouches_for_its_certificates(transaction, foreign_ca) -> None:
    ca = foreign_ca()
    pem = ca.certificate("robot")
    with pytest.raises(InvalidCertificate, match="registered"):
        ca_certificates.register_certificate(transaction, pem, "", Status.ACTIVE)
    with pytest.raises(InvalidCertificate, match="registered"):
        ca_certificates.register_certificate(transaction, pem, ca.pem, Status.ACTIVE)

    registered = register_ca(transaction, ca)
    made = ca_certificates.register_certificate(transaction, pem, "", Status.ACTIVE)

    assert (made.ca_id, made.mode) == (registered.id, Mode.SNI_ONLY)
    found = certificates.find(transaction, PageWanted(9), registered.id).items
    assert [each.id for each in found] == [made.id]


def test_a_ca_that_only_has_the_name_does_not_vouch(transaction, foreign_ca) -> None:
    register_ca(transaction, foreign_ca("acme"))
    pem = foreign_ca("acme").certificate("robot")

    with pytest.raises(InvalidCertificate, match="has not signed it"):
        ca_certificates.register_certificate(transaction, pem, "", Status.ACTIVE)


def test_of_two_cas_of_one_name_the_caller_says_which(transaction, foreign_ca) -> None:
    first, second = foreign_ca("acme"), foreign_ca("acme")
    register_ca(transaction, first)
    register_ca(transaction, second)
    pem = second.certificate("robot")

    with pytest.raises(AmbiguousCertificate, match="caCertificatePem"):
        ca_certificates.register_certificate(transaction, pem, "", Status.ACTIVE)
    made = ca_certificates.register_certificate(transaction, pem, second.pem, Status.ACTIVE)

    assert made.ca_id == read_certificate(second.pem).id


def test_an_inactive_ca_vouches_for_nothing_and_can_go(transaction, foreign_ca) -> None:
    ca = foreign_ca()
    registered = register_ca(transaction, ca)

    with pytest.raises(WrongCertificateState):
        ca_certificates.delete(transaction, registered.id)
    ca_certificates.update(transaction, registered.id, is_active=False)
    with pytest.raises(WrongCertificateState, match="not ACTIVE"):
        ca_certificates.register_certificate(transaction, ca.certificate("r"), "", Status.ACTIVE)
    ca_certificates.delete(transaction, registered.id)

    with pytest.raises(ResourceNotFound):
        ca_certificates.describe(transaction, registered.id)


def test_a_ca_proves_itself_with_the_registration_code(transaction, foreign_ca) -> None:
    ca = foreign_ca()
    code = registration_code.get(transaction)

    def register(verification: str):
        return ca_certificates.register(
            transaction, ca.pem, verification, is_active=True, mode=Mode.DEFAULT
        )

    with pytest.raises(InvalidInput, match="verificationCertificate"):
        register("")
    with pytest.raises(WrongRegistrationCode):
        register(ca.certificate("something else"))
    with pytest.raises(InvalidCertificate, match="has not signed"):
        register(foreign_ca().certificate(code))
    made = register(ca.certificate(code))

    assert ca_certificates.describe(transaction, made.id).described()["status"] == "ACTIVE"
    with pytest.raises(ResourceExists):
        register(ca.certificate(code))


def test_the_registration_code_stays_until_it_is_deleted(transaction) -> None:
    code = registration_code.get(transaction)

    assert registration_code.get(transaction) == code
    assert len(code) == 64
    registration_code.delete(transaction)
    with pytest.raises(ResourceNotFound):
        registration_code.delete(transaction)
    assert registration_code.get(transaction) != code


def test_a_certificate_that_is_no_ca_is_not_registered_as_one(transaction, foreign_ca) -> None:
    with pytest.raises(InvalidCertificate, match="basic constraints"):
        ca_certificates.register(
            transaction, foreign_ca().certificate("r"), "", is_active=True, mode=Mode.SNI_ONLY
        )


def test_there_are_at_most_ten_cas_of_one_name(transaction, foreign_ca) -> None:
    few = replace(transaction, limits=replace(transaction.limits, cas_per_subject=2))
    for _ in range(2):
        register_ca(few, foreign_ca("acme"))

    with pytest.raises(LimitExceeded):
        register_ca(few, foreign_ca("acme"))


def test_a_handshake_may_end_at_active_cas_and_at_certificates_without_one(
    transaction, foreign_ca
) -> None:
    ca, closed = foreign_ca("a"), foreign_ca("b")
    lonely = foreign_ca("c").certificate("r")
    register_ca(transaction, ca)
    register_ca(transaction, closed, is_active=False)
    ca_certificates.register_without_ca(transaction, lonely, Status.ACTIVE)
    certificates.add(transaction, foreign_ca("d").certificate("r"), Status.ACTIVE)

    assert ca_certificates.trusted_pems(transaction.store) == [ca.pem, lonely]
