"""Weekly schedules in the forms of the two firmware lines (robot reference, section 8)."""

from collections.abc import Mapping
from typing import Any, Final

from cloud_functions.contract import api
from cloud_functions.errors import InvalidRequest

OLD_FAMILIES: Final = frozenset({"900", "600"})
_DAYS: Final = 7


def write(wanted: api.Schedule, family: str) -> dict[str, Any]:
    """The part of `desired` that sets the schedule.

    Raises InvalidRequest where the old firmware, with one start a day, cannot hold it.
    """
    if family not in OLD_FAMILIES:
        return {"cleanSchedule2": [_entry(each) for each in wanted.entries]}
    cycle, hours, minutes = ["none"] * _DAYS, [9] * _DAYS, [0] * _DAYS
    for each in wanted.entries:
        for day in each.days:
            if cycle[day] == "start":
                raise InvalidRequest(f"family {family} starts at most once a day, day {day}")
            cycle[day] = "start" if each.enabled else "none"
            hours[day], minutes[day] = each.hour, each.minute
    return {"cleanSchedule": {"cycle": cycle, "h": hours, "m": minutes}}


def _entry(each: api.ScheduleEntry) -> dict[str, Any]:
    return {
        "enabled": each.enabled,
        "type": 0,
        "start": {"day": each.days, "hour": each.hour, "min": each.minute},
        "cmd": {"command": each.command.value, **each.params},
    }


def read(section: Mapping[str, Any]) -> api.Schedule:
    """The schedule in a shadow section of either form."""
    if "cleanSchedule2" in section:
        return api.Schedule(entries=[_read_entry(raw) for raw in section["cleanSchedule2"]])
    old = section.get("cleanSchedule") or {"cycle": [], "h": [], "m": []}
    rows = zip(old["cycle"], old["h"], old["m"], strict=True)
    return api.Schedule(
        entries=[
            api.ScheduleEntry(days=[day], hour=hour, minute=minute)
            for day, (cycle, hour, minute) in enumerate(rows)
            if cycle == "start"
        ]
    )


def _read_entry(raw: Mapping[str, Any]) -> api.ScheduleEntry:
    start, command = raw["start"], dict(raw.get("cmd") or {"command": "start"})
    name = command.pop("command")
    return api.ScheduleEntry(
        enabled=bool(raw.get("enabled", True)),
        days=list(start["day"]),
        hour=start["hour"],
        minute=start["min"],
        command=name,
        params=command,
    )
