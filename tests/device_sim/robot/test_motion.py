"""How robots move and how long missions take (robot reference, sections 16.1 and 16.2)."""

import itertools
import math

import numpy as np
import pytest

from device_sim.robot.families import BY_NUMBER, FAMILIES
from device_sim.robot.fleet import Fleet, RobotSpec
from device_sim.robot.life.settle import on_route, place_at
from device_sim.robot.orders import obey
from device_sim.robot.phases import Phase, code_of
from device_sim.robot.position import position
from device_sim.robot.report import area_m2
from device_sim.robot.step import step
from tests.device_sim.robot.fleets import PERFECT, START, fleet, order
from tests.device_sim.robot.living import HOUR

SQFT_CM2 = 929.03
PASSES = ({}, {"noAutoPasses": True}, {"noAutoPasses": True, "twoPass": True})


def turned(one: float, other: float) -> float:
    return abs((other - one + 180) % 360 - 180)


@pytest.mark.parametrize("row", [0, 1, 2])
def test_a_robot_that_cleans_drives_at_0_3_metres_a_second_unless_it_turns_or_bumps(row) -> None:
    robots = fleet(3)
    order(robots, row, "start")
    step(robots, START + 10)
    path = robots.path(row)
    again = np.flatnonzero((np.diff(path.x_cm) == 0) & (np.diff(path.y_cm) == 0))
    begins, ends = path.along_cm[again], path.along_cm[again + 1]
    seen = []
    for second in range(10, 1500):
        step(robots, START + second)
        rows = np.array([row])
        along = place_at(robots, rows, robots.tick).along_mm
        seen.append((position(robots, row), on_route(robots, rows, along).place_mm[0] / 10))

    straight = 0
    for ((ax, ay, a), before), ((bx, by, b), after) in itertools.pairwise(seen):
        apart = math.dist((ax, ay), (bx, by))
        low, high = sorted((before, after))
        stands = ((begins < high) & (ends > low)).any()
        assert apart <= 31
        if not stands and turned(a, b) < 1:
            straight += 1
            assert apart >= 29
    assert straight > 300


def test_a_robot_turns_at_sixty_degrees_a_second() -> None:
    robots = fleet()
    order(robots, 0, "start")
    headings = []
    for second in range(10, 900):
        step(robots, START + second)
        headings.append(position(robots, 0)[2])

    turns = [turned(a, b) for a, b in itertools.pairwise(headings)]
    assert all(-180 <= heading <= 180 for heading in headings)
    assert max(turns) < 140  # an arc: two turns and 14 cm between
    assert any(59 < turn < 61 for turn in turns)


def test_between_two_seconds_a_robot_drives_on() -> None:
    robots = fleet()
    order(robots, 0, "start")
    for second in range(10, 400):
        step(robots, START + second)
        places = [position(robots, 0, beyond_s)[:2] for beyond_s in (0, 0.25, 0.5, 0.75, 1)]
        step(robots, START + second + 1)

        assert max(math.dist(a, b) for a, b in itertools.pairwise(places)) <= 7.8
        assert position(robots, 0)[:2] == pytest.approx(places[-1], abs=0.1)


def test_the_minutes_of_two_missions_in_one_home_differ() -> None:
    robots = fleet(1)
    minutes = []
    for mission in range(6):
        order(robots, 0, "start")
        step(robots, START + (mission + 1) * 10 * HOUR)
        minutes.append(robots.last_logs[0].minutes[0])

    assert len({round(each, 1) for each in minutes}) > 3
    assert max(minutes) < 1.3 * min(minutes)


def test_a_robot_cleans_on_until_the_end() -> None:
    robots = fleet(3)
    for row in range(3):
        order(robots, row, "start", regions=[], params={"noAutoPasses": True, "twoPass": True})
    step(robots, START + 5)
    areas = []
    for minute in range(1, 600):
        step(robots, START + minute * 60)
        areas.append([area_m2(robots, row) for row in range(3)])
        if not robots.logs:
            break

    for row, area in enumerate(np.array(areas).T):
        whole = robots.last_logs[row].minutes[0]
        assert area[int(whole / 2)] < 0.9 * area[-1], row
        assert np.argmax(area > 0.98 * area[-1]) > 0.6 * whole, row


@pytest.fixture(scope="module")
def two_hundred_homes() -> dict[tuple[str, int], np.ndarray]:
    """Square feet a minute by family and passes, each in the same 200 homes."""
    cases = [(family, passes, seed) for family in FAMILIES for passes in range(3)
             for seed in range(200)]  # fmt: skip
    specs = [RobotSpec(f"{family}-{passes}-{seed}", family, seed) for family, passes, seed in cases]
    robots = Fleet(specs, 7, START, faults=PERFECT)
    step(robots, START + 1)
    for row, (_, passes, _) in enumerate(cases):
        params = {"regions": [], "params": PASSES[passes]} if passes else {}
        obey(robots, row, "start", initiator="manual", params=params, happened=[])
    step(robots, START + 10)
    assert (robots.phase == code_of(Phase.RUN)).all()
    minutes = robots.work_mm / robots.speed_mm_s / 60
    rates = robots.routes.area_cm2[robots.route] / SQFT_CM2 / minutes
    return {
        (family, passes): rates[[(f, p) == (family, passes) for f, p, _ in cases]]
        for family in FAMILIES
        for passes in range(3)
    }


@pytest.mark.parametrize("family", BY_NUMBER, ids=lambda family: family.name)
def test_a_family_cleans_as_fast_as_the_reference_says(two_hundred_homes, family) -> None:
    rates = two_hundred_homes[family.name, 0]

    assert np.median(rates) == pytest.approx(family.motion.sqft_per_minute, rel=0.07)


def test_homes_differ_as_the_missions_of_the_reference_do(two_hundred_homes) -> None:
    """4.2 to 10.5 by single missions of robots with automatic passes."""
    rates = np.concatenate([two_hundred_homes[name, 0] for name in ("900", "i7")])

    assert np.percentile(rates, 3) == pytest.approx(4.2, rel=0.15)
    assert np.percentile(rates, 97) == pytest.approx(10.5, rel=0.15)


@pytest.mark.parametrize("family", ["900", "i7"])
def test_two_passes_clean_at_about_half_the_rate_of_one(two_hundred_homes, family) -> None:
    one, two = (np.median(two_hundred_homes[family, passes]) for passes in (1, 2))

    assert two / one == pytest.approx(0.55, abs=0.03)


def test_two_passes_of_a_mop_take_15_to_22_percent_longer(two_hundred_homes) -> None:
    one, two = (two_hundred_homes["m6", passes] for passes in (1, 2))

    assert 1.15 < np.median(one / two) < 1.25
