"""What a statement's result looks like to the services it is handed to."""

from decimal import Decimal
from typing import Any, Final

from cloud_functions.rules.arithmetic import Number, exact
from cloud_functions.rules.values import Value, as_json

_DIGITS: Final = 38
_LOWEST: Final = -130
_HIGHEST: Final = 125
"""A number of DynamoDB: significant digits, and the powers of ten of its first one."""


def is_json(result: Value) -> bool:
    """Whether the result is a JSON value; a payload that is not JSON is passed on as bytes."""
    return not isinstance(result, bytes)


def as_bytes(result: Value) -> bytes:
    """The bytes of the result: JSON text, or the payload itself where it is not JSON."""
    return result if isinstance(result, bytes) else as_json(result)


def as_message(result: Value) -> str | None:
    """The text of the result, None for bytes that are no UTF-8 text."""
    try:
        return as_bytes(result).decode()
    except UnicodeDecodeError:
        return None


def as_object(result: Value) -> dict[str, Any] | None:
    """The result as a JSON object, None where it is none.  Raises UnkeptValue."""
    return plain(result) if isinstance(result, dict) else None


class UnkeptValue(Exception):
    """A value that no item can have; the message says which and why."""


def plain(result: Value) -> Any:
    """The value as items keep it: whole numbers to the last digit, others as the nearest float.

    Raises UnkeptValue for a number beyond DynamoDB's, and for what is not JSON.
    """
    kind = type(result)
    if kind is dict:
        return {name: plain(each) for name, each in result.items()}
    if kind is list:
        return [plain(each) for each in result]
    if kind is int or kind is float or kind is Decimal:
        return _kept(result)
    if result is None or kind is str or kind is bool:
        return result
    raise UnkeptValue(f"an item has JSON values only, no {kind.__name__}")


def _kept(number: Number) -> int | float:
    value = exact(number)
    if not value.is_finite() or (value and not _LOWEST <= value.adjusted() <= _HIGHEST):
        raise UnkeptValue(f"an item has numbers of 1E{_LOWEST} to 9.9E+{_HIGHEST}, not {value:.6E}")
    if type(number) is int and len(value.as_tuple().digits) > _DIGITS:
        raise UnkeptValue(f"an item has numbers of up to {_DIGITS} digits, not {value:.6E}")
    if not isinstance(number, Decimal):
        return number
    is_whole = number.adjusted() < _DIGITS and number == number.to_integral_value()
    return int(number) if is_whole else float(number)
