r"""Takes a query apart (AWS reference, section 7.1): words, phrases, brackets, comparisons.

A `-` begins a negation where a term could begin, and belongs to the word everywhere else.  After
a `\` any character is itself; `*` and `?` are wildcards unless it stands before them.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from cloud_functions.fleet_index.errors import InvalidQuery

STAR: Final = "\0*"
QUESTION: Final = "\0?"
"""How a wildcard is kept in a word, apart from the same character escaped."""


class Kind(StrEnum):
    """What a token is."""

    WORD = "a word"
    PHRASE = "a phrase"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    MINUS = "-"
    TO = "TO"
    OPEN = "("
    CLOSE = ")"
    COLON = ":"
    COMPARE = "a comparison"
    RANGE_OPEN = "[ or {"
    RANGE_CLOSE = "] or }"
    END = "the end"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a query; wildcards in a word are STAR and QUESTION."""

    kind: Kind
    text: str
    column: int


_KEYWORDS: Final = {"AND": Kind.AND, "OR": Kind.OR, "NOT": Kind.NOT}
_SINGLE: Final = {
    "(": Kind.OPEN,
    ")": Kind.CLOSE,
    ":": Kind.COLON,
    "[": Kind.RANGE_OPEN,
    "{": Kind.RANGE_OPEN,
    "]": Kind.RANGE_CLOSE,
    "}": Kind.RANGE_CLOSE,
}
_UNSUPPORTED: Final = {
    "~": "fuzzy and proximity searches are not supported",
    "^": "boosting is not supported",
    "/": "regular expressions are not supported",
    "=": "there is no =; a field equals a value with field:value",
    "!": "there is no !; a term is excluded with NOT or -",
    "&": "there is no &; both are demanded with AND",
    "|": "there is no |; either is demanded with OR",
    **dict.fromkeys("`@#%';,", "the character is not supported"),
}
_VALUE_FOLLOWS: Final = frozenset({Kind.COLON, Kind.COMPARE, Kind.RANGE_OPEN, Kind.TO})


def tokens_of(query: str) -> list[Token]:
    """The tokens of a query, END last.  Raises InvalidQuery."""
    return _Lexer(query).run()


class _Lexer:
    def __init__(self, query: str) -> None:
        self._query = query
        self._at = 0
        self._tokens: list[Token] = []
        self._in_range = False

    def run(self) -> list[Token]:
        query = self._query
        while self._at < len(query):
            character = query[self._at]
            if character.isspace():
                self._at += 1
            elif character in _SINGLE:
                self._single(character)
            elif character in "<>":
                self._compare(character)
            elif character == '"':
                self._phrase()
            elif character == "-" and self._is_negation():
                self._add(Kind.MINUS, "-", 1)
            else:
                self._word()
        self._tokens.append(Token(Kind.END, "", len(query) + 1))
        return self._tokens

    def _add(self, kind: Kind, text: str, length: int) -> None:
        self._tokens.append(Token(kind, text, self._at + 1))
        self._at += length

    def _single(self, character: str) -> None:
        kind = _SINGLE[character]
        if kind in (Kind.RANGE_OPEN, Kind.RANGE_CLOSE):
            self._in_range = kind is Kind.RANGE_OPEN
        self._add(kind, character, 1)

    def _compare(self, character: str) -> None:
        text = character + ("=" if self._query[self._at + 1 : self._at + 2] == "=" else "")
        self._add(Kind.COMPARE, text, len(text))

    def _is_negation(self) -> bool:
        """Whether a term could begin here; a value after a colon may be a negative number."""
        before = self._tokens[-1].kind if self._tokens else Kind.END
        return before not in _VALUE_FOLLOWS and not self._in_range

    def _phrase(self) -> None:
        began, text = self._at, ""
        self._at += 1
        while self._at < len(self._query):
            character = self._query[self._at]
            if character == '"':
                self._tokens.append(Token(Kind.PHRASE, text, began + 1))
                self._at += 1
                return
            text += self._escaped() if character == "\\" else self._next()
        raise self._error("the phrase has no end", began)

    def _word(self) -> None:
        began, text, is_plain = self._at, "", True
        while self._at < len(self._query):
            character = self._query[self._at]
            if character.isspace() or character in _SINGLE or character in '<>"':
                break
            if character in _UNSUPPORTED:
                raise self._error(
                    f"{character}: {_UNSUPPORTED[character]}; escape it with \\", self._at
                )
            if character == "\\":
                text, is_plain = text + self._escaped(), False
            elif character in "*?":
                text += STAR if character == "*" else QUESTION
                self._at += 1
            else:
                text += self._next()
        kind = _KEYWORDS.get(text, Kind.WORD) if is_plain else Kind.WORD
        if self._in_range and is_plain and text == "TO":
            kind = Kind.TO
        self._tokens.append(Token(kind, text, began + 1))

    def _next(self) -> str:
        character = self._query[self._at]
        if character == "\0":
            raise self._error("the character NUL is not supported", self._at)
        self._at += 1
        return character

    def _escaped(self) -> str:
        self._at += 1
        if self._at >= len(self._query):
            raise self._error("nothing follows the \\", self._at - 1)
        return self._next()

    def _error(self, reason: str, at: int) -> InvalidQuery:
        return InvalidQuery(reason, self._query, at + 1)
