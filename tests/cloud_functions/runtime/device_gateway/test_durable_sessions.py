"""What the built-in broker still knows after it was killed."""

import asyncio

import pytest

from cloud_functions.cells import Space
from cloud_functions.contract.mqtt.packets import (
    Disconnect,
    Puback,
    Publish,
    Suback,
    Subscribe,
    Subscription,
    Version,
)
from cloud_functions.runtime.device_gateway.limits import GatewayLimits
from cloud_functions.storage.committer import Committer
from cloud_functions.storage.lmdb_cell import LmdbCell

STAYS = {"session_expiry_interval": 600}


@pytest.fixture
def store(tmp_path):
    opened = LmdbCell(tmp_path / "cell")
    yield opened
    opened.close()


@pytest.fixture
async def start(store, make_bench):
    """A gateway on what is in the store, as after a crash: nothing was stopped in order."""
    committers: list[Committer] = []

    async def make(**options):
        committers.append(Committer(store))
        return await make_bench(committer=committers[-1], store=store, **options)

    yield make
    for committer in committers:
        await committer.close()


async def subscriber(bench, name="phone", topic="post/x", **connect):
    peer = await bench.peer(name, clean_start=False, properties=STAYS, **connect)
    await peer.say(Subscribe(1, [Subscription(topic, 1)]))
    await peer.hear(Suback)
    return peer


async def say(bench, topic, payload, *, retain=False):
    peer = await bench.peer("robot")
    await peer.say(Publish(topic, payload, 1, retain=retain, packet_id=1))
    await peer.hear(Puback)


async def test_a_message_for_an_absent_client_waits_through_a_crash(start) -> None:
    first = await start()
    peer = await subscriber(first)
    await peer.say(Disconnect())
    await say(first, "post/x", b"1")

    second = await start()
    again = await second.peer("phone", clean_start=False, properties=STAYS)

    assert again.connack.session_present
    assert (await again.hear(Publish)).payload == b"1"
    await say(second, "post/x", b"2")
    assert (await again.hear(Publish)).payload == b"2"


async def test_what_a_client_acknowledged_does_not_come_again(start, store) -> None:
    first = await start()
    peer = await subscriber(first)
    await say(first, "post/x", b"1")
    await say(first, "post/x", b"2")
    packet = await peer.hear(Publish)
    await peer.say(Puback(packet.packet_id))
    await until(lambda: len(list(store.scan(Space.QUEUES))) == 1)

    second = await start()
    again = await second.peer("phone", clean_start=False, properties=STAYS)

    assert (await again.hear(Publish)).payload == b"2"


async def test_a_retained_message_outlives_a_crash_with_its_properties(start) -> None:
    first = await start()
    peer = await first.peer("robot")
    said = {"content_type": "text/plain", "user_property": [("a", "b")]}
    await peer.say(Publish("post/kept", b"1", 1, retain=True, packet_id=1, properties=said))
    await peer.hear(Puback)

    second = await start()
    late = await second.peer("late")
    await late.say(Subscribe(1, [Subscription("post/kept", 1)]))

    kept = await late.hear(Publish)
    assert (kept.payload, kept.retain, kept.qos) == (b"1", True, 1)
    assert kept.properties == said


async def test_a_retained_message_that_was_cleared_stays_cleared(start, store) -> None:
    bench = await start()
    await say(bench, "post/kept", b"1", retain=True)
    await say(bench, "post/kept", b"", retain=True)

    assert list(store.scan(Space.RETAINED)) == []


async def test_a_clean_start_ends_the_old_session_on_disk_too(start, store) -> None:
    bench = await start()
    peer = await subscriber(bench)
    await peer.say(Disconnect())
    await say(bench, "post/x", b"1")
    await bench.peer("phone", clean_start=True)

    await until(lambda: not list(store.scan(Space.SESSIONS)))
    assert list(store.scan(Space.QUEUES)) == []


async def test_a_session_that_ends_with_its_connection_leaves_nothing(start, store) -> None:
    bench = await start()
    peer = await bench.peer("phone")
    await peer.say(Subscribe(1, [Subscription("post/x", 1)]))
    await peer.hear(Suback)
    await say(bench, "post/x", b"1")

    assert list(store.scan(Space.SESSIONS)) == []
    assert list(store.scan(Space.QUEUES)) == []


async def test_a_session_whose_time_is_over_does_not_come_back(start) -> None:
    clock = [1000.0]
    first = await start(clock=lambda: clock[0])
    peer = await subscriber(first)
    await peer.say(Disconnect())
    await say(first, "post/x", b"1")

    clock[0] += 601
    second = await start(clock=lambda: clock[0])
    again = await second.peer("phone", clean_start=False, properties=STAYS)

    assert not again.connack.session_present


async def test_a_full_queue_is_as_short_on_disk(start, store) -> None:
    bench = await start(limits=GatewayLimits(queued_messages=2))
    peer = await subscriber(bench)
    await peer.say(Disconnect())
    for number in range(4):
        await say(bench, "post/x", b"%d" % number)

    assert len(list(store.scan(Space.QUEUES))) == 2


async def test_a_311_session_waits_too_and_is_not_taken_up_by_mqtt_5(start) -> None:
    first = await start()
    peer = await first.peer("old", Version.V311, clean_start=False)
    await peer.say(Subscribe(1, [Subscription("post/x", 1)]))
    await peer.hear(Suback)

    second = await start()
    same = await second.peer("old", Version.V311, clean_start=False)
    assert same.connack.session_present
    other = await second.peer("old", Version.V5, clean_start=False)
    assert not other.connack.session_present


async def until(condition) -> None:
    """Wait, three seconds at most, for what the writer thread brings about."""
    async with asyncio.timeout(3):
        while not condition():  # noqa: ASYNC110  a thread has no event to wait for
            await asyncio.sleep(0.01)
