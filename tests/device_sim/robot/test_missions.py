"""Missions: how they go, what they clean, what their record says."""

import itertools

import numpy as np
import orjson
import pytest

from device_sim.robot.coverage import Passes
from device_sim.robot.phases import PHASES, Cycle, Phase
from device_sim.robot.record import drawn, mission_record
from device_sim.robot.report import status
from device_sim.robot.returns import driven_mm
from device_sim.robot.step import Kind, step
from tests.device_sim.robot.fleets import START, fleet, order, thirsty
from tests.device_sim.robot.living import HOUR, RESUMED, phases


@pytest.mark.parametrize("row", [0, 1, 2])
def test_a_mission_ends_on_the_dock_with_a_record_that_adds_up(row: int) -> None:
    robots = fleet(3)
    order(robots, row, "start")

    happened = step(robots, START + 9 * HOUR)

    said = phases(happened, row)
    assert said[0] is Phase.RUN
    assert {Phase.HOME_DONE, Phase.CHARGE} <= set(said)
    log = robots.last_logs[row]
    record = mission_record(robots, row, log)
    assert record["done"] == "ok"
    assert record["durationM"] == record["runM"] + record["pauseM"] + record["chrgM"]
    assert abs(record["durationM"] - (record["timestamp"] - record["startTime"]) / 60) <= 2
    assert record["sqft"] == int(robots.routes.route(log.route).area_m2 * 10.7639)
    assert len(record["missionId"]) == 26
    assert 0.9 < drawn(robots, row, log, log.along_cm)["coveredRatio"] < 1
    assert len(orjson.dumps(drawn(robots, row, log, log.along_cm))) < 120_000
    assert record["timeline"]["finEvents"][-1]["type"] == "fin"


def test_an_emptying_base_runs_after_a_mission() -> None:
    robots = fleet()
    order(robots, 0, "start")

    happened = step(robots, START + 9 * HOUR)

    assert phases(happened)[-3:] == [Phase.CHARGE, Phase.EVAC, Phase.CHARGE]
    assert robots.evacuations[0] == 1
    assert robots.bin_s[0] == 0


def test_a_low_battery_sends_a_robot_home_and_it_resumes_when_it_has_enough() -> None:
    robots = fleet(3, battery=thirsty(15))
    for row in range(3):
        order(robots, row, "start")

    happened = step(robots, START + 30 * HOUR)

    for row in range(3):
        assert phases(happened, row)[:4] == [
            Phase.RUN, Phase.HOME_MID_MISSION, Phase.CHARGE, Phase.RUN,
        ]  # fmt: skip
        record = mission_record(robots, row, robots.last_logs[row])
        assert record["chrgs"] >= 1
        assert record["chrgM"] > 0


def test_a_predictive_robot_resumes_earlier_than_one_that_is_not() -> None:
    robots = fleet(2, battery=thirsty(25))
    robots.home[:] = robots.home[0]
    for row in (0, 1):
        order(robots, row, "start")

    happened = step(robots, START + 30 * HOUR)

    waits = []
    for row in (0, 1):
        moments = [each for each in happened if each.row == row and each.kind is Kind.PHASE]
        said = [PHASES[each.value] for each in moments]
        resumes = [n for n, pair in enumerate(itertools.pairwise(said)) if pair == RESUMED]
        last = resumes[-1]
        waits.append(moments[last + 1].at_s - moments[last].at_s)
    assert waits[0] < waits[1]


@pytest.mark.parametrize(
    ("settings", "passes"),
    [
        ({}, Passes.AUTOMATIC),
        ({"noAutoPasses": True}, Passes.ONE),
        ({"noAutoPasses": True, "twoPass": True}, Passes.TWO),
    ],
)
def test_a_mission_makes_the_passes_asked_for(settings, passes) -> None:
    robots = fleet()
    command = {"regions": [], "params": settings} if settings else {}
    order(robots, 0, "start", **command)
    step(robots, START + 10)

    route = int(robots.route[0])
    assert robots.routes.passes(route) is passes
    assert robots.work_mm[0] == driven_mm(
        robots.routes.length_mm[[route]], robots.stretch_mm[:1].astype(np.int64)
    )


def test_a_mission_through_two_rooms_cleans_those_rooms_in_their_order() -> None:
    robots = fleet()
    rooms = robots.floor_plan(0).rooms
    wanted = [rooms[1].id, rooms[0].id]
    regions = [{"region_id": room, "type": "rid"} for room in wanted]
    order(robots, 0, "start", ordered=1, regions=regions, pmap_id="m", user_pmapv_id="v")

    step(robots, START + 9 * HOUR)

    log = robots.last_logs[0]
    whole = robots.routes.route(int(robots.home[0]))
    assert robots.routes.rooms(log.route) == tuple(wanted)
    assert 0 < log.area_m2 <= whole.area_m2
    record = mission_record(robots, 0, log)
    assert [
        each["rid"] for each in record["timeline"]["finEvents"] if each["type"] == "room"
    ] == wanted
    assert record["cmd"]["regions"] == regions
    told = [each for each in record["timeline"]["finEvents"] if each["type"] == "room"]
    assert all(each["area"] > 0 and each["area"] <= each["totalArea"] for each in told)
    assert sum(each["area"] for each in told) == pytest.approx(record["sqft"], abs=2)
    assert {each["status"] for each in told} == {0}


def test_a_mission_to_an_unknown_room_ends_after_71_seconds_with_nothing_cleaned() -> None:
    robots = fleet()
    order(robots, 0, "start", regions=[{"region_id": "99", "type": "rid"}])

    happened = step(robots, START + HOUR)

    run, home = [each.at_s for each in happened if each.kind is Kind.PHASE][:2]
    assert home - run == 71
    assert mission_record(robots, 0, robots.last_logs[0])["sqft"] == 0


def test_a_robot_without_a_map_cleans_the_whole_home_whatever_the_regions() -> None:
    robots = fleet(2)
    order(robots, 1, "start", regions=[{"region_id": "1", "type": "rid"}])
    step(robots, START + 5)

    assert robots.route[1] == robots.home[1]


def test_a_mapping_run_covers_no_area_and_is_quicker() -> None:
    robots = fleet()
    assert order(robots, 0, "train") == ""
    step(robots, START + 60)
    assert robots.cycle_of(0) is Cycle.TRAIN

    step(robots, START + 4 * HOUR)

    log = robots.last_logs[0]
    assert (log.done, log.area_m2) == ("ok", 0)
    assert log.minutes[0] < 60


def test_spot_cleans_a_circle_off_the_dock_only() -> None:
    robots = fleet()
    assert order(robots, 0, "spot") == "spot cleaning starts off the dock"
    order(robots, 0, "start")
    step(robots, START + 600)
    order(robots, 0, "stop")

    assert order(robots, 0, "spot") == ""
    step(robots, START + 605)
    assert robots.cycle_of(0) is Cycle.SPOT
    step(robots, START + 3 * HOUR)

    assert robots.last_logs[0].area_m2 == pytest.approx(0.7854)
    assert robots.last_logs[0].docked_at_start is False


def test_the_minutes_of_a_mission_are_live_on_the_900_only() -> None:
    robots = fleet(2)
    for row in (0, 1):
        order(robots, row, "start")
    step(robots, START + 602)

    assert (status(robots, 1)["mssnM"], status(robots, 1)["cycle"]) == (10, "quick")
    assert status(robots, 1)["sqft"] > 0
    assert (status(robots, 0)["mssnM"], status(robots, 0)["sqft"]) == (0, 0)
    assert status(robots, 0)["mssnStrtTm"] == START + 2
