"""What a statement is made of, as frozen values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from cloud_functions.rules.versions import SqlVersion


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, text, true, false or NULL (None) as written."""

    value: int | float | Decimal | str | bool | None


@dataclass(frozen=True, slots=True)
class Everything:
    """`*`: the payload itself, in a nested query its element."""


@dataclass(frozen=True, slots=True)
class Path:
    """A member of the payload, `a.b.c`; in a nested query of its element or of a named one."""

    members: Sequence[str]


@dataclass(frozen=True, slots=True)
class Variable:
    """`@name`, as SET defines it."""

    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """A member of what an expression makes, `get(a, 0).b.c`."""

    owner: "Expression"
    members: Sequence[str]


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments."""

    name: str
    arguments: Sequence["Expression"]


@dataclass(frozen=True, slots=True)
class Cast:
    """`cast(operand AS type)`; `type` in lower case."""

    operand: "Expression"
    type: str


@dataclass(frozen=True, slots=True)
class Not:
    """Logical negation."""

    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Negative:
    """A number with its sign turned."""

    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Logical:
    """AND or OR over two and more operands."""

    operator: str
    operands: Sequence["Expression"]


@dataclass(frozen=True, slots=True)
class Binary:
    """Any other operator between two expressions; `operator` in capitals."""

    operator: str
    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Case:
    """`CASE subject WHEN value THEN result ... ELSE otherwise END`."""

    subject: "Expression"
    branches: Sequence[tuple["Expression", "Expression"]]
    otherwise: "Expression | None"


@dataclass(frozen=True, slots=True)
class Array:
    """`[a, b]`."""

    elements: Sequence["Expression"]


@dataclass(frozen=True, slots=True)
class Object:
    """`{'key': expression}`."""

    members: Sequence[tuple[str, "Expression"]]


@dataclass(frozen=True, slots=True)
class Item:
    """One item of SELECT and the path of output members it is stored under.

    The path is empty for `*`, and for an object without alias, whose members are spread.
    """

    expression: "Expression"
    alias: Sequence[str]


@dataclass(frozen=True, slots=True)
class Query:
    """`(SELECT ... FROM source AS alias WHERE ...)`; `bare` is VALUE."""

    items: Sequence[Item]
    bare: bool
    source: "Expression"
    alias: str | None
    where: "Expression | None"


@dataclass(frozen=True, slots=True)
class Exists:
    """`EXISTS (SELECT ...)`."""

    query: Query


Expression: TypeAlias = (
    Literal
    | Everything
    | Path
    | Variable
    | Member
    | Call
    | Cast
    | Not
    | Negative
    | Logical
    | Binary
    | Case
    | Array
    | Object
    | Query
    | Exists
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A whole statement; `topic_filter` None for a rule of Basic Ingest only."""

    items: Sequence[Item]
    topic_filter: str | None
    where: Expression | None
    bare: bool = False
    variables: Sequence[tuple[str, Expression]] = ()
    version: SqlVersion = SqlVersion.SECOND


def children(node: Expression) -> Iterator[Expression]:
    """The expressions that a node is directly made of."""
    match node:
        case Member(owner, _):
            yield owner
        case Call(_, arguments):
            yield from arguments
        case Cast(operand, _) | Not(operand) | Negative(operand):
            yield operand
        case Logical(_, operands) | Array(operands):
            yield from operands
        case Binary(_, left, right):
            yield left
            yield right
        case Case(subject, branches, otherwise):
            yield subject
            for value, result in branches:
                yield value
                yield result
            if otherwise is not None:
                yield otherwise
        case Object(members):
            yield from (value for _, value in members)
        case Query(items, _, source, _, where):
            yield from (item.expression for item in items)
            yield source
            if where is not None:
                yield where
        case Exists(query):
            yield query


def descendants(node: Expression) -> Iterator[tuple[Expression, int]]:
    """The node and everything in it, each with its depth below the node."""
    waiting = [(node, 0)]
    while waiting:
        here, depth = waiting.pop()
        yield here, depth
        waiting += [(each, depth + 1) for each in children(here)]
