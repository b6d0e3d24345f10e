"""When a schedule next fires: a local minute of some days of the week, in the owner's time zone.

A schedule is three columns: a bit mask of days (bit 0 is Sunday, section 8), the minute of the day
and the number of a zone.  A zone is a row of two small tables: the seconds at which its offset from
UTC changes, and the offset that holds from then on.  Daylight saving is nothing but such a change.
A minute that the clock skips fires when it would have been; one that comes twice fires once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
DAY_S: Final = 86_400
_EPOCH_WEEKDAY: Final = 4
"""1 January 1970 was a Thursday; Sunday is 0."""
NEVER: Final = 1 << 62
_DAYS: Final = 7
SUNDAY, SATURDAY = 0, 6
"""Days of the week, by their number."""
_LEAST: Final = -(1 << 62)
_SPAN_BITS: Final = 20
"""Of the seconds in a span of `_Spans`: twelve days, in which no clock is changed twice."""


class _Spans(NamedTuple):
    """Spans of equal length over all changes: how many of them a zone has behind it."""

    first: int
    behind: npt.NDArray[np.int16]
    """[span, zone], when the span begins."""
    next_s: Ints
    """[zone, n]: the change after the n-th."""


@dataclass(frozen=True, eq=False)
class Zones:
    """Time zones: `since_s[zone, n]` is when `offset_s[zone, n]` begins to hold.

    Each row ascends; a row with fewer changes is filled with NEVER.
    """

    names: Sequence[str]
    since_s: Ints
    offset_s: npt.NDArray[np.int32]

    def offset(self, zone: npt.NDArray[np.integer], at_s: Ints) -> Ints:
        """Seconds to add to UTC, for each zone at its moment."""
        if self.since_s.shape[1] == 1:
            return self._offsets(zone, np.zeros(1, dtype=np.int64))
        first, behind, next_s = self._spans
        span = np.clip((at_s >> _SPAN_BITS) - first, 0, len(behind) - 1)
        place = behind[span, zone].astype(np.int64)
        return self._offsets(zone, place + (next_s[zone, place] <= at_s))

    def _offsets(self, zone: npt.NDArray[np.integer], place: Ints) -> Ints:
        result: Ints = self.offset_s[zone, place].astype(np.int64)
        return result

    @cached_property
    def _spans(self) -> _Spans:
        changes = self.since_s[:, 1:]
        known = changes[changes != NEVER]
        first = int(known.min(initial=0)) - 1 >> _SPAN_BITS
        last = int(known.max(initial=0)) + 1 >> _SPAN_BITS
        begins = np.arange(first, last + 2) << _SPAN_BITS
        behind = [np.searchsorted(row, begins, side="right") for row in changes]
        assert max(int(np.diff(each).max(initial=0)) for each in behind) <= 1
        ends = np.full((len(changes), 1), NEVER, dtype=np.int64)
        return _Spans(first, np.array(behind, dtype=np.int16).T.copy(), np.hstack((changes, ends)))


UTC: Final = Zones(
    ("Etc/UTC",), np.array([[_LEAST]], dtype=np.int64), np.zeros((1, 1), dtype=np.int32)
)


def _first_days() -> npt.NDArray[np.int8]:
    """[mask, weekday]: how many days ahead the next day of a mask is; 7 for an empty one."""
    table = np.full((1 << _DAYS, _DAYS), _DAYS, dtype=np.int8)
    for mask in range(1 << _DAYS):
        for weekday in range(_DAYS):
            ahead = [n for n in range(_DAYS) if mask >> (weekday + n) % _DAYS & 1]
            if ahead:
                table[mask, weekday] = ahead[0]
    return table


_FIRST: Final = _first_days()


def local_day(zones: Zones, zone: npt.NDArray[np.integer], at_s: Ints) -> Ints:
    """The day of each robot's calendar, counted from 1970."""
    day: Ints = (at_s + zones.offset(zone, at_s)) // DAY_S
    return day


def weekday(day: Ints) -> Ints:
    """The day of the week of a local day, 0 for Sunday."""
    result: Ints = (day + _EPOCH_WEEKDAY) % _DAYS
    return result


def at_local(zones: Zones, zone: npt.NDArray[np.integer], day: Ints, minute_s: Ints) -> Ints:
    """The UTC second at which a clock on the wall first shows a second of a local day."""
    wall = day * DAY_S + minute_s
    before = zones.offset(zone, wall - DAY_S)
    after = zones.offset(zone, wall + DAY_S)
    moment: Ints = wall - before
    changing = np.flatnonzero(before != after)
    if changing.size:  # a day on which the clock is changed
        where = zone[changing]
        early, late = moment[changing], wall[changing] - after[changing]
        is_early = zones.offset(where, early) == before[changing]
        is_late = zones.offset(where, late) == after[changing]
        moment[changing] = np.where(is_early | ~is_late, early, late)
    return moment


def next_start(
    zones: Zones,
    zone: npt.NDArray[np.integer],
    days: npt.NDArray[np.integer],
    minute: npt.NDArray[np.integer],
    after_s: Ints,
) -> Ints:
    """The first second after `after_s` at which each schedule fires; NEVER without a day."""
    local_s = after_s + zones.offset(zone, after_s)
    day = local_s // DAY_S
    minute_s = minute.astype(np.int64) * 60
    found = np.full(after_s.shape, NEVER, dtype=np.int64)
    for later in (0, 1):
        base = day + later
        ahead = _FIRST[days, weekday(base)].astype(np.int64)
        moment = at_local(zones, zone, base + ahead, minute_s)
        usable = (ahead < _DAYS) & (moment > after_s)
        found = np.where(usable, np.minimum(found, moment), found)
    return found
