"""Fleet indexing by an unmodified boto3, over a registry, shadows and real connections."""

import json
import time

import paho.mqtt.client as mqtt
import pytest


@pytest.fixture(scope="module")
def cloud(start_module_cloud):
    return start_module_cloud("--broker", "builtin", "--free-ports")


@pytest.fixture(scope="module")
def iot(cloud):
    """A fleet of three, indexed."""
    iot, shadows = cloud.boto("iot"), cloud.boto("iot-data")
    iot.create_thing_type(thingTypeName="vacuum")
    for number, level in enumerate((10, 50, 90)):
        name = f"fleet-{number}"
        iot.create_thing(
            thingName=name,
            thingTypeName="vacuum",
            attributePayload={"attributes": {"site": "berlin" if number else "rome"}},
        )
        report = {"state": {"reported": {"batPct": level, "bin": {"full": number == 2}}}}
        shadows.update_thing_shadow(thingName=name, payload=json.dumps(report))
    iot.update_indexing_configuration(
        thingIndexingConfiguration={
            "thingIndexingMode": "REGISTRY_AND_SHADOW",
            "thingConnectivityIndexingMode": "STATUS",
            "namedShadowIndexingMode": "ON",
            "filter": {"namedShadowNames": ["map"]},
            "customFields": [
                {"name": "shadow.reported.batPct", "type": "Number"},
                {"name": "attributes.site", "type": "String"},
            ],
        }
    )
    until(lambda: iot.describe_index(indexName="AWS_Things")["indexStatus"] == "ACTIVE")
    return iot


def until(seen, seconds: float = 10.0):
    deadline = time.monotonic() + seconds
    while not (found := seen()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def found(iot, query: str) -> list[str]:
    things = iot.search_index(queryString=query)["things"]
    return sorted(thing["thingName"] for thing in things)


def test_an_index_that_is_off_answers_nothing(start_cloud) -> None:
    iot = start_cloud("--broker", "builtin", "--free-ports").boto("iot")

    assert iot.list_indices()["indexNames"] == []
    said = iot.get_indexing_configuration()["thingIndexingConfiguration"]
    assert said["thingIndexingMode"] == "OFF"
    for ask in (
        lambda: iot.describe_index(indexName="AWS_Things"),
        lambda: iot.search_index(queryString="*"),
        lambda: iot.create_dynamic_thing_group(thingGroupName="g", queryString="*"),
    ):
        with pytest.raises(iot.exceptions.ResourceNotFoundException):
            ask()


def test_the_configuration_is_told(iot) -> None:
    said = iot.get_indexing_configuration()["thingIndexingConfiguration"]
    described = iot.describe_index(indexName="AWS_Things")

    assert iot.list_indices()["indexNames"] == ["AWS_Things"]
    assert described["schema"] == "REGISTRY_AND_SHADOW_AND_CONNECTIVITY_STATUS"
    assert said["filter"] == {"namedShadowNames": ["map"]}
    assert {"name": "attributes.site", "type": "String"} in said["customFields"]
    assert {"name": "connectivity.connected", "type": "Boolean"} in said["managedFields"]


def test_things_are_found_as_they_are_now(cloud, iot) -> None:
    shadows = cloud.boto("iot-data")
    assert found(iot, "shadow.reported.batPct < 60 AND thingTypeName:vacuum") == [
        "fleet-0",
        "fleet-1",
    ]
    assert found(iot, "shadow.reported.bin.full:true") == ["fleet-2"]

    iot.update_thing(
        thingName="fleet-1", attributePayload={"attributes": {"site": "oslo"}, "merge": True}
    )
    shadows.update_thing_shadow(
        thingName="fleet-1",
        shadowName="map",
        payload=b'{"state":{"reported":{"rooms":4},"desired":{"rooms":5}}}',
    )

    assert until(lambda: found(iot, "attributes.site:oslo")) == ["fleet-1"]
    assert found(iot, "shadow.name.map.hasDelta:true") == ["fleet-1"]
    shadows.delete_thing_shadow(thingName="fleet-1", shadowName="map")
    assert found(iot, "shadow.name.map.reported.rooms:*") == []
    iot.create_thing(thingName="fleet-9")
    assert until(lambda: found(iot, "thingName:*9")) == ["fleet-9"]
    iot.delete_thing(thingName="fleet-9")
    assert until(lambda: not found(iot, "thingName:*9"))


def test_a_thing_is_told_with_shadow_and_connection(cloud, iot) -> None:
    host, port = cloud.endpoints["mqtt"].removeprefix("mqtt://").split(":")
    device = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, "fleet-2", protocol=mqtt.MQTTv311)
    device.connect(host, int(port))
    device.loop_start()
    try:
        assert until(lambda: found(iot, "connectivity.connected:true")) == ["fleet-2"]
        (thing,) = iot.search_index(queryString="thingName:fleet-2")["things"]
        data = iot.get_thing_connectivity_data(thingName="fleet-2")
    finally:
        device.disconnect()
        device.loop_stop()

    shadow = json.loads(thing["shadow"])
    assert shadow["reported"]["batPct"] == 90
    assert shadow["metadata"]["reported"]["batPct"]["timestamp"] > 0
    assert shadow["hasDelta"] is False
    assert thing["connectivity"]["connected"] is True
    assert data["connected"] is True
    assert abs(data["timestamp"].timestamp() - time.time()) < 60
    assert until(
        lambda: found(iot, "connectivity.disconnectReason:CLIENT_INITIATED_DISCONNECT")
    ) == ["fleet-2"]
    assert iot.get_thing_connectivity_data(thingName="fleet-0")["connected"] is False
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.get_thing_connectivity_data(thingName="never")


def test_pages_of_a_search(iot) -> None:
    first = iot.search_index(queryString="thingName:fleet*", maxResults=2)
    second = iot.search_index(queryString="thingName:fleet*", nextToken=first["nextToken"])

    names = [thing["thingName"] for thing in first["things"] + second["things"]]
    assert sorted(names) == ["fleet-0", "fleet-1", "fleet-2"]
    assert "nextToken" not in second
    with pytest.raises(iot.exceptions.InvalidRequestException):
        iot.search_index(queryString="*", nextToken="bm9uZQ==")


def test_sums_over_a_fleet(iot) -> None:
    field = "shadow.reported.batPct"

    statistics = iot.get_statistics(queryString="*", aggregationField=field)["statistics"]
    percentiles = iot.get_percentiles(queryString="*", aggregationField=field, percents=[50, 99])
    buckets = iot.get_buckets_aggregation(
        queryString="thingName:fleet*",
        aggregationField="thingTypeName",
        bucketsAggregationType={"termsAggregation": {"maxBuckets": 5}},
    )

    assert (statistics["count"], statistics["average"], statistics["maximum"]) == (3, 50.0, 90.0)
    assert percentiles["percentiles"] == [
        {"percent": 50.0, "value": 50.0},
        {"percent": 99.0, "value": 90.0},
    ]
    assert iot.get_cardinality(queryString="*", aggregationField=field)["cardinality"] == 3
    assert iot.get_statistics(queryString="*")["statistics"]["count"] == 3
    assert buckets["totalCount"] == 3
    assert buckets["buckets"] == [{"keyValue": "vacuum", "count": 3}]
    with pytest.raises(iot.exceptions.InvalidAggregationException):
        iot.get_statistics(queryString="*", aggregationField="attributes.unknown")


def test_a_query_that_is_none_is_refused_with_its_column(iot) -> None:
    with pytest.raises(iot.exceptions.InvalidQueryException, match="column 8: this bracket"):
        iot.search_index(queryString="a:b AND(c")
    with pytest.raises(iot.exceptions.InvalidQueryException, match="at most 5 terms"):
        iot.create_dynamic_thing_group(thingGroupName="g", queryString="a:(1 2 3 4 5 6)")
    with pytest.raises(iot.exceptions.InvalidRequestException, match="AWS_Things"):
        iot.search_index(indexName="Other", queryString="*")


def test_a_dynamic_group_follows_its_query(cloud, iot) -> None:
    shadows = cloud.boto("iot-data")

    def members() -> list[str]:
        return sorted(iot.list_things_in_thing_group(thingGroupName="low")["things"])

    made = iot.create_dynamic_thing_group(
        thingGroupName="low",
        queryString="shadow.reported.batPct<20",
        thingGroupProperties={"thingGroupDescription": "to be charged"},
    )
    assert made["queryString"] == "shadow.reported.batPct<20"
    assert until(lambda: members() == ["fleet-0"])

    shadows.update_thing_shadow(thingName="fleet-2", payload=b'{"state":{"reported":{"batPct":5}}}')
    assert until(lambda: members() == ["fleet-0", "fleet-2"])
    assert until(lambda: found(iot, "thingGroupNames:low") == ["fleet-0", "fleet-2"])
    with pytest.raises(iot.exceptions.InvalidRequestException):
        iot.add_thing_to_thing_group(thingGroupName="low", thingName="fleet-1")

    changed = iot.update_dynamic_thing_group(
        thingGroupName="low", queryString="thingName:fleet-1", thingGroupProperties={}
    )
    assert changed["version"] == 2
    assert until(lambda: members() == ["fleet-1"])
    shadows.update_thing_shadow(
        thingName="fleet-2", payload=b'{"state":{"reported":{"batPct":90}}}'
    )
    iot.delete_dynamic_thing_group(thingGroupName="low")
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_thing_group(thingGroupName="low")


def test_an_index_is_there_again_after_a_crash(start_cloud) -> None:
    cloud = start_cloud("--broker", "builtin", "--free-ports")
    iot = cloud.boto("iot")
    iot.create_thing(thingName="kept", attributePayload={"attributes": {"site": "rome"}})
    iot.update_indexing_configuration(thingIndexingConfiguration={"thingIndexingMode": "REGISTRY"})

    cloud.kill()
    again = cloud.start().boto("iot")

    until(lambda: again.describe_index(indexName="AWS_Things")["indexStatus"] == "ACTIVE")
    assert found(again, "attributes.site:rome") == ["kept"]
