"""The index over its sources: off, building, active; what is heard; groups and limits."""

import json
import subprocess
import sys

import pytest

from cloud_functions.fleet_index.configuration import read_configuration
from cloud_functions.fleet_index.connectivity import Connectivity
from cloud_functions.fleet_index.errors import (
    IndexNotReady,
    InvalidAggregation,
    InvalidIndexing,
    NoSuchIndex,
)
from cloud_functions.fleet_index.service import IndexStatus
from cloud_functions.ports import Message


def test_it_is_off_and_costs_nothing_until_it_is_switched_on(world) -> None:
    world.add("r1")
    world.report("r1", batPct=1)
    world.presence("r1", "connected")

    assert world.index.status is IndexStatus.OFF
    assert world.index.work() is False
    assert world.reads == 0
    with pytest.raises(NoSuchIndex, match="fleet indexing is off"):
        world.find("*")


def test_it_is_built_slice_by_slice_and_refuses_queries_until_then(make_world) -> None:
    world = make_world(slice_things=2)
    for number in range(5):
        world.add(f"r{number}")
    world.configure(thingIndexingMode="REGISTRY")

    assert world.index.status is IndexStatus.BUILDING
    assert world.index.work()
    with pytest.raises(IndexNotReady, match="AWS_Things is BUILDING"):
        world.find("*")
    world.work()

    assert world.index.status is IndexStatus.ACTIVE
    assert world.find("*") == ["r0", "r1", "r2", "r3", "r4"]
    world.configure(thingIndexingMode="REGISTRY_AND_SHADOW")
    assert world.index.status is IndexStatus.REBUILDING


def test_what_changes_while_it_is_built_is_in_it(make_world) -> None:
    world = make_world(slice_things=1)
    world.add("r1")
    world.report("r1", batPct=1)
    world.add("r2")
    world.configure(thingIndexingMode="REGISTRY_AND_SHADOW")
    world.index.work()

    world.report("r1", batPct=2)
    world.add("r3")
    world.remove("r2")
    world.work()

    assert world.find("*") == ["r1", "r3"]
    assert world.find("shadow.reported.batPct:2") == ["r1"]


def test_registry_shadows_and_connections_are_followed(world) -> None:
    world.add("r1", attributes={"site": "a"})
    world.switch_on()

    world.add("r1", attributes={"site": "b"}, thing_type="vacuum", groups=("g1",))
    world.report("r1", batPct=15, bin={"full": True})
    world.presence("r1", "connected", at_ms=1_000)

    query = "attributes.site:b thingTypeName:vacuum thingGroupNames:g1 shadow.reported.batPct<20"
    assert world.find(f"{query} connectivity.connected:true") == ["r1"]
    assert world.find("attributes.site:a") == []
    world.report("r1", batPct=80)
    world.presence("r1", "disconnected", at_ms=2_000, disconnectReason="CONNECTION_LOST")
    assert world.find("shadow.reported.bin.full:*") == []
    assert world.find("connectivity.disconnectReason:CONNECTION_LOST") == ["r1"]
    world.remove("r1")
    assert world.find("*") == []


def test_a_shadow_that_changed_often_is_read_once(world) -> None:
    world.add("r1")
    world.switch_on()
    before = world.reads

    for level in range(100):
        world.report("r1", batPct=level)
    world.work()

    assert world.reads == before + 1
    assert world.find("shadow.reported.batPct:99") == ["r1"]


def test_only_the_named_shadows_of_the_filter_are_indexed(world) -> None:
    world.add("r1")
    world.report("r1", "map", rooms=3)
    world.report("r1", "secret", code=7)
    world.switch_on(namedShadowIndexingMode="ON", filter={"namedShadowNames": ["map"]})

    assert world.find("shadow.name.map.reported.rooms:3") == ["r1"]
    assert world.find("7") == []
    world.report("r1", "map", rooms=4)
    assert world.find("shadow.name.map.reported.rooms:4") == ["r1"]


def test_shadows_and_connections_of_strangers_are_not_indexed(world) -> None:
    world.switch_on()
    world.report("stranger", batPct=1)
    world.presence("stranger", "connected")
    assert world.find("*") == []

    world.add("stranger")

    assert world.find("shadow.reported.batPct:1 connectivity.connected:true") == ["stranger"]


def test_who_is_connected_already_is_known_when_it_is_switched_on(world) -> None:
    world.add("r1")
    world.online = [("r1", Connectivity(connected=True, timestamp_ms=5, version=0))]

    world.switch_on()

    assert world.find("connectivity.connected:true") == ["r1"]
    assert world.index.connectivity_of("r1").timestamp_ms == 5


@pytest.mark.parametrize(
    ("events", "connected"),
    [
        ([("connected", 0, 1_000), ("disconnected", 0, 2_000)], False),
        ([("disconnected", 0, 2_000), ("connected", 0, 1_000)], False),
        ([("connected", 0, 1_000), ("disconnected", 0, 1_000)], False),
        ([("disconnected", 0, 1_000), ("connected", 0, 1_000)], False),
        ([("connected", 1, 1_000), ("disconnected", 0, 1_500)], True),
        ([("connected", 5, 1_000), ("connected", 0, 4_000_000)], True),
        ([("disconnected", 5, 1_000), ("connected", 0, 4_000_000)], True),
        ([("connected", 0, 1_000), ("connected", 0, 1_000)], True),
    ],
)
def test_events_may_come_twice_and_out_of_order(world, events, connected) -> None:
    world.add("r1")
    world.switch_on()

    for kind, version, at_ms in events:
        world.presence("r1", kind, version, at_ms)

    assert world.index.connectivity_of("r1").connected is connected


@pytest.mark.parametrize("payload", [b"{", b"[]", b"{}", b'{"eventType":"connected"}'])
def test_a_presence_event_that_is_none_is_passed_over(world, payload) -> None:
    world.switch_on()
    world.index.handle([Message("$aws/events/presence/connected/r1", payload)], 1.0)

    assert world.index.work() is False


def test_an_exclusive_thing_is_known_by_the_name_in_the_event(world) -> None:
    world.add("r1")
    world.switch_on()

    world.presence("another-client", "connected", thingName="r1")

    assert world.find("connectivity.connected:true") == ["r1"]


def test_a_cloud_without_an_index_starts_without_numpy() -> None:
    code = "import sys, cloud_functions.runtime.local_cloud; sys.exit('numpy' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ---------------------------------------------------------------- answers


def test_a_thing_is_described_with_its_shadows_as_one_text(world) -> None:
    world.add("r1", attributes={"site": "a"}, thing_type="vacuum", groups=("g1",))
    world.report("r1", batPct=15)
    world.report("r1", "map", rooms=3)
    world.presence("r1", "connected")
    world.switch_on(namedShadowIndexingMode="ON", filter={"namedShadowNames": ["map"]})
    world.presence("r1", "connected", at_ms=9)

    (thing,) = world.index.search("*", 10).things

    shadow = json.loads(thing.pop("shadow"))
    assert thing == {
        "thingName": "r1",
        "thingId": "id-r1",
        "thingTypeName": "vacuum",
        "thingGroupNames": ["g1"],
        "attributes": {"site": "a"},
        "connectivity": {"connected": True, "timestamp": 9, "clientId": "r1"},
    }
    assert shadow["reported"] == {"batPct": 15}
    assert shadow["hasDelta"] is False
    assert shadow["name"]["map"]["reported"] == {"rooms": 3}


def test_pages_follow_each_other(world) -> None:
    for number in range(5):
        world.add(f"r{number}")
    world.switch_on()

    first = world.index.search("*", 2)
    second = world.index.search("*", 2, first.next_row)
    third = world.index.search("*", 2, second.next_row)

    names = [thing["thingName"] for page in (first, second, third) for thing in page.things]
    assert names == ["r0", "r1", "r2", "r3", "r4"]
    assert third.next_row is None


def test_numbers_are_added_up(world) -> None:
    for number, level in enumerate((10, 20, 20, 50)):
        world.add(f"r{number}", attributes={"site": "AB"[number % 2]})
        world.report(f"r{number}", batPct=level, bin={"full": number == 0})
    world.switch_on(
        customFields=[
            {"name": "shadow.reported.batPct", "type": "Number"},
            {"name": "shadow.reported.bin.full", "type": "Boolean"},
            {"name": "attributes.site", "type": "String"},
        ]
    )
    index, level = world.index, "shadow.reported.batPct"

    assert index.statistics_of("*", level) == {
        "count": 4,
        "average": 25.0,
        "sum": 100.0,
        "minimum": 10.0,
        "maximum": 50.0,
        "sumOfSquares": 3400.0,
        "variance": 225.0,
        "stdDeviation": 15.0,
    }
    assert index.statistics_of("*", "attributes.site") == {"count": 4}
    assert index.statistics_of("*", "shadow.reported.bin.full")["average"] == 0.25
    assert index.statistics_of("thingName:never", level) == {"count": 0}
    assert index.cardinality_of("*", level) == 3
    assert index.percentiles_of("*", level, [0, 50, 100]) == [
        {"percent": 0.0, "value": 10.0},
        {"percent": 50.0, "value": 20.0},
        {"percent": 100.0, "value": 50.0},
    ]
    assert index.percentiles_of("thingName:never", level, [50]) == []
    assert index.buckets_of("*", level, 2) == (
        4,
        [{"keyValue": "20", "count": 2}, {"keyValue": "10", "count": 1}],
    )
    assert index.buckets_of(f"{level}>15", "attributes.site", 9)[0] == 3


def test_a_field_of_unknown_type_is_not_aggregated(world) -> None:
    world.switch_on(customFields=[{"name": "attributes.site", "type": "String"}])

    with pytest.raises(InvalidAggregation, match="name it in customFields"):
        world.index.statistics_of("*", "shadow.reported.batPct")
    with pytest.raises(InvalidAggregation, match="percentiles are of a Number"):
        world.index.percentiles_of("*", "attributes.site", [50])
    with pytest.raises(InvalidAggregation, match="0 to 100, not 101"):
        world.index.percentiles_of("*", "registry.version", [101])


# ---------------------------------------------------------------- configuration


def test_the_configuration_outlives_a_restart_and_the_index_is_built_anew(world) -> None:
    world.add("r1")
    world.switch_on(customFields=[{"name": "attributes.site", "type": "String"}])
    kept = world.index.configuration

    world.restart()

    assert world.index.configuration == kept
    assert world.index.status is IndexStatus.BUILDING
    world.work()
    assert world.find("*") == ["r1"]


def test_a_configuration_that_is_not_kept_is_taken_back(world) -> None:
    wanted = read_configuration({"thingIndexingConfiguration": {"thingIndexingMode": "REGISTRY"}})
    pending = world.index.configure(wanted)

    world.index.failed(pending, 1.0)

    assert world.index.status is IndexStatus.OFF


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({}, "thingIndexingMode is one of OFF, REGISTRY, REGISTRY_AND_SHADOW, not None"),
        ({"thingIndexingMode": "ON"}, "not 'ON'"),
        (
            {"thingIndexingMode": "OFF", "thingConnectivityIndexingMode": "STATUS"},
            "needs a thingIndexingMode",
        ),
        (
            {"thingIndexingMode": "REGISTRY", "namedShadowIndexingMode": "ON"},
            "needs REGISTRY_AND_SHADOW",
        ),
        (
            {"thingIndexingMode": "REGISTRY_AND_SHADOW", "namedShadowIndexingMode": "ON"},
            "needs filter.namedShadowNames",
        ),
        (
            {
                "thingIndexingMode": "REGISTRY_AND_SHADOW",
                "filter": {"namedShadowNames": [f"s{n}" for n in range(11)]},
            },
            "at most 10 names",
        ),
        (
            {
                "thingIndexingMode": "REGISTRY",
                "customFields": [{"name": f"attributes.{n}"} for n in range(6)],
            },
            "at most 5 fields",
        ),
        (
            {"thingIndexingMode": "REGISTRY", "customFields": [{"name": "x", "type": "Number"}]},
            "'x' is no custom field",
        ),
        (
            {
                "thingIndexingMode": "REGISTRY",
                "customFields": [{"name": "attributes.a", "type": "Int"}],
            },
            "type is one of Number, String, Boolean, not 'Int'",
        ),
        (
            {"thingIndexingMode": "REGISTRY", "deviceDefenderIndexingMode": "VIOLATIONS"},
            "there is no Device Defender",
        ),
    ],
)
def test_a_configuration_that_cannot_be_is_refused(said, complaint) -> None:
    with pytest.raises(InvalidIndexing, match=complaint):
        read_configuration({"thingIndexingConfiguration": said})


def test_off_forgets_everything(world) -> None:
    world.add("r1")
    world.switch_on()
    world.presence("r1", "connected")

    world.configure(thingIndexingMode="OFF")
    world.switch_on()

    assert world.find("connectivity.connected:true") == []


# ---------------------------------------------------------------- groups and limits


def test_dynamic_groups_follow_their_queries(world) -> None:
    world.groups["low"] = "shadow.reported.batPct<20"
    for name, level in (("r1", 10), ("r2", 50)):
        world.add(name)
        world.report(name, batPct=level)
    world.switch_on()
    first = world.members["low"]

    world.report("r2", batPct=5)
    world.remove("r1")
    world.work()
    world.groups["all"] = "*"
    world.index.note_groups()
    world.work()

    assert first == {"r1"}
    assert world.members == {"low": {"r2"}, "all": {"r2"}}


def test_members_that_stay_are_not_told_again(world) -> None:
    world.groups["low"] = "shadow.reported.batPct<20"
    world.add("r1")
    world.report("r1", batPct=10)
    world.switch_on()
    world.members.clear()

    world.report("r1", batPct=11)
    world.work()

    assert world.members == {}


def test_no_more_things_and_fields_than_allowed_are_indexed(make_world) -> None:
    world = make_world(things=2, fields=3)
    for number in range(4):
        world.add(f"r{number}", attributes={"a": "1", "b": "2"})
    world.switch_on()

    world.add("r9", attributes={"a": "1"})

    assert world.find("*") == ["r0", "r1"]
    assert world.find("attributes.a:1") == ["r0", "r1"]
    assert world.find("attributes.b:2") == []


def test_values_that_nobody_has_any_more_are_forgotten(world) -> None:
    world.add("r1")
    world.switch_on()

    for moment in range(5_000):
        world.report("r1", time=moment, batPct=[moment, 7])
        world.index.work()

    column = world.index._catalogue._columns.column("shadow.reported.time")
    assert len(column._values) < 1_100
    assert world.find("shadow.reported.time:4999 shadow.reported.batPct:7") == ["r1"]


def test_a_rebuild_reads_everything_again(world) -> None:
    world.add("r1")
    world.switch_on()
    world.records["r2"] = world.records["r1"].__class__("r2")

    world.index.rebuild()
    world.work()

    assert world.find("*") == ["r1", "r2"]
