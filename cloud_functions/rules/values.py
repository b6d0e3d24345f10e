"""The values of the language, how they convert and compare (AWS reference, 2.3 and 2.4)."""

import re
from decimal import Decimal
from enum import Enum
from typing import Any, Final, TypeAlias

import orjson

from cloud_functions.rules.arithmetic import (
    NoNumber,
    Number,
    comparable,
    exact,
    nearest,
    parsed,
    truncated,
)


class Undefined(Enum):
    """No value: a missing attribute, a failed conversion, a wrong argument."""

    UNDEFINED = "undefined"

    def __repr__(self) -> str:
        return "UNDEFINED"

    def __bool__(self) -> bool:
        return False


UNDEFINED: Final = Undefined.UNDEFINED

Value: TypeAlias = Any
"""A JSON value (numbers as in `arithmetic`), bytes for a payload that is not JSON, or UNDEFINED."""

MAX_TEXT: Final = 262_144
"""Characters of a text that an expression makes; twice what a message may hold."""

MAX_LEVELS: Final = 200
"""How deep arrays and objects of a value that is written may stand in each other."""

_NUMERIC: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE]-?[0-9]+)?\Z")
_TRUTHS: Final = {"true": True, "false": False}


def as_number(value: Value) -> Number | Undefined:
    """The number behind an Int, Decimal or numeric text."""
    kind = type(value)
    if kind is int or kind is float or kind is Decimal:
        return value  # type: ignore[no-any-return]
    if kind is str and _NUMERIC.match(value):
        try:
            return parsed(value)
        except NoNumber:
            return UNDEFINED
    return UNDEFINED


def as_int(value: Value) -> int | Undefined:
    """The Int of the conversion table: decimals to the nearest, texts cut at their point."""
    number = as_number(value)
    if number is UNDEFINED:
        return UNDEFINED
    converted = truncated(number) if type(value) is str else nearest(number)
    return converted if type(converted) is int else UNDEFINED


def as_boolean(value: Value) -> bool | Undefined:
    """The truth behind a Boolean or the texts "true" and "false" in any case."""
    if value is True or value is False:
        return bool(value)
    if type(value) is str:
        return _TRUTHS.get(value.lower(), UNDEFINED)
    return UNDEFINED


def as_text(value: Value) -> str | Undefined:
    """The String of the conversion table: JSON for arrays and objects, none for Null."""
    kind = type(value)
    if kind is str:
        return value  # type: ignore[no-any-return]
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is float or kind is Decimal:
        return str(exact(value))
    if kind is list or kind is dict:
        return as_json(value).decode() if is_within(value, MAX_TEXT) else UNDEFINED
    return UNDEFINED


def is_within(value: Value, limit: int) -> bool:
    """Whether the JSON of a value has about so many characters or fewer, and can be written.

    An array may hold one text many times, so that what is small here is large when written; the
    count stops at the limit.
    """
    size, level, inner = 0, [value], []
    for _ in range(MAX_LEVELS):
        for each in level:
            kind = type(each)
            if kind is list:
                size += 3 * len(each)
            elif kind is dict:
                size += sum(map(len, each)) + 6 * len(each)
            else:
                size += len(each) if kind is str else 0
                continue
            if size > limit:
                return False
            inner += each if kind is list else each.values()
        if size > limit or not inner:
            return size <= limit
        level, inner = inner, []
    return False


def as_json(value: Value) -> bytes:
    """The JSON of a value, every digit of its numbers included; UNDEFINED alone is nothing."""
    if value is UNDEFINED:
        return b""
    try:
        return orjson.dumps(value, default=_digits)
    except TypeError:  # an Int of more than 64 bits
        return orjson.dumps(_printable(value))


def _digits(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value).encode())
    raise TypeError(type(value).__name__)


def _printable(value: Value) -> Value:
    kind = type(value)
    if kind is int or kind is Decimal:
        return orjson.Fragment(str(value).encode())
    if kind is list:
        return [_printable(each) for each in value]
    if kind is dict:
        return {name: _printable(each) for name, each in value.items()}
    return value


_KINDS: Final = {bool: "Boolean", int: "Number", float: "Number", Decimal: "Number"}


def kind_of(value: Value) -> str:
    """The type word that decides whether two values can be equal."""
    kind = type(value)
    return _KINDS.get(kind) or kind.__name__


def equal(left: Value, right: Value) -> bool:
    """Whether two defined values are the same: type first, numbers by value, arrays in order."""
    if kind_of(left) != kind_of(right):
        return False
    kind = type(left)
    if kind is list:
        return len(left) == len(right) and all(map(equal, left, right))
    if kind is dict:
        return left.keys() == right.keys() and all(
            map(equal, left.values(), [right[key] for key in left])
        )
    if kind is not type(right):
        left, right = comparable(left, right)
    return bool(left == right)
