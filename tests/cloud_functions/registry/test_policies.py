"""Policies, their versions, and what they are attached to."""

import json
from dataclasses import replace

import pytest

from cloud_functions.registry import (
    certificates,
    group_members,
    policies,
    policy_targets,
    thing_groups,
    thing_principals,
    things,
)
from cloud_functions.registry.certificates import Status
from cloud_functions.registry.errors import (
    DeleteConflict,
    InvalidInput,
    LimitExceeded,
    MalformedPolicy,
    ResourceExists,
    ResourceNotFound,
    TooManyVersions,
)
from cloud_functions.registry.pages import PageWanted
from cloud_functions.registry.principals import attached_things, policy_documents
from cloud_functions.registry.thing_principals import PrincipalType

ALL = PageWanted(250)


def allow(action: str) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def certificate(transaction, foreign_ca):
    return certificates.add(transaction, foreign_ca().certificate("r"), Status.ACTIVE)


def test_a_policy_is_its_default_version(transaction) -> None:
    made = policies.create(transaction, "p", allow("iot:Connect"))
    later = replace(transaction, now_s=2_000.0)

    policies.create_version(later, "p", allow("iot:Publish"), is_default=False)
    before = policies.document_of(transaction.store, policies.describe(transaction, "p"))
    policies.set_default(later, "p", "2")
    after = policies.describe(transaction, "p")

    assert made.arn == "arn:aws:iot:us-east-1:000000000000:policy/p"
    assert before == allow("iot:Connect")
    assert policies.document_of(transaction.store, after) == allow("iot:Publish")
    assert (after.created_s, after.modified_s) == (1_000.0, 2_000.0)
    assert [
        (version["versionId"], version["isDefaultVersion"])
        for version in policies.versions(transaction, "p")
    ] == [("2", True), ("1", False)]
    with pytest.raises(ResourceExists):
        policies.create(transaction, "p", allow("iot:Connect"))


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 129, "ü"])
def test_what_is_no_name_is_refused(transaction, name) -> None:
    with pytest.raises(InvalidInput, match="policyName"):
        policies.create(transaction, name, allow("iot:Connect"))


@pytest.mark.parametrize("document", ["", "   ", "{", "[]", '{"Version":"2012-10-17"}'])
def test_what_is_no_policy_is_refused(transaction, document) -> None:
    with pytest.raises(MalformedPolicy):
        policies.create(transaction, "p", document)


def test_white_space_does_not_count_towards_the_size(transaction) -> None:
    bare = allow("iot:" + "x" * 1900)
    longest = allow("iot:" + "x" * 1900 + "x" * (2048 - len(bare.replace(" ", ""))))

    policies.create(transaction, "p", longest.replace(" ", " \n" * 500))

    with pytest.raises(MalformedPolicy, match="2048"):
        policies.create(transaction, "q", longest.replace("xx", "xxx", 1))


def test_a_policy_has_at_most_five_versions_and_numbers_do_not_come_back(transaction) -> None:
    policies.create(transaction, "p", allow("iot:Connect"))
    for _ in range(4):
        policies.create_version(transaction, "p", allow("iot:Publish"), is_default=False)

    with pytest.raises(TooManyVersions):
        policies.create_version(transaction, "p", allow("iot:Publish"), is_default=False)
    policies.delete_version(transaction, "p", "5")
    made = policies.create_version(transaction, "p", allow("iot:Publish"), is_default=True)

    assert made.number == 6
    with pytest.raises(DeleteConflict, match="default"):
        policies.delete_version(transaction, "p", "6")


@pytest.mark.parametrize("version", ["9", "0", "x", "-1", "²"])
def test_a_version_that_is_not_there_is_not_found(transaction, version) -> None:
    policies.create(transaction, "p", allow("iot:Connect"))

    with pytest.raises(ResourceNotFound):
        policies.version_of(transaction, "p", version)


def test_a_policy_goes_when_nothing_holds_it(transaction, certificate) -> None:
    policies.create(transaction, "p", allow("iot:Connect"))
    policies.create_version(transaction, "p", allow("iot:Publish"), is_default=False)
    policy_targets.attach(transaction, "p", certificate.arn)

    with pytest.raises(DeleteConflict, match="attached"):
        policies.delete(transaction, "p")
    policy_targets.detach(transaction, "p", certificate.arn)
    with pytest.raises(DeleteConflict, match="versions"):
        policies.delete(transaction, "p")
    policies.delete_version(transaction, "p", "2")
    policies.delete(transaction, "p")

    with pytest.raises(ResourceNotFound):
        policies.describe(transaction, "p")


def test_a_target_has_at_most_ten_policies(transaction, certificate) -> None:
    for number in range(11):
        policies.create(transaction, f"p{number}", allow("iot:Connect"))
    for number in range(10):
        policy_targets.attach(transaction, f"p{number}", certificate.arn)
    policy_targets.attach(transaction, "p0", certificate.arn)

    with pytest.raises(LimitExceeded):
        policy_targets.attach(transaction, "p10", certificate.arn)


@pytest.mark.parametrize(
    "target",
    [
        "",
        "r1",
        "arn:aws:iot:us-east-1:000000000000:thing/r1",
        "us-east-1:1b2c",
        "arn:aws:iot:us-east-1:000000000000:cert/",
    ],
)
def test_a_policy_is_attached_to_certificates_and_groups_only(transaction, target) -> None:
    policies.create(transaction, "p", allow("iot:Connect"))

    with pytest.raises(InvalidInput, match="no ARN of a certificate or a thing group"):
        policy_targets.attach(transaction, "p", target)


def test_what_is_attached_has_to_be_there(transaction, certificate) -> None:
    policies.create(transaction, "p", allow("iot:Connect"))

    with pytest.raises(ResourceNotFound, match="Policy q"):
        policy_targets.attach(transaction, "q", certificate.arn)
    with pytest.raises(ResourceNotFound, match="Certificate"):
        policy_targets.attach(transaction, "p", certificate.arn[:-4] + "0000")


@pytest.fixture
def home(transaction, certificate):
    """A thing in the lower of two groups; a policy at each group, and one at the certificate."""
    for name in ("own", "lower", "upper"):
        policies.create(transaction, name, allow(f"iot:{name}"))
    upper = thing_groups.create(transaction, "u", thing_groups.Properties())
    lower = thing_groups.create(transaction, "l", thing_groups.Properties(), parent="u")
    things.create(transaction, "r1", {"room": "hall"})
    group_members.add(transaction, "l", "r1")
    policy_targets.attach(transaction, "own", certificate.arn)
    policy_targets.attach(transaction, "lower", lower.arn)
    policy_targets.attach(transaction, "upper", upper.arn)
    return lower


def named(found) -> list[str]:
    return [policy.name for policy in found]


def test_a_group_inherits_the_policies_above_it(transaction, home) -> None:
    def listed(*, recursive: bool) -> list[str]:
        found = policy_targets.find_attached(transaction, home.arn, ALL, recursive=recursive)
        return named(found.items)

    assert listed(recursive=False) == ["lower"]
    assert listed(recursive=True) == ["lower", "upper"]


def test_effective_are_those_of_the_principal_and_of_the_things_groups(
    transaction, home, certificate
) -> None:
    def effective(principal: str, thing: str) -> list[str]:
        return named(policy_targets.effective(transaction, principal, thing))

    assert effective(certificate.arn, "") == ["own"]
    assert effective(certificate.arn, "r1") == ["own", "lower", "upper"]
    assert effective(home.arn, "") == ["lower", "upper"]
    assert effective("", "r1") == ["lower", "upper"]


def test_the_gateway_reads_the_documents_of_a_certificate_and_of_its_things_groups(
    transaction, home, certificate
) -> None:
    store = transaction.store
    before = policy_documents(store, certificate.id)
    thing_principals.attach(transaction, "r1", certificate.arn, PrincipalType.EXCLUSIVE)
    policies.create_version(transaction, "own", allow("iot:other"), is_default=True)

    assert before == [allow("iot:own")]
    assert policy_documents(store, certificate.id) == [
        allow("iot:other"),
        allow("iot:lower"),
        allow("iot:upper"),
    ]
    (thing,) = attached_things(store, certificate.id)
    assert (thing.name, thing.type_name, thing.attributes) == ("r1", "", {"room": "hall"})
    assert thing.exclusive


def test_every_change_of_access_is_noted(transaction, home, certificate) -> None:
    def changes(change) -> bool:
        transaction.access_changed = False
        change()
        return transaction.access_changed

    assert changes(lambda: policy_targets.detach(transaction, "own", certificate.arn))
    assert not changes(lambda: policy_targets.detach(transaction, "own", certificate.arn))
    assert changes(lambda: policy_targets.attach(transaction, "own", certificate.arn))
    assert not changes(lambda: things.update(transaction, "r1", things.Update()))
    assert not changes(lambda: group_members.remove(transaction, "l", "r1"))
    how = PrincipalType.NON_EXCLUSIVE
    assert changes(lambda: thing_principals.attach(transaction, "r1", certificate.arn, how))
    assert changes(lambda: things.update(transaction, "r1", things.Update()))
    assert changes(lambda: group_members.add(transaction, "l", "r1"))
    assert changes(lambda: policies.set_default(transaction, "own", "1"))
    assert changes(lambda: thing_principals.detach(transaction, "r1", certificate.arn))
