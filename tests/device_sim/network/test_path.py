"""When messages arrive over a bad path, to the millisecond."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim.network.path import (
    MOST_TRIES,
    Lane,
    Quality,
    on_the_wire,
    resumes_s,
    segments,
    tries_lost,
    waited_s,
)

LUCKY = (0.0, 0.5)


@pytest.mark.parametrize(
    ("tries", "waited"),
    [(0, 0.0), (1, 0.2), (2, 0.6), (3, 1.4), (4, 3.0), (5, 6.2), (10, 204.6), (11, 324.6)],
)
def test_the_timer_doubles_up_to_two_minutes(tries: int, waited: float) -> None:
    assert waited_s(tries, 0.2) == pytest.approx(waited)


def test_the_first_time_out_is_the_round_trip_and_its_variation() -> None:
    assert Quality().rto_s == pytest.approx(0.2)
    assert Quality(delay_s=0.1).rto_s == pytest.approx(0.4)
    assert Quality(delay_s=0.1, jitter_s=0.1).rto_s == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("share", "lost"), [(0.0, 0), (0.89, 0), (0.91, 1), (0.9899, 1), (0.9901, 2), (0.9991, 3)]
)
def test_each_try_is_lost_as_often_as_the_one_before(share: float, lost: int) -> None:
    assert tries_lost(share, 0.1, 1) == lost


def test_a_message_of_many_segments_waits_for_its_unluckiest() -> None:
    assert tries_lost(0.5, 0.1, 1) == 0
    assert tries_lost(0.5, 0.1, 10) == 1
    assert tries_lost(0.999, 1.0, 1) == MOST_TRIES


@pytest.mark.parametrize(("size", "parts"), [(0, 1), (1, 1), (1460, 1), (1461, 2), (5000, 4)])
def test_bytes_fill_segments(size: int, parts: int) -> None:
    assert segments(size) == parts
    assert on_the_wire(size) == size + 40 * parts


def test_a_clear_path_takes_no_time() -> None:
    assert Lane().carry(1000, 5.0, Quality(), LUCKY) == (5.0, 0.0)


def test_a_delay_strays_evenly_round_its_middle() -> None:
    path = Quality(delay_s=0.1, jitter_s=0.04)

    arrivals = [Lane().carry(10, 5.0, path, (0.0, share))[0] for share in (0.0, 0.5, 0.999999)]

    assert arrivals == [pytest.approx(5.06), pytest.approx(5.1), pytest.approx(5.14, abs=1e-6)]


def test_what_is_behind_a_retransmission_waits_for_it() -> None:
    path, lane = Quality(delay_s=0.05, loss=0.5), Lane()

    first, held_s = lane.carry(10, 5.0, path, (0.6, 0.5))
    second, _ = lane.carry(10, 5.01, path, LUCKY)
    third, _ = lane.carry(10, 6.0, path, LUCKY)

    assert held_s == pytest.approx(0.3)
    assert (first, second, third) == (
        pytest.approx(5.35), pytest.approx(5.35), pytest.approx(6.05),
    )  # fmt: skip


def test_a_slow_path_is_a_queue() -> None:
    path, lane = Quality(delay_s=0.1, rate_bytes_s=1000.0), Lane()

    arrivals = [lane.carry(460, 5.0, path, LUCKY)[0] for _ in range(3)]
    after_a_pause, _ = lane.carry(460, 10.0, path, LUCKY)

    assert arrivals == [pytest.approx(5.6), pytest.approx(6.1), pytest.approx(6.6)]
    assert after_a_pause == pytest.approx(10.6)


@pytest.mark.parametrize(
    ("healed", "resumes"), [(0.0, 0.0), (0.1, 0.2), (0.2, 0.2), (0.21, 0.6), (10.0, 12.6)]
)
def test_a_partition_is_felt_until_the_next_retransmission(healed: float, resumes: float) -> None:
    assert resumes_s(0.0, healed, 0.2) == pytest.approx(resumes)


shares = st.floats(0.0, 0.999999)
paths = st.builds(
    Quality,
    delay_s=st.floats(0, 5),
    jitter_s=st.floats(0, 5),
    loss=st.floats(0, 1),
    rate_bytes_s=st.sampled_from([0.0, 100.0, 1e5]),
)


@given(
    st.lists(st.tuples(paths, st.floats(0, 10), st.integers(0, 9999), shares, shares), max_size=20)
)
def test_nothing_overtakes_and_nothing_arrives_before_it_was_sent(sent: list) -> None:
    lane, now_s, last_s = Lane(), 100.0, 0.0

    for path, pause_s, size, luck, strays in sent:
        now_s += pause_s
        arrives_s, held_s = lane.carry(size, now_s, path, (luck, strays))

        assert arrives_s >= max(now_s + held_s, last_s)
        last_s = arrives_s
