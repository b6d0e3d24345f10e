"""Moments and spans of a scenario: "2h30m", "06:30", "06:30 UTC", or a date with its time.

A moment is counted from the start of the run, or it is what a clock on the wall shows: the one in
each robot's home, or the one in Greenwich.  A clock without a date means the first time it shows
that after the start.
"""

import datetime
import re
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Final

import numpy as np
import numpy.typing as npt
from pydantic import BeforeValidator, PlainSerializer

from device_sim.robot.schedule import DAY_S, UTC, Zones, at_local, local_day
from device_sim.scenarios.strict import in_words, refused

Ints = npt.NDArray[np.int64]
_UNITS: Final = {"d": DAY_S, "h": 3600, "m": 60, "s": 1}
_SPAN_PATTERN: Final = r"^(\d{1,9}d)?(\d{1,9}h)?(\d{1,9}m)?(\d{1,9}s)?$"
_CLOCK_PATTERN: Final = r"^([01]\d|2[0-3]):([0-5]\d)(:[0-5]\d)?( UTC)?$"
_SPAN: Final = re.compile(_SPAN_PATTERN)
_CLOCK: Final = re.compile(_CLOCK_PATTERN)
_LONGEST_S: Final = 366 * DAY_S
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


class Frame(Enum):
    """What the seconds of a moment are counted from."""

    START = "since the start of the run"
    CLOCK = "of the day, on the clock in each home"
    UTC_CLOCK = "of the day, in UTC"
    DATE = "since 1970, on the calendar and clock in each home"
    UTC_DATE = "since 1970, in UTC"


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happens."""

    seconds: int
    frame: Frame = Frame.START

    @property
    def is_local(self) -> bool:
        """Whether it is another second in another time zone."""
        return self.frame in (Frame.CLOCK, Frame.DATE)

    def at_s(self, start_s: int, zones: Zones, zone: Ints) -> Ints:
        """Epoch seconds of the moment in each of these zones."""
        if self.frame is Frame.START:
            return np.full(zone.size, start_s + self.seconds)
        if not self.is_local:
            zones, zone = UTC, np.zeros_like(zone)
        if self.frame in (Frame.DATE, Frame.UTC_DATE):
            day = np.full(zone.size, self.seconds // DAY_S)
            return at_local(zones, zone, day, np.full(zone.size, self.seconds % DAY_S))
        today = local_day(zones, zone, np.full(zone.size, start_s))
        second = np.full(zone.size, self.seconds)
        soon, later = (at_local(zones, zone, today + n, second) for n in (0, 1))
        return np.where(soon >= start_s, soon, later)

    def __str__(self) -> str:
        clock = f"{self.seconds % DAY_S // 3600:02d}:{self.seconds // 60 % 60:02d}"
        if self.frame is Frame.START:
            return f"{span_text(self.seconds)} after the start"
        where = "local time" if self.is_local else "UTC"
        if self.frame in (Frame.CLOCK, Frame.UTC_CLOCK):
            return f"{clock} {where}"
        return f"{(_EPOCH + datetime.timedelta(seconds=self.seconds)):%Y-%m-%d %H:%M} {where}"


def span_text(seconds: int) -> str:
    """A span as it is written in a scenario."""
    said = ""
    for unit, length in _UNITS.items():
        count, seconds = divmod(seconds, length)
        said += f"{count}{unit}" if count else ""
    return said or "0s"


def _seconds(said: Any) -> int:
    """The seconds of a number or of "2h30m"."""
    if isinstance(said, str) and said and (found := _SPAN.match(said)):
        said = sum(int(part[:-1]) * _UNITS[part[-1]] for part in found.groups() if part)
    if isinstance(said, bool) or not isinstance(said, int) or not 0 <= said <= _LONGEST_S:
        raise refused()
    return said


def _moment(said: Any) -> Moment:
    if isinstance(said, Moment):
        return said
    if isinstance(said, str) and (found := _CLOCK.match(said)):
        hour, minute, second, utc = found.groups()
        seconds = int(hour) * 3600 + int(minute) * 60 + int((second or ":0")[1:])
        return Moment(seconds, Frame.UTC_CLOCK if utc else Frame.CLOCK)
    if isinstance(said, datetime.datetime):
        frame = Frame.UTC_DATE if said.tzinfo else Frame.DATE
        return Moment(epoch_s(said), frame)
    if isinstance(said, datetime.time):
        return Moment(said.hour * 3600 + said.minute * 60 + said.second, Frame.CLOCK)
    return Moment(_seconds(said))


def epoch_s(said: datetime.datetime) -> int:
    """Seconds since 1970; of a time without zone as if it were UTC."""
    aware = said if said.tzinfo else said.replace(tzinfo=datetime.UTC)
    return int((aware - _EPOCH).total_seconds())


def _start(said: Any) -> int:
    """Epoch seconds of a date-time with its zone, or of seconds since 1970."""
    if isinstance(said, datetime.datetime) and said.tzinfo:
        said = epoch_s(said)
    if isinstance(said, bool) or not isinstance(said, int) or not 0 <= said <= _LATEST_START_S:
        raise refused()
    return said


_LATEST_START_S: Final = 4_102_444_800
"""1 January 2100."""

Seconds = Annotated[
    int,
    BeforeValidator(_seconds),
    in_words(
        'seconds, or a span such as "2h30m", up to 366 days',
        anyOf=[
            {"type": "integer", "minimum": 0, "maximum": _LONGEST_S},
            {"type": "string", "pattern": _SPAN_PATTERN, "minLength": 2},
        ],
    ),
]
At = Annotated[
    Moment,
    BeforeValidator(_moment),
    PlainSerializer(str),
    in_words(
        'seconds or a span from the start ("2h30m"), the clock in each home ("06:30") or in UTC'
        ' ("06:30 UTC"), or a TOML date-time',
        anyOf=[
            {"type": "integer", "minimum": 0, "maximum": _LONGEST_S},
            {"type": "string", "pattern": _SPAN_PATTERN, "minLength": 2},
            {"type": "string", "pattern": _CLOCK_PATTERN},
            {"type": "string", "format": "date-time"},
            {"type": "string", "format": "time"},
        ],
        examples=["2h30m", "06:30", "06:30 UTC", "2026-12-25T07:00:00Z"],
    ),
]
Start = Annotated[
    int,
    BeforeValidator(_start),
    in_words(
        "a date-time with its zone, such as 2026-12-25T00:00:00Z, or seconds since 1970, to 2100",
        anyOf=[
            {"type": "integer", "minimum": 0, "maximum": _LATEST_START_S},
            {"type": "string", "format": "date-time"},
        ],
        examples=["2026-12-25T00:00:00Z"],
    ),
]
