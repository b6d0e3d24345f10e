"""Turns a statement into tokens.

The lexer knows every symbol of the language, also those that the parser refuses, so that a
refusal can name what it refuses.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple

from cloud_functions.rules.errors import SqlError

MAX_STATEMENT_BYTES: Final = 262_144
"""Far above any statement of use; keeps a hostile template from costing memory."""


class Kind(StrEnum):
    """What a token is."""

    KEYWORD = "keyword"
    NAME = "name"
    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "decimal"
    SYMBOL = "symbol"
    END = "end"


class Token(NamedTuple):
    """A piece of the statement; `text` of a keyword is in capitals, of a string without quotes."""

    kind: Kind
    text: str
    position: int


KEYWORDS: Final = frozenset(
    [
        *("SELECT", "FROM", "WHERE", "AS", "SET", "AND", "OR", "NOT", "IN", "EXISTS"),
        *("CASE", "WHEN", "THEN", "ELSE", "END", "TRUE", "FALSE", "NULL"),
    ]
)

_PATTERN: Final = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<decimal>\d+(?:\.\d+(?:[eE][+-]?\d+)?|[eE][+-]?\d+))
  | (?P<integer>\d+)
  | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<string>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
  | (?P<symbol><>|<=|>=|!=|[=<>+\-*/%().,\[\]{}:@])
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(statement: str) -> Iterator[Token]:
    """The tokens of a statement, closed by an END token.  Raises SqlError."""
    if len(statement) > MAX_STATEMENT_BYTES:
        raise SqlError(f"a statement has at most {MAX_STATEMENT_BYTES} characters", "", 0)
    position = 0
    while position < len(statement):
        found = _PATTERN.match(statement, position)
        if found is None:
            raise SqlError(_complaint(statement[position]), statement, position)
        if found.lastgroup != "space":
            yield _token(str(found.lastgroup), found.group(), position)
        position = found.end()
    yield Token(Kind.END, "the end of the statement", position)


def _token(group: str, text: str, position: int) -> Token:
    if group == "string":
        return Token(Kind.STRING, _unquoted(text), position)
    if group == "word":
        upper = text.upper()
        if upper in KEYWORDS:
            return Token(Kind.KEYWORD, upper, position)
        return Token(Kind.NAME, text, position)
    return Token(Kind(group), text, position)


_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}


def _unquoted(text: str) -> str:
    inner = text[1:-1].replace(text[0] * 2, text[0])
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m.group(1), m.group(1)), inner, flags=re.DOTALL)


def _complaint(character: str) -> str:
    if character in "'\"":
        return "this text is not closed"
    return f"{character!r} has no meaning here"
