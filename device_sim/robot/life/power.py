"""What cleaning draws from a battery, what a battery has left of its capacity, and its end."""

from typing import Final

import numpy as np

from device_sim.robot.chance import Purpose, uniform
from device_sim.robot.families import BY_NUMBER
from device_sim.robot.fleet import Fleet, Floats, Ints
from device_sim.robot.life.settle import seconds_of
from device_sim.robot.parameters import FULL

_DRAIN: Final = np.array([FULL / (family.battery.runtime_minutes * 60.0) for family in BY_NUMBER])
_SUCKS: Final = np.array([family.has_bin for family in BY_NUMBER])


def health(fleet: Fleet, rows: Ints) -> Floats:
    """What is left of the batteries' capacity."""
    battery = fleet.battery
    cycles = np.floor(fleet.used[rows] / FULL)
    return np.maximum(1.0 - battery.fade_per_cycle * cycles, battery.least_health)


def clean_drain(fleet: Fleet, rows: Ints) -> Floats:
    """Units of a full charge that a second of cleaning takes.

    Strong power draws more everywhere, automatic power on carpets, by the home's share of them; a
    mop has no suction to raise.
    """
    strong, auto = fleet.is_set(rows, "vacHigh"), fleet.is_set(rows, "carpetBoost")
    carpets = fleet.routes.carpet_share[fleet.home[rows]].astype(np.float64)
    boosted = np.where(strong, 1.0, np.where(auto, carpets, 0.0)) * _SUCKS[fleet.family[rows]]
    power = 1.0 + boosted * (fleet.motion.carpet_drain - 1.0)
    plain = _DRAIN[fleet.family[rows]] * fleet.battery.drain_scale
    drain: Floats = plain * power / health(fleet, rows)
    return drain


def gives_out_s(fleet: Fleet, rows: Ints) -> tuple[Ints, Ints]:
    """The few of running robots whose batteries give out before their charge says so, and when.

    That is by their places among the rows, and in how many seconds of cleaning.  The more worn a
    battery is, the likelier it does in a mission, rather late than early in it.
    """
    most = fleet.battery.gives_out * fleet.faults.scale
    share = uniform(fleet.seed, fleet.key[rows], fleet.mission_s[rows], Purpose.GIVES_OUT)
    some = np.flatnonzero(share < most * (1.0 - fleet.battery.least_health))
    likely = most * (1.0 - health(fleet, rows[some]))
    worn = share[some] < likely
    some, part = some[worn], np.sqrt(share[some][worn] / np.minimum(likely[worn], 1.0))
    chosen = rows[some]
    left_mm = (part * fleet.work_mm[chosen]).astype(np.int64) - fleet.along_mm[chosen]
    speed = np.maximum(fleet.speed_mm_s[chosen].astype(np.int64), 1)
    ahead = left_mm > 0
    return some[ahead], seconds_of(left_mm[ahead], speed[ahead])
