"""What an owner's settings change in a robot's behaviour (robot reference, section 8)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from device_sim.robot.fleet import SETTING_BIT, Fleet
from device_sim.robot.life.plan import plan
from device_sim.robot.life.settle import settle

_DAYS: Final = 7
_MINUTES: Final = 24 * 60
MAX_ENTRIES: Final = 28
"""Entries of a schedule that are kept; four a day."""

Entries = Sequence[tuple[int, int]]
"""Day masks, bit 0 for Sunday, and minutes of the day."""


def settle_row(fleet: Fleet, row: int) -> None:
    """Bring one robot to the present second, so that something may happen to it."""
    rows = np.array([row])
    settle(fleet, rows, np.maximum(fleet.since_s[rows], fleet.tick))


def apply_settings(fleet: Fleet, row: int, wanted: Mapping[str, Any]) -> None:
    """Let settings that were accepted have their effect; a mission under way keeps its own."""
    bits = int(fleet.settings[row])
    for name, value in wanted.items():
        if name in SETTING_BIT and isinstance(value, bool):
            bits = bits | SETTING_BIT[name] if value else bits & ~SETTING_BIT[name]
    fleet.settings[row] = bits
    entries: Entries | None = None
    if "cleanSchedule" in wanted:
        entries = weekly(wanted["cleanSchedule"])
    if "cleanSchedule2" in wanted:
        entries = listed(wanted["cleanSchedule2"])
    zone = wanted.get("timezone")
    moved = isinstance(zone, str) and zone in fleet.zones.names
    if moved:
        fleet.zone[row] = fleet.zones.names.index(zone)
    if entries is not None:
        fleet.days[row] = 0
        fleet.own_schedules[row] = tuple(entries)
    if entries is not None or moved:
        settle_row(fleet, row)
        fleet.schedule_s[row] = fleet.since_s[row]
        plan(fleet, np.array([row]))


def weekly(raw: Any) -> Entries | None:
    """The entries of a `cleanSchedule`, three lists of seven, Sunday first; else None."""
    if not isinstance(raw, Mapping):
        return None
    lists = [raw.get(name) for name in ("cycle", "h", "m")]
    if not all(isinstance(each, list) and len(each) == _DAYS for each in lists):
        return None
    cycles, hours, minutes = lists
    found: list[tuple[int, int]] = []
    for day, (cycle, hour, minute) in enumerate(
        zip(cycles or (), hours or (), minutes or (), strict=True)
    ):
        at = _minute(hour, minute)
        if cycle == "start" and at is not None:
            found.append((1 << day, at))
    return found


def listed(raw: Any) -> Entries | None:
    """The entries of a `cleanSchedule2`; one without `type` and `cmd` is dropped silently."""
    if not isinstance(raw, list):
        return None
    found: list[tuple[int, int]] = []
    for entry in raw[:MAX_ENTRIES]:
        if not isinstance(entry, Mapping) or "type" not in entry or "cmd" not in entry:
            continue
        start = entry.get("start")
        if not entry.get("enabled") or not isinstance(start, Mapping):
            continue
        days = start.get("day")
        at = _minute(start.get("hour"), start.get("min"))
        if not isinstance(days, list) or at is None:
            continue
        mask = sum({1 << day for day in days if isinstance(day, int) and 0 <= day < _DAYS})
        found.append((mask, at))
    return found


def told(days: int, minute: int, wanted: str) -> Any:
    """A schedule as it is reported: `cleanSchedule`, or `cleanSchedule2` (section 8)."""
    hour, within = divmod(minute, 60)
    chosen = [day for day in range(_DAYS) if days >> day & 1]
    if wanted == "cleanSchedule":
        cycles = ["start" if day in chosen else "none" for day in range(_DAYS)]
        return {"cycle": cycles, "h": [hour] * _DAYS, "m": [within] * _DAYS}
    entry = {
        "enabled": True,
        "type": 0,
        "start": {"day": chosen, "hour": hour, "min": within},
        "cmd": {"command": "start"},
    }
    return [entry]


def _minute(hour: Any, minute: Any) -> int | None:
    if not isinstance(hour, int) or not isinstance(minute, int):
        return None
    at = hour * 60 + minute
    return at if 0 <= at < _MINUTES else None
