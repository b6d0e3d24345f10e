"""What cleaning draws from a battery, and batteries that give out."""

import dataclasses

import numpy as np
import pytest

from device_sim.robot.fleet import SETTING_BIT, Fleet, RobotSpec
from device_sim.robot.homes import home
from device_sim.robot.parameters import FULL, Battery
from device_sim.robot.phases import Phase
from device_sim.robot.report import status
from device_sim.robot.step import step
from tests.device_sim.robot.fleets import PERFECT, START, order
from tests.device_sim.robot.living import HOUR
from tests.device_sim.robot.test_faults import NOTHING

BOOST = 1.35
BARE = next(seed for seed in range(100) if home(seed).traits.carpet_share == 0)
CARPETED = next(seed for seed in range(100) if home(seed).traits.carpet_share > 0.3)


def drain(family: str, home_seed: int, settings: int) -> int:
    robots = Fleet([RobotSpec("r", family, home_seed)], 7, START, faults=PERFECT)
    robots.settings[0] = settings
    order(robots, 0, "start")
    step(robots, START + 10)
    return int(robots.drain[0])


@pytest.mark.parametrize("family", ["i7", "900"])
@pytest.mark.parametrize("seed", [BARE, CARPETED])
def test_automatic_power_draws_more_on_carpets_and_strong_power_everywhere(family, seed) -> None:
    plain, automatic, strong = (
        drain(family, seed, bits)
        for bits in (0, SETTING_BIT["carpetBoost"], SETTING_BIT["vacHigh"])
    )

    share = home(seed).traits.carpet_share
    assert automatic / plain == pytest.approx(1 + share * (BOOST - 1), rel=1e-5)
    assert strong / plain == pytest.approx(BOOST, rel=1e-5)


def test_a_mop_draws_the_same_whatever_lies_on_the_floor() -> None:
    every = SETTING_BIT["carpetBoost"] | SETTING_BIT["vacHigh"]

    assert drain("m6", CARPETED, every) == drain("m6", BARE, 0)


def worn(cycles: list[int], gives_out: float = 1.0) -> Fleet:
    specs = [RobotSpec(f"r{n}", "900", n % 5) for n in range(len(cycles))]
    robots = Fleet(specs, 7, START, faults=dataclasses.replace(NOTHING, helped_share=0),
                   battery=Battery(gives_out=gives_out))  # fmt: skip
    robots.used[:] = np.array(cycles) * FULL
    for row in range(len(robots)):
        order(robots, row, "start")
    return robots


def test_the_more_worn_a_battery_is_the_likelier_it_gives_out() -> None:
    robots = worn([0] * 150 + [200] * 150 + [800] * 150)

    step(robots, START + 12 * HOUR)

    ended = np.array([robots.last_logs[row].done == "bat" for row in range(450)])
    new, used, old = ended.reshape(3, 150).mean(axis=1)
    assert new == 0
    assert used == pytest.approx(0.1, abs=0.06)
    assert old == pytest.approx(0.4, abs=0.12)


def test_a_battery_that_gives_out_had_told_more_charge_than_it_has() -> None:
    robots = worn([800] * 30, gives_out=10.0)
    before = np.zeros(30)
    while not (robots.error == 46).any():
        before = robots.charge / FULL
        step(robots, robots.now_s + 10)

    row = int(np.flatnonzero(robots.error == 46)[0])
    assert before[row] > 0.15
    assert robots.charge[row] < 0.06 * FULL
    assert robots.phase_of(row) is Phase.STUCK
    assert status(robots, row)["error"] == 46
    step(robots, robots.now_s + 3 * HOUR)
    assert robots.last_logs[row].done == "bat"


def test_a_perfect_world_has_no_battery_that_gives_out() -> None:
    robots = worn([800] * 30)
    robots.faults = PERFECT

    step(robots, START + 12 * HOUR)

    assert {log.done for log in robots.last_logs.values()} == {"ok"}
