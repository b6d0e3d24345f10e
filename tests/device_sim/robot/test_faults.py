"""What goes wrong, one cause at a time: its code, its phase, its cure (section 17.2)."""

import dataclasses

import numpy as np
import pytest

from device_sim.robot.facts import Kind
from device_sim.robot.fleet import Fleet, RobotSpec
from device_sim.robot.households.traits import PETS
from device_sim.robot.parameters import FULL, HOUSEHOLDS, Faults, Habits
from device_sim.robot.phases import PHASES, Phase
from device_sim.robot.record import missed_record
from device_sim.robot.report import bin_state, dock_state, status
from device_sim.robot.step import Happening, step
from tests.device_sim.robot.fleets import START, fleet, order, people

HOUR = 3600
WITH_STAIRS = 10
"""A home."""
RATES = ("trapped_per_s", "cliff_per_s", "jam_per_s", "lost_per_s", "reboot_per_s", "lift_per_s",
         "drop_docked_per_s", "drop_run_per_s", "dock_not_found", "contact_lost", "bin_missing",
         "evacuation_fails")  # fmt: skip
NOTHING = dataclasses.replace(Faults(), **dict.fromkeys(RATES, 0.0))


def only(**rates: float) -> Faults:
    """A world in which one thing goes wrong."""
    return dataclasses.replace(NOTHING, **rates)


def phases(happened: list[Happening], row: int = 0) -> list[Phase]:
    return [PHASES[each.value] for each in happened if each.kind is Kind.PHASE and each.row == row]


def errors(happened: list[Happening]) -> set[int]:
    return {each.value for each in happened if each.kind is Kind.ERROR}


def all_start(robots: Fleet) -> Fleet:
    for row in range(len(robots)):
        order(robots, row, "start")
    return robots


def test_a_world_without_rates_is_perfect() -> None:
    robots = all_start(fleet(30, faults=NOTHING))

    happened = step(robots, START + 30 * HOUR)

    assert errors(happened) == set()
    assert {robots.last_logs[row].done for row in range(30)} == {"ok"}


@pytest.mark.parametrize(
    ("rates", "codes"),
    [
        ({"trapped_per_s": 1 / 600}, {4, 5, 1, 3, 9, 16, 33, 48}),
        ({"cliff_per_s": 1 / 600}, {6}),
        ({"jam_per_s": 1 / 600}, {2, 35, 52, 37}),
        ({"lost_per_s": 1 / 600}, {42, 224, 21, 24}),
        ({"dock_not_found": 0.9}, {17, 18, 41, 42}),
        ({"contact_lost": 0.9}, {104}),
        ({"evacuation_fails": 0.9}, set()),
    ],
)
def test_a_cause_has_its_codes(rates, codes) -> None:
    robots = fleet(60, faults=only(**rates))
    robots.traits[:] = PETS
    all_start(robots)

    happened = step(robots, START + 12 * HOUR)

    said = errors(happened) - {46}  # who is stuck again and again runs empty
    assert said <= codes
    assert bool(said) == bool(codes)


def test_a_mop_has_no_brush_to_jam_and_a_vacuum_no_pad() -> None:
    robots = all_start(fleet(90, faults=only(jam_per_s=1 / 600)))

    happened = step(robots, START + 2 * HOUR)

    for each in happened:
        if each.kind is Kind.ERROR:
            assert (each.value == 2) == (robots.families[each.row].name != "m6")


def test_a_robot_at_a_cliff_is_not_ready_until_it_is_moved() -> None:
    specs = [RobotSpec("r0", "i7", WITH_STAIRS)]
    robots = Fleet(specs, 7, START, faults=only(cliff_per_s=1 / 60))
    order(robots, 0, "start")
    while robots.phase_of(0) is not Phase.STUCK:
        step(robots, robots.now_s + 1)

    assert status(robots, 0)["error"] == 6
    assert status(robots, 0)["notReady"] == 1
    assert order(robots, 0, "resume") == "on a cliff"
    assert order(robots, 0, "stop") == ""


def test_a_lifted_robot_waits_some_seconds_and_goes_on() -> None:
    robots = fleet(faults=only(lift_per_s=1 / 300), habits=Habits(carry=True))
    order(robots, 0, "start")

    happened = step(robots, START + HOUR)

    said = phases(happened)
    assert said[:3] == [Phase.RUN, Phase.STOP, Phase.RUN]
    assert robots.lifts[0] > 2
    stops = [each.at_s for each in happened if each.kind is Kind.PHASE]
    assert 1 < stops[2] - stops[1] < 300


def test_links_are_lost_more_often_and_longer_in_a_mission() -> None:
    robots = fleet(200, faults=only(drop_run_per_s=1 / 600, drop_docked_per_s=1 / 6000))
    for row in range(100):
        order(robots, row, "start")

    happened = step(robots, START + HOUR / 2)

    lost = [each for each in happened if each.kind is Kind.LINK_LOST]
    away = [each.value for each in lost if each.row < 100]
    docked = [each.value for each in lost if each.row >= 100]
    assert len(away) > 4 * len(docked)
    assert np.median(away) == pytest.approx(60, rel=0.4)
    for each in lost:
        ends = [other.at_s for other in happened
                if other.kind is Kind.LINK_BACK and other.row == each.row]  # fmt: skip
        assert each.at_s + each.value in ends or each.at_s + each.value > START + HOUR / 2


def test_a_full_bin_is_emptied_by_the_base_in_mid_mission() -> None:
    robots = fleet()
    order(robots, 0, "start")
    step(robots, START + 10)
    order(robots, 0, "pause")
    robots.bin_s[0] = 110 * 60 - 600
    order(robots, 0, "resume")

    happened = step(robots, START + 8 * HOUR)

    assert phases(happened)[:5] == [
        Phase.HOME_MID_MISSION, Phase.CHARGE, Phase.EVAC, Phase.CHARGE, Phase.RUN,
    ]  # fmt: skip
    assert robots.last_logs[0].done == "ok"
    assert robots.evacuations[0] == 2


def test_a_full_bin_is_told_and_a_robot_set_to_go_on_goes_on() -> None:
    robots = fleet(2)
    order(robots, 1, "start")
    step(robots, START + 10)
    order(robots, 1, "pause")
    robots.bin_s[1] = 110 * 60 - 600
    order(robots, 1, "resume")

    happened = step(robots, START + 8 * HOUR)

    assert [each.value for each in happened if each.kind is Kind.BIN_FULL] == [36]
    assert robots.last_logs[1].done == "ok"


def test_a_base_whose_bag_is_full_says_so_until_somebody_changes_it() -> None:
    robots = fleet(faults=NOTHING)
    robots.bag[0] = 60
    order(robots, 0, "start")

    happened = step(robots, START + 8 * HOUR)

    assert 216 in errors(happened)
    assert dock_state(robots, 0)["state"] == 353
    happened = step(robots, START + 30 * 24 * HOUR)
    assert [each.value for each in happened if each.kind is Kind.CURED] == [216]
    assert dock_state(robots, 0)["state"] == 301


def test_a_base_that_is_clogged_or_leaks_is_told_by_its_state() -> None:
    robots = all_start(fleet(60, faults=only(evacuation_fails=0.7)))

    happened = step(robots, START + 8 * HOUR)

    told = {each.value for each in happened if each.kind is Kind.DOCK_STATE}
    assert told >= {351, 352}


def test_a_bin_left_out_keeps_a_schedule_from_starting() -> None:
    who = people(40)
    robots = Fleet(who.specs, 7, START, population=who, faults=only(bin_missing=0.5),
                   habits=Habits())  # fmt: skip

    happened = step(robots, START + 48 * HOUR)

    missed = [each for each in happened if each.kind is Kind.START_MISSED and each.value == 7]
    assert missed
    assert errors(happened) == {14}
    assert all(robots.families[each.row].has_bin for each in missed)
    cured = {each.row for each in happened if each.kind is Kind.CURED}
    assert cured
    record = missed_record(robots, missed[0].row, 7, missed[0].at_s)
    assert (record["done"], record["initiator"], record["durationM"]) == ("schErr", "schedule", 0)


def test_a_bin_that_is_out_is_told() -> None:
    robots = fleet()
    robots.error[0] = 14

    assert bin_state(robots, 0)["present"] is False
    assert status(robots, 0)["notReady"] == 7


def test_a_reboot_ends_a_mission_and_is_silent_for_a_minute() -> None:
    robots = all_start(fleet(40, faults=only(reboot_per_s=1 / 1200)))

    happened = step(robots, START + HOUR)

    rebooted = [each for each in happened if each.kind is Kind.REBOOTED]
    silences = [each.value for each in happened if each.kind is Kind.LINK_LOST]
    assert rebooted
    assert all(40 <= silence <= 60 for silence in silences)
    assert 15 in errors(happened)


def test_wear_and_maintenance() -> None:
    robots = fleet(40, habits=HOUSEHOLDS, faults=Faults())
    robots.life_run_s[:] = 200 * 3600
    for row in range(40):
        order(robots, row, "start")

    happened = step(robots, START + 24 * HOUR)

    assert sum(each.kind is Kind.MAINTAINED for each in happened) > 30
    assert (robots.maintained_s >= 200 * 3600).sum() > 30


def test_harder_homes_trap_robots_more_often() -> None:
    robots = fleet(400, faults=only(trapped_per_s=0.3 / 3600))
    robots.difficulty[:200], robots.difficulty[200:] = 0.3, 3.0
    all_start(robots)

    happened = step(robots, START + HOUR)

    stuck = [each.row for each in happened if each.kind is Kind.ERROR]
    assert sum(row >= 200 for row in stuck) > 4 * sum(row < 200 for row in stuck)


def test_a_battery_below_six_percent_off_the_dock_ends_in_silence_and_a_person() -> None:
    robots = fleet(30, habits=HOUSEHOLDS, faults=NOTHING)
    for row in range(30):
        order(robots, row, "start")
    step(robots, START + 600)
    for row in range(30):
        order(robots, row, "pause")
        robots.charge[row] = int(FULL * 0.0605)
        order(robots, row, "find")
        order(robots, row, "pause")

    happened = step(robots, START + 40 * HOUR)

    assert errors(happened) == {46}
    assert {robots.last_logs[row].done for row in range(30)} <= {"bat", "cncl", "stuck"}
    assert any(each.kind is Kind.LINK_LOST for each in happened)
    assert {robots.phase_of(row) for row in range(30)} == {Phase.CHARGE}
    assert (robots.link_s == 0).all()


def test_links_are_lost_more_often_where_the_dock_stands_badly() -> None:
    robots = fleet(300, faults=only(drop_docked_per_s=0.05 / 3600))
    robots.wifi_dbm = np.repeat(np.array([-45, -70, -85], dtype=np.int8), 100)

    happened = step(robots, START + 24 * HOUR)

    lost = np.array([each.row for each in happened if each.kind is Kind.LINK_LOST])
    good, weak, bad = np.bincount(lost // 100, minlength=3)
    assert 2 * good < weak
    assert 2 * weak < bad
