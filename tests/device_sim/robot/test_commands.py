"""Commands: obeyed, refused with a reason, and what they do."""

import numpy as np
import pytest

from device_sim.robot.orders import start_many
from device_sim.robot.parameters import FULL, Faults
from device_sim.robot.phases import Cycle, Phase
from device_sim.robot.position import position
from device_sim.robot.report import status
from device_sim.robot.step import Kind, step
from tests.device_sim.robot.fleets import START, columns, fleet, order


def test_commands_are_obeyed_or_refused_with_a_reason() -> None:
    robots = fleet()

    assert order(robots, 0, "pause").startswith("cannot pause")
    assert order(robots, 0, "start") == ""
    step(robots, START + 60)
    assert robots.phase_of(0) is Phase.RUN
    assert order(robots, 0, "dock").startswith("cannot dock")
    assert order(robots, 0, "pause") == ""
    assert (robots.phase_of(0), robots.cycle_of(0)) == (Phase.STOP, "clean")
    assert order(robots, 0, "resume") == ""
    assert order(robots, 0, "stop") == ""
    assert robots.cycle_of(0) == "none"
    assert robots.missions_cancelled[0] == 1
    assert order(robots, 0, "dock") == "the map is being saved"
    step(robots, START + 70)
    assert order(robots, 0, "dock") == ""
    assert order(robots, 0, "find") == ""
    assert order(robots, 0, "dance") == "there is no command dance"


def test_starting_many_is_starting_each() -> None:
    together, one_by_one = fleet(30), fleet(30)
    for robots in (together, one_by_one):
        robots.charge[::4] = FULL // 20
        order(robots, 1, "start")

    started = start_many(together, np.arange(30), "rmtApp")
    for row in range(30):
        order(one_by_one, row, "start")
    for robots in (together, one_by_one):
        step(robots, START + 5000)

    assert set(started.tolist()) == {row for row in range(30) if row % 4 and row != 1}
    assert all(columns(together, row) == columns(one_by_one, row) for row in range(30))


def test_an_empty_robot_does_not_start() -> None:
    robots = fleet()
    robots.charge[0] = FULL // 10

    assert order(robots, 0, "start") == "charge too low"
    assert order(robots, 0, "train") == "charge too low"


def test_only_a_base_can_be_asked_to_empty() -> None:
    robots = fleet(2)

    assert order(robots, 0, "evac") == ""
    assert robots.phase_of(0) is Phase.EVAC
    assert order(robots, 1, "evac") == "there is no emptying base"
    step(robots, START + 30)
    assert robots.phase_of(0) is Phase.CHARGE


def test_dock_at_the_base_empties() -> None:
    robots = fleet()

    assert order(robots, 0, "dock") == ""
    assert robots.phase_of(0) is Phase.EVAC


def test_quick_drops_a_paused_mission_and_start_resumes_it() -> None:
    robots = fleet(4)
    for row in (0, 3):
        order(robots, row, "start")
        step(robots, robots.now_s + 600)
        order(robots, row, "pause")

    order(robots, 0, "start")
    order(robots, 3, "quick")
    step(robots, robots.now_s + 10)

    assert (robots.missions[0], robots.missions_cancelled[0]) == (1, 0)
    assert (robots.missions[3], robots.missions_cancelled[3]) == (2, 1)
    assert robots.cycle_of(3) is Cycle.QUICK


def test_a_pause_of_ninety_minutes_ends_the_mission() -> None:
    robots = fleet()
    order(robots, 0, "start")
    step(robots, START + 60)
    order(robots, 0, "pause")
    assert status(robots, 0)["expireTm"] == START + 60 + 5400

    step(robots, START + 60 + 5400)

    assert (robots.phase_of(0), robots.cycle_of(0)) == (Phase.STOP, "none")
    assert robots.last_logs[0].done == "inc"


def test_a_reset_is_heard_of_as_a_silence_and_ends_the_mission() -> None:
    robots = fleet(faults=Faults(scale=1e-9))
    order(robots, 0, "start")
    step(robots, START + 60)

    order(robots, 0, "reset")
    happened = step(robots, START + 130)

    assert (robots.phase_of(0), robots.cycle_of(0)) == (Phase.STOP, "none")
    assert [each.kind for each in happened] == [Kind.LINK_BACK]
    assert 40 <= happened[0].at_s - (START + 60) <= 61
    assert robots.missions_failed[0] == 1


def test_a_paused_way_home_can_be_resumed() -> None:
    robots = fleet()
    order(robots, 0, "start")
    step(robots, START + 1200)
    order(robots, 0, "pause")
    order(robots, 0, "dock")
    step(robots, START + 1203)
    before = position(robots, 0)
    order(robots, 0, "pause")

    assert position(robots, 0)[:2] == pytest.approx(before[:2], abs=1)
    assert order(robots, 0, "resume") == ""
    step(robots, START + 1206)
    assert robots.phase_of(0) is Phase.RUN
