"""What a statement is made of, as frozen values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, text, true, false or NULL (None) as written."""

    value: int | float | str | bool | None


@dataclass(frozen=True, slots=True)
class Everything:
    """`*`: the payload itself."""


@dataclass(frozen=True, slots=True)
class Path:
    """A member of the payload, `a.b.c`."""

    members: Sequence[str]


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments."""

    name: str
    arguments: Sequence["Expression"]


@dataclass(frozen=True, slots=True)
class Not:
    """Logical negation."""

    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Negative:
    """A number with its sign turned."""

    operand: "Expression"


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two expressions; `operator` in capitals."""

    operator: str
    left: "Expression"
    right: "Expression"


Expression: TypeAlias = Literal | Everything | Path | Call | Not | Negative | Binary


@dataclass(frozen=True, slots=True)
class Item:
    """One item of SELECT and the path of output members it is stored under."""

    expression: Expression
    alias: Sequence[str]


@dataclass(frozen=True, slots=True)
class Statement:
    """A whole statement; `topic_filter` None for a rule of Basic Ingest only."""

    items: Sequence[Item]
    topic_filter: str | None
    where: Expression | None
