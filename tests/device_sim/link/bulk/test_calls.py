"""Who may call a broker now."""

from device_sim.firmware.reconnect import Backoff, pause_s
from device_sim.link.bulk.calls import Calls
from device_sim.link.port import LinkOptions
from tests.device_sim.link.bulk.robots import callers

ONE = LinkOptions(["mqtt://b"], connects_at_once=3)


def test_so_many_call_at_once_and_the_next_when_one_is_through() -> None:
    calls = Calls(callers(5), ONE)
    calls.line_up(range(5))
    first = list(calls.take())
    for row in first:
        calls.begun(row)

    assert first == [0, 1, 2]
    assert list(calls.take()) == []
    calls.came_about(1)
    calls.over(1)  # once is enough
    assert list(calls.take()) == [3]


def test_each_listener_has_its_own_line() -> None:
    calls = Calls(callers(10), LinkOptions(["mqtt://a", "mqtt://b"], connects_at_once=2))
    calls.line_up(range(10))

    rows = list(calls.take())

    assert len(rows) == 4
    assert sorted(calls.listener(row) for row in rows) == [0, 0, 1, 1]
    assert all(calls.listener(row) == row * 7919 % 2 for row in range(10))


def test_pauses_grow_until_a_row_is_up_and_are_drawn_from_its_key() -> None:
    backoff = Backoff(first_s=1.0, longest_s=8.0)
    calls = Calls(callers(2), LinkOptions(["mqtt://b"], seed=5, backoff=backoff))

    pauses = [calls.pause_s(1) for _ in range(3)]
    calls.came_about(1)

    assert pauses == [pause_s(5, 7919, attempt, backoff) for attempt in (1, 2, 3)]
    assert calls.pause_s(1) == pauses[0]


def test_a_row_that_is_refused_for_days_still_pauses_at_most_so_long() -> None:
    calls = Calls(callers(1), LinkOptions(["mqtt://b"], backoff=Backoff(0.5, 30.0)))

    assert max(calls.pause_s(0) for _ in range(1000)) <= 30.0


def test_a_fleet_that_lost_its_broker_together_does_not_come_back_together() -> None:
    """Drawn, not measured: no tenth of the longest pause holds more than its share and a half."""
    count, backoff = 15_000, Backoff(first_s=0.5, longest_s=30.0)
    calls = Calls(callers(count), LinkOptions(["mqtt://b"], backoff=backoff))
    for attempt in range(1, 8):
        pauses = [calls.pause_s(row) for row in range(count)]

        ceiling = min(30.0, 0.5 * 2 ** (attempt - 1))
        tenths = [0] * 10
        for pause in pauses:
            tenths[min(9, int(pause / ceiling * 10))] += 1
        assert max(tenths) < 1.5 * count / 10
        assert min(tenths) > 0.5 * count / 10
