"""Whether a robot would start (robot reference, section 11.2)."""

import numpy as np

from device_sim.robot.fleet import Fleet, Ints
from device_sim.robot.life.plan import bin_is_full
from device_sim.robot.life.settle import charge_at
from device_sim.robot.parameters import (
    BIN_MISSING_CODE,
    CLIFF_CODE,
    FULL,
    NOT_READY_BIN_FULL,
    NOT_READY_BIN_MISSING,
    NOT_READY_CHARGE,
    NOT_READY_CLIFF,
    NOT_READY_UPDATING,
)
from device_sim.robot.phases import STANDING


def not_ready(fleet: Fleet, rows: Ints, at_s: Ints | int) -> Ints:
    """Why a start would be refused at a moment, 0 for ready."""
    charge = charge_at(fleet, rows, at_s)
    empty = charge < int(FULL * fleet.battery.start_above)
    waits = bin_is_full(fleet, rows) & ~fleet.has_base_of(rows) & fleet.is_set(rows, "binPause")
    cliff = STANDING[fleet.phase[rows]] & (fleet.error[rows] == CLIFF_CODE)
    reason = np.where(cliff, NOT_READY_CLIFF, 0)
    reason = np.where(fleet.error[rows] == BIN_MISSING_CODE, NOT_READY_BIN_MISSING, reason)
    reason = np.where(waits, NOT_READY_BIN_FULL, reason)
    reason = np.where(empty, NOT_READY_CHARGE, reason)
    return np.where(fleet.updating[rows], NOT_READY_UPDATING, reason)
