"""Thing types: immutable once used, deprecated before they are deleted."""

from dataclasses import replace

import pytest

from cloud_functions.registry import thing_types, things
from cloud_functions.registry.errors import InvalidInput, ResourceExists, ResourceNotFound
from cloud_functions.registry.pages import PageWanted
from cloud_functions.registry.thing_types import Properties
from cloud_functions.registry.transaction import Transaction

VACUUM = Properties("cleans floors", ("room", "floor"))


def later(transaction: Transaction, seconds: float) -> Transaction:
    return replace(transaction, now_s=transaction.now_s + seconds)


def test_a_type_is_described_as_it_was_made(transaction) -> None:
    made = thing_types.create(transaction, "vacuum", VACUUM)

    assert thing_types.describe(transaction, "vacuum").described() == {
        "thingTypeName": "vacuum",
        "thingTypeId": made.type_id,
        "thingTypeArn": "arn:aws:iot:us-east-1:000000000000:thingtype/vacuum",
        "thingTypeProperties": {
            "thingTypeDescription": "cleans floors",
            "searchableAttributes": ["room", "floor"],
        },
        "thingTypeMetadata": {"deprecated": False, "creationDate": 1_000.0},
    }


def test_the_same_again_is_the_same_and_other_content_is_refused(transaction) -> None:
    first = thing_types.create(transaction, "vacuum", VACUUM)

    assert thing_types.create(later(transaction, 9), "vacuum", VACUUM) == first
    with pytest.raises(ResourceExists):
        thing_types.create(transaction, "vacuum", Properties())


@pytest.mark.parametrize(
    "properties",
    [
        Properties(searchable=("a", "b", "c", "d")),
        Properties(searchable=("a b",)),
        Properties(description="a\nb"),
        Properties(description="x" * 2029),
        Properties(propagating=({"userPropertyKey": "k"},)),
        Properties(propagating=({"thingAttribute": "a"},)),
        Properties(propagating=({"userPropertyKey": "k", "thingAttribute": "a"},) * 21),
    ],
)
def test_properties_that_break_a_rule_are_refused(transaction, properties) -> None:
    with pytest.raises(InvalidInput):
        thing_types.create(transaction, "vacuum", properties)


def test_a_type_in_use_is_immutable(transaction) -> None:
    thing_types.create(transaction, "vacuum", VACUUM)
    other = Properties("cleans", (), ({"userPropertyKey": "room", "thingAttribute": "room"},))

    changed = thing_types.update(transaction, "vacuum", other)
    things.create(transaction, "r1", {}, type_name="vacuum")

    assert changed.propagating == other.propagating
    with pytest.raises(InvalidInput, match="in use"):
        thing_types.update(transaction, "vacuum", VACUUM)


def test_deprecation_is_dated_and_can_be_undone(transaction) -> None:
    thing_types.create(transaction, "vacuum", VACUUM)

    thing_types.deprecate(later(transaction, 5), "vacuum")
    thing_types.deprecate(later(transaction, 6), "vacuum")
    deprecated = thing_types.describe(transaction, "vacuum").listed()["thingTypeMetadata"]
    thing_types.deprecate(transaction, "vacuum", undo=True)

    assert deprecated == {
        "deprecated": True,
        "creationDate": 1_000.0,
        "deprecationDate": 1_005.0,
    }
    assert thing_types.describe(transaction, "vacuum").deprecated_s is None


def test_a_type_is_deleted_five_minutes_after_its_deprecation_and_unused(transaction) -> None:
    thing_types.create(transaction, "vacuum", VACUUM)
    things.create(transaction, "r1", {}, type_name="vacuum")

    with pytest.raises(InvalidInput, match="must be deprecated"):
        thing_types.delete(transaction, "vacuum")
    thing_types.deprecate(transaction, "vacuum")
    with pytest.raises(InvalidInput, match="300 seconds"):
        thing_types.delete(later(transaction, 299), "vacuum")
    with pytest.raises(InvalidInput, match="in use"):
        thing_types.delete(later(transaction, 300), "vacuum")
    things.delete(transaction, "r1")
    thing_types.delete(later(transaction, 300), "vacuum")

    with pytest.raises(ResourceNotFound):
        thing_types.describe(transaction, "vacuum")


def test_the_five_minutes_are_a_setting(transaction) -> None:
    hasty = replace(transaction, limits=replace(transaction.limits, type_deletion_s=0))
    thing_types.create(hasty, "vacuum", VACUUM)
    thing_types.deprecate(hasty, "vacuum")

    thing_types.delete(hasty, "vacuum")

    assert thing_types.find(hasty, PageWanted(10)).items == []


def test_types_are_listed_by_the_beginning_of_their_names(transaction) -> None:
    for name in ("mop", "vacuum", "vacuum-2"):
        thing_types.create(transaction, name, Properties())

    found = thing_types.find(transaction, PageWanted(10), "vacuum").items

    assert [each.name for each in found] == ["vacuum", "vacuum-2"]


def test_changes_are_told_as_events(transaction, events) -> None:
    thing_types.create(transaction, "vacuum", VACUUM)
    thing_types.deprecate(transaction, "vacuum")
    thing_types.delete(later(transaction, 300), "vacuum")

    assert events() == [
        ("$aws/events/thingType/vacuum/created", "CREATED"),
        ("$aws/events/thingType/vacuum/updated", "UPDATED"),
        ("$aws/events/thingType/vacuum/deleted", "DELETED"),
    ]
    assert transaction.events[1].body["isDeprecated"] is True
