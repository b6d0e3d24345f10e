"""Going back over what was just cleaned: never faster than it drives, and always onward."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim.robot.returns import BACK_MM, NEVER_MM, TURN_MM, driven_mm, stretch_mm, stroke

LAPS = st.floats(1.0, 8.0)


def at(laps: float, along_mm: list[int]):
    return stroke(np.array(along_mm), np.repeat(stretch_mm(np.array([laps])), len(along_mm)))


@given(LAPS, st.integers(0, 3_000_000))
def test_a_robot_never_leaps(laps: float, along_mm: int) -> None:
    places = at(laps, [along_mm, along_mm + 300]).place_mm

    assert abs(places[1] - places[0]) <= 300


@given(LAPS, st.integers(0, 3_000_000))
def test_it_is_never_farther_than_it_has_been(laps: float, along_mm: int) -> None:
    before, now = (at(laps, [along_mm + more]) for more in (0, 1000))

    assert now.place_mm <= now.farthest_mm
    assert now.place_mm >= now.farthest_mm - BACK_MM
    assert now.farthest_mm >= before.farthest_mm


@given(LAPS, st.integers(0, 900_000))
def test_a_place_is_reached_when_it_is_said_to_be(laps: float, place_mm: int) -> None:
    stretch = stretch_mm(np.array([laps]))

    driven = int(driven_mm(np.array([place_mm]), stretch)[0])

    now = at(laps, [driven])
    assert now.place_mm == now.farthest_mm == place_mm
    if driven:
        assert at(laps, [driven - 1]).farthest_mm == place_mm - 1


@given(LAPS)
def test_a_route_takes_so_many_times_as_long(laps: float) -> None:
    length = np.array([1_000_000])

    driven = driven_mm(length, stretch_mm(np.array([laps])))

    assert driven[0] / length[0] == pytest.approx(laps, abs=0.06)


def test_one_lap_never_goes_back() -> None:
    assert stretch_mm(np.array([1.0])) == [NEVER_MM]
    assert driven_mm(np.array([700_000]), np.array([NEVER_MM])) == [700_000]


def test_it_turns_round_drives_back_and_turns_again() -> None:
    stretch = int(stretch_mm(np.array([2.0]))[0])
    marks = [0, TURN_MM // 2, TURN_MM, TURN_MM + BACK_MM, 2 * TURN_MM + BACK_MM]

    seen = at(2.0, [stretch + mark for mark in marks])

    assert seen.turned_deg.tolist() == [0, 90, 180, 180, 0]
    assert (stretch - seen.place_mm).tolist() == [0, 0, 0, BACK_MM, BACK_MM]
