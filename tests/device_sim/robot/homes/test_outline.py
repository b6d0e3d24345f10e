"""Rooms of several rectangles as one polygon."""

import itertools

import pytest

from device_sim.robot.homes import home
from device_sim.robot.homes.geometry import Rect
from device_sim.robot.homes.outline import outline


@pytest.mark.parametrize(
    ("parts", "corners"),
    [
        ([Rect(0, 0, 4, 3)], [(0, 0), (4, 0), (4, 3), (0, 3)]),
        (
            [Rect(0, 0, 4, 3), Rect(4, 0, 6, 1)],
            [(0, 0), (6, 0), (6, 1), (4, 1), (4, 3), (0, 3)],
        ),
        (
            [Rect(0, 0, 9, 3), Rect(3, 3, 6, 5)],
            [(0, 0), (9, 0), (9, 3), (6, 3), (6, 5), (3, 5), (3, 3), (0, 3)],
        ),
        ([Rect(0, 0, 4, 3), Rect(0, 3, 4, 5)], [(0, 0), (4, 0), (4, 5), (0, 5)]),
        (
            [Rect(2, 2, 4, 9), Rect(0, 2, 2, 4), Rect(4, 7, 6, 9)],
            [(0, 2), (4, 2), (4, 7), (6, 7), (6, 9), (2, 9), (2, 4), (0, 4)],
        ),
    ],
)  # fmt: skip
def test_an_outline_runs_against_the_clock_and_has_its_corners_only(parts, corners) -> None:
    assert outline(parts) == corners


@pytest.mark.parametrize("seed", range(60))
def test_rooms_on_the_plan_have_right_angles_and_their_own_area(seed: int) -> None:
    place = home(seed)

    for room, shape in zip(place.rooms, place.plan.rooms, strict=True):
        corners = list(shape.polygon)
        sides = list(itertools.pairwise([*corners, corners[0]]))
        assert all((ax == bx) != (ay == by) for (ax, ay), (bx, by) in sides)
        assert len(set(corners)) == len(corners) >= 4
        area_cm2 = sum(ax * by - bx * ay for (ax, ay), (bx, by) in sides) / 2
        assert area_cm2 / 10_000 == pytest.approx(room.area_m2)
