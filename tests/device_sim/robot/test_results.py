"""How missions end that do not end well: the `done` of their records (sections 10.3 and 15)."""

import numpy as np
import pytest

from device_sim.robot.facts import Facts
from device_sim.robot.fleet import RESULTS, Fleet
from device_sim.robot.life.moves import move
from device_sim.robot.parameters import FULL
from device_sim.robot.phases import Fact, Phase
from device_sim.robot.record import mission_record
from device_sim.robot.step import step
from tests.device_sim.robot.fleets import START, fleet, order
from tests.device_sim.robot.living import HOUR

ROW = np.array([0])


def on_mission() -> Fleet:
    robots = fleet()
    order(robots, 0, "start")
    step(robots, START + 600)
    return robots


def after(robots: Fleet, *facts: Fact) -> str:
    for fact in facts:
        code = np.array([4]) if fact is Fact.TRAPPED else None
        assert move(robots, ROW, fact, Facts(), code=code).all(), fact
    return RESULTS[int(robots.result[0])]


@pytest.mark.parametrize(
    ("facts", "done"),
    [
        ((Fact.STOPPED,), "cncl"),
        ((Fact.PAUSED, Fact.STOPPED), "cncl"),
        ((Fact.PAUSED, Fact.DOCK_ASKED, Fact.ARRIVED), "cncl"),
        ((Fact.AREA_DONE, Fact.ARRIVED), "ok"),
        ((Fact.BIN_FULL, Fact.ARRIVED), "full"),
        ((Fact.PAUSED, Fact.EXPIRED), "inc"),
        ((Fact.CARRIED_HOME,), "inc"),
        ((Fact.PAUSED, Fact.CARRIED_HOME), "inc"),
        ((Fact.REBOOTED,), "inc"),
        ((Fact.TRAPPED, Fact.EXPIRED), "stuck"),
        ((Fact.TRAPPED, Fact.STOPPED), "stuck"),
        ((Fact.TRAPPED, Fact.CARRIED_HOME), "stuck"),
        ((Fact.AREA_DONE, Fact.DOCK_NOT_FOUND, Fact.EXPIRED), "stuck"),
        ((Fact.BATTERY_EMPTY, Fact.CARRIED_HOME), "bat"),
        ((Fact.BATTERY_EMPTY, Fact.WENT_DARK), "bat"),
        ((Fact.BATTERY_EMPTY, Fact.STOPPED), "bat"),
        ((Fact.TRAPPED, Fact.WENT_DARK), "stuck"),
        ((Fact.PAUSED, Fact.BATTERY_EMPTY, Fact.WENT_DARK), "bat"),
    ],
)
def test_a_mission_ends_as_what_ended_it(facts: tuple[Fact, ...], done: str) -> None:
    robots = on_mission()

    assert after(robots, *facts) == done
    failed = done not in ("ok", "cncl")
    told = int(robots.missions_ok[0]), int(robots.missions_cancelled[0])
    assert told == (int(done == "ok"), int(done == "cncl"))
    assert int(robots.missions_failed[0]) == int(failed)


def test_the_record_of_an_empty_battery_says_so() -> None:
    robots = on_mission()
    order(robots, 0, "pause")
    robots.charge[0] = int(FULL * 0.0605)
    order(robots, 0, "resume")
    order(robots, 0, "pause")

    step(robots, START + 8 * HOUR)

    record = mission_record(robots, 0, robots.last_logs[0])
    assert (record["done"], record["done_raw"], record["pauseId"]) == ("bat", "batcncl", 46)
    assert robots.phase_of(0) in (Phase.STUCK, Phase.CHARGE)
