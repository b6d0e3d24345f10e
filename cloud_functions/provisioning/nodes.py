"""What a template's values may be: texts, and the functions that make texts (AWS reference, 5).

Every node knows where it stands, so that a mistake found later still names its JSON path.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it is."""

    path: str
    value: str


@dataclass(frozen=True, slots=True)
class Ref:
    """The value of a parameter."""

    path: str
    name: str


@dataclass(frozen=True, slots=True)
class Listed:
    """Several values."""

    path: str
    items: Sequence["Node"]


@dataclass(frozen=True, slots=True)
class Join:
    """Several values with a text between them."""

    path: str
    glue: "Node"
    parts: "Node"


@dataclass(frozen=True, slots=True)
class Select:
    """One of several values, counted from 0."""

    path: str
    index: "Node"
    source: "Node"


@dataclass(frozen=True, slots=True)
class Split:
    """A text taken apart."""

    path: str
    separator: "Node"
    source: "Node"


@dataclass(frozen=True, slots=True)
class FindInMap:
    """A value of the template's Mappings."""

    path: str
    table: "Node"
    first: "Node"
    second: "Node"


@dataclass(frozen=True, slots=True)
class Sub:
    """A text whose `${name}` are variables of its own, or parameters."""

    path: str
    text: str
    variables: Mapping[str, "Node"]


Node: TypeAlias = Text | Ref | Listed | Join | Select | Split | FindInMap | Sub

Mappings: TypeAlias = Mapping[str, Mapping[str, Mapping[str, str]]]
