"""The life of a robot: missions, commands, faults and people."""

import itertools

import numpy as np
import orjson
import pytest

from device_sim.robot.fleet import RESULTS, Fleet
from device_sim.robot.life.settle import charged, percent, seconds_to_charge
from device_sim.robot.orders import start_many
from device_sim.robot.parameters import FULL, HOUSEHOLDS, Faults
from device_sim.robot.phases import PHASES, Cycle, Phase, code_of
from device_sim.robot.position import position
from device_sim.robot.record import drawn, mission_record
from device_sim.robot.report import status
from device_sim.robot.step import Happening, Kind, advance, step
from device_sim.robot.telling.cadence import Cadence, signals_due
from device_sim.robot.telling.lifetime import bbmssn
from device_sim.robot.telling.tally import Tally
from tests.device_sim.robot.fleets import DAY_S, START, columns, fleet, lively, order, thirsty

HOUR = 3600
RESUMED = (Phase.CHARGE, Phase.RUN)


def phases(happened: list[Happening], row: int = 0) -> list[Phase]:
    return [PHASES[each.value] for each in happened if each.kind is Kind.PHASE and each.row == row]


def run_until(robots: Fleet, phase: Phase, *, row: int = 0, hours: float = 12) -> None:
    """Step minute by minute until a robot is in a phase."""
    for _ in range(int(hours * 60)):
        if robots.phase_of(row) is phase:
            return
        step(robots, robots.now_s + 60)
    raise AssertionError(f"never in {phase}")


# ---------------------------------------------------------------- missions


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
    assert record["sqft"] == int(robots.routes.route(log.route).path.area_m2 * 10.7639)
    assert len(record["missionId"]) == 26
    assert drawn(robots, row, log, log.along_cm)["coveredRatio"] == 1.0
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
    ("settings", "factor"),
    [({}, 1.2), ({"noAutoPasses": True}, 1.0), ({"noAutoPasses": True, "twoPass": True}, 1.82)],
)
def test_passes_make_a_mission_longer(settings, factor) -> None:
    robots = fleet()
    command = {"regions": [], "params": settings} if settings else {}
    order(robots, 0, "start", **command)
    step(robots, START + 10)

    length = robots.routes.length_mm[robots.route[0]]
    assert robots.work_mm[0] == pytest.approx(length * factor * 1.1, rel=0.001)


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
    assert 0 < log.area_m2 <= whole.path.area_m2
    record = mission_record(robots, 0, log)
    assert [
        each["rid"] for each in record["timeline"]["finEvents"] if each["type"] == "room"
    ] == wanted
    assert record["cmd"]["regions"] == regions
    told = [each for each in record["timeline"]["finEvents"] if each["type"] == "room"]
    assert all(each["area"] > 0 and each["area"] <= each["totalArea"] for each in told)
    assert sum(each["area"] for each in told) == pytest.approx(record["sqft"], abs=2)


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


# ---------------------------------------------------------------- commands


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


# ---------------------------------------------------------------- faults and people


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
            own = {*codes.trapped, *codes.lost, *codes.dock_not_found, *codes.pad, *codes.tank}
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
    robots = lively(2500)
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


# ---------------------------------------------------------------- battery and cadence


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
    robots = fleet(4)
    robots.used[3] = 400 * FULL
    for row in (0, 3):
        order(robots, row, "start")
    step(robots, START + 60)

    assert robots.drain[3] / robots.drain[0] == pytest.approx(1 / 0.8, rel=0.01)


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
