"""Provisioning over the registry itself: groups, types, certificates, all or nothing."""

import datetime

import pytest

from cloud_functions.errors import CloudError
from cloud_functions.provisioning.account_registry import AccountRegistry
from cloud_functions.provisioning.plan import SettledThing
from cloud_functions.provisioning.subject import subject_parameters
from cloud_functions.provisioning.template import PrincipalType
from cloud_functions.registry import billing_groups, group_members, thing_groups, thing_types
from cloud_functions.registry.authority import Authority
from cloud_functions.registry.thing_groups import Properties, Query
from cloud_functions.registry.transaction import Transaction
from cloud_functions.storage.sqlite_registry import SqliteRegistry


@pytest.fixture
def store(tmp_path):
    made = SqliteRegistry(tmp_path / "cloud.db")
    yield made
    made.close()


@pytest.fixture
def change(store):
    return Transaction(store, 1_700_000_000.0)


@pytest.fixture
def registry(store, change):
    with store.transaction():
        for name in ("g1", "g2"):
            thing_groups.create(change, name, Properties())
        thing_groups.create(change, "low", Properties(), query=Query("a:1"))
        thing_types.create(change, "vacuum", thing_types.Properties())
        billing_groups.create(change, "b1", "")
    return AccountRegistry(change)


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "pki", datetime.datetime.now(datetime.UTC))


def settled(name="r1", attributes=None, thing_type=None, groups=(), billing=None) -> SettledThing:
    return SettledThing(name, attributes or {}, thing_type, tuple(groups), billing)


def test_a_thing_is_made_with_everything_and_made_so_again(registry, store) -> None:
    registry.put_thing(settled(attributes={"a": "1"}, thing_type="vacuum", billing="b1"))
    registry.put_thing(settled(attributes={"b": "2"}, thing_type="vacuum", groups=["g1"]))

    arn = registry.put_thing(settled(attributes={"b": "2"}, thing_type="vacuum", groups=["g2"]))

    known = registry.known_thing("r1")
    assert arn.endswith(":thing/r1")
    assert (known.attributes, known.thing_type) == ({"b": "2"}, "vacuum")
    assert (known.groups, known.billing_group) == (("g2",), "b1")
    assert store.things.get("r1").version == 2  # what is so already is not written


def test_a_group_that_follows_a_query_is_left_alone(registry, store, change) -> None:

    registry.put_thing(settled(groups=["g1"]))
    group_members.replace_members(change, "low", {"r1"})

    registry.put_thing(settled(groups=[]))

    assert registry.known_thing("r1").groups == ()
    assert [each.group for each in store.group_members.find({"thing": "r1"})] == ["low"]


@pytest.mark.parametrize(
    "thing",
    [settled(thing_type="never"), settled(groups=["never"]), settled(billing="never")],
)
def test_what_is_not_there_is_refused(registry, thing) -> None:
    with pytest.raises(CloudError, match="never"):
        registry.put_thing(thing)


def test_a_certificate_waits_is_used_and_forgotten(registry, authority, store) -> None:
    issued = authority.issue()
    registry.put_thing(settled())
    made = registry.add_certificate(issued.pem, "PENDING_ACTIVATION")
    registry.put_policy("p", '{"Statement": []}')
    registry.attach_policy("p", made)
    registry.attach_thing("r1", made, PrincipalType.EXCLUSIVE_THING)
    registry.set_status(made.id, "ACTIVE")
    status = registry.certificate(made.id).status

    registry.delete_certificate(made.id)

    assert (made.status, status) == ("PENDING_ACTIVATION", "ACTIVE")
    assert registry.certificate(made.id) is None
    assert store.thing_principals.count() == store.policy_targets.count() == 0
    registry.delete_certificate(made.id)  # gone is gone


def test_a_certificates_own_parameters(registry, authority) -> None:
    issued = authority.issue()

    parameters = subject_parameters(issued.pem)

    assert parameters["CommonName"] == issued.common_name
    assert int(parameters["SerialNumber"], 16) > 0
    assert "Country" not in parameters
