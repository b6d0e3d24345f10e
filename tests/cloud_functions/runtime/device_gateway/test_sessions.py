"""How long sessions, messages and wills last (AWS reference, sections 3.2 to 3.6)."""

import asyncio
import json

import pytest

from cloud_functions.cells import Space
from cloud_functions.contract.mqtt.packets import (
    Disconnect,
    Pingreq,
    Pingresp,
    Puback,
    Publish,
    Suback,
    Subscribe,
    Subscription,
    Version,
    Will,
)
from cloud_functions.storage.committer import Committer
from cloud_functions.storage.lmdb_cell import LmdbCell

V5, V311 = Version.V5, Version.V311
STAYS = {"session_expiry_interval": 600}


@pytest.fixture
def now():
    return [1_800_000_000.0]


@pytest.fixture
def store(tmp_path):
    opened = LmdbCell(tmp_path / "cell")
    yield opened
    opened.close()


@pytest.fixture
def start(store, make_bench, now):
    async def make(**options):
        return await make_bench(
            committer=Committer(store), store=store, clock=lambda: now[0], **options
        )

    return make


async def subscriber(bench, topic="post/x", name="phone", **more):
    peer = await bench.peer(name, clean_start=False, properties=STAYS, **more)
    await peer.say(Subscribe(1, [Subscription(topic, 1)]))
    await peer.hear(Suback)
    return peer


async def leave(peer, **properties) -> None:
    await peer.say(Disconnect(0, properties or None))
    assert await peer.is_closed()


async def send(bench, *packets) -> None:
    peer = await bench.peer("sender")
    for packet in packets:
        await peer.say(packet)
    await peer.say(Pingreq())
    await peer.hear(Pingresp)


def message(payload: bytes, **properties) -> Publish:
    return Publish("post/x", payload, 1, packet_id=1, properties=properties or None)


def kinds(bench) -> list[str]:
    """Presence events and wills in the order in which they were told."""
    return [
        each.topic.split("/")[3] if "/presence/" in each.topic else each.payload.decode()
        for each in bench.delivered
        if "/presence/" in each.topic or each.is_will
    ]


# ------------------------------------------------------------ messages expire


async def test_a_message_that_expired_while_it_waited_is_not_delivered(start, now) -> None:
    bench = await start()
    await leave(await subscriber(bench))
    await send(bench, message(b"short", message_expiry_interval=10), message(b"long"))

    now[0] += 11
    back = await bench.peer("phone", clean_start=False, properties=STAYS)

    assert (await back.hear(Publish)).payload == b"long"


@pytest.mark.parametrize("restarts", [False, True], ids=["same run", "after a crash"])
async def test_the_interval_that_remains_is_sent_on(start, now, restarts) -> None:
    bench = await start()
    await leave(await subscriber(bench))
    await send(bench, message(b"x", message_expiry_interval=100))
    await asyncio.sleep(0.1)

    now[0] += 30.5
    bench = await start() if restarts else bench
    back = await bench.peer("phone", clean_start=False, properties=STAYS)

    assert (await back.hear(Publish)).properties == {"message_expiry_interval": 70}


async def test_a_message_to_who_is_there_keeps_its_interval(start) -> None:
    bench = await start()
    peer = await subscriber(bench)

    await send(bench, message(b"x", message_expiry_interval=100))

    assert (await peer.hear(Publish)).properties == {"message_expiry_interval": 100}


async def test_a_retained_message_expires_and_says_what_remains(start, now, store) -> None:
    bench = await start()
    kept = message(b"x", message_expiry_interval=100)._replace(retain=True)
    await send(bench, kept)

    now[0] += 40
    early = await subscriber(bench, name="early")
    said = await early.hear(Publish)
    now[0] += 61
    late = await subscriber(bench, name="late")

    assert (said.retain, said.properties) == (True, {"message_expiry_interval": 60})
    with pytest.raises(TimeoutError):
        await late.hear(Publish, 0.2)
    bench.gateway.retained.expire(now[0])
    await asyncio.sleep(0.1)
    assert list(store.scan(Space.RETAINED)) == []


async def test_what_was_on_its_way_when_it_expired_does_not_come_again(start, now) -> None:
    bench = await start()
    peer = await subscriber(bench)
    await send(bench, message(b"x", message_expiry_interval=10))
    await peer.hear(Publish)
    peer.writer.transport.abort()

    now[0] += 11
    back = await bench.peer("phone", clean_start=False, properties=STAYS)

    assert back.connack.session_present
    with pytest.raises(TimeoutError):
        await back.hear(Publish, 0.2)


# ------------------------------------------------------------ sessions end


async def test_a_session_expiry_is_capped_and_connack_says_so(start) -> None:
    bench = await start()

    peer = await bench.peer("phone", properties={"session_expiry_interval": 999_999})

    assert peer.connack.properties["session_expiry_interval"] == 3600


async def test_a_disconnect_may_lower_the_expiry(start, now) -> None:
    bench = await start()
    await leave(await subscriber(bench), session_expiry_interval=5)

    now[0] += 6
    back = await bench.peer("phone", clean_start=False, properties=STAYS)

    assert not back.connack.session_present


async def test_a_disconnect_may_end_the_session(start, store) -> None:
    bench = await start()

    await leave(await subscriber(bench), session_expiry_interval=0)
    await asyncio.sleep(0.1)

    assert list(store.scan(Space.SESSIONS)) == []


async def test_a_disconnect_cannot_raise_the_expiry_from_0(start) -> None:
    bench = await start()
    peer = await bench.peer("phone")

    await peer.say(Disconnect(0, {"session_expiry_interval": 60}))

    assert (await peer.hear(Disconnect)).reason == 130


@pytest.mark.parametrize(("first", "then"), [(V311, V5), (V5, V311)])
async def test_a_session_is_not_resumed_by_another_version(start, first, then) -> None:
    bench = await start()
    properties = STAYS if first == V5 else None
    peer = await bench.peer("phone", first, clean_start=False, properties=properties)
    peer.writer.transport.abort()
    await asyncio.sleep(0.05)

    other = await bench.peer("phone", then, clean_start=False)

    assert not other.connack.session_present


# ------------------------------------------------------------ wills


def will(delay_s: int, payload: bytes = b"gone") -> Will:
    return Will("post/will", payload, 1, properties={"will_delay_interval": delay_s})


async def test_a_delayed_will_survives_a_crash_with_who_left_it(start, now) -> None:
    first = await start()
    peer = await subscriber(first, will=will(30)._replace(retain=True))
    peer.writer.transport.abort()
    await asyncio.sleep(0.2)

    second = await start()
    now[0] += 31
    await asyncio.sleep(1.2)

    (said,) = [each for each in second.delivered if each.is_will]
    assert (said.topic, said.payload, said.client_id) == ("post/will", b"gone", "phone")
    assert second.gateway.retained.find("post/will") is not None
    third = await start()
    await asyncio.sleep(1.2)
    assert kinds(third) == []


async def test_a_client_that_is_back_in_its_session_in_time_leaves_no_will(start, now, store):
    bench = await start()
    peer = await subscriber(bench, will=will(30))
    peer.writer.transport.abort()
    await asyncio.sleep(0.1)

    await bench.peer("phone", clean_start=False, properties=STAYS)
    now[0] += 31
    await asyncio.sleep(1.2)

    assert not any(each.is_will for each in bench.delivered)
    assert list(store.scan(Space.WILLS)) == []


async def test_a_will_goes_out_early_when_its_session_ends(start) -> None:
    bench = await start()
    peer = await subscriber(bench, will=will(300))
    peer.writer.transport.abort()
    await asyncio.sleep(0.1)

    await bench.peer("phone", clean_start=True)
    await asyncio.sleep(0.05)

    assert kinds(bench) == ["connected", "disconnected", "gone", "connected"]


async def test_at_a_takeover_the_older_ones_will_and_event_come_before_the_newer_ones(start):
    bench = await start()
    older = await bench.peer("phone", will=Will("post/will", b"older"))

    await bench.peer("phone", will=Will("post/will", b"newer"))
    await asyncio.sleep(0.05)

    assert (await older.hear(Disconnect)).reason == 142
    assert kinds(bench) == ["connected", "older", "disconnected", "connected"]
    (event,) = [json.loads(e.payload) for e in bench.delivered if "/disconnected/" in e.topic]
    assert event["disconnectReason"] == "DUPLICATE_CLIENTID"


@pytest.mark.parametrize(
    ("reason", "is_published"), [(0, False), (4, True)], ids=["goodbye", "goodbye with will"]
)
async def test_a_goodbye_takes_the_will_along_unless_it_says_otherwise(
    start, reason, is_published
) -> None:
    bench = await start()
    peer = await bench.peer("phone", will=Will("post/will", b"gone"))

    await peer.say(Disconnect(reason))
    assert await peer.is_closed()

    assert any(each.is_will for each in bench.delivered) is is_published


# ------------------------------------------------------------ retained


async def test_a_retained_message_is_told_to_late_ones_as_such_and_live_to_others(start) -> None:
    bench = await start()
    live = await subscriber(bench, name="live")
    await send(bench, message(b"x")._replace(retain=True))
    late = await subscriber(bench, name="late")

    assert (await live.hear(Publish)).retain is False
    assert (await late.hear(Publish)).retain is True


@pytest.mark.parametrize("topic_filter", ["post/+", "post/#", "$share/g/post/x"])
async def test_only_an_exact_topic_brings_the_retained_message(start, topic_filter) -> None:
    bench = await start()
    await send(bench, message(b"x")._replace(retain=True))

    peer = await subscriber(bench, topic_filter)

    with pytest.raises(TimeoutError):
        await peer.hear(Publish, 0.2)


@pytest.mark.parametrize(("handling", "times"), [(0, 2), (1, 1), (2, 0)])
async def test_retain_handling_is_kept_to(start, handling, times) -> None:
    bench = await start()
    await send(bench, message(b"x")._replace(retain=True))
    peer = await bench.peer("phone")

    for number in (1, 2):
        asked = Subscription("post/x", 0, retain_handling=handling)
        await peer.say(Subscribe(number, [asked]))
        await peer.hear(Suback)
    await peer.say(Pingreq())
    await peer.hear(Pingresp)

    assert len(peer.decoder_packets(Publish)) == times


async def test_an_empty_payload_clears_and_is_still_told(start) -> None:
    bench = await start()
    live = await subscriber(bench, name="live")
    await send(bench, message(b"x")._replace(retain=True), message(b"")._replace(retain=True))
    late = await subscriber(bench, name="late")

    told = [(await live.hear(Publish)).payload for _ in range(2)]
    with pytest.raises(TimeoutError):
        await late.hear(Publish, 0.2)
    await late.say(Puback(1))

    assert told == [b"x", b""]
