"""What a payload says: the JSON value in it, to the last digit (AWS reference, sections 2.3, 2.6).

The fast parser keeps every number that a double holds; only a payload with longer ones is read
again, digit by digit.
"""

import json
import re
from decimal import Decimal
from typing import Any, Final

import orjson

from cloud_functions.rules.arithmetic import EXACT, NoNumber, Number, parsed, settled, whole
from cloud_functions.rules.values import Value, as_json

MAX_DEPTH: Final = 100
"""Levels of nesting; a payload that goes deeper is bytes, as what is not JSON at all."""

_DIGITS_AS_ZEROS: Final = bytes.maketrans(b"123456789.E", b"0000000000e")
_LONG: Final = b"0" * 16
_TINY: Final = b"e-000"
_BEYOND_DOUBLES: Final = re.compile(
    rb"(?:^|[\s:\[,])-?(?:[0-9.]{16}|[0-9]+(?:\.[0-9]+)?[eE]-[0-9]{3})"
)
_DIGITS: Final = b"0123456789"
_BEFORE_A_NUMBER: Final = b" \t\r\n:[,-"
_FEW: Final = 50
_HUGE_NUMBER: Final = re.compile(rb"[0-9.][eE]\+?[0-9]{3}")
_BRANCHES: Final = (list, dict)


class NotJson(ValueError):
    """The bytes are no JSON value; the text says why."""


def read_json(raw: bytes) -> Value:
    """The value of a JSON text.  Raises NotJson."""
    zeros = raw.translate(_DIGITS_AS_ZEROS)  # cheap, and nearly always says that there is no need
    if (_LONG in zeros or _TINY in zeros) and _BEYOND_DOUBLES.search(raw):
        value = _read_digits(raw)
    else:
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            if not _HUGE_NUMBER.search(raw):
                raise NotJson(str(error)) from None
            value = _read_digits(raw)
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _depth_of(value) > MAX_DEPTH:
        raise NotJson(f"more than {MAX_DEPTH} levels of nesting")
    return value


def why_not_json(raw: bytes) -> str:
    """Why the bytes are no JSON value; empty if they are one."""
    try:
        read_json(raw)
    except NotJson as error:
        return str(error)
    return ""


def _read_digits(raw: bytes) -> Value:
    try:
        value = json.loads(
            raw.decode(), parse_int=parsed, parse_float=_decimal, parse_constant=_no_constant
        )
        as_json(value)  # refuses what is no Unicode
    except (ValueError, TypeError, RecursionError, NoNumber) as error:
        raise NotJson(str(error) or type(error).__name__) from None
    return value


def _decimal(text: str) -> Number:
    return settled(EXACT.create_decimal(text))


def _no_constant(text: str) -> Any:
    raise ValueError(text)


def _depth_of(value: Value) -> int:
    depth, here = 0, [value]
    while here := [each for each in here if type(each) in _BRANCHES]:
        here = [inner for each in here for inner in (each if type(each) is list else each.values())]
        depth += 1
    return depth


def with_whole_numbers(raw: bytes, value: Value) -> Value:
    """The value as the second SQL version sees it: 10.0 is the Int 10 (section 2.3).

    The text says whether there is anything to do; most payloads have no such number, though
    versions and addresses look like one.
    """
    return _whole(value) if type(value) is float or _has_whole_decimal(raw) else value


def _has_whole_decimal(raw: bytes) -> bool:
    """Whether a number may have `.0` in it; where there are too many to look at, one may."""
    if raw.count(b".0") > _FEW:
        return True
    at = raw.find(b".0")
    while at >= 0:
        first = at
        while first and raw[first - 1] in _DIGITS:
            first -= 1
        if first < at and (not first or raw[first - 1] in _BEFORE_A_NUMBER):
            return True
        at = raw.find(b".0", at + 2)
    return False


def _whole(value: Value) -> Value:
    kind = type(value)
    if kind is float or kind is Decimal:
        return whole(value)
    if kind is list:
        return [_whole(each) for each in value]
    if kind is dict:
        return {name: _whole(each) for name, each in value.items()}
    return value
