"""A finished mission as a record and as a map (robot reference, section 15)."""

from typing import Any, Final

from cloud_functions.contract.maps import mission_map
from device_sim.robot.fleet import Fleet, MissionLog
from device_sim.robot.report import signal

_SQFT_PER_M2: Final = 10.7639
_RAW: Final = {"ok": "ok", "cncl": "usrEnd", "stuck": "usrEnd", "full": "ok", "inc": "timeboxEnd"}
MAX_POINTS: Final = 4000
"""A map stays well below 120 KB."""


def mission_record(fleet: Fleet, row: int, log: MissionLog) -> dict[str, Any]:
    """The history record; durationM is runM + pauseM + chrgM."""
    run, pause, charge = (round(minutes) for minutes in log.minutes)
    path = fleet.paths[row]
    area_m2 = float(path.new_area_m2[path.vertex_at(log.along_cm)])
    bars = [0, 0, 0, 0, 0]
    bars[min(4, max(0, (signal(fleet, row)["rssi"] + 90) // 10))] = 100
    return {
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
        "chrgs": max(0, log.charges - 1),
        "sqft": int(area_m2 * _SQFT_PER_M2),
        "dirt": int(run // 15),
        "evacs": int(bool(fleet.has_base[row])),
        "pauseId": log.pause_code,
        "initiator": log.initiator or "none",
        "cmd": log.command or {"command": "start"},
        "dockedAtStart": True,
        "eDock": 1,
        "flags": 1025,
        "wlBars": bars,
        "timeline": {
            "event": [{"type": name, "ts": int(at_s)} for at_s, name in log.events],
            "finEvents": [{"type": "fin", "ts": int(log.ended_s)}],
        },
    }


def drawn(fleet: Fleet, row: int, log: MissionLog, along_cm: float) -> dict[str, Any]:
    """The map of a mission that has driven that far."""
    path = fleet.paths[row]
    last = path.vertex_at(along_cm)
    corners = _corners(path.x_cm[: last + 1].tolist(), path.y_cm[: last + 1].tolist())
    ratio = float(path.new_area_m2[last]) / path.area_m2
    return mission_map(fleet.floor_plan(row), corners[-MAX_POINTS:], log.errors, ratio)


def _corners(xs: list[float], ys: list[float]) -> list[tuple[int, int]]:
    """The points where a path turns; those on a straight line say nothing."""
    points = [(int(x), int(y)) for x, y in zip(xs, ys, strict=True)]
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
