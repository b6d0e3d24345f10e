"""Writes a moment by a Joda-Time pattern (AWS reference, section 2.5, parse_time)."""

import datetime
from collections.abc import Callable, Mapping
from typing import Final

from cloud_functions.rules.functions import zones
from cloud_functions.rules.functions.date_words import DAYS, MONTHS, InvalidPattern, pieces

_TEXT_FROM: Final = 3
_FULL_FROM: Final = 4
_YEAR_OF_TWO_DIGITS: Final = 2


def write(pattern: str, moment: datetime.datetime) -> str:
    """The moment as the pattern says.  Raises InvalidPattern."""
    written: list[str] = []
    for text, count in pieces(pattern):
        if count < 1:
            written.append(text)
            continue
        letter = _LETTERS.get(text)
        if letter is None:
            raise InvalidPattern(f"the letter {text}")
        written.append(letter(moment, count))
    return "".join(written)


def _number(value: Callable[[datetime.datetime], int]) -> Callable[[datetime.datetime, int], str]:
    return lambda moment, count: str(value(moment)).rjust(count, "0")


def _year(value: Callable[[datetime.datetime], int]) -> Callable[[datetime.datetime, int], str]:
    """A year; two letters are its last two digits."""

    def write_year(moment: datetime.datetime, count: int) -> str:
        year = value(moment)
        return f"{year % 100:02}" if count == _YEAR_OF_TWO_DIGITS else str(year).rjust(count, "0")

    return write_year


def _month(moment: datetime.datetime, count: int) -> str:
    if count < _TEXT_FROM:
        return str(moment.month).rjust(count, "0")
    name = MONTHS[moment.month - 1]
    return name if count >= _FULL_FROM else name[:3]


def _day_name(moment: datetime.datetime, count: int) -> str:
    name = DAYS[moment.weekday()]
    return name if count >= _FULL_FROM else name[:3]


def _half_day(moment: datetime.datetime, _count: int) -> str:
    return "AM" if moment.hour < 12 else "PM"  # noqa: PLR2004  noon


def _fraction(moment: datetime.datetime, count: int) -> str:
    return f"{moment.microsecond // 1000:03}".ljust(count, "0")[:count]


def _zone_name(moment: datetime.datetime, count: int) -> str:
    return zones.long_name(moment) if count >= _FULL_FROM else zones.short_name(moment)


def _zone_offset(moment: datetime.datetime, count: int) -> str:
    if count >= _TEXT_FROM:
        return zones.identifier(moment.tzinfo or zones.UTC)
    offset = moment.utcoffset() or datetime.timedelta()
    return zones.written(offset, ":" if count > 1 else "")


_LETTERS: Final[Mapping[str, Callable[[datetime.datetime, int], str]]] = {
    "G": lambda _moment, _count: "AD",
    "C": _number(lambda moment: moment.year // 100),
    "Y": _year(lambda moment: moment.year),
    "y": _year(lambda moment: moment.year),
    "x": _year(lambda moment: moment.isocalendar().year),
    "w": _number(lambda moment: moment.isocalendar().week),
    "e": _number(lambda moment: moment.isoweekday()),
    "E": _day_name,
    "D": _number(lambda moment: moment.timetuple().tm_yday),
    "M": _month,
    "d": _number(lambda moment: moment.day),
    "a": _half_day,
    "K": _number(lambda moment: moment.hour % 12),
    "h": _number(lambda moment: moment.hour % 12 or 12),
    "H": _number(lambda moment: moment.hour),
    "k": _number(lambda moment: moment.hour or 24),
    "m": _number(lambda moment: moment.minute),
    "s": _number(lambda moment: moment.second),
    "S": _fraction,
    "z": _zone_name,
    "Z": _zone_offset,
}
