"""What the changing members of reports need of robots, computed for many rows at once."""

from typing import NamedTuple

import numpy as np

from device_sim.robot.fleet import Fleet, Ints
from device_sim.robot.life.moves import cleaned_cm2
from device_sim.robot.life.plan import bin_is_full, resume_level
from device_sim.robot.life.readiness import not_ready
from device_sim.robot.life.settle import (
    charge_at,
    on_mission,
    on_route,
    place_at,
    seconds_to_charge,
    spent,
)
from device_sim.robot.parameters import FULL
from device_sim.robot.phases import CHARGING, Cycle, cycle_code

_NO_PATH = (cycle_code(Cycle.SPOT), cycle_code(Cycle.TRAIN))


class Glance(NamedTuple):
    """One robot as it is now."""

    percent: int
    not_ready: int
    bin_full: bool
    """A full bin that waits for a person."""
    has_base: bool
    busy: bool
    """On a mission."""
    recharge_s: int
    """Until a mission goes on that waits on the dock."""
    area_cm2: int
    """Cleaned by the present mission, or by the last."""
    bin_s: int
    """Of cleaning since the bin was emptied or the tank filled."""


def glances(fleet: Fleet, rows: Ints) -> list[Glance]:
    """Robots as they are at the second the fleet has reached."""
    at_s = np.maximum(fleet.since_s[rows], fleet.tick)
    charge = charge_at(fleet, rows, at_s)
    busy = on_mission(fleet, rows)
    base = fleet.has_base_of(rows)
    columns = (
        charge // (FULL // 100),
        not_ready(fleet, rows, at_s),
        bin_is_full(fleet, rows) & ~base,
        base,
        busy,
        _recharge_s(fleet, rows, charge, busy & CHARGING[fleet.phase[rows]]),
        _area_cm2(fleet, rows, at_s, busy),
        fleet.bin_s[rows] + spent(fleet, rows, at_s - fleet.since_s[rows]).cleaned,
    )
    return [Glance(*each) for each in zip(*(column.tolist() for column in columns), strict=True)]


def glance(fleet: Fleet, row: int) -> Glance:
    """One robot."""
    return glances(fleet, np.array([row]))[0]


def _recharge_s(fleet: Fleet, rows: Ints, charge: Ints, waits: np.ndarray) -> Ints:
    wait_s = np.zeros(rows.size, dtype=np.int64)
    chosen = np.flatnonzero(waits)
    if chosen.size:
        level = resume_level(fleet, rows[chosen])
        wait_s[chosen] = seconds_to_charge(charge[chosen], level, fleet.battery)
    return wait_s


def _area_cm2(fleet: Fleet, rows: Ints, at_s: Ints, busy: np.ndarray) -> Ints:
    area = fleet.area_cm2[rows].astype(np.int64)
    chosen = np.flatnonzero(busy)
    if chosen.size:
        driven = rows[chosen]
        along = place_at(fleet, driven, at_s[chosen]).along_mm
        farthest = on_route(fleet, driven, along).farthest_mm
        routed = fleet.routes.cleaned(fleet.route[driven], farthest)
        elsewhere = np.isin(fleet.cycle[driven], _NO_PATH)
        area[chosen] = np.where(elsewhere, cleaned_cm2(fleet, driven), routed)
    return area
