"""What a robot is at any moment between two facts: exact sums of whole numbers.

Every function here is additive: ten seconds and then twenty are the same as thirty.
"""

from typing import NamedTuple

import numpy as np

from device_sim.robot.fleet import Bools, Fleet, Ints
from device_sim.robot.parameters import FULL, Battery
from device_sim.robot.phases import CHARGING, HOMING, RUNNING, STANDING, TASK_OF, Task
from device_sim.robot.returns import Stroke, stroke
from device_sim.robot.routes import Small


class Spent(NamedTuple):
    """How rows spend a span, in seconds each."""

    travelled: Ints
    """Driving without cleaning."""
    cleaned: Ints
    stood: Ints
    docked: Ints
    """On the dock and charging."""


def travel_mm_s(fleet: Fleet) -> int:
    """The cruise speed."""
    return round(fleet.motion.travel_cm_s * 10)


def seconds_of(way_mm: Ints, speed_mm_s: Ints | int) -> Ints:
    """Whole seconds to drive a way."""
    result: Ints = -(-way_mm // speed_mm_s)
    return result


def spent(fleet: Fleet, rows: Ints, elapsed_s: Ints) -> Spent:
    """The parts of a span, by phase; a robot that runs first drives to where it had stopped."""
    phase = fleet.phase[rows]
    running, homing = RUNNING[phase], HOMING[phase]
    way_s = seconds_of(fleet.left_mm[rows].astype(np.int64), travel_mm_s(fleet))
    travelled = np.where(running, np.minimum(elapsed_s, way_s), np.where(homing, elapsed_s, 0))
    return Spent(
        travelled,
        np.where(running, elapsed_s - travelled, 0),
        np.where(STANDING[phase], elapsed_s, 0),
        np.where(CHARGING[phase], elapsed_s, 0),
    )


def idle_drain(battery: Battery) -> int:
    """Off the dock, in units a second."""
    return int(FULL * battery.idle_drain * battery.drain_scale)


def travel_drain(fleet: Fleet, drain: Ints) -> Ints:
    """While driving without cleaning, from the drain of cleaning."""
    return drain * int(fleet.battery.travel_share * 1000) // 1000


def charged(charge: Ints, elapsed_s: Ints, battery: Battery) -> Ints:
    """The charge after a while on the dock: fast to a knot, slower to the next, then full."""
    left = elapsed_s.copy()
    charge = charge.copy()
    for knot, gain in _curve(battery):
        need = np.maximum(seconds_of(knot - charge, gain), 0)
        part = np.minimum(left, need)
        charge = np.where(charge < knot, np.minimum(charge + part * gain, knot), charge)
        left -= part
    return charge


def seconds_to_charge(charge: Ints, level: Ints, battery: Battery) -> Ints:
    """How long until the charge is at least that; 0 when it is."""
    total = np.zeros_like(charge)
    for knot, gain in _curve(battery):
        goal = np.minimum(level, knot)
        total += np.maximum(seconds_of(goal - charge, gain), 0)
        charge = np.maximum(charge, goal)
    return total


def _curve(battery: Battery) -> list[tuple[int, int]]:
    knots = (int(FULL * share) for share in battery.charge_knots)
    gains = (int(FULL * share) for share in battery.charge_gains)
    return list(zip(knots, gains, strict=True))


def _used(fleet: Fleet, rows: Ints, parts: Spent) -> Ints:
    drain = fleet.drain[rows].astype(np.int64)
    used = parts.cleaned * drain + parts.travelled * travel_drain(fleet, drain)
    used += parts.stood * idle_drain(fleet.battery)
    return np.minimum(used, fleet.charge[rows])


def charge_at(fleet: Fleet, rows: Ints, at_s: Ints | int) -> Ints:
    """The charge of rows at a moment from their last fact to their next."""
    elapsed = np.maximum(at_s - fleet.since_s[rows], 0)
    parts = spent(fleet, rows, elapsed)
    charge = fleet.charge[rows].astype(np.int64) - _used(fleet, rows, parts)
    docked = np.flatnonzero(parts.docked)
    if docked.size:
        charge[docked] = charged(charge[docked], elapsed[docked], fleet.battery)
    return charge


def percent(fleet: Fleet, rows: Ints) -> Ints:
    """The charge of rows now, in whole percent."""
    result: Ints = charge_at(fleet, rows, fleet.tick) // (FULL // 100)
    return result


class Place(NamedTuple):
    """How far rows have come at a moment."""

    along_mm: Ints
    """Of the mission's way, returns and stands counted; `on_route` says where that is."""
    left_mm: Ints


def on_route(fleet: Fleet, rows: Ints, along_mm: Ints | Small) -> Stroke:
    """Where on their routes rows are that have driven that far."""
    return stroke(along_mm.astype(np.int64), fleet.stretch_mm[rows].astype(np.int64))


def way_home_mm(fleet: Fleet, rows: Ints, along_mm: Ints | Small) -> Ints:
    """From there to the dock."""
    return fleet.routes.way_home(fleet.route[rows], on_route(fleet, rows, along_mm).place_mm)


def place_at(fleet: Fleet, rows: Ints, at_s: Ints | int) -> Place:
    """Where rows are at a moment from their last fact to their next."""
    parts = spent(fleet, rows, np.maximum(at_s - fleet.since_s[rows], 0))
    return _place(fleet, rows, parts)


def _place(fleet: Fleet, rows: Ints, parts: Spent) -> Place:
    along = fleet.along_mm[rows] + parts.cleaned * fleet.speed_mm_s[rows]
    left = fleet.left_mm[rows] - parts.travelled * travel_mm_s(fleet)
    return Place(np.minimum(along, fleet.work_mm[rows]), np.maximum(left, 0))


def on_mission(fleet: Fleet, rows: Ints) -> Bools:
    """Whether rows are on a mission."""
    result: Bools = TASK_OF[fleet.cycle[rows]] == Task.MISSION
    return result


def settle(fleet: Fleet, rows: Ints, at_s: Ints) -> None:
    """Bring rows to a moment: every sum is as if each second had been lived by itself."""
    elapsed = at_s - fleet.since_s[rows]
    if not elapsed.any():
        return
    parts = spent(fleet, rows, elapsed)
    busy = on_mission(fleet, rows)
    used = _used(fleet, rows, parts)
    charge = fleet.charge[rows] - used
    docked = np.flatnonzero(parts.docked)
    if docked.size:
        charge[docked] = charged(charge[docked], elapsed[docked], fleet.battery)
    place = _place(fleet, rows, parts)
    driven = parts.travelled + parts.cleaned
    fleet.charge[rows] = charge
    fleet.used[rows] += used
    fleet.along_mm[rows] = place.along_mm
    fleet.left_mm[rows] = place.left_mm
    fleet.run_s[rows] += np.where(busy, driven, 0).astype(np.int32)
    fleet.life_run_s[rows] += driven.astype(np.int32)
    fleet.bin_s[rows] += parts.cleaned.astype(np.int32)
    fleet.docked_s[rows] += parts.docked.astype(np.int32)
    waited = busy & (driven == 0)
    fleet.pause_s[rows] += np.where(waited & (parts.docked == 0), elapsed, 0).astype(np.int32)
    fleet.charge_s[rows] += np.where(waited & (parts.docked > 0), elapsed, 0).astype(np.int32)
    fleet.since_s[rows] = at_s
