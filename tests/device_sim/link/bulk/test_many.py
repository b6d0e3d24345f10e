"""Hundreds of robots at a real broker, seconds in all."""

import queue
import threading
import time

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from device_sim.firmware.batches import Incoming, Outbound
from device_sim.firmware.reconnect import Backoff, pause_s
from device_sim.link.bulk.links import BulkLinks
from device_sim.link.port import LinkOptions
from tests.device_sim.link.bulk.robots import callers, fact

pytestmark = pytest.mark.mosquitto
ROBOTS = 500
SOURCES = [f"127.1.0.{number}" for number in range(1, 9)]


class Fleet:
    """Robots that exchange until something is so."""

    def __init__(self, url: str, count: int = ROBOTS, **options) -> None:
        self.links = BulkLinks(callers(count), LinkOptions([url], sources=SOURCES, **options))
        self.came = Incoming()

    def exchange(self, *messages: Outbound) -> Incoming:
        incoming = self.links.exchange(messages, time.time(), 0.02)
        self.came.acknowledged += incoming.acknowledged
        self.came.connected += incoming.connected
        self.came.lost += incoming.lost
        return incoming

    def until(self, seen) -> None:
        deadline = time.monotonic() + 30
        while not seen():
            assert time.monotonic() < deadline, (self.links.counts, self.links.endings)
            self.exchange()


@pytest.fixture
def fleet(mosquitto):
    made = []

    def make(**options) -> Fleet:
        made.append(Fleet(mosquitto.url, **options))
        return made[-1]

    yield make
    for each in made:
        each.links.close()


def test_a_broker_is_started_again_and_every_robot_comes_back_by_itself(mosquitto, fleet) -> None:
    backoff = Backoff(first_s=0.5, longest_s=2.0)
    robots = fleet(backoff=backoff)
    robots.until(lambda: robots.links.counts.connected == ROBOTS)
    pauses: list[float] = []
    drawn = robots.links._calls.pause_s
    robots.links._calls.pause_s = lambda row: pauses.append(drawn(row)) or pauses[-1]

    mosquitto.stop()
    robots.until(lambda: len(robots.came.lost) == ROBOTS)
    mosquitto.start()
    robots.until(lambda: robots.links.counts.connected == ROBOTS)
    robots.exchange(*(Outbound(row, fact(row), b"back", 1, row + 1) for row in range(ROBOTS)))
    robots.until(lambda: len(robots.came.acknowledged) == ROBOTS)

    counts = robots.links.counts
    assert (counts.connects, counts.losses) == (2 * ROBOTS, ROBOTS)
    first = sorted(pauses[:ROBOTS])
    assert first == sorted(pause_s(7, row * 7919, 1, backoff) for row in range(ROBOTS))
    tenths = [sum(tenth <= pause * 20 < tenth + 1 for pause in first) for tenth in range(10)]
    assert max(tenths) < 2 * ROBOTS / 10  # spread over the half second, not at once


def test_a_kept_session_brings_what_was_on_its_way_to_the_broker_once_more(
    fleet, monkeypatch
) -> None:
    robots = fleet(clean_start=False, backoff=Backoff(0.05, 0.1))
    robots.until(lambda: robots.links.counts.connected == ROBOTS)
    rows = range(0, ROBOTS, 5)

    with monkeypatch.context() as deaf:
        deaf.setattr(robots.links, "_listen", lambda _timeout_s: None)
        robots.exchange(*(Outbound(row, fact(row), b"p", 1, row + 1) for row in rows))
    before = len(robots.links._sessions.window)
    robots.links.cut(rows)
    robots.links.restore(rows)
    robots.until(lambda: robots.links.counts.connected == ROBOTS)
    robots.until(lambda: not len(robots.links._sessions.window))

    acknowledged = sorted(row for row, _ in robots.came.acknowledged)
    assert set(acknowledged) <= set(rows)
    assert len(acknowledged) >= before == len(rows)
    assert robots.links.counts.losses == len(rows)


def test_every_robot_says_its_will_when_all_hang_up(mosquitto, fleet) -> None:
    robots = fleet()
    robots.until(lambda: robots.links.counts.connected == ROBOTS)
    heard: queue.Queue[str] = queue.Queue()
    ready = threading.Event()
    somebody = Client(CallbackAPIVersion.VERSION2, client_id="somebody")
    somebody.on_message = lambda _client, _data, message: heard.put(message.topic)
    somebody.on_subscribe = lambda *_arguments: ready.set()
    somebody.connect("127.0.1.9", mosquitto.port)
    somebody.loop_start()
    somebody.subscribe("robofleet/+/will")
    assert ready.wait(10)

    robots.links.close()

    wills = {heard.get(timeout=10) for _ in range(ROBOTS)}
    assert wills == {caller.will[0] for caller in callers(ROBOTS)}
    somebody.disconnect()
    somebody.loop_stop()
