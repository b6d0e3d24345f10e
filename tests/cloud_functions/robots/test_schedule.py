"""A weekly schedule in the forms of both firmware lines."""

import pytest

from cloud_functions.contract.api import Schedule, ScheduleEntry
from cloud_functions.errors import InvalidRequest
from cloud_functions.robots import schedule

WEEK = Schedule(
    entries=[
        ScheduleEntry(days=[1, 3], hour=9, minute=30, params={"regions": [{"region_id": "1"}]}),
        ScheduleEntry(days=[6], hour=20, minute=0, enabled=False),
    ]
)


def test_the_new_firmware_gives_back_what_it_was_given() -> None:
    assert schedule.read(schedule.write(WEEK, "i7")) == WEEK


def test_the_old_firmware_starts_at_most_once_a_day() -> None:
    twice = [ScheduleEntry(days=[1], hour=9, minute=0)] * 2

    with pytest.raises(InvalidRequest, match="family 900 starts at most once a day, day 1"):
        schedule.write(Schedule(entries=twice), "900")


@pytest.mark.parametrize("more", [{"command": "dock"}, {"params": {"twoPass": True}}])
def test_the_old_firmware_can_only_start(more) -> None:
    entry = ScheduleEntry(days=[1], hour=9, minute=0, **more)

    with pytest.raises(InvalidRequest, match="family 600 can only start, without parameters"):
        schedule.write(Schedule(entries=[entry]), "600")


def test_a_robots_schedule_is_shown_however_long_it_is() -> None:
    params = {"a": ["x" * 200] * 8}
    entry = {"start": {"day": [1], "hour": 9, "min": 0}, "cmd": {"command": "start", **params}}

    assert len(schedule.read({"cleanSchedule2": [entry] * 4}).entries) == 4


@pytest.mark.parametrize(
    "section",
    [
        {},
        {"cleanSchedule2": None},
        {"cleanSchedule2": [7, {}, {"start": {}}, {"start": {"day": [9], "hour": 1, "min": 1}}]},
        {"cleanSchedule2": [{"start": {"day": [1], "hour": 1, "min": 1}, "cmd": {"x": None}}]},
        {"cleanSchedule": 5},
        {"cleanSchedule": {"cycle": ["start"], "h": ["nine"], "m": [0]}},
        {"cleanSchedule": {"cycle": ["start"], "h": []}},
    ],
)
def test_what_a_robot_says_that_is_no_schedule_is_left_out(section) -> None:
    assert schedule.read(section).entries == []
