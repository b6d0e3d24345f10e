"""Thing groups: hierarchies, versions, and who is in them."""

from dataclasses import replace

import pytest

from cloud_functions.registry import group_members, thing_groups, things
from cloud_functions.registry.attributes import AttributeChange
from cloud_functions.registry.errors import (
    InvalidInput,
    ResourceExists,
    ResourceNotFound,
    VersionMismatch,
)
from cloud_functions.registry.pages import PageWanted
from cloud_functions.registry.thing_groups import Properties, Query

ALL = PageWanted(250)
QUERY = Query("attributes.room:hall")


@pytest.fixture
def make(transaction):
    def group(name: str, parent: str = "", **more):
        return thing_groups.create(transaction, name, Properties(**more), parent=parent)

    return group


def members(transaction, group: str, *, recursive: bool = False) -> list[str]:
    return list(group_members.find_things(transaction, group, ALL, recursive=recursive).items)


def test_a_group_is_described_with_the_way_to_its_root(transaction, make) -> None:
    make("house")
    make("floor", "house")
    room = make(
        "room", "floor", description="bright", attributes=AttributeChange({"side": "south"})
    )

    assert thing_groups.described(transaction, "room") == {
        "thingGroupName": "room",
        "thingGroupId": room.group_id,
        "thingGroupArn": "arn:aws:iot:us-east-1:000000000000:thinggroup/room",
        "version": 1,
        "thingGroupProperties": {
            "thingGroupDescription": "bright",
            "attributePayload": {"attributes": {"side": "south"}},
        },
        "thingGroupMetadata": {
            "creationDate": 1_000.0,
            "parentGroupName": "floor",
            "rootToParentThingGroups": [
                {
                    "groupName": name,
                    "groupArn": f"arn:aws:iot:us-east-1:000000000000:thinggroup/{name}",
                }
                for name in ("house", "floor")
            ],
        },
    }


def test_the_same_again_is_the_same_and_other_content_is_refused(make) -> None:
    make("other")
    first = make("house", description="big")

    assert make("house", description="big") == first
    with pytest.raises(ResourceExists):
        make("house", description="small")
    with pytest.raises(ResourceExists):
        make("house", "other", description="big")


def test_a_hierarchy_has_at_most_seven_levels(make) -> None:
    make("1")
    for level in range(2, 8):
        make(str(level), str(level - 1))

    with pytest.raises(InvalidInput, match="7 levels"):
        make("8", "7")


def test_a_group_has_at_most_a_hundred_children(transaction, make) -> None:
    make("house")
    for number in range(100):
        make(f"room-{number}", "house")

    with pytest.raises(InvalidInput, match="100 child groups"):
        make("one-more", "house")


def test_an_update_merges_or_replaces_and_counts(transaction, make) -> None:
    make("house", description="big", attributes=AttributeChange({"city": "Ulm"}))

    merged = thing_groups.update(
        transaction,
        "house",
        Properties(attributes=AttributeChange({"zip": "89073"}, merges=True)),
        1,
    )
    replaced = thing_groups.update(
        transaction, "house", Properties("small", AttributeChange({"zip": "1"})), 2
    )

    assert (merged.description, merged.attributes) == ("big", {"city": "Ulm", "zip": "89073"})
    assert (replaced.description, replaced.attributes, replaced.version) == (
        "small",
        {"zip": "1"},
        3,
    )
    with pytest.raises(VersionMismatch):
        thing_groups.update(transaction, "house", Properties("x"), 2)


def test_a_group_with_children_stays(transaction, make) -> None:
    make("house")
    make("room", "house")

    with pytest.raises(InvalidInput, match="child groups"):
        thing_groups.delete(transaction, "house")
    with pytest.raises(VersionMismatch):
        thing_groups.delete(transaction, "room", 2)
    thing_groups.delete(transaction, "room")
    thing_groups.delete(transaction, "house")
    thing_groups.delete(transaction, "house")

    assert thing_groups.find(transaction, ALL).items == []


def test_groups_are_listed_by_parent_prefix_and_depth(transaction, make) -> None:
    make("house")
    make("hut")
    make("floor", "house")
    make("room", "floor")

    def listed(**asked):
        return [group.name for group in thing_groups.find(transaction, ALL, **asked).items]

    assert listed() == ["floor", "house", "hut", "room"]
    assert listed(recursive=False) == ["house", "hut"]
    assert listed(prefix="ho") == ["house"]
    assert listed(parent="house") == ["floor", "room"]
    assert listed(parent="house", prefix="r") == ["room"]
    assert listed(parent="house", recursive=False) == ["floor"]
    with pytest.raises(ResourceNotFound):
        listed(parent="nobody")


def test_a_thing_is_in_one_group_of_a_hierarchy(transaction, make) -> None:
    make("house")
    make("room", "house")
    make("cellar", "house")
    make("tests")
    things.create(transaction, "r1", {})

    group_members.add(transaction, "room", "r1")
    group_members.add(transaction, "room", "r1")
    group_members.add(transaction, "tests", "r1")

    for other in ("house", "cellar"):
        with pytest.raises(InvalidInput, match="same hierarchy"):
            group_members.add(transaction, other, "r1")
    assert members(transaction, "room") == ["r1"]
    assert members(transaction, "house") == []
    assert members(transaction, "house", recursive=True) == ["r1"]
    found = group_members.find_groups(transaction, "r1", ALL).items
    assert [group.name for group in found] == ["room", "tests"]


def test_a_thing_is_in_at_most_ten_groups(transaction, make) -> None:
    things.create(transaction, "r1", {})
    for number in range(11):
        make(f"g{number:02}")
    for number in range(10):
        group_members.add(transaction, f"g{number:02}", "r1")

    with pytest.raises(InvalidInput, match="10 groups"):
        group_members.add(transaction, "g10", "r1")
    group_members.update(transaction, "r1", enter=["g10"], leave=["g00"])

    assert len(group_members.groups_of(transaction, "r1")) == 10


def test_what_is_not_there_cannot_be_put_together(transaction, make) -> None:
    make("house")
    things.create(transaction, "r1", {})

    with pytest.raises(ResourceNotFound, match="Thing r2"):
        group_members.add(transaction, "house", "r2")
    with pytest.raises(ResourceNotFound, match="Thing group hut"):
        group_members.add(transaction, "hut", "r1")
    group_members.remove(transaction, "house", "r1")


def test_a_deleted_group_lets_its_things_go(transaction, make) -> None:
    make("house")
    things.create(transaction, "r1", {})
    group_members.add(transaction, "house", "r1")

    thing_groups.delete(transaction, "house")

    assert group_members.groups_of(transaction, "r1") == []


def test_a_dynamic_group_is_filled_by_its_query_alone(transaction, make) -> None:
    make("house")
    thing_groups.create(transaction, "halls", Properties(), query=QUERY)
    for name in ("r1", "r2"):
        things.create(transaction, name, {})

    group_members.replace_members(transaction, "halls", {"r1"})
    group_members.replace_members(transaction, "halls", {"r2", "gone"})

    assert members(transaction, "halls") == ["r2"]
    described = thing_groups.described(transaction, "halls")
    assert (described["queryString"], described["status"]) == (QUERY.text, "ACTIVE")
    with pytest.raises(InvalidInput, match="its query decides"):
        group_members.add(transaction, "halls", "r1")
    with pytest.raises(InvalidInput, match="added one by one"):
        group_members.replace_members(transaction, "house", {"r1"})
    with pytest.raises(InvalidInput, match="no child groups"):
        make("room", "halls")
    with pytest.raises(InvalidInput, match="no query"):
        thing_groups.update(transaction, "house", Properties(), query=QUERY)
    with pytest.raises(InvalidInput, match="DeleteDynamicThingGroup"):
        thing_groups.delete(transaction, "halls")
    thing_groups.delete(transaction, "halls", is_dynamic=True)


def test_a_static_group_takes_the_place_of_a_dynamic_one_when_asked(transaction, make) -> None:
    few = replace(transaction, limits=replace(transaction.limits, groups_per_thing=1))
    make("house")
    thing_groups.create(few, "halls", Properties(), query=QUERY)
    things.create(few, "r1", {})
    group_members.replace_members(few, "halls", {"r1"})

    with pytest.raises(InvalidInput, match="as many as it may be"):
        group_members.add(few, "house", "r1")
    group_members.add(few, "house", "r1", overrides_dynamic=True)

    assert [group.name for group in group_members.groups_of(few, "r1")] == ["house"]


def test_changes_are_told_as_events(transaction, make, events) -> None:
    make("house")
    make("room", "house")
    things.create(transaction, "r1", {})
    transaction.events.clear()

    group_members.add(transaction, "room", "r1")
    group_members.remove(transaction, "room", "r1")
    thing_groups.update(transaction, "room", Properties("dark"))
    thing_groups.delete(transaction, "room")
    make("cellar", "house")

    assert events() == [
        ("$aws/events/thingGroupMembership/thingGroup/room/thing/r1/added", "ADDED"),
        ("$aws/events/thingGroupMembership/thingGroup/room/thing/r1/removed", "REMOVED"),
        ("$aws/events/thingGroup/room/updated", "UPDATED"),
        (
            "$aws/events/thingGroupHierarchy/thingGroup/house/childThingGroup/room/removed",
            "REMOVED",
        ),
        ("$aws/events/thingGroup/room/deleted", "DELETED"),
        ("$aws/events/thingGroup/cellar/created", "CREATED"),
        ("$aws/events/thingGroupHierarchy/thingGroup/house/childThingGroup/cellar/added", "ADDED"),
    ]
    first, second = transaction.events[:2]
    assert first.body["membershipId"] == second.body["membershipId"]
    assert transaction.events[2].body["parentGroupName"] == "house"
