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
    VARIABLE = "variable"
    SYMBOL = "symbol"
    END = "end"


class Token(NamedTuple):
    """A piece of the statement; `text` of a keyword is in capitals, of a string without quotes.

    A variable's text is its name without the `@`.
    """

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
  | (?P<decimal>[0-9]+(?:\.[0-9]+(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+))
  | (?P<integer>[0-9]+)
  | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<string>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
  | (?P<variable>@[A-Za-z0-9_]+)
  | (?P<symbol><>|<=|>=|!=|[=<>+\-*/%().,\[\]{}:@])
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(statement: str, start: int = 0) -> Iterator[Token]:
    """The tokens of a statement from `start` on, closed by an END token.  Raises SqlError."""
    if len(statement) > MAX_STATEMENT_BYTES:
        raise SqlError(f"a statement has at most {MAX_STATEMENT_BYTES} characters", "", 0)
    position = start
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
    if group == "variable":
        return Token(Kind.VARIABLE, text[1:], position)
    return Token(Kind(group), text, position)


_ESCAPE: Final = re.compile(r"\\(.)|(''|\"\")", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}


def _unquoted(text: str) -> str:
    """The text between the quotes; an escape that is none stands for itself, as in a pattern."""
    if "\\" not in text and text[0] * 2 not in text[1:-1]:
        return text[1:-1]
    quote = text[0]

    def meaning(found: re.Match[str]) -> str:
        if found.group(2):
            return quote if found.group(2)[0] == quote else found.group(2)
        return _ESCAPES.get(found.group(1), found.group())

    return _ESCAPE.sub(meaning, text[1:-1])


def _complaint(character: str) -> str:
    if character in "'\"":
        return "this text is not closed"
    return f"{character!r} has no meaning here"
