"""Reads a moment by a pattern of the JDK's DateTimeFormatter (AWS reference, 2.5, time_to_epoch).

Each letter of the pattern becomes a group of an ordinary regular expression, each at most once
and of bounded length, so that matching cannot run away; what the groups hold is then resolved to
a moment as the JDK does it: a date without a time begins its day, a day beyond the month's end is
the month's last, two digits of a year are this century's.
"""

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from cloud_functions.rules.functions import zones
from cloud_functions.rules.functions.date_words import (
    DAYS,
    MONTHS,
    InvalidPattern,
    Piece,
    pieces,
)


class NoMoment(ValueError):
    """The text does not say a moment by this pattern."""


class Field(NamedTuple):
    """What a letter stands for: the expression that finds it, and whether that is digits alone."""

    expression: str
    is_digits: bool = False


def _digits(shortest: int, longest: int) -> str:
    return rf"\d{{{shortest},{longest}}}"


def _number(count: int) -> Field:
    """One letter takes one or two digits, two letters exactly two."""
    if count > 2:  # noqa: PLR2004  no such field has more
        raise InvalidPattern("too many letters")
    return Field(_digits(1, 2) if count == 1 else _digits(2, 2), is_digits=True)


def _year(count: int) -> Field:
    if count == 2:  # noqa: PLR2004  the last two digits
        return Field(_digits(2, 2), is_digits=True)
    return Field(_digits(min(count, 9), 9), is_digits=True)


def _named(names: Sequence[str]) -> Callable[[int], Field]:
    def field(count: int) -> Field:
        if count < 3:  # noqa: PLR2004  as digits
            return _number(count)
        if count > 4:  # noqa: PLR2004  single letters cannot be read back
            raise InvalidPattern("too many letters")
        shown = names if count == 4 else [name[:3] for name in names]  # noqa: PLR2004  full names
        return Field("|".join(shown))

    return field


def _day_name(count: int) -> Field:
    return _named(DAYS)(max(count, 3))


def _fraction(count: int) -> Field:
    if count > 9:  # noqa: PLR2004  nanoseconds
        raise InvalidPattern("too many letters")
    return Field(_digits(count, count), is_digits=True)


def _exactly(expression: str, *counts: int) -> Callable[[int], Field]:
    def field(count: int) -> Field:
        if count not in counts:
            raise InvalidPattern("the number of letters")
        return Field(expression)

    return field


_OFFSETS: Final = {
    1: r"[+-]\d{2}(?:\d{2})?",
    2: r"[+-]\d{4}",
    3: r"[+-]\d{2}:\d{2}",
    4: r"[+-]\d{4}(?:\d{2})?",
    5: r"[+-]\d{2}:\d{2}(?::\d{2})?",
}


def _offset(zero: str) -> Callable[[int], Field]:
    def field(count: int) -> Field:
        if count not in _OFFSETS:
            raise InvalidPattern("the number of letters")
        return Field(f"{zero}{_OFFSETS[count]}")

    return field


def _plain_offset(count: int) -> Field:
    """Z: +hhmm; four letters GMT+hh:mm, five +hh:mm with Z for zero."""
    if count == 4:  # noqa: PLR2004  localised
        return Field(r"GMT(?:[+-]\d{2}:\d{2})?")
    if count == 5:  # noqa: PLR2004  with seconds
        return Field(rf"Z|{_OFFSETS[5]}")
    return Field(_OFFSETS[2])


_ZONE_ID: Final = (
    r"[A-Za-z][A-Za-z0-9~/._-]{0,40}(?:[+-]\d{1,2}(?::?\d{2})?)?|[+-]\d{2}(?::?\d{2})?"
)

_LETTERS: Final[Mapping[str, Callable[[int], Field]]] = {
    "G": _exactly("AD|BC|Anno Domini|Before Christ", 1, 2, 3, 4),
    "u": _year,
    "y": _year,
    "Y": _year,
    "Q": _number,
    "q": _number,
    "D": lambda count: Field(_digits(count, 3), is_digits=True),
    "M": _named(MONTHS),
    "L": _named(MONTHS),
    "d": _number,
    "w": _number,
    "E": _day_name,
    "e": _named(DAYS),
    "a": _exactly("AM|PM", 1),
    "h": _number,
    "K": _number,
    "k": _number,
    "H": _number,
    "m": _number,
    "s": _number,
    "S": _fraction,
    "A": lambda count: Field(_digits(min(count, 8), 8), is_digits=True),
    "n": lambda count: Field(_digits(min(count, 9), 9), is_digits=True),
    "N": lambda count: Field(_digits(min(count, 14), 14), is_digits=True),
    "V": _exactly(_ZONE_ID, 2),
    "z": _exactly(_ZONE_ID, 1, 2, 3, 4),
    "v": _exactly(_ZONE_ID, 1, 4),
    "O": _exactly(r"GMT(?:[+-]\d{1,2}(?::\d{2})?)?", 1, 4),
    "X": _offset("Z|"),
    "x": _offset(""),
    "Z": _plain_offset,
}
_OPTIONAL: Final = {"[": "(?:", "]": ")?"}
_DIGIT_LETTERS: Final = "uyYDdwhHkKmsSAnNQq"


def read(text: str, pattern: str) -> int:
    """Milliseconds since the epoch.  Raises NoMoment, InvalidPattern."""
    found = _expression(pattern).fullmatch(text)
    if found is None:
        raise NoMoment(text)
    said = {letter: value for letter, value in found.groupdict().items() if value is not None}
    try:
        day, time = _date(said), _time(said)
        moment = datetime.datetime.combine(day, datetime.time()) + time
        moment = moment.replace(tzinfo=_zone(said))
        since = moment.astimezone(zones.UTC) - datetime.datetime(1970, 1, 1, tzinfo=zones.UTC)
    except (ValueError, OverflowError, KeyError):
        raise NoMoment(text) from None
    return since // datetime.timedelta(milliseconds=1)


@lru_cache(maxsize=256)
def _expression(pattern: str) -> re.Pattern[str]:
    taken = list(pieces(pattern))
    letters = [text for text, count in taken if count > 0]
    if len(set(letters)) < len(letters):
        raise InvalidPattern("a letter stands twice")
    written = [_written(piece, taken[index + 1 :]) for index, piece in enumerate(taken)]
    try:
        return re.compile("".join(written), re.ASCII)
    except re.error:
        raise InvalidPattern("a bracket is open") from None


def _written(piece: Piece, following: Sequence[Piece]) -> str:
    text, count = piece
    if count < 0:
        return re.escape(text)
    if count == 0:
        if text in "{}#":
            raise InvalidPattern(f"{text} is reserved")
        return _OPTIONAL.get(text) or re.escape(text)
    letter = _LETTERS.get(text)
    if letter is None:
        raise InvalidPattern(f"the letter {text}")
    field = letter(count)
    expression = field.expression
    if field.is_digits and count > 1 and _is_digits(following):
        expression = _digits(count, count)  # a field that leans on the next has its own width
    return f"(?P<{text}>{expression})"


def _is_digits(following: Sequence[Piece]) -> bool:
    if not following or following[0].times < 1:
        return False
    text, count = following[0]
    return text in _DIGIT_LETTERS or (text in "MLe" and count < 3)  # noqa: PLR2004  digits


# ------------------------------------------------------------ what was found


def _date(said: Mapping[str, str]) -> datetime.date:
    if "Y" in said and "w" in said:
        weekday = _weekday(said) or 1
        day = datetime.date.fromisocalendar(_full_year(said["Y"]), int(said["w"]), weekday)
    else:
        year = _full_year(said["u"] if "u" in said else said["y"])
        if said.get("G", "A")[0] == "B":
            raise NoMoment("before the first year")
        if "D" in said:
            day = datetime.date(year, 1, 1) + datetime.timedelta(days=int(said["D"]) - 1)
            if day.year != year:
                raise NoMoment("no such day of the year")
        else:
            month = _month(said.get("M") or said["L"])
            day = _day_of(year, month, int(said["d"]))
    named = _weekday(said)
    if named is not None and named != day.isoweekday():
        raise NoMoment("another day of the week")
    return day


def _full_year(digits: str) -> int:
    return 2000 + int(digits) if len(digits) == 2 else int(digits)  # noqa: PLR2004  this century


def _month(text: str) -> int:
    if text.isdigit():
        return int(text)
    return next(index for index, name in enumerate(MONTHS, 1) if name.startswith(text))


def _day_of(year: int, month: int, day: int) -> datetime.date:
    """The day, or the last of the month for one up to 31 that it does not have."""
    if not 1 <= day <= 31:  # noqa: PLR2004  no month has more
        raise NoMoment("no such day")
    while True:
        try:
            return datetime.date(year, month, day)
        except ValueError:
            if day <= 28:  # noqa: PLR2004  then it is not the day
                raise
            day -= 1


def _weekday(said: Mapping[str, str]) -> int | None:
    text = said.get("E") or said.get("e")
    if text is None:
        return None
    if text.isdigit():
        return (int(text) - 2) % 7 + 1  # in English weeks the first day is Sunday
    return next(index for index, name in enumerate(DAYS, 1) if name.startswith(text))


def _time(said: Mapping[str, str]) -> datetime.timedelta:
    if "A" in said:
        return datetime.timedelta(milliseconds=_at_most(said["A"], 86_399_999))
    if "N" in said:
        return datetime.timedelta(microseconds=_at_most(said["N"], 86_399_999_999_999) // 1000)
    fraction = said["S"].ljust(9, "0") if "S" in said else said.get("n", "0")
    return datetime.timedelta(
        hours=_hour(said),
        minutes=_at_most(said.get("m", "0"), 59),
        seconds=_at_most(said.get("s", "0"), 59),
        microseconds=int(fraction) // 1000,
    )


def _at_most(digits: str, most: int) -> int:
    value = int(digits)
    if value > most:
        raise NoMoment("a part of the time is too large")
    return value


def _hour(said: Mapping[str, str]) -> int:
    if "H" in said:
        return 0 if said["H"] == "24" else _at_most(said["H"], 23)
    if "k" in said:
        return _at_most(said["k"], 24) % 24
    if "h" in said or "K" in said:
        hour = _at_most(said["h"], 12) % 12 if "h" in said else _at_most(said["K"], 11)
        return hour + (12 if said["a"] == "PM" else 0)
    return 0


def _zone(said: Mapping[str, str]) -> datetime.tzinfo:
    """The zone or offset that was found; UTC if there is none."""
    for letter in ("V", "z", "v"):
        if letter in said:
            name = said[letter]
            return zones.zone(zones.ABBREVIATIONS.get(name, name) if letter != "V" else name)
    for letter in ("X", "x", "Z", "O"):
        if letter in said:
            text = said[letter].removeprefix("GMT")
            return zones.UTC if text in ("", "Z") else zones.offset(text)
    return zones.UTC
