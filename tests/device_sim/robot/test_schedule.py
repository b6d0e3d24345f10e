"""Schedules: local minutes of some days, through changes of the clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim.robot.parameters import Habits
from device_sim.robot.phases import Phase
from device_sim.robot.schedule import NEVER, next_start
from device_sim.robot.settings import apply_settings, listed, weekly
from device_sim.robot.step import Kind, step
from tests.device_sim.robot.fleets import DAY_S, START, ZONES, fleet, lively, order

BERLIN, NEW_YORK = 1, 2
EVERY_DAY = 127


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def starts(zone: int, days: int, minute: int, after: str, count: int) -> list[str]:
    found, at_s = [], np.array([utc(after)])
    for _ in range(count):
        at_s = next_start(ZONES, np.array([zone]), np.array([days]), np.array([minute]), at_s)
        found.append(datetime.fromtimestamp(int(at_s[0]), UTC).strftime("%m-%d %H:%M"))
    return found


def test_a_local_minute_moves_in_utc_when_the_clock_changes() -> None:
    assert starts(BERLIN, EVERY_DAY, 540, "2024-03-29T12:00", 3) == [
        "03-30 08:00", "03-31 07:00", "04-01 07:00",
    ]  # fmt: skip
    assert starts(NEW_YORK, EVERY_DAY, 540, "2024-11-01T20:00", 3) == [
        "11-02 13:00", "11-03 14:00", "11-04 14:00",
    ]  # fmt: skip


def test_a_minute_that_the_clock_skips_fires_when_it_would_have_been() -> None:
    assert starts(BERLIN, EVERY_DAY, 150, "2024-03-30T12:00", 2) == ["03-31 01:30", "04-01 00:30"]
    assert starts(NEW_YORK, EVERY_DAY, 150, "2024-03-09T12:00", 2) == ["03-10 07:30", "03-11 06:30"]


def test_a_minute_that_comes_twice_fires_once() -> None:
    assert starts(BERLIN, EVERY_DAY, 150, "2024-10-26T12:00", 2) == ["10-27 00:30", "10-28 01:30"]


def test_days_of_the_week_are_counted_from_sunday_in_local_time() -> None:
    sunday, saturday = 1, 1 << 6
    late = 23 * 60 + 30

    assert starts(NEW_YORK, sunday, late, "2024-06-01T00:00", 2) == ["06-03 03:30", "06-10 03:30"]
    assert starts(BERLIN, saturday, 15, "2024-06-01T00:00", 1) == ["06-07 22:15"]


def test_a_schedule_without_days_never_fires() -> None:
    assert next_start(ZONES, np.array([1]), np.array([0]), np.array([9]), np.array([5]))[0] == NEVER


@given(
    zone=st.sampled_from([(1, "Europe/Berlin"), (2, "America/New_York")]),
    days=st.integers(1, 127),
    minute=st.integers(0, 1439),
    after_s=st.integers(utc("2024-01-02T00:00"), utc("2024-12-20T00:00")),
)
def test_the_next_start_is_the_first_wall_clock_moment_of_the_schedule(
    zone, days, minute, after_s
) -> None:
    number, name = zone
    found = int(
        next_start(
            ZONES, np.array([number]), np.array([days]), np.array([minute]), np.array([after_s])
        )[0]
    )

    wall = datetime.fromtimestamp(found, ZoneInfo(name))
    assert after_s < found <= after_s + 8 * DAY_S
    assert days >> (wall.isoweekday() % 7) & 1
    shown = wall.hour * 60 + wall.minute
    assert shown == minute or shown == minute + 60  # skipped by the clock


def test_a_robot_starts_by_its_schedule_and_says_so() -> None:
    robots = lively(1, first=3, habits=Habits())
    robots.days[:], robots.minute[:] = EVERY_DAY, 1300
    robots.schedule_s[:] = robots.since_s

    happened = step(robots, START + DAY_S)

    started = [each for each in happened if each.kind is Kind.MISSION_STARTED]
    assert len(started) == 1
    assert (int(started[0].at_s) // 60) % 1440 == 1300
    assert robots.log(0).initiator == "schedule"


def test_a_schedule_on_hold_is_silent_and_a_busy_robot_misses_its_start() -> None:
    robots = fleet(2)
    minute = int(START) // 60 % 1440 + 30
    start = {"day": list(range(7)), "hour": minute // 60 % 24, "min": minute % 60}
    for row in (0, 1):
        entry = {"enabled": True, "type": 0, "start": start, "cmd": {"command": "start"}}
        apply_settings(robots, row, {"cleanSchedule2": [entry]})
    apply_settings(robots, 0, {"schedHold": True})
    order(robots, 1, "start")

    happened = step(robots, START + 3600)

    assert [(each.row, each.value) for each in happened if each.kind is Kind.START_MISSED] == [
        (1, 0)
    ]
    assert robots.phase_of(0) is Phase.CHARGE
    assert robots.missions[0] == 0


def test_a_week_of_the_900_has_an_hour_for_each_day() -> None:
    raw = {"cycle": ["none", "start", *["none"] * 4, "start"], "h": [9] * 7, "m": [0, 30, *[0] * 5]}

    assert weekly(raw) == [(1 << 1, 570), (1 << 6, 540)]


@pytest.mark.parametrize(
    "raw", [None, 7, [], {}, {"cycle": ["start"] * 7, "h": [9] * 6, "m": [0] * 7}]
)
def test_what_is_no_week_is_ignored(raw) -> None:
    assert weekly(raw) is None


def test_an_entry_without_type_or_command_is_dropped_silently() -> None:
    start = {"day": [1, 3], "hour": 9, "min": 15}
    whole = {"enabled": True, "type": 0, "start": start, "cmd": {"command": "start"}}

    assert listed([whole]) == [(0b1010, 555)]
    assert listed([{**whole, "enabled": False}]) == []
    for missing in ("type", "cmd", "start"):
        assert listed([{key: value for key, value in whole.items() if key != missing}]) == []
    assert listed([{**whole, "start": {**start, "hour": 24}}, 5, None]) == []
    assert listed("daily") is None


def test_an_owners_schedule_and_time_zone_move_the_next_start() -> None:
    robots = lively(1, habits=Habits())
    raw = {"cycle": ["start"] * 7, "h": [9] * 7, "m": [0] * 7}

    apply_settings(robots, 0, {"cleanSchedule": raw, "timezone": "America/New_York"})

    assert robots.schedule_s[0] % DAY_S == 14 * 3600
    apply_settings(robots, 0, {"timezone": "Mars/Olympus"})
    assert robots.schedule_s[0] % DAY_S == 14 * 3600
