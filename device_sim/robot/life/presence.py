"""Whether somebody is there to help: people sleep, work, and go on holiday.

Holidays need no column: time is cut into stretches, each household has its own beginning of them,
and in each stretch it leaves once, at a moment and for a time that are drawn from the stretch's
number.
"""

from typing import Final, NamedTuple

import numpy as np

from device_sim.robot.chance import Purpose, hashed
from device_sim.robot.fleet import Bools, Fleet, Floats, Ints
from device_sim.robot.households.traits import WORKING
from device_sim.robot.schedule import DAY_S, SATURDAY, SUNDAY, weekday

_STRETCH_S: Final = 128 * DAY_S
"""[E] One journey in that time: of five days, where a household is away on 4 % of them."""
_LONGEST: Final = 0.9
"""Of a stretch."""
_SHARES: Final = 255.0
"""What the column counts."""
_HALF: Final = np.uint64(32)
_LOW: Final = np.uint64(0xFFFFFFFF)
_TO_UNIT: Final = 2.0**-32
"""Two draws from one hash."""
_HOUR_S: Final = 3600
_UP_S, _TO_BED_S = 7 * _HOUR_S, 23 * _HOUR_S
"""[E] In the night nobody looks."""
_OUT_S, _BACK_S = 8 * _HOUR_S, 17 * _HOUR_S + 1800
"""[E] Working hours, with the way."""
_LOOKS_WITHIN_S: Final = 2700
"""[E] Who comes home or gets up finds the robot within that time."""


class _Around(NamedTuple):
    """Where people are at the moments of rows; where none holds they are at home."""

    asleep: Bools
    out: Bools
    back_s: Ints
    """Seconds until they are up, or back from work; 0 when they are at home."""


def away_until(fleet: Fleet, rows: Ints, at_s: Ints) -> Ints:
    """When those who are on holiday at their moments come back; 0 for all others."""
    share = fleet.away[rows] / _SHARES
    if not fleet.habits.presence or not share.any():
        return np.zeros(rows.size, dtype=np.int64)
    key = fleet.key[rows]
    shifted = at_s + (key % np.uint64(_STRETCH_S)).astype(np.int64)
    stretch, within = shifted // _STRETCH_S, shifted % _STRETCH_S
    bits = hashed(fleet.seed, key, stretch, Purpose.AWAY)
    longer = 0.5 + (bits >> _HALF) * _TO_UNIT
    lasts = (np.minimum(share * longer, _LONGEST) * _STRETCH_S).astype(np.int64)
    leaves = ((bits & _LOW) * _TO_UNIT * (_STRETCH_S - lasts)).astype(np.int64)
    gone = (leaves <= within) & (within < leaves + lasts)
    return np.where(gone, at_s + leaves + lasts - within, 0)


def _around(fleet: Fleet, rows: Ints, at_s: Ints) -> _Around:
    local_s = at_s + fleet.zones.offset(fleet.zone[rows], at_s)
    day, second = local_s // DAY_S, local_s % DAY_S
    of_week = weekday(day)
    works = ((fleet.traits[rows] & WORKING) != 0) & (of_week != SATURDAY) & (of_week != SUNDAY)
    asleep = (second < _UP_S) | (second >= _TO_BED_S)
    out = works & (second >= _OUT_S) & (second < _BACK_S)
    back = np.where(asleep, (_UP_S - second) % DAY_S, np.where(out, _BACK_S - second, 0))
    return _Around(asleep, out, back)


def at_home(fleet: Fleet, rows: Ints, at_s: Ints) -> Bools:
    """Whether somebody is at home and awake."""
    if not fleet.habits.presence:
        return np.ones(rows.size, dtype=np.bool_)
    around = _around(fleet, rows, at_s)
    there: Bools = (around.back_s == 0) & (away_until(fleet, rows, at_s) == 0)
    return there


def help_share(fleet: Fleet, rows: Ints, at_s: Ints) -> Floats:
    """How likely a robot that calls for help at a moment gets it before its mission is dropped."""
    faults = fleet.faults
    share = np.full(rows.size, faults.helped_share)
    if not fleet.habits.presence:
        return share
    around = _around(fleet, rows, at_s)
    share[around.asleep] *= faults.helped_asleep
    share[around.out] *= faults.helped_out
    share[away_until(fleet, rows, at_s) != 0] = 0.0
    return share


def when_somebody_comes(fleet: Fleet, rows: Ints, at_s: Ints) -> Ints:
    """A moment at which a person would act, or the next one at which somebody is there to."""
    if not fleet.habits.presence:
        return at_s
    soon = at_s % _LOOKS_WITHIN_S
    back_s = away_until(fleet, rows, at_s)
    moment = np.where(back_s > 0, back_s + soon, at_s)
    wait = _around(fleet, rows, moment).back_s
    return np.where(wait > 0, moment + wait + soon, moment)
