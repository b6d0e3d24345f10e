"""Arithmetic and the functions of analysis (AWS reference, section 2.5).

A number is an Int, a Decimal or a numeric text; anything else gives UNDEFINED, and so does a
result that is imaginary or beyond every number.
"""

import decimal
import math
from collections.abc import Callable, Mapping
from typing import Final

from cloud_functions.rules.arithmetic import (
    DIGITS,
    NoNumber,
    Number,
    cut,
    floored,
    int_of,
    nearest,
    negative,
    remainder,
    settled,
)
from cloud_functions.rules.functions.function import Function
from cloud_functions.rules.values import UNDEFINED, Value, as_number


def _of_number(function: Callable[[Number], Number]) -> Callable[[Value], Value]:
    """A function of one number, to the last digit."""

    def call(argument: Value) -> Value:
        number = as_number(argument)
        return UNDEFINED if number is UNDEFINED else function(number)

    return call


def _of_double(function: Callable[[float], float]) -> Callable[[Value], Value]:
    """A function of one number in double precision."""

    def call(argument: Value) -> Value:
        number = as_number(argument)
        if number is UNDEFINED:
            return UNDEFINED
        try:
            result = function(float(number))
        except (ValueError, OverflowError):
            return UNDEFINED
        return result if math.isfinite(result) else UNDEFINED

    return call


def _of_two_doubles(function: Callable[[float, float], float]) -> Callable[[Value, Value], Value]:
    """A function of two numbers in double precision."""

    def call(first: Value, second: Value) -> Value:
        left, right = as_number(first), as_number(second)
        if left is UNDEFINED or right is UNDEFINED:
            return UNDEFINED
        try:
            result = function(float(left), float(right))
        except (ValueError, OverflowError):
            return UNDEFINED
        return result if math.isfinite(result) else UNDEFINED

    return call


def _absolute(number: Number) -> Number:
    return number if number > 0 else negative(number)


def _ceiling(number: Number) -> Number:
    if type(number) is int:
        return number
    return int_of(cut(number, 0, decimal.ROUND_CEILING))


def _sign(number: Number) -> Number:
    return (number > 0) - (number < 0)


def rest(first: Value, second: Value) -> Value:
    """What is left of a division, with the sign of the first; as the operator %."""
    left, right = as_number(first), as_number(second)
    if left is UNDEFINED or right is UNDEFINED:
        return UNDEFINED
    try:
        return remainder(left, right)
    except NoNumber:
        return UNDEFINED


def _truncate(first: Value, second: Value) -> Value:
    """Cut to so many decimal places, 0 to 34; zeros at the end are dropped."""
    number, places = as_number(first), as_number(second)
    if number is UNDEFINED or places is UNDEFINED:
        return UNDEFINED
    if type(number) is int:
        return number
    kept = int(min(max(floored(places), 0), DIGITS))
    result = cut(number, kept, decimal.ROUND_DOWN)
    return int_of(result) if result == result.to_integral_value() else settled(result)


FUNCTIONS: Final[Mapping[str, Function]] = {
    "abs": Function(_of_number(_absolute), 1, 1, decimal=True),
    "ceil": Function(_of_number(_ceiling), 1, 1),
    "floor": Function(_of_number(floored), 1, 1),
    "round": Function(_of_number(nearest), 1, 1),
    "sign": Function(_of_number(_sign), 1, 1),
    "trunc": Function(_truncate, 2, 2),
    "mod": Function(rest, 2, 2, decimal=True),
    "remainder": Function(rest, 2, 2, decimal=True),
    "power": Function(_of_two_doubles(math.pow), 2, 2, decimal=True),
    "sqrt": Function(_of_double(math.sqrt), 1, 1, decimal=True),
    "exp": Function(_of_double(math.exp), 1, 1, decimal=True),
    "ln": Function(_of_double(math.log), 1, 1, decimal=True),
    "log": Function(_of_double(math.log10), 1, 1, decimal=True),
    "acos": Function(_of_double(math.acos), 1, 1, decimal=True),
    "asin": Function(_of_double(math.asin), 1, 1, decimal=True),
    "atan": Function(_of_double(math.atan), 1, 1, decimal=True),
    "atan2": Function(_of_two_doubles(math.atan2), 2, 2, decimal=True),
    "cos": Function(_of_double(math.cos), 1, 1, decimal=True),
    "cosh": Function(_of_double(math.cosh), 1, 1, decimal=True),
    "sin": Function(_of_double(math.sin), 1, 1, decimal=True),
    "sinh": Function(_of_double(math.sinh), 1, 1, decimal=True),
    "tan": Function(_of_double(math.tan), 1, 1, decimal=True),
    "tanh": Function(_of_double(math.tanh), 1, 1, decimal=True),
}
