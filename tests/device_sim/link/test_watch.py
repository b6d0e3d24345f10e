"""What is told of links: each thing once, or once in a while."""

import pytest

from device_sim.firmware.batches import Incoming
from device_sim.link.port import LinkCounts
from device_sim.link.watch import AWAITED_S, SELDOM_S, Watch

URL = "mqtt://broker:1883"


@pytest.fixture
def watch() -> Watch:
    return Watch(3, [URL], 10.0)


def told(watch: Watch, now_s: float, counts: LinkCounts | None = None, **came) -> list[str]:
    return list(watch.look(Incoming(**came), counts or LinkCounts(connects=1), now_s))


def test_when_all_is_well_nothing_is_told(watch) -> None:
    assert told(watch, 0.0, connected=[0, 1, 2]) == []
    assert told(watch, 100.0) == []


def test_why_robots_do_not_connect_is_told_each_reason_once_in_a_while(watch) -> None:
    assert told(watch, 0.0, LinkCounts(complaint="closed")) == ["not connected: closed"]
    assert told(watch, 1.0, LinkCounts(complaint="closed")) == []
    assert told(watch, 2.0, LinkCounts(complaint="refused")) == []
    assert told(watch, SELDOM_S + 1, LinkCounts(complaint="refused")) == ["not connected: refused"]


def test_what_is_awaited_is_told_once_when_nothing_has_come_of_it(watch) -> None:
    silent = LinkCounts()
    before = told(watch, 0.0, silent) + told(watch, AWAITED_S, silent)

    said = told(watch, AWAITED_S + 0.1, silent)

    assert before == []
    assert len(said) == 1
    assert said[0] == (
        "none of 3 robots is connected: mqtt://broker:1883 took connections and has not answered"
        " CONNECT; each is given up after 10 s, and tried again after a pause"
    )
    assert told(watch, AWAITED_S + 20, silent) == []


def test_robots_without_a_cloud_await_nothing() -> None:
    watch = Watch(3, [], 10.0)

    assert told(watch, 0.0, LinkCounts()) + told(watch, 60.0, LinkCounts()) == []


def test_another_run_with_the_same_robots_is_told_of_once(watch) -> None:
    said = [
        line
        for second in range(10)
        for line in told(watch, float(second), lost=[0, 1, 2], connected=[0, 1, 2])
    ]

    assert len(said) == 1
    assert said[0].startswith("another run seems to hold these robots: ")
    assert "--seed" in said[0]
