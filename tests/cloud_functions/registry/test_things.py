"""Things: attributes by type, versions, merging, searching."""

import pytest

from cloud_functions.registry import (
    billing_groups,
    group_members,
    thing_groups,
    thing_types,
    things,
)
from cloud_functions.registry.attributes import AttributeChange
from cloud_functions.registry.errors import (
    InvalidInput,
    ResourceExists,
    ResourceNotFound,
    VersionMismatch,
)
from cloud_functions.registry.pages import PageWanted
from cloud_functions.registry.things import Search, Update

FOUR = {"a": "1", "b": "2", "c": "3", "d": "4"}


@pytest.fixture
def vacuum(transaction):
    return thing_types.create(transaction, "vacuum", thing_types.Properties())


def test_a_thing_is_described_as_it_was_made(transaction, vacuum) -> None:
    billing_groups.create(transaction, "flats", "")
    made = things.create(
        transaction, "r1", {"room": "hall"}, type_name="vacuum", billing_group="flats"
    )

    assert things.describe(transaction, "r1").described() == {
        "defaultClientId": "r1",
        "thingName": "r1",
        "thingId": made.thing_id,
        "thingArn": "arn:aws:iot:us-east-1:000000000000:thing/r1",
        "thingTypeName": "vacuum",
        "attributes": {"room": "hall"},
        "version": 1,
        "billingGroupName": "flats",
    }


def test_the_same_again_is_the_same_and_other_content_is_refused(transaction, vacuum) -> None:
    first = things.create(transaction, "r1", {"room": "hall"})

    assert things.create(transaction, "r1", {"room": "hall"}) == first
    with pytest.raises(ResourceExists) as refused:
        things.create(transaction, "r1", {"room": "hall"}, type_name="vacuum")
    assert refused.value.members == {"resourceId": "r1", "resourceArn": first.arn}


@pytest.mark.parametrize(
    ("attributes", "type_name"),
    [(FOUR, ""), ({f"a{n}": "x" for n in range(51)}, "vacuum")],
)
def test_attributes_are_limited_by_type(transaction, vacuum, attributes, type_name) -> None:
    fewer = dict(list(attributes.items())[:-1])

    with pytest.raises(InvalidInput, match="at most"):
        things.create(transaction, "r1", attributes, type_name=type_name)
    assert things.create(transaction, "r1", fewer, type_name=type_name).attributes == fewer


@pytest.mark.parametrize(
    "attributes",
    [{"a b": "x"}, {"": "x"}, {"a": "x y"}, {"a": 7}, {"a": "x" * 801}, {"a" * 129: "x"}],
)
def test_what_is_no_attribute_is_refused_and_named(transaction, attributes) -> None:
    with pytest.raises(InvalidInput, match="attribute"):
        things.create(transaction, "r1", attributes)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 129, "ü"])
def test_what_is_no_name_is_refused(transaction, name) -> None:
    with pytest.raises(InvalidInput, match="thingName"):
        things.create(transaction, name, {})


def test_an_update_replaces_or_merges_and_empties_remove(transaction) -> None:
    things.create(transaction, "r1", {"a": "1", "b": "2"})

    merged = things.update(
        transaction, "r1", Update(AttributeChange({"a": "", "c": "3"}, merges=True))
    )
    replaced = things.update(transaction, "r1", Update(AttributeChange({"d": "4", "e": ""})))

    assert (merged.attributes, merged.version) == ({"b": "2", "c": "3"}, 2)
    assert (replaced.attributes, replaced.version) == ({"d": "4"}, 3)


def test_an_update_for_another_version_changes_nothing(transaction) -> None:
    things.create(transaction, "r1", {})

    with pytest.raises(VersionMismatch):
        things.update(transaction, "r1", Update(expected_version=2))
    assert things.describe(transaction, "r1").version == 1


def test_a_type_is_given_changed_and_taken_away(transaction, vacuum) -> None:
    things.create(transaction, "r1", {})

    typed = things.update(transaction, "r1", Update(AttributeChange(FOUR), "vacuum"))

    assert (typed.type_name, typed.attributes) == ("vacuum", FOUR)
    with pytest.raises(InvalidInput, match="at most 3"):
        things.update(transaction, "r1", Update(removes_type=True))
    with pytest.raises(InvalidInput, match="exclude each other"):
        things.update(transaction, "r1", Update(type_name="vacuum", removes_type=True))
    with pytest.raises(ResourceNotFound):
        things.update(transaction, "r1", Update(type_name="mop"))
    bare = things.update(transaction, "r1", Update(AttributeChange({}), removes_type=True))
    assert (bare.type_name, bare.attributes) == ("", {})


def test_a_deprecated_type_stays_with_its_things_and_gets_no_new_ones(transaction, vacuum) -> None:
    things.create(transaction, "r1", {}, type_name="vacuum")
    thing_types.deprecate(transaction, "vacuum")

    assert things.update(transaction, "r1", Update(type_name="vacuum")).version == 2
    with pytest.raises(InvalidInput, match="deprecated"):
        things.create(transaction, "r2", {}, type_name="vacuum")


def test_a_deleted_thing_leaves_its_groups_and_may_come_back_as_another(transaction) -> None:
    first = things.create(transaction, "r1", {})
    thing_groups.create(transaction, "g", thing_groups.Properties())
    group_members.add(transaction, "g", "r1")

    things.delete(transaction, "r1", expected_version=1)
    things.delete(transaction, "r1")
    again = things.create(transaction, "r1", {})

    assert again.thing_id != first.thing_id
    assert group_members.groups_of(transaction, "r1") == []
    with pytest.raises(VersionMismatch):
        things.delete(transaction, "r1", expected_version=9)


def names(transaction, **asked) -> list[str]:
    found = things.find(transaction, PageWanted(100), Search(**asked))
    return [thing.name for thing in found.items]


def test_things_are_found_by_type_attribute_and_prefix(transaction, vacuum) -> None:
    things.create(transaction, "a", {"room": "hall"}, type_name="vacuum")
    things.create(transaction, "b", {"room": "hallway"})
    things.create(transaction, "c", {"floor": "1"}, type_name="vacuum")

    assert names(transaction) == ["a", "b", "c"]
    assert names(transaction, type_name="vacuum") == ["a", "c"]
    assert names(transaction, attribute="room", value="hall") == ["a"]
    assert names(transaction, attribute="room", value="hall", is_prefix=True) == ["a", "b"]
    assert names(transaction, attribute="room") == ["a", "b"]
    assert names(transaction, type_name="vacuum", attribute="room", value="hallway") == []


@pytest.mark.parametrize("search", [Search(value="x"), Search(attribute="a", is_prefix=True)])
def test_a_search_that_lacks_a_part_is_refused(transaction, search) -> None:
    with pytest.raises(InvalidInput, match="needs attributeName"):
        things.find(transaction, PageWanted(1), search)


def test_a_search_goes_on_from_page_to_page_past_what_it_does_not_keep(transaction) -> None:
    for number in range(1200):
        things.create(transaction, f"r{number:04}", {"odd": "yes"} if number % 2 else {})
    found, token = [], ""

    while True:
        page = things.find(transaction, PageWanted(250, token), Search(attribute="odd"))
        found += [thing.name for thing in page.items]
        if not (token := page.token):
            break

    assert found == [f"r{number:04}" for number in range(1, 1200, 2)]


def test_changes_are_told_as_events(transaction, vacuum, events) -> None:
    transaction.events.clear()
    things.create(transaction, "r1", {}, type_name="vacuum")
    things.update(transaction, "r1", Update(removes_type=True))
    things.delete(transaction, "r1")

    assert events() == [
        ("$aws/events/thing/r1/created", "CREATED"),
        ("$aws/events/thingTypeAssociation/thing/r1/thingType/vacuum/added", "ADDED"),
        ("$aws/events/thing/r1/updated", "UPDATED"),
        ("$aws/events/thingTypeAssociation/thing/r1/thingType/vacuum/removed", "REMOVED"),
        ("$aws/events/thing/r1/deleted", "DELETED"),
    ]
    body = transaction.events[0].body
    assert {name: body[name] for name in body if name not in ("eventId", "thingId")} == {
        "eventType": "THING_EVENT",
        "timestamp": 1_000_000,
        "operation": "CREATED",
        "accountId": "000000000000",
        "thingName": "r1",
        "versionNumber": 1,
        "thingTypeName": "vacuum",
        "attributes": {},
    }


def test_the_same_again_and_refusals_are_no_events(transaction) -> None:
    things.create(transaction, "r1", {})
    transaction.events.clear()

    things.create(transaction, "r1", {})
    things.delete(transaction, "r2")

    assert transaction.events == []
