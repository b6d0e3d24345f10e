"""What the language knows of a function."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from cloud_functions.rules.values import Value
from cloud_functions.rules.versions import SqlVersion

ABSENT: Final[Any] = object()
"""The default of an argument that may be left out: NULL and UNDEFINED are values."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function and how it is called.

    `call` takes the evaluated arguments, after the message's context where it `wants_context` or
    the statement's version where it `wants_version`.
    Another number of arguments than `fewest` to `most` gives UNDEFINED (AWS reference, 2.3).
    A `decimal` one may make a whole decimal, which the second SQL version sees as an Int.
    At the places in `fixed`, and as the role that comes last, no variable may stand (section 2.2).
    """

    call: Callable[..., Value]
    fewest: int
    most: int
    since: SqlVersion = SqlVersion.FIRST
    wants_context: bool = False
    wants_version: bool = False
    decimal: bool = False
    external: bool = False
    has_role: bool = False
    fixed: tuple[int, ...] = ()
