"""Time zones as Java's libraries name them."""

import datetime
import re
import zoneinfo
from functools import lru_cache
from typing import Final

UTC: Final = datetime.UTC
_OFFSET: Final = re.compile(r"([+-])(\d{1,2})(?::?(\d{2}))?(?::?(\d{2}))?\Z", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+/-]{0,63}\Z")
_LARGEST_OFFSET: Final = datetime.timedelta(hours=18)
ABBREVIATIONS: Final = {
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "CST": "America/Chicago",
    "CDT": "America/Chicago",
    "MST": "America/Denver",
    "MDT": "America/Denver",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
    "BST": "Europe/London",
    "WET": "Europe/Lisbon",
    "WEST": "Europe/Lisbon",
    "CET": "Europe/Paris",
    "CEST": "Europe/Paris",
    "EET": "Europe/Athens",
    "EEST": "Europe/Athens",
    "MSK": "Europe/Moscow",
    "IST": "Asia/Kolkata",
    "JST": "Asia/Tokyo",
    "KST": "Asia/Seoul",
    "AEST": "Australia/Sydney",
    "AEDT": "Australia/Sydney",
    "NZST": "Pacific/Auckland",
    "NZDT": "Pacific/Auckland",
}
"""Short names that dates are written with, and a zone they are used in."""
_LONG_NAMES: Final = {
    "UTC": "Coordinated Universal Time",
    "GMT": "Greenwich Mean Time",
    "BST": "British Summer Time",
    "EST": "Eastern Standard Time",
    "EDT": "Eastern Daylight Time",
    "CST": "Central Standard Time",
    "CDT": "Central Daylight Time",
    "MST": "Mountain Standard Time",
    "MDT": "Mountain Daylight Time",
    "PST": "Pacific Standard Time",
    "PDT": "Pacific Daylight Time",
    "CET": "Central European Time",
    "CEST": "Central European Summer Time",
    "EET": "Eastern European Time",
    "EEST": "Eastern European Summer Time",
    "WET": "Western European Time",
    "WEST": "Western European Summer Time",
    "JST": "Japan Standard Time",
    "KST": "Korea Standard Time",
}


class UnknownZone(ValueError):
    """There is no zone of that name."""


@lru_cache(maxsize=512)
def zone(name: str) -> datetime.tzinfo:
    """The zone behind an id, an offset or an offset from UTC or GMT.  Raises UnknownZone."""
    if name in ("UTC", "GMT", "UT", "Z", "UCT"):
        return UTC
    for prefix in ("UTC", "GMT", "UT", ""):
        if name.startswith((f"{prefix}+", f"{prefix}-")):
            return offset(name[len(prefix) :])
    if not _NAME.match(name):
        raise UnknownZone(name)
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownZone(name) from None


def offset(text: str) -> datetime.tzinfo:
    """The zone of an offset, `+01:00`, `-0730`, `+9`.  Raises UnknownZone."""
    found = _OFFSET.match(text)
    if found is None:
        raise UnknownZone(text)
    sign, hours, minutes, seconds = found.groups()
    amount = datetime.timedelta(
        hours=int(hours), minutes=int(minutes or 0), seconds=int(seconds or 0)
    )
    if amount > _LARGEST_OFFSET or int(minutes or 0) > 59 or int(seconds or 0) > 59:  # noqa: PLR2004  minutes
        raise UnknownZone(text)
    return datetime.timezone(-amount if sign == "-" else amount)


def identifier(of: datetime.tzinfo) -> str:
    """The zone's id, an offset's own text for one without."""
    if isinstance(of, zoneinfo.ZoneInfo):
        return of.key
    if of is UTC:
        return "UTC"
    return written(of.utcoffset(None) or datetime.timedelta(), ":")


def short_name(moment: datetime.datetime) -> str:
    """The zone's short name at that moment, `CET`; an offset where it has none."""
    name = moment.tzname() or ""
    if moment.tzinfo is UTC:
        return "UTC"
    return name if name.isalpha() else written(_offset_of(moment), ":")


def long_name(moment: datetime.datetime) -> str:
    """The zone's long name where it is known here, else its id."""
    name = _LONG_NAMES.get(short_name(moment))
    return name or identifier(moment.tzinfo or UTC)


def written(amount: datetime.timedelta, separator: str) -> str:
    """An offset as `+0100`, with the separator between hours and minutes."""
    minutes = round(amount.total_seconds()) // 60
    sign = "-" if minutes < 0 else "+"
    hours, minutes = divmod(abs(minutes), 60)
    return f"{sign}{hours:02}{separator}{minutes:02}"


def _offset_of(moment: datetime.datetime) -> datetime.timedelta:
    return moment.utcoffset() or datetime.timedelta()
