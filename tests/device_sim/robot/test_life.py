"""Faults and people: what befalls robots, who helps, and how many missions end well."""

import itertools

import pytest

from device_sim import census
from device_sim.robot.fleet import RESULTS, Fleet
from device_sim.robot.parameters import FULL, HOUSEHOLDS, Faults
from device_sim.robot.phases import PHASES, Cycle, Phase, code_of
from device_sim.robot.routes import Routes
from device_sim.robot.step import Kind, advance, step
from device_sim.robot.telling.lifetime import bbmssn
from device_sim.robot.telling.tally import Tally
from device_sim.scenario import Scenario
from tests.device_sim.robot.fleets import DAY_S, START, fleet, order, thirsty
from tests.device_sim.robot.living import HOUR, phases


def test_a_trapped_robot_tells_its_error_and_is_cured_or_fails() -> None:
    robots = fleet(60, faults=Faults(scale=50))
    for row in range(60):
        order(robots, row, "start")

    happened = step(robots, START + 5 * HOUR)

    kinds = {each.kind for each in happened}
    assert {Kind.ERROR, Kind.CURED, Kind.MISSION_ENDED} <= kinds
    for row in range(60):
        said = bbmssn(robots, row)
        assert said["nMssn"] == robots.missions[row]
        running = robots.cycle_of(row) is not Cycle.NONE
        assert said["nMssnOk"] + said["nMssnC"] + said["nMssnF"] + running == said["nMssn"]


@pytest.mark.parametrize("phase", [Phase.STUCK, Phase.CHARGING_ERROR])
def test_every_error_is_one_its_family_can_have(phase: Phase) -> None:
    robots = fleet(90, faults=Faults(scale=60))
    for row in range(90):
        order(robots, row, "start")

    happened = step(robots, START + 6 * HOUR)

    shared = {2, 6, 13, 15, 36, 46, 104, 216}
    for each in happened:
        if each.kind is Kind.ERROR:
            codes = robots.families[each.row].codes
            own = {
                *itertools.chain(*codes.trapped.values()),
                *codes.lost,
                *codes.dock_not_found,
                *codes.pad,
                *codes.tank,
            }
            assert each.value in own | shared
    assert code_of(phase) in {each.value for each in happened if each.kind is Kind.PHASE}


def test_a_robot_that_nobody_helps_fails_after_ninety_minutes() -> None:
    robots = fleet(30, faults=Faults(scale=200, helped_share=0))
    for row in range(30):
        order(robots, row, "start")

    happened = step(robots, START + 4 * HOUR)

    stuck = {}
    for each in happened:
        if each.kind is Kind.PHASE and PHASES[each.value] is Phase.STUCK:
            stuck[each.row] = each.at_s
        if each.kind is Kind.MISSION_ENDED and robots.last_logs[each.row].done == "stuck":
            assert each.at_s - stuck[each.row] <= 5400
    assert {log.done for log in robots.last_logs.values()} >= {"stuck"}


def test_a_battery_that_runs_empty_is_told_and_then_nothing_is_heard() -> None:
    robots = fleet(battery=thirsty(60), habits=HOUSEHOLDS)
    order(robots, 0, "start")
    step(robots, START + 600)
    order(robots, 0, "pause")
    robots.charge[0] = int(FULL * 0.061)
    order(robots, 0, "pause")

    happened = step(robots, START + 12 * HOUR)

    assert [each.value for each in happened if each.kind is Kind.ERROR] == [46]
    said = [each.kind for each in happened]
    assert Kind.LINK_LOST in said or Phase.CHARGE in phases(happened)
    assert robots.last_logs[0].done in ("bat", "stuck")


def test_a_full_bin_waits_for_a_person_on_a_robot_that_stops_for_it() -> None:
    robots = fleet(2)
    robots.settings[1] |= 32
    robots.bin_s[1] = 110 * 60 - 300
    robots.commands[1] = {}
    order(robots, 1, "start")
    robots.bin_s[1] = 110 * 60 - 300

    happened = step(robots, START + 4 * HOUR)

    assert [each.value for each in happened if each.kind is Kind.BIN_FULL] == [36]
    assert robots.last_logs[1].done == "full"
    step(robots, START + 60 * HOUR)
    assert robots.bin_s[1] == 0


def test_a_fleet_ends_its_missions_as_the_dumps_say() -> None:
    flats = Scenario.model_validate(
        {
            "title": "Flats",
            "robots": [{"family": "i7", "count": 35}, {"family": "900", "count": 15}],
        }
    )
    who = census.take(flats, 7, Routes.of(census.homes_of(flats)), first=0, count=2500)
    robots = Fleet(who.specs, 7, START, population=who, habits=HOUSEHOLDS)
    tally = Tally(robots, int(START), 3600, 73)

    advance(robots, START + 3 * DAY_S, tally)

    total = tally.results.sum()
    shares = {name: tally.results[n] / total for n, name in enumerate(RESULTS)}
    assert total > 5000
    assert shares["ok"] == pytest.approx(0.66, abs=0.04)
    assert shares["cncl"] == pytest.approx(0.26, abs=0.03)
    assert 1 - shares["ok"] - shares["cncl"] == pytest.approx(0.07, abs=0.025)
    assert 0.7 < total / 2500 / 3 < 2.1


def test_nobody_means_nobody() -> None:
    robots = fleet(12)

    assert step(robots, START + 3 * DAY_S) == []
