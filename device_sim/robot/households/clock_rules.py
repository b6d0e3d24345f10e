"""Rules of local clocks as POSIX writes them (`CET-1CEST,M3.5.0,M10.5.0/3`), and what follows.

They are carried along instead of being looked up, so that a run has the same local times, and so
the same hash, on every machine, whatever its database of time zones says.
"""

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from device_sim.robot.schedule import DAY_S, NEVER, Zones

_NAME: Final = r"(?:<[^>]+>|[A-Za-z]{3,})"
_TIME: Final = r"[+-]?\d{1,3}(?::\d{2}){0,2}"
_DATE: Final = rf"M(1[0-2]|[1-9])\.([1-5])\.([0-6])(?:/({_TIME}))?"
_RULE: Final = re.compile(rf"{_NAME}({_TIME})(?:{_NAME}({_TIME})?,{_DATE},{_DATE})?")
_UNSAID_HOURS: Final = "2"
"""When a change says no time."""
_LAST_WEEK: Final = 5
_EPOCH: Final = datetime.date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Change:
    """A day of the year as a week of a month has it, and the second of that day."""

    month: int
    week: int
    """5 is the last."""
    weekday: int
    """0 is Sunday."""
    second: int

    def wall_s(self, year: int) -> int:
        """When it is, as the clock on the wall counts that holds until then."""
        first = datetime.date(year, self.month, 1)
        ahead = (self.weekday - (first.isoweekday() % 7)) % 7
        day = first + datetime.timedelta(days=ahead + 7 * (self.week - 1))
        if day.month != self.month:
            assert self.week == _LAST_WEEK
            day -= datetime.timedelta(days=7)
        return (day - _EPOCH).days * DAY_S + self.second


@dataclass(frozen=True, slots=True)
class ClockRule:
    """Seconds that are added to UTC, and when others are."""

    standard_s: int
    saving_s: int
    """The same as `standard_s` where the clock is never changed."""
    begins: Change | None
    """Daylight saving."""
    ends: Change | None

    @classmethod
    def parse(cls, text: str) -> "ClockRule":
        """The rule that a text says.  Raises ValueError."""
        found = _RULE.fullmatch(text)
        if found is None:
            raise ValueError(
                f"{text!r} is no rule of a clock: those look like EST5EDT,M3.2.0,M11.1.0"
            )
        standard, saving, *dates = found.groups()
        standard_s = -_seconds(standard)
        if dates[0] is None:
            return cls(standard_s, standard_s, None, None)
        saving_s = standard_s + 3600 if saving is None else -_seconds(saving)
        return cls(standard_s, saving_s, _change(dates[:4]), _change(dates[4:]))

    def changes(self, years: range) -> Sequence[tuple[int, int]]:
        """Each change of the years as its UTC second and the offset from then on, in order."""
        if self.begins is None or self.ends is None:
            return []
        return sorted(
            each
            for year in years
            for each in (
                (self.begins.wall_s(year) - self.standard_s, self.saving_s),
                (self.ends.wall_s(year) - self.saving_s, self.standard_s),
            )
        )


def _seconds(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    parts = [*map(int, text.lstrip("+-").split(":")), 0, 0]
    return sign * (parts[0] * 3600 + parts[1] * 60 + parts[2])


def _change(said: Sequence[str | None]) -> Change:
    month, week, weekday = (int(each or 0) for each in said[:3])
    return Change(month, week, weekday, _seconds(said[3] or _UNSAID_HOURS))


def zones_of(rules: Sequence[tuple[str, str]], years: range) -> Zones:
    """The zones of names and rules, with their changes in the years."""
    parsed = [ClockRule.parse(rule) for _, rule in rules]
    changes = [each.changes(years) for each in parsed]
    width = 1 + max(map(len, changes))
    since_s = np.full((len(rules), width), NEVER, dtype=np.int64)
    offset_s = np.zeros((len(rules), width), dtype=np.int32)
    for number, (rule, found) in enumerate(zip(parsed, changes, strict=True)):
        south = bool(found) and found[0][1] == rule.standard_s
        since_s[number, 0] = -NEVER
        offset_s[number, 0] = rule.saving_s if south else rule.standard_s
        for place, (at_s, offset) in enumerate(found, 1):
            since_s[number, place], offset_s[number, place] = at_s, offset
    return Zones(tuple(name for name, _ in rules), since_s, offset_s)
