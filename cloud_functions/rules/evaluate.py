"""What an expression or a statement makes of a message (AWS reference, sections 2.2 to 2.4)."""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from cloud_functions.rules.context import Context
from cloud_functions.rules.functions import FUNCTIONS
from cloud_functions.rules.nodes import (
    Binary,
    Call,
    Everything,
    Expression,
    Item,
    Literal,
    Negative,
    Not,
    Path,
    Statement,
)
from cloud_functions.rules.values import UNDEFINED, Value, as_boolean, as_number, equal

_ORDER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def evaluate(expression: Expression, context: Context) -> Value:
    """The value of an expression; UNDEFINED where it has none."""
    match expression:
        case Literal(value):
            return value
        case Path(members):
            return context.member(tuple(members))
        case Everything():
            return context.payload
        case Call(name, arguments):
            values = [evaluate(argument, context) for argument in arguments]
            return FUNCTIONS[name].call(context, values)
        case Not(operand):
            truth = as_boolean(evaluate(operand, context))
            return UNDEFINED if truth is UNDEFINED else not truth
        case Negative(operand):
            number = as_number(evaluate(operand, context))
            return UNDEFINED if number is UNDEFINED else -number
        case Binary(word, left, right):
            return _binary(word, evaluate(left, context), evaluate(right, context))


def _binary(word: str, left: Value, right: Value) -> Value:
    if word in ("AND", "OR"):
        return _logical(word, as_boolean(left), as_boolean(right))
    if left is UNDEFINED or right is UNDEFINED:
        return UNDEFINED
    if word == "=":
        return equal(left, right)
    if word == "<>":
        return not equal(left, right)
    first, second = as_number(left), as_number(right)
    if first is UNDEFINED or second is UNDEFINED:
        return UNDEFINED
    return _ORDER[word](first, second)


def _logical(word: str, left: Value, right: Value) -> Value:
    """Both sides must be truths: there is no third value that `false AND` could swallow."""
    if left is UNDEFINED or right is UNDEFINED:
        return UNDEFINED
    return (left and right) if word == "AND" else (left or right)


def holds(where: Expression | None, context: Context) -> bool:
    """Whether WHERE is exactly true."""
    return where is None or evaluate(where, context) is True


def select(items: Sequence[Item], context: Context) -> Value:
    """What SELECT hands to the actions: the payload itself for `*` alone, else an object."""
    if len(items) == 1 and isinstance(items[0].expression, Everything):
        return context.payload
    output: dict[str, Value] = {}
    for item in items:
        value = evaluate(item.expression, context)
        if isinstance(item.expression, Everything):
            if isinstance(value, dict):
                output.update(value)
        elif value is not UNDEFINED:
            _store(output, item.alias, value)
    return output


def _store(output: dict[str, Value], alias: Sequence[str], value: Value) -> None:
    """Set a nested member without touching objects that belong to the payload."""
    here = output
    for name in alias[:-1]:
        inner = here.get(name)
        here[name] = dict(inner) if isinstance(inner, dict) else {}
        here = here[name]
    here[alias[-1]] = value


def result(statement: Statement, context: Context) -> Value:
    """The statement's outcome for a message whose topic matched; UNDEFINED when WHERE is not."""
    return select(statement.items, context) if holds(statement.where, context) else UNDEFINED
