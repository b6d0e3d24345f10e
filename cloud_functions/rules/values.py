"""The values of the language and how they compare (AWS reference, sections 2.3 and 2.4)."""

import re
from enum import Enum
from typing import Any, Final, TypeAlias


class Undefined(Enum):
    """No value: a missing attribute, a failed conversion, a wrong argument."""

    UNDEFINED = "undefined"

    def __repr__(self) -> str:
        return "UNDEFINED"


UNDEFINED: Final = Undefined.UNDEFINED

Value: TypeAlias = Any
"""A JSON value, bytes for a payload that is not JSON, or UNDEFINED."""

_NUMERIC: Final = re.compile(r"-?\d+(\.\d+)?([eE]-?\d+)?\Z")
_INTEGER: Final = re.compile(r"-?\d+\Z")
_TRUTHS: Final = {"true": True, "false": False}


def as_number(value: Value) -> int | float | Undefined:
    """The number behind an Int, Decimal or numeric text."""
    if isinstance(value, bool):
        return UNDEFINED
    if isinstance(value, int | float):
        return value
    if isinstance(value, str) and _NUMERIC.match(value):
        return int(value) if _INTEGER.match(value) else float(value)
    return UNDEFINED


def as_boolean(value: Value) -> bool | Undefined:
    """The truth behind a Boolean or the texts "true" and "false" in any case."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _TRUTHS.get(value.lower(), UNDEFINED)
    return UNDEFINED


def kind_of(value: Value) -> str:
    """The type word that decides whether two values can be equal."""
    if isinstance(value, bool):
        return "Boolean"
    if isinstance(value, int | float):
        return "Number"
    return type(value).__name__


def equal(left: Value, right: Value) -> bool:
    """Whether two defined values are the same: type first, numbers by value, arrays in order."""
    if kind_of(left) != kind_of(right):
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)
