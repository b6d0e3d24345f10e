"""Where robots stick: at what stands and lies in the rooms they come to."""

import math

import pytest

from device_sim.robot.homes import CELL_CM, home
from device_sim.robot.homes.floor import Kind
from device_sim.robot.homes.spots import STICKY, Trap

HOMES = range(120)
HALF_A_CHAIR_CM = 25


def traps(seed: int) -> set[Trap]:
    return {spot.trap for spot in home(seed).traits.spots}


@pytest.mark.parametrize("trap", list(Trap))
def test_homes_have_every_kind_of_spot_and_none_has_all_of_them_always(trap: Trap) -> None:
    having = [seed for seed in HOMES if trap in traps(seed)]

    assert 0 < len(having) < len(HOMES)


def test_a_robot_can_touch_what_it_may_stick_on() -> None:
    for seed in HOMES:
        place = home(seed)
        reached = [place.centre_cm((int(x), int(y))) for x, y in zip(*(place.steps >= 0).nonzero(),
                                                                     strict=True)]  # fmt: skip
        for spot in place.traits.spots:
            if spot.trap is Trap.CHAIR:
                continue  # some are drawn up to a table
            nearest = min(math.dist(each, spot[:2]) for each in reached)
            assert nearest <= HALF_A_CHAIR_CM, (seed, spot)


def test_stuck_spots_are_all_but_the_edges_of_stairs() -> None:
    for seed in HOMES:
        traits = home(seed).traits
        assert list(traits.stuck_spots) == [spot[:2] for spot in traits.spots
                                            if spot.trap in STICKY]  # fmt: skip


def test_edges_are_where_stairs_begin_and_nowhere_in_homes_without() -> None:
    for seed in HOMES:
        place = home(seed)
        edges = [spot for spot in place.traits.spots if spot.trap is Trap.CLIFF]
        assert bool(edges) == bool(place.traits.cliffs)
        for spot in edges:
            cell = spot.x_cm // CELL_CM + place.dock[0], spot.y_cm // CELL_CM + place.dock[1]
            beside = [room.rect.grown(2) for room in place.rooms if room.kind is Kind.STAIRS]
            assert any(x0 <= cell[0] < x1 and y0 <= cell[1] < y1 for x0, y0, x1, y1 in beside)


def test_a_door_is_a_spot_for_its_threshold_or_for_being_narrow() -> None:
    for seed in HOMES:
        traits = home(seed).traits
        doors = [spot.trap for spot in traits.spots
                 if spot.trap in (Trap.THRESHOLD, Trap.NARROW_DOOR)]  # fmt: skip
        assert doors.count(Trap.THRESHOLD) == traits.thresholds
        assert traits.narrow_doors - traits.thresholds <= doors.count(Trap.NARROW_DOOR)
        assert doors.count(Trap.NARROW_DOOR) <= traits.narrow_doors
