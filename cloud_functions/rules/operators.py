"""What each operator makes of two values (AWS reference, section 2.4)."""

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, TypeAlias

from cloud_functions.rules import arithmetic
from cloud_functions.rules.arithmetic import NoNumber, Number, comparable, whole
from cloud_functions.rules.functions.mathematics import rest
from cloud_functions.rules.values import (
    MAX_TEXT,
    UNDEFINED,
    Value,
    as_boolean,
    as_number,
    as_text,
    equal,
)

Operator: TypeAlias = Callable[[Value, Value], Value]


def plus(left: Value, right: Value) -> Value:
    """A text on either side: both forms joined; else a sum.  Numeric texts are texts here."""
    if type(left) is str or type(right) is str:
        first, second = as_text(left), as_text(right)
        if first is UNDEFINED or second is UNDEFINED or len(first) + len(second) > MAX_TEXT:
            return UNDEFINED
        return first + second
    return _sum(left, right)


def _calculation(calculate: Callable[[Number, Number], Number]) -> Operator:
    """Int with Int is an Int, anything else a Decimal; what is no number is UNDEFINED."""

    def operate(left: Value, right: Value) -> Value:
        first, second = as_number(left), as_number(right)
        if first is UNDEFINED or second is UNDEFINED:
            return UNDEFINED
        try:
            return calculate(first, second)
        except NoNumber:
            return UNDEFINED

    return operate


_sum: Final = _calculation(arithmetic.add)


def _order(compare: Callable[[Any, Any], bool]) -> Operator:
    """Numbers and numeric texts in their order; anything else is UNDEFINED."""

    def operate(left: Value, right: Value) -> Value:
        first, second = as_number(left), as_number(right)
        if first is UNDEFINED or second is UNDEFINED:
            return UNDEFINED
        if type(first) is not type(second):
            first, second = comparable(first, second)
        return compare(first, second)

    return operate


def equals(left: Value, right: Value) -> Value:
    """Whether both are the same; UNDEFINED if either is."""
    return UNDEFINED if left is UNDEFINED or right is UNDEFINED else equal(left, right)


def differs(left: Value, right: Value) -> Value:
    """Whether they are not; values of different types are."""
    return UNDEFINED if left is UNDEFINED or right is UNDEFINED else not equal(left, right)


def is_in(left: Value, right: Value) -> Value:
    """Whether an array has such an element."""
    if left is UNDEFINED or type(right) is not list:
        return UNDEFINED
    return any(equal(left, each) for each in right)


COMPARISONS: Final[Mapping[str, Operator]] = {
    "=": equals,
    "<>": differs,
    "<": _order(operator.lt),
    "<=": _order(operator.le),
    ">": _order(operator.gt),
    ">=": _order(operator.ge),
    "IN": is_in,
}
ARITHMETIC: Final[Mapping[str, Operator]] = {
    "+": plus,
    "-": _calculation(arithmetic.subtract),
    "*": _calculation(arithmetic.multiply),
    "/": _calculation(arithmetic.divide),
    "%": rest,
}


def _whole(operate: Operator) -> Operator:
    def operate_whole(left: Value, right: Value) -> Value:
        return as_whole(operate(left, right))

    return operate_whole


def as_whole(value: Value) -> Value:
    """A whole decimal as the Int it is in the second SQL version."""
    return whole(value) if type(value) is float or type(value) is Decimal else value


FIRST_OPERATORS: Final[Mapping[str, Operator]] = {**COMPARISONS, **ARITHMETIC}
OPERATORS: Final[Mapping[str, Operator]] = {
    **COMPARISONS,
    **{word: _whole(operate) for word, operate in ARITHMETIC.items()},
}
"""Of the second SQL version."""


def negate(value: Value) -> Value:
    """The number with its sign turned."""
    number = as_number(value)
    return UNDEFINED if number is UNDEFINED else arithmetic.negative(number)


def invert(value: Value) -> Value:
    """Logical negation."""
    truth = as_boolean(value)
    return UNDEFINED if truth is UNDEFINED else not truth
