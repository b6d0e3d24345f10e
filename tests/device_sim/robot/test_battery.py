"""Battery and cadence: how a robot charges, ages, and how often it speaks."""

import itertools

import numpy as np
import pytest

from device_sim.robot.fleet import Fleet, RobotSpec
from device_sim.robot.life.settle import charged, percent, seconds_to_charge
from device_sim.robot.parameters import FULL
from device_sim.robot.position import position
from device_sim.robot.step import step
from device_sim.robot.telling.cadence import Cadence, signals_due
from tests.device_sim.robot.fleets import PERFECT, START, fleet, order


def test_charging_is_linear_and_then_tapers() -> None:
    battery = fleet().battery
    start = np.array([int(FULL * 0.10)])

    minutes = [int(seconds_to_charge(start, np.array([int(FULL * level)]), battery)[0]) / 60
               for level in (0.5, 0.8, 1.0)]  # fmt: skip

    assert minutes[0] == pytest.approx(40, abs=1)
    assert minutes[1] == pytest.approx(70, abs=1)
    assert 90 <= minutes[2] <= 180


@pytest.mark.parametrize("cut", [1, 100, 2500, 4201, 5000, 9999])
def test_charging_in_two_parts_is_charging_at_once(cut: int) -> None:
    battery = fleet().battery
    start = np.array([123_456_789, 799_999_999, 850_000_000, 999_999_000])
    whole = charged(start, np.full(4, 10_000), battery)

    first = charged(start, np.full(4, cut), battery)

    assert np.array_equal(charged(first, np.full(4, 10_000 - cut), battery), whole)


def test_an_old_battery_lasts_less_long() -> None:
    robots = Fleet([RobotSpec("new", "i7"), RobotSpec("old", "i7")], 7, START, faults=PERFECT)
    robots.used[1] = 400 * FULL
    for row in (0, 1):
        order(robots, row, "start")
    step(robots, START + 60)

    assert robots.drain[1] / robots.drain[0] == pytest.approx(1 / 0.8, rel=0.01)


def test_the_charge_is_told_at_each_percent_and_minutes_each_minute() -> None:
    robots = fleet(2)
    for row in (0, 1):
        order(robots, row, "start")
    step(robots, START + 10)
    cadence, told = Cadence(robots), []
    before = percent(robots, np.arange(2))

    for second in range(11, 911):
        step(robots, START + second)
        told += [(member, row) for member, rows in cadence.due() for row in rows.tolist()]

    steps = before - percent(robots, np.arange(2))
    assert [told.count(("batPct", row)) for row in (0, 1)] == steps.tolist()
    assert told.count(("cleanMissionStatus", 1)) == 15
    assert told.count(("cleanMissionStatus", 0)) == 0


def test_signal_is_told_at_its_familys_pace() -> None:
    robots = fleet(2)
    told = [row for now in range(1000, 1060) for row in signals_due(robots, now, now + 1).tolist()]

    assert (told.count(0), told.count(1)) == (6, 12)


def test_a_position_moves_no_faster_than_a_robot() -> None:
    robots = fleet()
    order(robots, 0, "start")
    step(robots, START + 2)
    places = []
    for second in range(3, 400):
        step(robots, START + second)
        places.append(position(robots, 0)[:2])

    steps = [np.hypot(bx - ax, by - ay) for (ax, ay), (bx, by) in itertools.pairwise(places)]
    assert max(steps) <= 31
