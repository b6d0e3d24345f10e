"""Why a WHERE does not hold: what each side of each comparison was."""

from collections.abc import Iterator
from typing import NamedTuple

from cloud_functions.rules.compile import compile_expression
from cloud_functions.rules.context import Context
from cloud_functions.rules.nodes import Binary, Expression, Logical, Not
from cloud_functions.rules.values import Value
from cloud_functions.rules.versions import SqlVersion
from cloud_functions.rules.wording import text_of


class Found(NamedTuple):
    """A part of an expression and its value, and its two sides where it has two."""

    text: str
    value: Value
    sides: tuple[tuple[str, Value], ...] = ()


def explain(where: Expression, context: Context, version: SqlVersion) -> list[Found]:
    """The whole condition, then its parts from left to right.  Raises Needs, RuleFailed."""

    def found(node: Expression) -> Found:
        value = compile_expression(node, version)(context)
        if not isinstance(node, Binary):
            return Found(text_of(node), value)
        sides = tuple(
            (text_of(side), compile_expression(side, version)(context))
            for side in (node.left, node.right)
        )
        return Found(text_of(node), value, sides)

    parts = [found(part) for part in _parts(where)]
    whole = found(where)
    return parts if len(parts) == 1 and parts[0] == whole else [whole._replace(sides=()), *parts]


def _parts(node: Expression) -> Iterator[Expression]:
    """What AND, OR and NOT join."""
    match node:
        case Logical(_, operands):
            for each in operands:
                yield from _parts(each)
        case Not(operand):
            yield from _parts(operand)
        case _:
            yield node
