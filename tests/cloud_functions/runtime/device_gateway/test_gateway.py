"""The built-in broker where it is AWS IoT's and not any broker."""

import asyncio
import json

import pytest

from cloud_functions.contract.mqtt.encode import encode
from cloud_functions.contract.mqtt.packets import (
    Disconnect,
    Puback,
    Publish,
    Suback,
    Subscribe,
    Subscription,
    Version,
    Will,
)
from cloud_functions.ports import Message
from cloud_functions.runtime.device_gateway.limits import GatewayLimits, keep_alive
from cloud_functions.runtime.device_gateway.ports import NOTHING_MORE, Action, AllowAll, Decision

V5, V311 = Version.V5, Version.V311


class OnlyOwn(AllowAll):
    """A client may do what begins with its own name."""

    def decide(self, caller, action, resource, more=NOTHING_MORE) -> Decision:
        is_own = action is Action.CONNECT or resource.startswith(caller.client_id)
        return Decision(is_own, "its own name")


async def test_connack_says_what_aws_iot_says(make_bench) -> None:
    bench = await make_bench()

    peer = await bench.peer("", keep_alive_s=5)

    said = peer.connack.properties
    assert said["maximum_qos"] == 1
    assert said["topic_alias_maximum"] == 8
    assert said["maximum_packet_size"] == 149_504
    assert said["server_keep_alive"] == 30
    assert said["assigned_client_identifier"]


async def test_a_puback_comes_when_the_message_is_durable(make_bench) -> None:
    bench = await make_bench()
    bench.hold = asyncio.Event()
    peer = await bench.peer("r1")

    await peer.say(Publish("$aws/things/r1/shadow/update", b"{}", 1, packet_id=9))
    with pytest.raises(TimeoutError):
        await peer.hear(Puback, 0.2)
    bench.hold.set()

    assert (await peer.hear(Puback)).packet_id == 9
    message = next(each for each in bench.delivered if each.topic.endswith("/update"))
    assert (message.client_id, message.qos) == ("r1", 1)


async def test_qos_2_gets_no_answer_in_311_and_ends_a_connection_in_5(make_bench) -> None:
    bench = await make_bench()
    old, new = await bench.peer("old", V311), await bench.peer("new")

    await old.say(Publish("a", b"", 2, packet_id=1))
    await new.say(Publish("a", b"", 2, packet_id=1))

    assert (await new.hear(Disconnect)).reason == 155
    with pytest.raises(TimeoutError):
        await old.hear(Puback, 0.2)


async def test_presence_tells_who_came_and_why_somebody_went(make_bench) -> None:
    bench = await make_bench()
    polite = await bench.peer("polite")
    lost = await bench.peer("lost")

    await polite.say(Disconnect())
    lost.writer.transport.abort()
    await asyncio.sleep(0.2)

    events = {
        each.topic: json.loads(each.payload)
        for each in bench.delivered
        if "/presence/" in each.topic
    }
    assert events["$aws/events/presence/connected/polite"]["versionNumber"] == 0
    reasons = {
        name: events[f"$aws/events/presence/disconnected/{name}"]["disconnectReason"]
        for name in ("polite", "lost")
    }
    assert reasons == {"polite": "CLIENT_INITIATED_DISCONNECT", "lost": "CONNECTION_LOST"}


async def test_a_newcomer_of_the_same_name_ends_the_older_connection(make_bench) -> None:
    bench = await make_bench()
    older = await bench.peer("twin")

    await bench.peer("twin")

    assert (await older.hear(Disconnect)).reason == 142
    assert await older.is_closed()


@pytest.mark.parametrize("version", [V311, V5])
async def test_a_forbidden_publish_ends_the_connection(make_bench, version) -> None:
    bench = await make_bench(authorizer=OnlyOwn())
    peer = await bench.peer("r1", version)

    await peer.say(Publish("r2/topic", b"x"))

    assert await peer.is_closed()
    events = [json.loads(each.payload) for each in bench.delivered if "/disconn" in each.topic]
    assert events[-1]["disconnectReason"] == "FORBIDDEN_ACCESS"
    assert not any(each.topic == "r2/topic" for each in bench.delivered)


async def test_a_forbidden_subscription_is_refused_in_5_and_ends_311(make_bench) -> None:
    bench = await make_bench(authorizer=OnlyOwn())
    old, new = await bench.peer("old", V311), await bench.peer("new")

    for peer in (old, new):
        await peer.say(Subscribe(1, (Subscription("secret/#"),)))

    assert (await new.hear(Suback)).reasons == (135,)
    assert await old.is_closed()


async def test_what_may_not_be_received_is_not_delivered(make_bench) -> None:
    bench = await make_bench(authorizer=OnlyOwn())
    sub, pub = await bench.peer("s"), await bench.peer("secret")
    await sub.say(Subscribe(1, (Subscription("s/#"), Subscription("secret", 0))))
    assert (await sub.hear(Suback)).reasons == (0, 0)

    await pub.say(Publish("secret", b"x"))
    await pub.say(Publish("secret/x", b"x"))

    assert (await sub.hear(Publish)).topic == "secret"


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (Publish("a/b/c/d/e/f/g/h/i", b""), 144),
        (Publish("x" * 257, b""), 144),
        (Publish("a", b"x" * 131_073), 151),
    ],
)
async def test_what_is_over_the_limits_ends_the_connection(make_bench, packet, reason) -> None:
    bench = await make_bench()
    peer = await bench.peer("r1")

    await peer.say(packet)

    assert (await peer.hear(Disconnect)).reason == reason


async def test_basic_ingests_prefix_does_not_count_and_reaches_no_subscriber(make_bench) -> None:
    bench = await make_bench()
    peer = await bench.peer("r1")
    await peer.say(Subscribe(1, (Subscription("$aws/rules/#"),)))
    topic = "$aws/rules/pose/a/b/c/d/e/f/g/h"

    await peer.say(Publish(topic, b"x", 1, packet_id=1))

    await peer.hear(Puback)
    assert any(each.topic == topic for each in bench.delivered)
    assert not [each for each in peer.packets if isinstance(each, Publish)]


async def test_subscriptions_have_a_limit(make_bench) -> None:
    bench = await make_bench(limits=GatewayLimits(subscriptions=2))
    peer = await bench.peer("r1")

    await peer.say(Subscribe(1, tuple(Subscription(f"t/{n}", 1) for n in range(3))))

    assert (await peer.hear(Suback)).reasons == (1, 1, 151)


async def test_a_shared_subscription_shares(make_bench) -> None:
    bench = await make_bench()
    members = [await bench.peer(f"m{n}") for n in range(2)]
    for member in members:
        await member.say(Subscribe(1, (Subscription("$share/g/work/+", 0),)))
        await member.hear(Suback)
    pub = await bench.peer("pub")

    for number in range(4):
        await pub.say(Publish(f"work/{number}", b""))

    got = [[(await member.hear(Publish)).topic for _ in range(2)] for member in members]
    assert sorted(got[0] + got[1]) == [f"work/{n}" for n in range(4)]


async def test_a_will_to_a_shadow_topic_is_published_and_marked_for_the_cloud(make_bench) -> None:
    bench = await make_bench()
    watch = await bench.peer("watch")
    topic = "$aws/things/r1/shadow/update"
    await watch.say(Subscribe(1, (Subscription(topic),)))
    await watch.hear(Suback)
    peer = await bench.peer("r1", will=Will(topic, b"{}"))

    peer.writer.transport.abort()

    assert (await watch.hear(Publish)).topic == topic
    assert [each.is_will for each in bench.delivered if each.topic == topic] == [True]


async def test_a_silent_client_is_given_up(make_bench) -> None:
    bench = await make_bench(limits=GatewayLimits(keep_alive_min_s=1))
    peer = await bench.peer("r1", keep_alive_s=1)

    assert (await peer.hear(Disconnect, 5)).reason == 141


async def test_garbage_ends_its_own_connection_and_no_other(make_bench) -> None:
    bench = await make_bench()
    good = await bench.peer("good")
    for garbage in (b"\x00" * 50, b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 50, b"\x10\xff\xff\xff\xff"):
        _, writer = await asyncio.open_connection("127.0.0.1", bench.gateway.ports[0])
        writer.write(garbage)
        await writer.drain()
        writer.close()
    await asyncio.sleep(0.1)

    await good.say(Publish("post/a", b"x", 1, packet_id=1))

    assert await good.hear(Puback)


@pytest.mark.parametrize(("asked", "given"), [(0, 1200), (5, 30), (60, 60), (9999, 1200)])
def test_keep_alive_is_kept_between_its_bounds(asked, given) -> None:
    assert keep_alive(asked, GatewayLimits()) == given


async def test_what_came_whole_before_a_broken_packet_counts(make_bench) -> None:
    bench = await make_bench()
    peer = await bench.peer("r1")

    peer.writer.write(encode(Publish("post/a", b"x"), V5) + b"\x00\x00")

    assert (await peer.hear(Disconnect)).reason == 129
    assert [each.payload for each in bench.delivered if each.topic == "post/a"] == [b"x"]


@pytest.mark.parametrize("qos", [0, 1])
async def test_a_message_that_mqtt_cannot_carry_does_not_stop_the_next(make_bench, qos) -> None:
    bench = await make_bench()
    peer = await bench.peer("r1")
    await peer.say(Subscribe(1, (Subscription("a", 1),)))
    await peer.hear(Suback)
    bad = {"user_property": [("k", "a\0b")]}

    bench.gateway.publish([Message("a", b"bad", qos, properties=bad), Message("a", b"good", qos)])

    assert (await peer.hear(Publish)).payload == b"good"
    assert bench.gateway.statistics.dropped == 1
