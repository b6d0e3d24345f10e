"""Where robots are trapped, and what they tell: at the spots of their homes."""

import math
from typing import NamedTuple

import pytest

from device_sim.robot.facts import Kind
from device_sim.robot.families import FAMILIES
from device_sim.robot.fleet import Fleet, RobotSpec
from device_sim.robot.homes import home
from device_sim.robot.homes.spots import STICKY, Trap
from device_sim.robot.parameters import Faults
from device_sim.robot.phases import Phase
from device_sim.robot.position import position
from device_sim.robot.step import step
from tests.device_sim.robot.fleets import START, order
from tests.device_sim.robot.living import HOUR
from tests.device_sim.robot.test_faults import only

HALF_A_METRE_CM = 50
WITHOUT_SPOTS = tuple(seed for seed in range(200) if not home(seed).traits.spots)
WITH_STAIRS = (3, 4, 10, 26)


def started(homes, faults: Faults, seed: int = 7) -> Fleet:
    families = list(FAMILIES)
    specs = [RobotSpec(f"r{n}", families[n % len(families)], each) for n, each in enumerate(homes)]
    robots = Fleet(specs, seed, START, faults=faults)
    for row in range(len(robots)):
        order(robots, row, "start")
    return robots


class Caught(NamedTuple):
    """A robot that was trapped."""

    row: int
    code: int
    here: tuple[float, float]

    def near(self, robots: Fleet) -> set[Trap]:
        """What it may stick on there."""
        spots = home(robots.specs[self.row].home_seed).traits.spots
        return {spot.trap for spot in spots if math.dist(self.here, spot[:2]) <= HALF_A_METRE_CM}


def caught(robots: Fleet, minutes: int) -> list[Caught]:
    """Every robot that is trapped, as often as it is."""
    return [
        Caught(each.row, each.value, position(robots, each.row)[:2])
        for second in range(10, minutes * 60, 10)
        for each in step(robots, START + second)
        if each.kind is Kind.ERROR
    ]


@pytest.mark.parametrize("seed", [7, 8])
def test_a_trapped_robot_is_within_half_a_metre_of_a_stuck_spot_of_its_home(seed: int) -> None:
    robots = started(range(40), only(trapped_per_s=1 / 600), seed)

    found = caught(robots, 90)

    assert len(found) > 40
    for each in found:
        spots = home(robots.specs[each.row].home_seed).traits.stuck_spots
        assert min(math.dist(each.here, spot) for spot in spots) <= HALF_A_METRE_CM


def test_errors_on_a_map_lie_where_the_robot_was_trapped() -> None:
    robots = started(range(30), only(trapped_per_s=1 / 600))

    step(robots, START + 12 * HOUR)

    told = [(row, error) for row, log in robots.last_logs.items() for error in log.errors]
    at_spots = [(row, error) for row, error in told if error[2] not in (36, 46)]
    assert len(at_spots) > 30
    for row, (x_cm, y_cm, code) in at_spots:
        assert Caught(row, code, (x_cm, y_cm)).near(robots)


def test_what_a_robot_tells_follows_from_what_it_sticks_on() -> None:
    robots = started([seed % 60 for seed in range(180)], only(trapped_per_s=1 / 300))

    found = caught(robots, 40)

    assert len(found) > 100
    for each in found:
        codes = robots.families[each.row].codes.trapped
        near = each.near(robots) & set(STICKY)
        assert each.code in {code for trap in near for code in codes[trap.word]}


def test_brushes_jam_on_cables_and_rugs() -> None:
    robots = started(range(60), only(jam_per_s=1 / 300))

    found = caught(robots, 40)

    assert len(found) > 20
    assert all(each.near(robots) & {Trap.CABLE, Trap.RUG} for each in found)


def test_a_robot_is_at_a_cliff_only_near_the_stairs() -> None:
    robots = started([*WITH_STAIRS, 0, 1, 2, 5], only(cliff_per_s=1 / 60))

    found = caught(robots, 120)

    assert {each.row for each in found} == set(range(len(WITH_STAIRS)))
    assert {each.code for each in found} == {6}
    assert all(Trap.CLIFF in each.near(robots) for each in found)


def test_a_home_in_which_nothing_lies_about_traps_nobody() -> None:
    robots = started(
        WITHOUT_SPOTS, only(trapped_per_s=1 / 60, cliff_per_s=1 / 60, jam_per_s=1 / 60)
    )

    step(robots, START + 12 * HOUR)

    assert len(robots) > 3
    assert {log.done for log in robots.last_logs.values()} == {"ok"}


def test_a_mishap_that_waits_is_forgotten_with_its_mission() -> None:
    robots = started([2], only(trapped_per_s=1.0))
    while not robots.snare_mm[0]:
        step(robots, robots.now_s + 1)
    order(robots, 0, "stop")
    robots.faults = Faults(scale=0)
    order(robots, 0, "start")

    happened = step(robots, START + 12 * HOUR)

    assert Kind.ERROR not in {each.kind for each in happened}
    assert robots.last_logs[0].done == "ok"


def test_a_freed_robot_is_not_trapped_again_where_it_was() -> None:
    robots = started([2], only(trapped_per_s=1.0))
    places = []
    for _ in range(3):
        while robots.phase_of(0) is not Phase.STUCK:
            step(robots, robots.now_s + 1)
        places.append(int(robots.along_mm[0]))
        order(robots, 0, "resume")
        step(robots, robots.now_s + 5)

    assert places == sorted(set(places))
