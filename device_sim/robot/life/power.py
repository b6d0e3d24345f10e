"""What cleaning draws from a battery, what a battery has left of its capacity, and its end."""

from typing import Final

import numpy as np

from device_sim.robot.chance import Purpose, uniform
from device_sim.robot.families import BY_NUMBER
from device_sim.robot.fleet import Fleet, Floats, Ints
from device_sim.robot.life.settle import seconds_of
from device_sim.robot.parameters import FULL
from device_sim.robot.schedule import NEVER

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


def gives_out_s(fleet: Fleet, rows: Ints, at_s: Ints, way_s: Ints) -> Ints:
    """When the batteries of running robots give out before their charge says so; NEVER for most.

    The more worn a battery is, the likelier it does in a mission, rather late than early in it;
    `way_s` is how long a robot drives to where it had stopped.
    """
    moment = np.full(rows.size, NEVER, dtype=np.int64)
    most = fleet.battery.gives_out * fleet.faults.scale
    if not most:
        return moment
    share = uniform(fleet.seed, fleet.key[rows], fleet.mission_s[rows], Purpose.GIVES_OUT)
    likely = np.minimum(most * (1.0 - health(fleet, rows)), 1.0)
    worn = np.flatnonzero(share < likely)
    if worn.size:
        chosen = rows[worn]
        part = np.sqrt(share[worn] / likely[worn])
        place = (part * fleet.work_mm[chosen]).astype(np.int64)
        left_mm = place - fleet.along_mm[chosen]
        speed = np.maximum(fleet.speed_mm_s[chosen].astype(np.int64), 1)
        then = at_s[worn] + way_s[worn] + seconds_of(left_mm, speed)
        moment[worn] = np.where(left_mm > 0, then, NEVER)
    return moment
