"""Every limit by its name: what the gateway does at it, and how it is set."""

import asyncio
from dataclasses import fields

import pytest

from cloud_functions.contract.mqtt.packets import (
    Disconnect,
    Pingreq,
    Pingresp,
    Puback,
    Publish,
    Suback,
    Subscribe,
    Subscription,
    Unsuback,
    Unsubscribe,
    Version,
    Will,
)
from cloud_functions.errors import InvalidDeclaration
from cloud_functions.runtime.device_gateway.bucket import Bucket
from cloud_functions.runtime.device_gateway.limits import GatewayLimits
from cloud_functions.runtime.quotas import read_quotas

V5, V311 = Version.V5, Version.V311


def test_every_limit_has_its_reaction() -> None:
    assert all(each.metadata["reaction"] for each in fields(GatewayLimits))


def test_limits_are_set_by_name() -> None:
    given = ["subscriptions=3", "publishes_per_second=2.5", "denied_publish_closes=off"]
    quotas = read_quotas([*given, "shadow_in_flight=10"])
    limits = quotas.gateway

    assert quotas.shadow.in_flight == 10
    assert (limits.subscriptions, limits.publishes_per_second) == (3, 2.5)
    assert limits.denied_publish_closes is False
    assert limits.payload_bytes == 131_072


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("subscriptions", "NAME=VALUE"),
        ("subscription=3", "there are"),
        ("subscriptions=x", "a whole number from 0, not 'x'"),
        ("subscriptions=2.5", "a whole number"),
        ("subscriptions=-1", "from 0"),
        ("publishes_per_second=inf", "a number from 0"),
        ("denied_publish_closes=7", "on or off"),
    ],
)
def test_a_quota_that_is_none_is_refused_with_what_is_allowed(text, says) -> None:
    with pytest.raises(InvalidDeclaration, match=says):
        read_quotas([text])


def test_a_bucket_gives_what_its_rate_fills() -> None:
    bucket = Bucket(2.0, 0.0)

    assert [bucket.take(0.0) for _ in range(3)] == [True, True, False]
    assert [bucket.take(0.5), bucket.take(0.5)] == [True, False]
    assert bucket.spend(10.0, 4.0) == 1.0


def publish(**properties) -> Publish:
    return Publish("post/a", b"x", 1, packet_id=1, properties=properties)


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (publish(content_type="x" * 257), 151),
        (publish(correlation_data=b"x" * 8193), 151),
        (publish(user_property=[("k", "v" * 8192)]), 151),
        (publish(message_expiry_interval=0), 151),
        (publish(message_expiry_interval=604_801), 151),
        (publish(response_topic="a/+"), 130),
        (publish(topic_alias=9), 148),
        (Publish("", b"x", properties={"topic_alias": 3}), 130),
        (Publish("$foo/a", b"x"), 144),
        (Publish("$aws/events/presence/connected/r1", b"{}"), 144),
        (Publish("$aws/things/r1/shadow/update", b"{}", retain=True), 144),
        (Subscribe(1, tuple(Subscription(f"a/{n}") for n in range(9))), 151),
        (Subscribe(1, (Subscription("a"),), {"subscription_identifier": [1]}), 161),
        (Subscribe(1, (Subscription("$share/g/a", no_local=True),)), 130),
    ],
)
async def test_what_mqtt_5_breaks_ends_its_connection_with_awss_reason(
    make_bench, packet, reason
) -> None:
    bench = await make_bench()
    peer = await bench.peer("r1")

    await peer.say(packet)

    assert (await peer.hear(Disconnect)).reason == reason


@pytest.mark.parametrize(
    "packet",
    [
        publish(content_type="x" * 256, correlation_data=b"x" * 8192),
        publish(user_property=[("k", "v" * 8191)], message_expiry_interval=604_800),
        publish(message_expiry_interval=1, response_topic="a/b", topic_alias=8),
    ],
)
async def test_what_keeps_to_the_limits_passes(make_bench, packet) -> None:
    bench = await make_bench()
    peer = await bench.peer("r1")

    await peer.say(packet)

    assert (await peer.hear(Puback)).packet_id == 1


@pytest.mark.parametrize(
    ("connect", "reason"),
    [
        ({"name": "x" * 129}, 133),
        ({"properties": {"maximum_packet_size": 511}}, 151),
        ({"properties": {"maximum_packet_size": 512}}, 0),
        ({"properties": {"authentication_method": "x"}}, 128),
        ({"will": Will("$foo/x", b"")}, 144),
        ({"will": Will("w", b"", properties={"content_type": "x" * 257})}, 151),
    ],
)
async def test_connects_over_a_limit_are_refused_in_connack(make_bench, connect, reason) -> None:
    bench = await make_bench()

    peer = await bench.peer(connect.pop("name", "r1"), **connect)

    assert peer.connack.reason == reason


async def test_more_unacknowledged_messages_than_allowed_end_an_mqtt_5_connection(
    make_bench,
) -> None:
    bench = await make_bench(limits=GatewayLimits(receive_maximum=2))
    bench.hold = asyncio.Event()
    peer = await bench.peer("r1")

    for number in (1, 2, 3):
        await peer.say(Publish("post/a", b"", 1, packet_id=number))

    assert (await peer.hear(Disconnect)).reason == 147
    bench.hold.set()


async def test_more_messages_than_a_client_may_have_unacknowledged_wait(make_bench) -> None:
    bench = await make_bench(limits=GatewayLimits(send_maximum=2))
    peer, other = await bench.peer("r1"), await bench.peer("r2")
    await peer.say(Subscribe(1, (Subscription("post/a", 1),)))
    await peer.hear(Suback)

    for number in (1, 2, 3):
        await other.say(Publish("post/a", b"%d" % number, 1, packet_id=number))
    first = await peer.hear(Publish)
    await peer.hear(Publish)
    with pytest.raises(TimeoutError):
        await peer.hear(Publish, 0.2)
    await peer.say(Puback(first.packet_id))

    assert (await peer.hear(Publish)).payload == b"3"


async def test_a_packet_over_the_clients_size_is_not_sent_and_the_next_one_is(make_bench) -> None:
    bench = await make_bench()
    peer = await bench.peer("r1", properties={"maximum_packet_size": 512, "receive_maximum": 1})
    other = await bench.peer("r2")
    await peer.say(Subscribe(1, (Subscription("post/+", 1),)))
    await peer.hear(Suback)

    await other.say(Publish("post/big", b"x" * 600, 1, packet_id=1))
    await other.say(Publish("post/big", b"x" * 600, 0))
    await other.say(Publish("post/small", b"x", 1, packet_id=2))

    assert (await peer.hear(Publish)).topic == "post/small"
    assert bench.gateway.statistics.dropped == 2


async def test_publishes_over_the_rate_are_discarded_and_not_acknowledged(make_bench) -> None:
    bench = await make_bench(limits=GatewayLimits(publishes_per_second=2))
    peer = await bench.peer("r1")

    for number in range(1, 6):
        await peer.say(Publish("post/a", b"x", 1, packet_id=number))

    acknowledged = [(await peer.hear(Puback)).packet_id for _ in range(2)]
    with pytest.raises(TimeoutError):
        await peer.hear(Puback, 0.2)
    assert acknowledged == [1, 2]
    assert len([each for each in bench.delivered if each.topic == "post/a"]) == 2


async def test_what_a_client_would_get_over_its_rate_waits_at_qos_1(make_bench) -> None:
    bench = await make_bench(limits=GatewayLimits(publishes_per_second=2))
    peer = await bench.peer("r1")
    await peer.say(Subscribe(1, (Subscription("post/a", 1),)))
    await peer.hear(Suback)

    for number in range(3):
        other = await bench.peer(f"o{number}")
        await other.say(Publish("post/a", b"%d" % number, 1, packet_id=1))

    got = [(await peer.hear(Publish, 4)).payload for _ in range(3)]
    assert got == [b"0", b"1", b"2"]


async def test_bytes_over_the_rate_are_read_later(make_bench) -> None:
    bench = await make_bench(limits=GatewayLimits(bytes_per_second=1000))
    peer = await bench.peer("r1")

    await peer.say(Publish("post/a", b"x" * 1200, 1, packet_id=1))
    await peer.hear(Puback)
    await peer.say(Pingreq())

    with pytest.raises(TimeoutError):
        await peer.hear(Pingresp, 0.1)
    assert await peer.hear(Pingresp) == Pingresp()


async def test_a_client_that_comes_back_too_soon_is_refused(make_bench) -> None:
    now = [1000.0]
    limits = GatewayLimits(connects_per_client_per_second=1)
    bench = await make_bench(limits=limits, clock=lambda: now[0])

    reasons = [(await bench.peer("r1")).connack.reason for _ in range(2)]
    other = await bench.peer("r2", V311)
    now[0] += 1.5
    again = await bench.peer("r1")

    assert reasons == [0, 151]
    assert (other.connack.reason, again.connack.reason) == (0, 0)


@pytest.mark.parametrize("limit", ["connects_per_second", "connections", "sessions"])
async def test_a_full_gateway_takes_nobody_more_in(make_bench, limit) -> None:
    bench = await make_bench(limits=GatewayLimits(**{limit: 1}), clock=lambda: 1000.0)

    first, second = await bench.peer("r1"), await bench.peer("r2", V311)

    assert (first.connack.reason, second.connack.reason) == (0, 3)


@pytest.mark.parametrize(
    ("limits", "filters", "reasons"),
    [
        ({"subscriptions_total": 1}, ["a", "b"], (0, 151)),
        ({"shared_groups": 1}, ["$share/g/a", "$share/h/a", "$share/g/a"], (0, 151, 0)),
        ({"share_name_bytes": 1}, ["$share/g/a", "$share/gg/a"], (0, 143)),
        ({"topic_slashes": 1}, ["a/b", "a/b/c"], (0, 143)),
        ({}, ["a/#/b", "a+", "$share/g"], (143, 143, 143)),
    ],
)
async def test_subscriptions_over_a_limit_are_refused_one_by_one(
    make_bench, limits, filters, reasons
) -> None:
    bench = await make_bench(limits=GatewayLimits(**limits))
    peer = await bench.peer("r1")

    await peer.say(Subscribe(1, tuple(Subscription(each) for each in filters)))

    assert (await peer.hear(Suback)).reasons == reasons


async def test_a_shared_group_has_so_many_members_and_room_again_when_one_leaves(
    make_bench,
) -> None:
    bench = await make_bench(limits=GatewayLimits(shared_subscriptions_per_group=1))
    first, second = await bench.peer("r1"), await bench.peer("r2")
    asked = Subscribe(1, (Subscription("$share/g/a"),))

    reasons = []
    for peer in (first, second):
        await peer.say(asked)
        reasons.append((await peer.hear(Suback)).reasons)
    await first.say(Unsubscribe(2, ("$share/g/a", "$share/x")))
    left = (await first.hear(Unsuback)).reasons
    await second.say(asked)

    assert reasons == [(0,), (151,)]
    assert left == (0, 143)
    assert (await second.hear(Suback)).reasons == (0,)


async def test_subscribes_over_the_rate_are_refused(make_bench) -> None:
    bench = await make_bench(limits=GatewayLimits(subscribes_per_second=1), clock=lambda: 1000.0)
    peer = await bench.peer("r1")

    reasons = []
    for number in (1, 2):
        await peer.say(Subscribe(number, (Subscription("a"),)))
        reasons.append((await peer.hear(Suback)).reasons)

    assert reasons == [(0,), (151,)]


@pytest.mark.parametrize(
    ("limits", "topics", "kept"),
    [
        ({"retained_messages": 1}, ["post/a", "post/b", "post/a"], {"post/a"}),
        ({"retained_publishes_per_second": 1}, ["post/a", "post/b"], {"post/a"}),
    ],
)
async def test_retained_messages_over_a_limit_are_discarded(
    make_bench, limits, topics, kept
) -> None:
    bench = await make_bench(limits=GatewayLimits(**limits), clock=lambda: 1000.0)
    peer = await bench.peer("r1")

    for topic in topics:
        await peer.say(Publish(topic, b"x", retain=True))
    await peer.say(Pingreq())
    await peer.hear(Pingresp)

    assert {each.message.topic for each in bench.gateway.retained.page("", 10)} == kept


async def test_a_topic_is_retained_so_often(make_bench) -> None:
    limits = GatewayLimits(retained_publishes_per_topic_per_second=1)
    bench = await make_bench(limits=limits, clock=lambda: 1000.0)
    peer = await bench.peer("r1")

    for payload in (b"1", b"2"):
        await peer.say(Publish("post/a", payload, retain=True))
    await peer.say(Pingreq())
    await peer.hear(Pingresp)

    assert bench.gateway.retained.find("post/a").message.payload == b"1"


async def test_a_client_that_says_nothing_is_given_up(make_bench) -> None:
    bench = await make_bench(limits=GatewayLimits(connect_timeout_s=0.1))
    reader, writer = await asyncio.open_connection("127.0.0.1", bench.gateway.ports[0])
    bench.writers.append(writer)

    async with asyncio.timeout(4):
        assert await reader.read() == b""
