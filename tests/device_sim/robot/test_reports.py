"""What robots report: every field a client reads, in its unit, small enough for a shadow."""

import itertools

import numpy as np
import orjson
import pytest

from device_sim.robot.families import BY_NUMBER, FAMILIES, Family
from device_sim.robot.parameters import Faults
from device_sim.robot.record import mission_record
from device_sim.robot.report import (
    SECTIONS,
    SETTINGS,
    first_report,
    live,
    live_all,
    signal,
    status,
    tell,
)
from device_sim.robot.step import step
from device_sim.robot.telling.lifetime import COUNTERS
from tests.device_sim.robot.fleets import START, fleet, lively, order

FAMILY_ROWS = [(0, "i7"), (1, "900"), (2, "m6")]
SHADOW_BYTES = 8192
CLIENTS_READ = {
    "batPct", "bbchg3", "bbmssn", "bbrun", "bbsys", "bbpause", "bbrstinfo", "batteryType", "cap",
    "cleanMissionStatus", "cloudEnv", "country", "dock", "name", "netinfo", "sku", "softwareVer",
    "svcEndpoints", "timezone", "tz", "wifistat", "wlcfg", "signal", "audio", "bbswitch", "bbchg",
    "bbnav", "noAutoPasses", "twoPass", "openOnly", "schedHold", "carpetBoost", "vacHigh",
}  # fmt: skip
"""Sets A of section 9.3, and what section 18 names."""
OF_THE_900 = {
    "soundVer", "uiSwVer", "navSwVer", "wifiSwVer", "mobilityVer", "bootloaderVer", "umiVer",
    "langs", "localtimeoffset", "utctime", "mac", "bbpanic", "cleanSchedule", "bin",
}  # fmt: skip
OF_THE_I7 = {
    "batInfo", "batAuthEnable", "behaviorFwk", "childLock", "cleanSchedule2", "deploymentState",
    "hwPartsRev", "hwDbgr", "langs2", "lastDisconnect", "missionTelemetry", "pmaps", "pmapCL",
    "pmapFmt", "pmapLearningAllowed", "secureBoot", "subModSwVer", "tls", "featureFlags",
}  # fmt: skip


@pytest.mark.parametrize(("row", "name"), FAMILY_ROWS)
def test_the_shadow_of_a_family_stays_small_with_all_that_owners_and_faults_add(row, name) -> None:
    robots = lively(6, scale=30)
    step(robots, START + 40 * 3600)
    passes = {"noAutoPasses": True, "twoPass": True}
    regions = [{"region_id": str(n), "type": "rid", "params": passes} for n in range(8)]
    command = [{"id": "c" * 36, "command": "start", "initiator": "rmtApp", "time": START,
                "expires": START, "params": {"ordered": 1, "pmap_id": "p" * 22,
                "user_pmapv_id": "v" * 13, "regions": regions}}]  # fmt: skip
    schedule = [{"enabled": True, "type": 0, "start": {"day": [day], "hour": 9, "min": 0},
                 "cmd": {"command": "start"}} for day in range(7)]  # fmt: skip
    reported = {**first_report(robots, row), "command": command, "lastCommand": command[0],
                "lastCommandResult": {"id": "c" * 36, "outcome": "obeyed", "reason": "", "time": 1},
                "connected": True, "liveMapUntil": START}  # fmt: skip
    if name != "900":
        reported["cleanSchedule2"] = schedule
    desired = {"command": command, "liveMapUntil": START, "cleanSchedule2": schedule}

    raw = orjson.dumps({"desired": desired, "reported": reported})

    assert FAMILIES[name].order == row
    assert len(raw) < SHADOW_BYTES, len(raw)


@pytest.mark.parametrize(("row", "name"), FAMILY_ROWS)
def test_every_family_tells_what_clients_read(row, name) -> None:
    said = first_report(fleet(3), row)

    assert set(said) >= CLIENTS_READ
    assert (name == "900") == (set(said) >= OF_THE_900)
    assert (name != "900") == (set(said) >= OF_THE_I7)


def test_a_mop_has_a_pad_and_a_tank_and_neither_bin_nor_carpet_boost() -> None:
    said = first_report(fleet(3), 2)

    assert {"detectedPad", "tankLvl", "mopReady", "padWetness", "rankOverlap"} <= set(said)
    assert "bin" not in said
    assert "carpetBoost" not in said["cap"]
    assert not {"nScrubs", "nEvacs", "nMBStll"} & set(said["bbrun"])
    assert "mssnNavStats" not in said
    assert "detectedPad" not in first_report(fleet(3), 0)
    assert said["bbnav"] == {"aMtrack": 0, "nGoodLmrks": 0, "aGain": 0, "aExpo": 0}


def test_a_tank_runs_dry_in_tens_of_percent() -> None:
    robots = fleet(3)
    order(robots, 2, "start")
    levels = []
    for minute in range(0, 200, 5):
        step(robots, START + minute * 60)
        levels.append(live(robots, 2)["tankLvl"])

    assert levels[0] == 100
    assert levels[20] < 100
    assert all(level % 10 == 0 for level in levels)


def test_addresses_are_numbers_on_the_900_and_text_on_the_i7() -> None:
    robots = fleet(2)

    i7, older = (first_report(robots, row)["netinfo"] for row in (0, 1))

    assert i7["addr"].startswith("192.168.")
    assert older["addr"] >> 16 == 192 << 8 | 168
    assert first_report(robots, 1)["mac"][:8] in {"50:14:79", "80:a5:89", "dc:f5:05", "20:4e:f6"}


def test_the_capacity_is_told_in_the_familys_own_unit_after_ageing() -> None:
    robots = fleet(2)
    new = [first_report(robots, row)["bbchg3"]["estCap"] for row in (0, 1)]
    robots.used[:] = 400_000_000_000

    old = [first_report(robots, row)["bbchg3"]["estCap"] for row in (0, 1)]

    assert new == [2490, 12309]
    assert [round(after / before, 2) for before, after in zip(new, old, strict=True)] == [0.8, 0.8]


def test_counters_only_grow_and_missions_add_up() -> None:
    robots = lively(30, scale=3)
    told: list[list[dict]] = []
    for hours in range(0, 50, 7):
        step(robots, START + hours * 3600)
        told.append([first_report(robots, row) for row in range(30)])

    for row in range(30):
        for before, after in itertools.pairwise(told):
            for name, key in (("bbrun", "nStuck"), ("bbrun", "nPicks"), ("bbrun", "nCliffsF"),
                              ("bbmssn", "nMssn"), ("bbswitch", "nBumper"), ("bbchg", "nChgOk"),
                              ("bbchg3", "hOnDock"), ("bbsys", "hr")):  # fmt: skip
                assert after[row][name][key] >= before[row][name][key], (name, key)
    for row in range(30):
        said = told[-1][row]
        ended = sum(said["bbmssn"][key] for key in ("nMssnOk", "nMssnC", "nMssnF"))
        running = said["cleanMissionStatus"]["cycle"] not in ("none", "dock", "evac")
        assert said["bbmssn"]["nMssn"] == ended + running
        assert said["cleanMissionStatus"]["nMssn"] == said["bbmssn"]["nMssn"]


def test_the_last_ten_pauses_are_told_newest_first() -> None:
    robots = fleet(1, faults=Faults(scale=300))
    codes: list[int] = []
    for hour in range(1, 40):
        order(robots, 0, "start")
        codes += [each.value for each in step(robots, START + hour * 3600)
                  if each.kind in ("error", "bin_full")]  # fmt: skip

    pauses = first_report(robots, 0)["bbpause"]["pauses"]

    assert len(pauses) == 10
    assert pauses[: len(codes)] == codes[::-1][:10]


def test_a_recharging_robot_tells_when_it_goes_on() -> None:
    robots = fleet(2)
    for row in (0, 1):
        order(robots, row, "start")
    step(robots, START + 600)
    for row in (0, 1):
        order(robots, row, "pause")
        robots.charge[row] = 160_000_000
        order(robots, row, "resume")
    for minute in range(11, 200):
        step(robots, START + minute * 60)
        if robots.phase_of(0) == robots.phase_of(1) == "charge":
            break

    newer, older = status(robots, 0), status(robots, 1)

    assert (newer["notReady"], older["notReady"]) == (15, 15)
    assert newer["rechrgTm"] > robots.tick
    assert newer["expireTm"] > 0
    assert (older["expireM"], older["rechrgM"] > 0) == (90, True)
    assert "rechrgTm" not in older


def test_the_signal_is_weaker_away_from_the_dock() -> None:
    robots = fleet()
    docked = signal(robots, 0)["rssi"]
    order(robots, 0, "start")
    away = []
    for minute in range(1, 20):
        step(robots, START + minute * 60)
        away.append(signal(robots, 0)["rssi"])

    assert max(away) <= docked
    assert min(away) < docked - 5
    assert signal(robots, 0)["noise"] == -90
    assert "noise" not in signal(fleet(2), 1)


def test_many_robots_at_once_tell_what_each_tells() -> None:
    robots = lively(60, scale=6)
    for hours in range(2, 40, 3):
        step(robots, START + hours * 3600 + 17)
        rows = np.arange(60)

        together = live_all(robots, rows)

        assert together == [live(robots, row) for row in range(60)]
        assert tell(robots, "batPct", rows) == [each["batPct"] for each in together]


def test_a_record_has_every_field_of_the_history() -> None:
    robots = fleet(2)
    for row in (0, 1):
        order(robots, row, "start")
    step(robots, START + 10 * 3600)

    for row in (0, 1):
        record = mission_record(robots, row, robots.last_logs[row])
        assert set(record) >= {
            "robot_id", "nMssn", "missionId", "startTime", "timestamp", "done", "done_raw",
            "durationM", "runM", "pauseM", "chrgM", "doneM", "chrgs", "sqft", "dirt", "evacs",
            "saves", "pauseId", "initiator", "cmd", "dockedAtStart", "eDock", "flags", "wlBars",
            "startEndWlBars", "wifiChannel", "timeline",
        }  # fmt: skip
        assert sum(record["wlBars"]) == 100
        assert ("pmaps_info" in record) == (row == 0)


@pytest.mark.parametrize("family", BY_NUMBER, ids=lambda each: each.name)
def test_a_familys_file_names_only_members_that_can_be_told(family: Family) -> None:
    assert set(family.members.change) <= set(SECTIONS)
    assert set(family.members.mission) <= set(COUNTERS)
    assert set(family.settings) <= set(SETTINGS)


def test_a_family_with_a_mistake_is_refused_with_its_key() -> None:
    said = BY_NUMBER[0].model_dump()
    said["motion"]["laps"] = 0.5

    with pytest.raises(ValueError, match=r"motion\.laps"):
        Family.model_validate(said)
