"""A finished mission as a record and as a map (robot reference, section 15)."""

from itertools import groupby
from typing import Any, Final

import numpy as np

from cloud_functions.contract.maps import mission_map
from device_sim.robot.chronicle import MissionLog
from device_sim.robot.coverage import Leg
from device_sim.robot.fleet import Fleet
from device_sim.robot.telling import identity
from device_sim.robot.telling.diary import mission_id
from device_sim.robot.telling.lifetime import square_feet
from device_sim.robot.telling.wireless import histogram, rssi_dbm

_RAW: Final = {
    "ok": "ok", "cncl": "usrEnd", "stuck": "usrEnd", "full": "ok", "inc": "timeboxEnd",
    "bat": "batcncl",
}  # fmt: skip
_TIMELINE: Final = {
    "run": "traversal", "hmMidMsn": "travel", "hmPostMsn": "travel", "hmUsrDock": "travel",
    "charge": "charge", "evac": "evac", "stuck": "error", "stop": "pause",
    "chargingerror": "error",
}  # fmt: skip
_AT_DOCK: Final = ("ok", "full")
MAX_POINTS: Final = 4000
"""A map stays well below 120 KB."""
_MAX_TIMELINE: Final = 60


def mission_record(fleet: Fleet, row: int, log: MissionLog) -> dict[str, Any]:
    """The history record; durationM is runM + pauseM + chrgM."""
    run, pause, charge = (round(minutes) for minutes in log.minutes)
    said: dict[str, Any] = {
        "robot_id": fleet.specs[row].thing,
        "nMssn": log.number,
        "missionId": log.mission_id,
        "startTime": int(log.started_s),
        "timestamp": int(log.ended_s),
        "done": log.done,
        "done_raw": _RAW[log.done],
        "durationM": run + pause + charge,
        "runM": run,
        "pauseM": pause,
        "chrgM": charge,
        "doneM": run,
        "chrgs": log.charges,
        "sqft": square_feet(log.area_m2),
        "dirt": int(run * fleet.families[row].counters.get("nScrubs", 0.0) // 60),
        "evacs": log.evacuations,
        "saves": int(fleet.families[row].has_map and log.done == "ok"),
        "pauseId": log.pause_code,
        "initiator": log.initiator or "none",
        "cmd": log.command or {"command": "start"},
        "dockedAtStart": log.docked_at_start,
        "eDock": int(log.done in _AT_DOCK),
        "flags": 1025,
        **_bars(fleet, row, log),
        "wifiChannel": 1 + int(fleet.key[row]) % 11,
        "timeline": _timeline(fleet, row, log),
    }
    if fleet.families[row].has_map:
        said["pmaps_info"] = [
            {"pmap_id": identity.map_id(fleet, row), "pmapv_id": identity.map_version(fleet, row)}
        ]
    return said


def missed_record(fleet: Fleet, row: int, reason: int, at_s: float) -> dict[str, Any]:
    """The record of a scheduled start that could not be (section 8); `reason` as notReady says."""
    number = int(fleet.missions[row])
    return {
        "robot_id": fleet.specs[row].thing,
        "nMssn": number,
        "missionId": mission_id(fleet, row, number, int(at_s)),
        "startTime": int(at_s),
        "timestamp": int(at_s),
        "done": "schErr",
        "done_raw": "busy" if reason == 0 else "batcncl",
        **dict.fromkeys(("durationM", "runM", "pauseM", "chrgM", "doneM", "chrgs", "sqft"), 0),
        "pauseId": 0,
        "initiator": "schedule",
        "cmd": {"command": "start"},
        "notReady": reason,
    }


def _bars(fleet: Fleet, row: int, log: MissionLog) -> dict[str, Any]:
    """Histograms of Wi-Fi bars: on the way driven, where it began and where it ended (16.5)."""
    route = fleet.routes.route(log.route)
    way = slice(route.vertex_at(log.along_cm) + 1)
    x_cm, y_cm = route.x_cm[way].astype(np.float64), route.y_cm[way].astype(np.float64)
    rssi = rssi_dbm(float(fleet.wifi_dbm[row]), np.sqrt(x_cm * x_cm + y_cm * y_cm) / 100)
    took = np.diff(route.along_cm[way], prepend=0)
    last = rssi[:1] if log.done in _AT_DOCK else rssi[-1:]
    return {
        "wlBars": histogram(rssi, took + 1e-6),
        "startEndWlBars": [histogram(each, np.ones(1)) for each in (rssi[:1], last)],
    }


def _timeline(fleet: Fleet, row: int, log: MissionLog) -> dict[str, Any]:
    """What happened when: phases as they began, rooms at the end."""
    ends = [*(at_s for at_s, _ in log.events[1:]), log.ended_s]
    finished: list[dict[str, Any]] = [{"type": "start", "ts": int(log.started_s)}]
    for (at_s, phase), until_s in zip(log.events, ends, strict=False):
        entry = {"type": _TIMELINE[phase], "ts": int(at_s), "ets": int(until_s)}
        if phase.startswith("hm"):
            reason = 0 if phase == "hmMidMsn" else 1
            entry = {**entry, "destination": {"type": "dock"}, "reason": reason}
        finished.append(entry)
    finished = finished[-_MAX_TIMELINE:]
    finished += _rooms(fleet, row, log)
    return {
        "plan": {"rooms": list(fleet.routes.rooms(log.route))},
        "event": [{"type": name, "ts": int(at_s)} for at_s, name in log.events],
        "finEvents": [*finished, {"type": "fin", "ts": int(log.ended_s)}],
    }


def _rooms(fleet: Fleet, row: int, log: MissionLog) -> list[dict[str, Any]]:
    """The rooms that were asked for, each with what was cleaned of it; status 0 is finished."""
    asked_for = fleet.routes.rooms(log.route)
    if not asked_for:
        return []
    route = fleet.routes.route(log.route)
    last, count = route.vertex_at(log.along_cm), len(route.place.rooms)
    gained = np.diff(route.new_area_m2, prepend=0)
    whole_m2 = np.bincount(route.room, gained, count)
    cleaned_m2 = np.bincount(route.room[: last + 1], gained[: last + 1], count)
    passes = np.full(count, 1)
    passes[route.room[: last + 1][route.leg[: last + 1] == Leg.SECOND]] = 2
    number = {room.id: place for place, room in enumerate(route.place.plan.rooms)}
    known = {
        "pmapId": identity.map_id(fleet, row),
        "pmapvId": identity.map_version(fleet, row),
    }
    found: list[dict[str, Any]] = []
    for room in asked_for:
        place = number.get(room)
        area, total, times = (
            (0.0, 0.0, 1)
            if place is None
            else (float(cleaned_m2[place]), float(whole_m2[place]), int(passes[place]))
        )
        found.append(
            {
                "type": "room",
                "ts": int(log.ended_s),
                "rid": room,
                **known,
                "area": square_feet(area),
                "totalArea": square_feet(total),
                "passCount": times,
                "status": int(area < total),
            }
        )
    return found


def drawn(fleet: Fleet, row: int, log: MissionLog, along_cm: float) -> dict[str, Any]:
    """The map of a mission that has come that far; the share covered is of the floor it can."""
    route = fleet.routes.route(log.route) if log.mission_id else fleet.path(row)
    last = route.vertex_at(along_cm)
    corners = turning_points(route.x_cm[: last + 1].tolist(), route.y_cm[: last + 1].tolist())
    ratio = min(float(route.new_area_m2[last]) / max(route.floor_m2, 1e-9), 1.0)
    return mission_map(fleet.floor_plan(row), corners[-MAX_POINTS:], log.errors, ratio)


def turning_points(xs: list[float], ys: list[float]) -> list[tuple[int, int]]:
    """The points where a path turns; those on a straight line say nothing."""
    told = ((int(x), int(y)) for x, y in zip(xs, ys, strict=True))
    points = [point for point, _ in groupby(told)]
    if len(points) < 3:  # noqa: PLR2004  a line has no corner
        return points
    kept = [points[0]]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        straight = (here[0] - before[0]) * (after[1] - here[1]) == (here[1] - before[1]) * (
            after[0] - here[0]
        )
        ahead = (here[0] - before[0]) * (after[0] - here[0]) + (here[1] - before[1]) * (
            after[1] - here[1]
        )
        if not straight or ahead < 0:
            kept.append(here)
    return [*kept, points[-1]]
