"""How a robot goes back over what it has just cleaned, again and again along its route.

It cleans a stretch, turns round, goes back a little, turns again, and cleans on: over dirt that its
sensors felt, or to find its line again.  The shorter the stretches, the longer a mission.  All are
whole millimetres; what is driven is counted as time at cruise speed, turns included.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from device_sim.robot.parameters import CRUISE_MM_S, Standing

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

BACK_MM: Final = Standing().back_mm
TURN_MM: Final = 180 * CRUISE_MM_S // Standing().turn_deg_s
"""What a turn round takes."""
NEVER_MM: Final = 1_000_000_000
"""A stretch as long as any route: a robot that never goes back."""
_LEAST_MM: Final = BACK_MM + 500
"""A stretch that still leads on."""


class Stroke(NamedTuple):
    """A place within a stretch and the way back from its end."""

    place_mm: Ints
    """On the route."""
    farthest_mm: Ints
    """How far along the route the robot has been."""
    turned_deg: Floats
    """From the route's direction; 180 on the way back."""


def stretch_mm(laps: Floats) -> Ints:
    """The stretch between two returns with which a route takes `laps` times as long."""
    with np.errstate(divide="ignore"):
        wanted = (BACK_MM * laps + (BACK_MM + 2 * TURN_MM)) / np.maximum(laps - 1.0, 0.0)
    return np.rint(np.clip(wanted, _LEAST_MM, NEVER_MM)).astype(np.int64)


def stroke(along_mm: Ints, stretch: Ints) -> Stroke:
    """Where a robot is on a route of any length after driving so much of it."""
    done, rest = np.divmod(along_mm, stretch + (BACK_MM + 2 * TURN_MM))
    begin = done * (stretch - BACK_MM)
    forth = np.minimum(rest, stretch)
    back = np.clip(rest - stretch - TURN_MM, 0, BACK_MM)
    before = np.where(done > 0, begin + BACK_MM, 0)
    turned = np.clip(rest - stretch, 0, TURN_MM)
    turned -= np.clip(rest - stretch - TURN_MM - BACK_MM, 0, TURN_MM)
    turned_deg = turned.astype(np.float64) * (180.0 / TURN_MM)
    return Stroke(begin + forth - back, np.maximum(begin + forth, before), turned_deg)


def driven_mm(place_mm: Ints, stretch: Ints) -> Ints:
    """What is driven until a place on the route is reached for the first time."""
    returns = np.maximum(-((stretch - place_mm) // (stretch - BACK_MM)), 0)
    result: Ints = place_mm + returns * (2 * BACK_MM + 2 * TURN_MM)
    return result
