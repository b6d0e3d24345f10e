"""What `cast` makes of a value: the conversions, and numbers to and from Booleans (2.3)."""

from collections.abc import Callable, Mapping
from typing import Final

from cloud_functions.rules.arithmetic import exact as exact_number
from cloud_functions.rules.arithmetic import nearest, settled, truncated
from cloud_functions.rules.values import UNDEFINED, Value, as_boolean, as_number, as_text


def _to_int(value: Value) -> Value:
    """Decimals to the nearest Int, texts cut at their point, as in the conversion table."""
    number = int(value) if type(value) is bool else as_number(value)
    if number is UNDEFINED:
        return UNDEFINED
    return truncated(number) if type(value) is str else nearest(number)


def _to_decimal(value: Value) -> Value:
    if type(value) is bool:
        return float(value)
    number = as_number(value)
    return UNDEFINED if number is UNDEFINED else number


def _to_double(value: Value) -> Value:
    decimal = _to_decimal(value)
    if decimal is UNDEFINED or type(decimal) is int:
        return decimal
    double = float(decimal)
    return double if abs(double) != float("inf") else settled(exact_number(decimal))


def _to_boolean(value: Value) -> Value:
    """Zero is false, any other number true."""
    if type(value) is str or type(value) is bool:
        return as_boolean(value)
    number = as_number(value)
    return UNDEFINED if number is UNDEFINED else bool(number)


CASTS: Final[Mapping[str, Callable[[Value], Value]]] = {
    **dict.fromkeys(("string", "nvarchar", "text", "ntext", "varchar"), as_text),
    **dict.fromkeys(("int", "integer"), _to_int),
    "decimal": _to_decimal,
    "double": _to_double,
    **dict.fromkeys(("bool", "boolean"), _to_boolean),
}
"""By the word after AS, in lower case."""
