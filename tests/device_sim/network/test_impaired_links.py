"""Links that feel the network: what passes, when, and what a loss of connection takes with it."""

import numpy as np
import pytest

from device_sim.firmware.batches import Incoming
from device_sim.network.conditions import Condition, Conditions
from device_sim.network.impaired_links import ImpairedLinks
from tests.device_sim.network.recording_links import RecordingLinks, heard, said


class Bench:
    """Three robots; time moves only when told to."""

    def __init__(self, *, keep_alive_s: float = 60.0, most_bytes: int = 100_000) -> None:
        self.below = RecordingLinks()
        self.conditions = Conditions(3)
        self.links = ImpairedLinks(
            self.below, self.conditions, [11, 22, 33], seed=7,
            keep_alive_s=keep_alive_s, most_bytes=most_bytes,
        )  # fmt: skip
        self.now_s = 100.0

    def let(self, *rows: int, **condition) -> None:
        chosen = np.array(rows)
        self.conditions.clear(chosen)
        self.conditions.apply(chosen, Condition(**condition))
        self.links.changed(chosen)

    def at(self, now_s: float, *messages, timeout_s: float = 0.0) -> Incoming:
        self.now_s = now_s
        return self.links.exchange(messages, now_s, timeout_s)

    def bring(self, **coming) -> Incoming:
        self.below.coming = Incoming(**coming)
        return self.at(self.now_s)

    def connect(self) -> None:
        self.bring(connected=[0, 1, 2])

    def sent(self) -> list[tuple[float, int]]:
        return [(round(now_s, 3), int(each.payload)) for now_s, each in self.below.sent]

    def until_heard(self, until_s: float, step_s: float = 0.05) -> list[tuple[float, str, int]]:
        """What reaches robots, each with its time; `m` a message, `a`, `c` and `l` the rest."""
        told = []
        while self.now_s < until_s:
            now_s = round(self.now_s + step_s, 3)
            incoming = self.at(now_s)
            told += [(now_s, "l", row) for row in incoming.lost]
            told += [(now_s, "a", handle) for _, handle in incoming.acknowledged]
            told += [(now_s, "c", row) for row in incoming.connected]
            told += [(now_s, "m", int(each.payload)) for each in incoming.messages]
        return told


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.connect()
    return bench


def test_rows_without_conditions_pass_through(bench: Bench) -> None:
    bench.let(1, delay_s=1.0)

    bench.at(100.0, said(0, 1), timeout_s=0.2)
    incoming = bench.bring(messages=[heard(2, 5)], acknowledged=[(0, 1)])

    assert bench.sent() == [(100.0, 1)]
    assert incoming.messages == [heard(2, 5)]
    assert incoming.acknowledged == [(0, 1)]
    assert bench.links.paths.taken == 0


def test_a_delay_holds_both_directions_and_the_acknowledgement(bench: Bench) -> None:
    bench.let(0, delay_s=0.5)

    bench.at(100.0, said(0, 1))
    bench.at(100.4)
    assert bench.sent() == []
    bench.at(100.5)
    assert bench.sent() == [(100.5, 1)]

    bench.bring(acknowledged=[(0, 1)], messages=[heard(0, 2)])

    assert bench.until_heard(101.2) == [(101.05, "a", 1), (101.05, "m", 2)]


def test_an_exchange_ends_when_the_next_message_is_due(bench: Bench) -> None:
    bench.let(0, delay_s=0.5)

    bench.at(100.0, said(0), timeout_s=2.0)
    bench.at(100.3, timeout_s=2.0)
    bench.at(100.3, timeout_s=0.1)

    assert bench.below.timeouts[-3:] == [pytest.approx(0.5), pytest.approx(0.2), 0.1]


def test_a_slow_link_is_a_queue_with_an_end() -> None:
    bench = Bench(most_bytes=300)
    bench.connect()
    bench.let(0, rate_bytes_s=140.0)

    bench.at(100.0, *(said(0, number) for number in range(5)))
    bench.until_heard(110.0, 0.5)

    assert bench.sent() == [(101.0, 0), (102.0, 1), (103.0, 2)]
    assert (bench.links.paths.dropped, bench.links.on_their_way) == (2, 0)


def test_loss_is_a_wait_and_keeps_the_order(bench: Bench) -> None:
    bench.let(0, loss=0.3)

    for number in range(40):
        bench.until_heard(100.0 + number)
        bench.at(100.0 + number, said(0, number))
    bench.until_heard(160.0)

    assert [number for _, number in bench.sent()] == list(range(40))
    assert bench.links.paths.retransmitted > 5
    waited = {round(at_s - 100 - number, 2) for at_s, number in bench.sent()}
    assert {0.0, 0.2, 0.6} <= waited


def test_the_same_seed_waits_the_same() -> None:
    def waits() -> list:
        bench = Bench()
        bench.connect()
        bench.let(0, loss=0.3, jitter_s=0.5, delay_s=0.5)
        bench.at(100.0, *(said(0, number) for number in range(20)))
        bench.until_heard(130.0)
        return bench.sent()

    assert waits() == waits()


def test_only_deliveries_at_least_once_come_twice(bench: Bench) -> None:
    bench.let(0, duplicates=1.0)

    bench.at(100.0, said(0, 1), said(0, 2, qos=0))
    bench.bring(messages=[heard(0, 3)])
    incoming = bench.at(100.1)

    assert bench.sent() == [(100.0, 1), (100.0, 1), (100.0, 2)]
    assert [each.handle for _, each in bench.below.sent] == [1, 0, 2]
    assert incoming.messages == [heard(0, 3), heard(0, 3)]


def test_a_partition_silences_the_socket_and_ends_with_a_retransmission(bench: Bench) -> None:
    bench.let(0, is_partition=True)
    bench.at(100.0, said(0, 1))
    bench.at(105.0, said(0, 2))
    assert bench.sent() == []

    bench.let(0)
    bench.until_heard(110.0)

    assert bench.below.orders == [("silence", [0]), ("restore", [0])]
    assert bench.sent() == [(106.2, 1), (106.2, 2)]


def test_what_was_under_way_when_the_partition_came_is_not_overtaken(bench: Bench) -> None:
    bench.let(0, delay_s=1.0)
    bench.at(100.0, said(0, 1))
    bench.at(100.9, said(0, 2))
    bench.let(0, delay_s=1.0, is_partition=True)
    bench.at(101.0)
    bench.let(0, delay_s=1.0)
    bench.at(101.5, said(0, 3))
    bench.until_heard(120.0)

    assert [number for _, number in bench.sent()] == [1, 2, 3]


def test_a_robot_that_gives_up_in_a_partition_loses_what_waited(bench: Bench) -> None:
    bench.let(0, is_partition=True)
    bench.at(100.0, said(0, 1))

    bench.bring(lost=[0])

    assert bench.until_heard(101.0) == [(100.05, "l", 0)]
    assert (bench.links.paths.lost, bench.links.on_their_way) == (1, 0)
    bench.let(0)
    assert bench.bring(connected=[0]).connected == [0]
    assert bench.sent() == []


def test_a_cut_is_told_at_once_and_takes_what_is_on_its_way(bench: Bench) -> None:
    bench.let(0, delay_s=1.0)
    bench.at(100.0, said(0, 1))
    bench.bring(messages=[heard(0, 2)])

    bench.links.cut([0])

    assert bench.at(100.1).lost == [0]
    assert bench.bring(lost=[0]).lost == []
    assert bench.until_heard(105.0) == []
    assert bench.sent() == []
    bench.links.restore([0])
    assert bench.below.orders == [("cut", [0]), ("restore", [0])]


def test_a_cut_row_without_conditions_is_lost_once(bench: Bench) -> None:
    bench.links.cut([1])

    assert bench.bring(lost=[1]).lost == [1]
    assert bench.bring(lost=[1]).lost == []


def test_a_connection_is_told_after_three_round_trips(bench: Bench) -> None:
    bench.links.cut([0])
    bench.let(0, delay_s=0.1)
    bench.links.restore([0])
    bench.at(100.0)

    bench.bring(connected=[0], messages=[heard(0, 4)])
    bench.at(100.0, said(0, 9))

    assert bench.until_heard(101.0) == [(100.6, "c", 0), (100.6, "m", 4)]
    assert bench.sent() == []
    assert bench.links.paths.dropped == 1


def test_a_loss_and_the_next_connection_come_in_their_order(bench: Bench) -> None:
    bench.let(0, delay_s=0.1)

    bench.bring(lost=[0], connected=[0])
    bench.bring(lost=[0])

    assert bench.until_heard(101.0) == [(100.1, "l", 0), (100.6, "c", 0), (100.65, "l", 0)]


def test_a_link_that_waits_too_long_for_a_retransmission_breaks() -> None:
    bench = Bench(keep_alive_s=1.0)
    bench.connect()
    bench.let(0, loss=0.999)

    bench.at(100.0, said(0, 1))
    told = bench.until_heard(110.0)

    assert told == [(101.5, "l", 0)]
    assert bench.below.orders == [("cut", [0]), ("restore", [0])]
    assert (bench.links.paths.broken, bench.links.paths.lost) == (1, 1)


def test_two_causes_of_silence_must_both_end(bench: Bench) -> None:
    bench.links.silence([0])
    bench.let(0, is_partition=True)
    bench.links.restore([0])
    assert bench.below.orders == [("silence", [0])]

    bench.let(0)

    assert bench.below.orders == [("silence", [0]), ("restore", [0])]


def test_a_robot_that_starts_in_a_partition_stays_away(bench: Bench) -> None:
    bench.links.cut([0])
    bench.let(0, is_partition=True)
    bench.links.restore([0])
    assert bench.below.orders == [("cut", [0])]

    bench.let(0)

    assert bench.below.orders == [("cut", [0]), ("restore", [0])]


def test_a_row_passes_through_again_after_its_conditions(bench: Bench) -> None:
    bench.let(0, delay_s=0.5)
    bench.at(100.0, said(0, 1))
    bench.let(0)
    bench.at(100.1, said(0, 2))
    bench.at(100.5)
    bench.at(100.6, said(0, 3))

    assert bench.sent() == [(100.5, 1), (100.5, 2), (100.6, 3)]
    assert bench.links.paths.taken == 2


def test_closing_hands_over_what_is_on_its_way(bench: Bench) -> None:
    bench.let(0, delay_s=5.0)
    bench.let(1, delay_s=5.0)
    bench.at(100.0, said(0, 1), said(1, 2), said(0, 3))
    bench.links.silence([1])

    bench.links.close()

    assert bench.sent() == [(100.0, 1), (100.0, 3)]
    assert bench.below.is_closed
