"""The physics: phases as a table, homes that are covered, rows that do not feel each other."""

import itertools

import numpy as np
import orjson
import pytest

from cloud_functions.contract.commands import CommandName
from device_sim.robot.chance import Purpose, key_of, uniform
from device_sim.robot.coverage import plan_path
from device_sim.robot.fleet import Fleet, RobotSpec
from device_sim.robot.floor import CELL_CM, home
from device_sim.robot.orders import obey
from device_sim.robot.parameters import Battery, Faults
from device_sim.robot.phases import (
    NEXT,
    PHASES,
    REFUSED,
    TRANSITIONS,
    Fact,
    IllegalTransition,
    Phase,
    code_of,
    next_state,
)
from device_sim.robot.record import drawn, mission_record
from device_sim.robot.report import first_report
from device_sim.robot.step import Kind, step

PERFECT = Faults(scale=0)
START = 1_700_000_000.0


def fleet(count: int = 1, *, faults: Faults = PERFECT, seed: int = 7, **more) -> Fleet:
    families = itertools.cycle(["i7", "900"])
    specs = [RobotSpec(f"r{n}", next(families), n % 5) for n in range(count)]
    return Fleet(specs, seed, START, faults=faults, **more)


def order(robots: Fleet, row: int, name: CommandName) -> str:
    return obey(robots, row, name, initiator="rmtApp", params={}, happened=[])


def snapshot(robots: Fleet, row: int) -> tuple:
    columns = ("phase", "cycle", "charge", "along_cm", "home_left_cm", "error", "missions")
    return tuple(getattr(robots, name)[row] for name in columns)


@pytest.mark.parametrize("busy", [False, True])
@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("fact", Fact)
def test_a_move_is_in_the_table_or_refused(phase: Phase, busy: bool, fact: Fact) -> None:
    expected = TRANSITIONS.get((phase, busy), {}).get(fact)
    code = NEXT[code_of(phase), int(busy), fact]

    if expected is None:
        assert code == REFUSED
        with pytest.raises(IllegalTransition):
            next_state((phase, busy), fact)
    else:
        assert next_state((phase, busy), fact) == expected
        assert (PHASES[code // 2], bool(code % 2)) == expected


@pytest.mark.parametrize("seed", range(25))
def test_a_homes_path_covers_what_can_be_reached_and_passes_no_wall(seed: int) -> None:
    place = home(seed)
    path = plan_path(place)

    visited = set(path.cells)
    reachable = {place.dock} | set(path.parents)
    assert visited == reachable
    assert len(reachable) >= 0.9 * place.open.sum()
    for (ax, ay), (bx, by) in itertools.pairwise(path.cells):
        assert abs(ax - bx) + abs(ay - by) == 1
        around = place.blocked[bx - 1 : bx + 2, by - 1 : by + 2]
        assert not around.any()
    assert np.allclose(np.diff(path.along_cm), CELL_CM)
    assert path.home_cm.max() < path.length_cm


def test_chance_is_the_same_for_the_same_question_and_even() -> None:
    keys = np.array([key_of(f"r{n}") for n in range(20_000)], dtype=np.uint64)

    one = uniform(1, keys, 5, Purpose.STUCK)

    assert np.array_equal(one, uniform(1, keys, 5, Purpose.STUCK))
    assert not np.array_equal(one, uniform(1, keys, 6, Purpose.STUCK))
    assert not np.array_equal(one, uniform(1, keys, 5, Purpose.CURE))
    assert abs(one.mean() - 0.5) < 0.01
    assert 0 <= one.min() < one.max() < 1


def test_a_row_does_not_feel_its_neighbours() -> None:
    together = fleet(6, faults=Faults(scale=20))
    for row in range(6):
        order(together, row, CommandName.START)
    step(together, START + 7200)

    for row, spec in enumerate(together.specs):
        alone = Fleet([spec], 7, START, faults=Faults(scale=20))
        order(alone, 0, CommandName.START)
        step(alone, START + 7200)
        assert snapshot(alone, 0) == snapshot(together, row)


def test_the_result_does_not_depend_on_how_a_span_is_cut() -> None:
    whole, pieces = fleet(3, faults=Faults(scale=20)), fleet(3, faults=Faults(scale=20))
    for robots in (whole, pieces):
        order(robots, 1, CommandName.START)

    at_once = step(whole, START + 3600)
    in_pieces = [each for n in range(1, 1441) for each in step(pieces, START + n * 2.5)]

    assert at_once == in_pieces
    assert snapshot(whole, 1) == snapshot(pieces, 1)


def test_a_mission_ends_on_the_dock_with_a_record_that_adds_up() -> None:
    robots = fleet()
    order(robots, 0, CommandName.START)

    happened = step(robots, START + 4 * 3600)

    phases = [PHASES[each.value] for each in happened if each.kind is Kind.PHASE]
    assert phases[:3] == [Phase.RUN, Phase.HOME_DONE, Phase.CHARGE]
    log = robots.last_logs[0]
    record = mission_record(robots, 0, log)
    assert record["done"] == "ok"
    assert record["durationM"] == record["runM"] + record["pauseM"] + record["chrgM"]
    assert record["sqft"] == int(robots.paths[0].area_m2 * 10.7639)
    assert len(record["missionId"]) == 26
    assert drawn(robots, 0, log, log.along_cm)["coveredRatio"] == 1.0
    assert len(orjson.dumps(drawn(robots, 0, log, log.along_cm))) < 120_000


def test_a_low_battery_sends_a_robot_home_and_it_resumes() -> None:
    robots = fleet(battery=Battery(clean_drain=1 / 900))
    order(robots, 0, CommandName.START)

    happened = step(robots, START + 5 * 3600)

    phases = [PHASES[each.value] for each in happened if each.kind is Kind.PHASE]
    assert phases[:4] == [Phase.RUN, Phase.HOME_MID_MISSION, Phase.CHARGE, Phase.RUN]
    assert mission_record(robots, 0, robots.last_logs[0])["chrgs"] >= 1


def test_commands_are_obeyed_or_refused_with_a_reason() -> None:
    robots = fleet()

    assert order(robots, 0, CommandName.PAUSE).startswith("cannot pause")
    assert order(robots, 0, CommandName.START) == ""
    step(robots, START + 60)
    assert robots.phase_of(0) is Phase.RUN
    assert order(robots, 0, CommandName.DOCK).startswith("cannot dock")
    assert order(robots, 0, CommandName.PAUSE) == ""
    assert (robots.phase_of(0), robots.cycle_of(0)) == (Phase.STOP, "clean")
    assert order(robots, 0, CommandName.RESUME) == ""
    assert order(robots, 0, CommandName.STOP) == ""
    assert robots.cycle_of(0) == "none"
    assert robots.missions_cancelled[0] == 1
    assert order(robots, 0, CommandName.DOCK) == ""
    assert order(robots, 0, CommandName.FIND) == ""


def test_an_empty_robot_does_not_start() -> None:
    robots = fleet()
    robots.charge[0] = 0.1

    assert order(robots, 0, CommandName.START) == "charge too low"


def test_a_pause_of_ninety_minutes_ends_the_mission() -> None:
    robots = fleet()
    order(robots, 0, CommandName.START)
    step(robots, START + 60)
    order(robots, 0, CommandName.PAUSE)

    step(robots, START + 60 + 5400)

    assert (robots.phase_of(0), robots.cycle_of(0)) == (Phase.STOP, "none")
    assert robots.last_logs[0].done == "inc"


def test_a_trapped_robot_tells_its_error_and_is_cured_or_fails() -> None:
    robots = fleet(40, faults=Faults(scale=500))
    for row in range(40):
        order(robots, row, CommandName.START)

    happened = step(robots, START + 3 * 3600)

    kinds = {each.kind for each in happened}
    assert {Kind.ERROR, Kind.CURED, Kind.MISSION_ENDED} <= kinds
    total = robots.missions_ok + robots.missions_cancelled + robots.missions_failed
    running = np.isin(robots.cycle, [1, 2])
    assert np.array_equal(robots.missions, total + running)


@pytest.mark.parametrize("row", [0, 1])
def test_the_first_report_fits_into_a_shadow(row: int) -> None:
    report = first_report(fleet(2), row)

    assert len(orjson.dumps({"reported": report, "desired": {}})) < 8192 - 1024
    assert {"batPct", "bin", "cap", "cleanMissionStatus", "name", "sku", "bbmssn"} <= set(report)
