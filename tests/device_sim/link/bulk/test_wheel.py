"""A timer for each row."""

from hypothesis import given
from hypothesis import strategies as st

from device_sim.link.bulk.wheel import Wheel

ROWS = 4
DOINGS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.integers(0, ROWS - 1), st.integers(-3, 60)),
        st.tuples(st.just("clear"), st.integers(0, ROWS - 1), st.just(0)),
        st.tuples(st.just("turn"), st.just(0), st.integers(0, 50)),
    ),
    max_size=60,
)


@given(DOINGS, st.sampled_from([2, 7, 16, 1024]))
def test_every_row_is_due_at_its_last_tick_once_whatever_was_set_before(doings, slots) -> None:
    wheel, expected = Wheel(ROWS, slots), {}

    for doing, row, number in doings:
        match doing:
            case "set":
                wheel.set(row, wheel.tick + number)
                expected[row] = max(wheel.tick + number, wheel.tick + 1)
            case "clear":
                wheel.clear(row)
                expected.pop(row, None)
            case "turn":
                until = wheel.tick + number
                due = sorted(wheel.turn(until))
                assert due == sorted(row for row, tick in expected.items() if tick <= until)
                assert wheel.tick == until
                expected = {row: tick for row, tick in expected.items() if tick > until}


def test_a_row_may_be_set_anew_while_the_wheel_turns() -> None:
    wheel, seen = Wheel(1, 16), []
    wheel.set(0, 1)

    for row in wheel.turn(10):
        seen.append(wheel.tick)
        wheel.set(row, wheel.tick + 3)

    assert seen == [1, 4, 7, 10]


def test_timers_that_are_set_again_and_again_are_not_kept() -> None:
    wheel = Wheel(3, 16)

    for tick in range(1000):
        list(wheel.turn(tick))
        for row in range(3):
            wheel.set(row, tick + 12)

    assert sum(map(len, wheel._slots)) <= 3 * 16


def test_a_timer_far_beyond_the_wheel_comes_at_its_tick() -> None:
    wheel = Wheel(1, 8)
    wheel.set(0, 1003)

    assert list(wheel.turn(1002)) == []
    assert list(wheel.turn(1003)) == [0]
