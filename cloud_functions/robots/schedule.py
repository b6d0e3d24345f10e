"""Weekly schedules in the forms of the two firmware lines (robot reference, section 8)."""

import contextlib
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from cloud_functions.contract import api
from cloud_functions.contract.api import MAX_ENTRIES
from cloud_functions.contract.commands import CommandName
from cloud_functions.errors import InvalidRequest

OLD_FAMILIES: Final = frozenset({"900", "600"})
_DAYS: Final = 7


def write(wanted: api.Schedule, family: str) -> dict[str, Any]:
    """The part of `desired` that sets the schedule.

    Raises InvalidRequest where the old firmware, with one plain start a day, cannot hold it.
    """
    if family not in OLD_FAMILIES:
        return {"cleanSchedule2": [_entry(each) for each in wanted.entries]}
    cycle, hours, minutes = ["none"] * _DAYS, [9] * _DAYS, [0] * _DAYS
    for each in wanted.entries:
        if each.command is not CommandName.START or each.params:
            raise InvalidRequest(f"family {family} can only start, without parameters")
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
    """The schedule in a shadow section of either form; what a robot says otherwise is left out."""
    if "cleanSchedule2" in section:
        rows = [_read_entry(raw) for raw in _listed(section["cleanSchedule2"])]
    else:
        old = section.get("cleanSchedule")
        rows = _read_old(old) if isinstance(old, Mapping) else []
    entries = [row for row in rows if row is not None][:MAX_ENTRIES]
    return api.Schedule.model_construct(entries=entries)  # however long: it is there


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _read_old(old: Mapping[str, Any]) -> list[api.ScheduleEntry | None]:
    days = zip(*(_listed(old.get(key)) for key in ("cycle", "h", "m")), strict=False)
    return [
        _checked(days=[day], hour=hour, minute=minute)
        for day, (cycle, hour, minute) in enumerate(days)
        if cycle == "start"
    ]


def _read_entry(raw: object) -> api.ScheduleEntry | None:
    if not isinstance(raw, Mapping) or not isinstance(raw.get("start"), Mapping):
        return None
    start, said = raw["start"], raw.get("cmd")
    command = dict(said) if isinstance(said, Mapping) else {}
    return _checked(
        enabled=raw.get("enabled", True),
        days=start.get("day"),
        hour=start.get("hour"),
        minute=start.get("min"),
        command=command.pop("command", CommandName.START),
        params=command,
    )


def _checked(**members: object) -> api.ScheduleEntry | None:
    with contextlib.suppress(ValidationError):
        return api.ScheduleEntry.model_validate(members)
    return None
