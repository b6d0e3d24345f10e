"""A query as a tree (AWS reference, section 7.1)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Words:
    """One of a value's words is like the pattern; several in a row for a phrase.

    Patterns are in lower case, with STAR and QUESTION of the lexer as wildcards.
    """

    patterns: Sequence[str]


@dataclass(frozen=True, slots=True)
class Range:
    """A value between two bounds; None is no bound.  Numbers, or texts in lower case."""

    low: str | None
    high: str | None
    includes_low: bool
    includes_high: bool


@dataclass(frozen=True, slots=True)
class Exists:
    """Any value at all."""


Test: TypeAlias = Words | Range | Exists


@dataclass(frozen=True, slots=True)
class Term:
    """A field's value passes the test; `field` empty is any field of registry and shadows."""

    field: str
    test: Test


@dataclass(frozen=True, slots=True)
class Everything:
    """Every thing."""


@dataclass(frozen=True, slots=True)
class Not:
    """What the inner one does not match."""

    inner: "Node"


@dataclass(frozen=True, slots=True)
class And:
    """What all of them match."""

    items: Sequence["Node"]


@dataclass(frozen=True, slots=True)
class Or:
    """What any of them matches."""

    items: Sequence["Node"]


Node: TypeAlias = Term | Everything | Not | And | Or


def terms(node: Node) -> Iterator[Term | Everything]:
    """Every term of a query."""
    match node:
        case Term() | Everything():
            yield node
        case Not(inner):
            yield from terms(inner)
        case And(items) | Or(items):
            for item in items:
                yield from terms(item)
