"""Which certificate speaks for which thing, alone or among others."""

import pytest

from cloud_functions.registry import certificates, thing_principals, things
from cloud_functions.registry.certificates import Status
from cloud_functions.registry.errors import InvalidInput, ResourceNotFound
from cloud_functions.registry.pages import PageWanted
from cloud_functions.registry.thing_principals import PrincipalType

ALL = PageWanted(250)
EXCLUSIVE, SHARED = PrincipalType.EXCLUSIVE, PrincipalType.NON_EXCLUSIVE


@pytest.fixture
def principals(transaction, foreign_ca):
    ca = foreign_ca()
    for name in ("r1", "r2"):
        things.create(transaction, name, {})
    made = [
        certificates.add(transaction, ca.certificate(f"c{n}"), Status.ACTIVE).arn for n in range(2)
    ]
    return sorted(made)


def test_a_shared_principal_has_many_things_and_a_thing_many_principals(
    transaction, principals
) -> None:
    first, second = principals
    for thing, principal in (("r1", first), ("r2", first), ("r1", second), ("r1", second)):
        thing_principals.attach(transaction, thing, principal, SHARED)

    of_first = thing_principals.of_principal(transaction, first, ALL).items
    of_r1 = thing_principals.of_thing(transaction, "r1", ALL).items

    assert [each.thing for each in of_first] == ["r1", "r2"]
    assert [each.principal for each in of_r1] == [first, second]


def test_an_exclusive_principal_has_one_thing(transaction, principals) -> None:
    first, second = principals
    thing_principals.attach(transaction, "r1", first, EXCLUSIVE)
    thing_principals.attach(transaction, "r1", second, SHARED)

    with pytest.raises(InvalidInput, match="attached to thing r1"):
        thing_principals.attach(transaction, "r2", first, SHARED)
    with pytest.raises(InvalidInput, match="attached to thing r1"):
        thing_principals.attach(transaction, "r2", second, EXCLUSIVE)
    thing_principals.attach(transaction, "r1", first, SHARED)
    thing_principals.attach(transaction, "r2", first, SHARED)


def test_attachments_are_listed_by_type(transaction, principals) -> None:
    first, second = principals
    thing_principals.attach(transaction, "r1", first, EXCLUSIVE)
    thing_principals.attach(transaction, "r1", second, SHARED)

    def of_r1(how):
        found = thing_principals.of_thing(transaction, "r1", ALL, how).items
        return [each.principal for each in found]

    assert (of_r1(EXCLUSIVE), of_r1(SHARED)) == ([first], [second])
    assert thing_principals.of_principal(transaction, first, ALL, SHARED).items == []


def test_a_thing_with_a_principal_is_not_deleted(transaction, principals) -> None:
    thing_principals.attach(transaction, "r1", principals[0], SHARED)

    with pytest.raises(InvalidInput, match="still attached to one or more principals"):
        things.delete(transaction, "r1")
    thing_principals.detach(transaction, "r1", principals[0])
    things.delete(transaction, "r1")


def test_what_is_not_there_is_named(transaction, principals) -> None:
    with pytest.raises(ResourceNotFound, match="Thing r3"):
        thing_principals.attach(transaction, "r3", principals[0], SHARED)
    with pytest.raises(ResourceNotFound, match="Certificate"):
        thing_principals.attach(transaction, "r1", principals[0][:-4] + "zzzz", SHARED)
    with pytest.raises(InvalidInput, match="Cognito"):
        thing_principals.attach(transaction, "r1", "us-east-1:1b2c", SHARED)
    with pytest.raises(ResourceNotFound, match="not attached"):
        thing_principals.detach(transaction, "r1", principals[0])
