"""Unmodified boto3 `iot-data` against the built-in broker: publish, retained, connections."""

import asyncio
import contextlib
import json
import time

import aiomqtt
import pytest
from aiomqtt import ProtocolVersion
from botocore.exceptions import ClientError
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

AWKWARD = "a b/ü%2F+1"
"""A client id that needs every kind of percent-encoding."""


@pytest.fixture(scope="module")
def iot_data(cloud_module):
    return cloud_module.boto("iot-data")


@pytest.fixture
def connect(cloud_module):
    port = int(cloud_module.endpoints["mqtt"].rpartition(":")[2])

    def make(name: str, **more) -> aiomqtt.Client:
        return aiomqtt.Client(
            "127.0.0.1", port, identifier=name, protocol=ProtocolVersion.V5, **more
        )

    return make


async def call(operation, **arguments):
    """An operation of boto3 in a thread, so that clients go on meanwhile."""
    return await asyncio.to_thread(operation, **arguments)


async def hung_up(client) -> None:
    """The broker has ended the client's connection."""
    with pytest.raises(aiomqtt.MqttError):
        await next_of(client)
    with contextlib.suppress(aiomqtt.MqttError):
        await client.__aexit__(None, None, None)


async def next_of(client) -> aiomqtt.Message:
    async with asyncio.timeout(5):
        return await anext(aiter(client.messages))


async def refused(operation, **arguments) -> str:
    with pytest.raises(ClientError) as error:
        await call(operation, **arguments)
    return error.value.response["Error"]["Code"]


# ------------------------------------------------------------ Publish


async def test_publish_brings_every_attribute_of_mqtt_5(iot_data, connect) -> None:
    async with connect("sub") as sub:
        await sub.subscribe("told/a b/c", qos=1)

        await call(
            iot_data.publish,
            topic="told/a b/c",
            qos=1,
            payload=b"\x00\xff",
            userProperties=json.dumps([{"deviceName": "alpha"}, {"deviceCnt": "45"}]),
            payloadFormatIndicator="UTF8_DATA",
            contentType="application/json",
            responseTopic="told/back",
            correlationData="aGk=",
            messageExpiry=60,
        )
        message = await next_of(sub)

    said = message.properties
    assert (str(message.topic), message.payload, message.qos) == ("told/a b/c", b"\x00\xff", 1)
    assert said.UserProperty == [("deviceName", "alpha"), ("deviceCnt", "45")]
    assert (said.PayloadFormatIndicator, said.ContentType) == (1, "application/json")
    assert (said.ResponseTopic, said.CorrelationData) == ("told/back", b"hi")
    assert said.MessageExpiryInterval == 60


@pytest.mark.parametrize(
    "wrong",
    [
        {"topic": "a/+"},
        {"topic": "x" * 257},
        {"topic": "a/b/c/d/e/f/g/h/i"},
        {"topic": "$aws/events/presence/connected/r1"},
        {"topic": "$aws/things/r1/shadow/update", "retain": True},
        {"payload": b"x" * 131_073},
        {"messageExpiry": 0},
        {"messageExpiry": 604_801},
        {"contentType": "x" * 257},
        {"responseTopic": "a/#"},
        {"correlationData": "no base64"},
        {"userProperties": '{"a": "b"}'},
        {"userProperties": '[{"a": 1}]'},
        {"payloadFormatIndicator": "TEXT"},
        {"qos": 2},
    ],
)
async def test_publish_refuses_what_no_client_could_say(iot_data, wrong) -> None:
    code = await refused(iot_data.publish, **({"topic": "a"} | wrong))

    assert code == "InvalidRequestException"


async def test_a_published_shadow_update_is_answered_as_one_over_mqtt(iot_data, connect) -> None:
    async with connect("sub") as sub:
        await sub.subscribe("$aws/things/http-1/shadow/update/accepted", qos=1)

        payload = b'{"state":{"desired":{"a":1}}}'
        await call(
            iot_data.publish, topic="$aws/things/http-1/shadow/update", qos=1, payload=payload
        )

        assert json.loads((await next_of(sub)).payload)["state"] == {"desired": {"a": 1}}


async def test_a_will_to_a_shadow_reaches_its_topic_and_not_the_shadow(iot_data, connect) -> None:
    topic = "$aws/things/willed/shadow/update"
    will = aiomqtt.Will(topic, b'{"state":{"reported":{"a":1}}}', 1)
    async with connect("watch") as watch:
        await watch.subscribe(topic, qos=1)
        async with connect("willed", will=will) as client:
            await call(iot_data.delete_connection, clientId="willed")
            with pytest.raises(aiomqtt.MqttError):
                await next_of(client)
            message = await next_of(watch)

    assert message.payload == will.payload
    missing = await refused(iot_data.get_thing_shadow, thingName="willed")
    assert missing == "ResourceNotFoundException"


# ------------------------------------------------------------ retained messages


async def test_a_retained_message_is_read_with_its_properties(iot_data, connect) -> None:
    said = Properties(PacketTypes.PUBLISH)
    said.UserProperty = [("a", "b")]
    before_ms = time.time() * 1000
    async with connect("pub") as pub:
        await pub.publish("kept/a b", b"\x01\xfe", qos=1, retain=True, properties=said)

    found = await call(iot_data.get_retained_message, topic="kept/a b")

    assert (found["topic"], found["payload"], found["qos"]) == ("kept/a b", b"\x01\xfe", 1)
    assert json.loads(found["userProperties"]) == [{"a": "b"}]
    assert abs(found["lastModifiedTime"] - before_ms) < 10_000
    missing = await refused(iot_data.get_retained_message, topic="kept/none")
    assert missing == "ResourceNotFoundException"


async def test_retained_messages_are_listed_page_by_page_and_cleared(iot_data) -> None:
    topics = [f"listed/{number}" for number in range(5)]
    for topic in topics:
        await call(iot_data.publish, topic=topic, retain=True, payload=b"12345", qos=1)

    found: list[dict] = []
    page = await call(iot_data.list_retained_messages, maxResults=2)
    found += page["retainedTopics"]
    while "nextToken" in page:
        page = await call(
            iot_data.list_retained_messages, maxResults=2, nextToken=page["nextToken"]
        )
        found += page["retainedTopics"]
    mine = [each for each in found if each["topic"].startswith("listed/")]
    await call(iot_data.publish, topic=topics[0], retain=True, payload=b"")

    assert [each["topic"] for each in mine] == topics
    assert {(each["payloadSize"], each["qos"]) for each in mine} == {(5, 1)}
    gone = await refused(iot_data.get_retained_message, topic=topics[0])
    assert gone == "ResourceNotFoundException"
    assert await refused(iot_data.list_retained_messages, maxResults=201) == (
        "InvalidRequestException"
    )


# ------------------------------------------------------------ connections


async def test_a_connection_is_described_while_it_lasts_and_after(iot_data, connect) -> None:
    async with connect(AWKWARD, keepalive=77):
        there = await call(iot_data.get_connection, clientId=AWKWARD, includeSocketInformation=True)
    gone = await call(iot_data.get_connection, clientId=AWKWARD)

    assert (there["clientId"], there["connected"], there["cleanSession"]) == (AWKWARD, True, True)
    assert (there["keepAliveDuration"], there["sourceIp"]) == (77, "127.0.0.1")
    assert there["sourcePort"] > 0
    assert there["targetPort"] > 0
    assert abs(there["connectedSince"] - time.time() * 1000) < 20_000
    assert (gone["connected"], gone["disconnectReason"]) == (False, "CLIENT_INITIATED_DISCONNECT")
    assert "connectedSince" not in gone
    assert "sourceIp" not in gone


@pytest.mark.parametrize("operation", ["get_connection", "list_subscriptions", "delete_connection"])
async def test_a_client_nobody_knows_is_not_found(iot_data, operation) -> None:
    ask = getattr(iot_data, operation)

    assert await refused(ask, clientId="nobody") == "ResourceNotFoundException"
    assert await refused(ask, clientId="$nobody") == "InvalidRequestException"


async def test_subscriptions_are_listed_page_by_page(iot_data, connect) -> None:
    async with connect(AWKWARD) as client:
        for number in range(5):
            await client.subscribe(f"s/{number}/#", qos=number % 2)

        first = await call(iot_data.list_subscriptions, clientId=AWKWARD, maxResults=3)
        rest = await call(
            iot_data.list_subscriptions, clientId=AWKWARD, nextToken=first["nextToken"]
        )

    found = [*first["subscriptions"], *rest["subscriptions"]]
    assert found == [{"topicFilter": f"s/{n}/#", "qos": n % 2} for n in range(5)]
    assert "nextToken" not in rest


@pytest.mark.parametrize("prevent", [False, True])
async def test_a_deleted_connection_is_told_with_its_will_unless_prevented(
    iot_data, connect, prevent
) -> None:
    will = aiomqtt.Will("wills/api", b"gone", 1)
    async with connect("watch") as watch:
        await watch.subscribe("wills/api", qos=1)
        await watch.subscribe("$aws/events/presence/disconnected/api", qos=1)
        client = connect("api", will=will)
        await client.__aenter__()

        await call(iot_data.delete_connection, clientId="api", preventWillMessage=prevent)
        told = [await next_of(watch) for _ in range(1 if prevent else 2)]
        await hung_up(client)

    events = [json.loads(each.payload) for each in told if "/presence/" in str(each.topic)]
    assert [each["disconnectReason"] for each in events] == ["API_INITIATED_DISCONNECT"]
    assert (b"gone" in [each.payload for each in told]) is not prevent


async def test_a_session_goes_with_the_connection_if_asked(iot_data, connect) -> None:
    stays = Properties(PacketTypes.CONNECT)
    stays.SessionExpiryInterval = 600
    for clean, is_left in ((False, True), (True, False)):
        client = connect("stays", clean_start=False, properties=stays)
        await client.__aenter__()
        await client.subscribe("s/#")
        await call(iot_data.delete_connection, clientId="stays", cleanSession=clean)
        await hung_up(client)
        try:
            await call(iot_data.list_subscriptions, clientId="stays")
            assert is_left
        except ClientError:
            assert not is_left


async def test_a_direct_message_reaches_a_client_that_subscribed_to_nothing(
    iot_data, connect
) -> None:
    async with connect(AWKWARD) as client, connect("other") as other:
        await other.subscribe("direct/#", qos=1)

        said = await call(
            iot_data.send_direct_message,
            clientId=AWKWARD,
            topic="direct/a",
            payload=b"x",
            confirmation=True,
            timeout=5,
            contentType="text/plain",
        )
        message = await next_of(client)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await anext(aiter(other.messages))

    assert (said["message"], bool(said["traceId"])) == ("OK", True)
    assert (str(message.topic), message.payload, message.qos) == ("direct/a", b"x", 1)
    assert message.properties.ContentType == "text/plain"


async def test_a_direct_message_that_cannot_be_delivered_says_why(iot_data, connect) -> None:
    send = iot_data.send_direct_message
    assert await refused(send, clientId="nobody", topic="a") == "ResourceNotFoundException"
    async with connect("here"):
        large = await refused(send, clientId="here", topic="a", payload=b"x" * 131_073)
        assert large == "RequestEntityTooLargeException"
        assert await refused(send, clientId="here", topic="a/+") == "InvalidRequestException"
        assert await refused(send, clientId="here", topic="a", confirmation=True, timeout=16) == (
            "InvalidRequestException"
        )


async def test_a_direct_message_nobody_confirms_times_out(iot_data, cloud_module) -> None:
    port = int(cloud_module.endpoints["mqtt"].rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(bytes.fromhex("101000044d5154540402003c0004") + b"deaf")
    await reader.readexactly(4)

    code = await refused(
        iot_data.send_direct_message, clientId="deaf", topic="a", confirmation=True, timeout=1
    )
    writer.close()

    assert code == "GatewayTimeoutException"
