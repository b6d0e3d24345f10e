"""Operations on the bits of Ints; decimals are rounded down first (AWS reference, section 2.5)."""

import operator
from collections.abc import Callable, Mapping
from typing import Final

from cloud_functions.rules.arithmetic import floored
from cloud_functions.rules.functions.function import Function
from cloud_functions.rules.values import UNDEFINED, Undefined, Value, as_number


def rounded_down(value: Value) -> int | Undefined:
    """The Int of a number, rounded down; UNDEFINED for what is none or beyond 34 digits."""
    number = as_number(value)
    if number is UNDEFINED:
        return UNDEFINED
    whole = floored(number)
    return whole if type(whole) is int else UNDEFINED


def _of_two(function: Callable[[int, int], int]) -> Callable[[Value, Value], Value]:
    def call(first: Value, second: Value) -> Value:
        left, right = rounded_down(first), rounded_down(second)
        if left is UNDEFINED or right is UNDEFINED:
            return UNDEFINED
        return function(left, right)

    return call


def _not(argument: Value) -> Value:
    """Two's complement: the guide prints bitnot(13) as 2, which is four bits of it."""
    bits = rounded_down(argument)
    return UNDEFINED if bits is UNDEFINED else ~bits


FUNCTIONS: Final[Mapping[str, Function]] = {
    "bitand": Function(_of_two(operator.and_), 2, 2),
    "bitor": Function(_of_two(operator.or_), 2, 2),
    "bitxor": Function(_of_two(operator.xor), 2, 2),
    "bitnot": Function(_not, 1, 1),
}
