"""Moments written and read (AWS reference, section 2.5)."""

import datetime
from collections.abc import Mapping
from typing import Final

from cloud_functions.rules.arithmetic import truncated
from cloud_functions.rules.functions import jdk_format, joda_format, zones
from cloud_functions.rules.functions.date_words import InvalidPattern
from cloud_functions.rules.functions.function import Function
from cloud_functions.rules.values import UNDEFINED, Value, as_number, as_text
from cloud_functions.rules.versions import SqlVersion

_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=zones.UTC)
_LONGEST_MOMENT: Final = 128


def _parse_time(pattern: Value, timestamp: Value, zone: Value = "UTC") -> Value:
    """Milliseconds since the epoch, written by a Joda pattern in a time zone."""
    shape, since, where = as_text(pattern), as_number(timestamp), as_text(zone)
    if shape is UNDEFINED or since is UNDEFINED or where is UNDEFINED:
        return UNDEFINED
    try:
        moment = _EPOCH + datetime.timedelta(milliseconds=int(truncated(since)))
        return joda_format.write(shape, moment.astimezone(zones.zone(where)))
    except (InvalidPattern, zones.UnknownZone, OverflowError, ValueError):
        return UNDEFINED


def _time_to_epoch(text: Value, pattern: Value) -> Value:
    """The milliseconds since the epoch that a text says by a pattern of the JDK."""
    written, shape = as_text(text), as_text(pattern)
    if written is UNDEFINED or shape is UNDEFINED or len(written) > _LONGEST_MOMENT:
        return UNDEFINED
    try:
        return jdk_format.read(written, shape)
    except (jdk_format.NoMoment, InvalidPattern):
        return UNDEFINED


FUNCTIONS: Final[Mapping[str, Function]] = {
    "parse_time": Function(_parse_time, 2, 3, SqlVersion.SECOND),
    "time_to_epoch": Function(_time_to_epoch, 2, 2, SqlVersion.SECOND),
}
