"""One promise for every registry store, kept by each adapter."""

import pytest

from cloud_functions.registry.certificates import Certificate, Mode, Status
from cloud_functions.registry.group_members import GroupMember
from cloud_functions.registry.policies import PolicyVersion
from cloud_functions.registry.policy_targets import PolicyTarget
from cloud_functions.registry.ports import Span
from cloud_functions.registry.thing_groups import Query, ThingGroup
from cloud_functions.registry.thing_principals import PrincipalType, ThingPrincipal
from cloud_functions.registry.thing_types import ThingType
from cloud_functions.registry.things import Thing
from cloud_functions.storage.sqlite_registry import SqliteRegistry


@pytest.fixture(params=["sqlite"])
def open_store(tmp_path):
    opened: list[SqliteRegistry] = []

    def again() -> SqliteRegistry:
        opened.append(SqliteRegistry(tmp_path / "cloud.db"))
        return opened[-1]

    yield again
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store):
    return open_store()


RECORDS = [
    ("things", Thing("r1", {"room": "hall"}, 3, "id", "vacuum", "flats"), ("r1",)),
    (
        "thing_types",
        ThingType("v", "id", 1.5, "d", ("a",), ({"userPropertyKey": "k"},), 2.5),
        ("v",),
    ),
    ("thing_groups", ThingGroup("g", "id", 1.0, "p", "d", {"a": "b"}, 2, Query("q")), ("g",)),
    ("thing_groups", ThingGroup("g", "id", 1.0), ("g",)),
    ("group_members", GroupMember("g", "r1", "m"), ("g", "r1")),
    (
        "certificates",
        Certificate("id", "cn", "pem", Status.REVOKED, "ca", 1.0, 2.0, 3, Mode.SNI_ONLY),
        ("id",),
    ),
    ("policy_versions", PolicyVersion("p", 7, "{}", 1.0), ("p", 7)),
    ("thing_principals", ThingPrincipal("r1", "arn", PrincipalType.EXCLUSIVE), ("r1", "arn")),
]


@pytest.mark.parametrize(("table", "record", "key"), RECORDS)
def test_a_record_is_kept_replaced_and_removed(open_store, table, record, key) -> None:
    records = getattr(open_store(), table)
    assert records.get(*key) is None

    records.put(record)
    records.put(record)

    assert getattr(open_store(), table).get(*key) == record
    assert records.count() == 1
    assert (records.delete(*key), records.delete(*key)) == (True, False)


def test_records_are_found_by_their_fields_in_order(store) -> None:
    for group, thing in (("g", "b"), ("g", "a"), ("h", "a")):
        store.group_members.put(GroupMember(group, thing, ""))

    def found(where=None):
        return [(each.group, each.thing) for each in store.group_members.find(where)]

    assert found() == [("g", "a"), ("g", "b"), ("h", "a")]
    assert found({"group": "g"}) == [("g", "a"), ("g", "b")]
    assert found({"thing": "a"}) == [("g", "a"), ("h", "a")]
    assert store.group_members.count({"thing": "a"}) == 2


def test_numbers_are_ordered_as_numbers(store) -> None:
    for number in (10, 9, 1):
        store.policy_versions.put(PolicyVersion("p", number, "", 0.0))

    assert [each.number for each in store.policy_versions.find({"policy": "p"})] == [1, 9, 10]


@pytest.mark.parametrize("descending", [False, True])
def test_a_span_begins_beyond_a_position(store, descending) -> None:
    made = [("a", 2.0), ("b", 1.0), ("c", 2.0), ("d", 3.0)]
    for name, created_s in made:
        store.certificates.put(Certificate(name, "", "", created_s=created_s))
    certificates = store.certificates

    everything = certificates.find(None, Span(("created_s",), descending=descending))
    after = certificates.position(everything[0], ("created_s",))
    rest = certificates.find(None, Span(("created_s",), after, descending, limit=2))

    order = ["b", "a", "c", "d"]
    assert [each.id for each in everything] == (order[::-1] if descending else order)
    assert rest == everything[1:3]


def test_a_prefix_is_the_beginning_of_a_name(store) -> None:
    for name in ("a", "ab", "ab_", "abc", "b"):
        store.things.put(Thing(name))

    assert [thing.name for thing in store.things.find(None, Span(prefix="ab"))] == [
        "ab",
        "ab_",
        "abc",
    ]


def put_and_fail(store, part) -> None:
    with part:
        store.things.put(Thing("failed"))
        raise RuntimeError


def test_a_transaction_is_whole_or_nothing(open_store) -> None:
    store, other = open_store(), open_store()

    with pytest.raises(RuntimeError):
        put_and_fail(store, store.transaction())
    with store.transaction():
        store.things.put(Thing("r2"))
        assert other.things.get("r2") is None

    assert [thing.name for thing in other.things.find()] == ["r2"]


def test_a_step_that_fails_leaves_the_others(open_store) -> None:
    store = open_store()

    with store.transaction():
        with store.step():
            store.things.put(Thing("r1"))
        with pytest.raises(RuntimeError):
            put_and_fail(store, store.step())
        with store.step():
            store.policy_targets.put(PolicyTarget("p", "t"))

    other = open_store()
    assert [thing.name for thing in other.things.find()] == ["r1"]
    assert other.policy_targets.count() == 1
