"""Makes a tree of a query, within AWS's limits (AWS reference, section 7.1).

Precedence from loose to tight: OR, AND (also where nothing is written), NOT and `-`.
"""

from typing import Final

from cloud_functions.fleet_index.errors import InvalidQuery
from cloud_functions.fleet_index.lexer import QUESTION, STAR, Kind, Token, tokens_of
from cloud_functions.fleet_index.nodes import (
    And,
    Everything,
    Exists,
    Node,
    Not,
    Or,
    Range,
    Term,
    Words,
)

MAX_TERMS: Final = 12
MAX_GROUP_TERMS: Final = 5
"""Terms of a dynamic group's query."""
MAX_QUERY: Final = 1000
_MAX_STARS: Final = 2
_MAX_QUESTIONS: Final = 5
_MAX_LEADING: Final = 1
_MAX_LEADING_QUERY: Final = 100
_MAX_DEPTH: Final = 30

_TERM_BEGINS: Final = frozenset(
    {Kind.WORD, Kind.PHRASE, Kind.OPEN, Kind.NOT, Kind.MINUS, Kind.RANGE_OPEN, Kind.COMPARE}
)
_VALUE_BEGINS: Final = frozenset({Kind.WORD, Kind.PHRASE, Kind.RANGE_OPEN, Kind.COMPARE})


def parse(query: str, *, max_terms: int = MAX_TERMS) -> Node:
    """The tree of a query.  Raises InvalidQuery with the column of the mistake."""
    if len(query) > MAX_QUERY:
        raise InvalidQuery(f"a query has at most {MAX_QUERY} characters", query[:40], 1)
    return _Parser(query, max_terms).query()


class _Parser:
    def __init__(self, query: str, max_terms: int) -> None:
        self._query = query
        self._tokens = tokens_of(query)
        self._at = 0
        self._max_terms = max_terms
        self._terms = 0
        self._leading = 0
        self._depth = 0

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    def _is(self, *kinds: Kind) -> bool:
        return self._now.kind in kinds

    def _take(self) -> Token:
        token = self._now
        self._at += 1
        return token

    def query(self) -> Node:
        if self._is(Kind.END):
            raise self._error("the query is empty; * matches every thing", self._now)
        node = self._or("")
        if not self._is(Kind.END):
            raise self._unexpected("AND, OR or the end")
        return node

    # ------------------------------------------------------------ operators

    def _or(self, field: str) -> Node:
        items = [self._and(field)]
        while self._is(Kind.OR):
            self._take()
            items.append(self._and(field))
        return items[0] if len(items) == 1 else Or(items)

    def _and(self, field: str) -> Node:
        items = [self._unary(field)]
        while self._is(Kind.AND) or self._is(*_TERM_BEGINS):
            if self._is(Kind.AND):
                self._take()
            items.append(self._unary(field))
        return items[0] if len(items) == 1 else And(items)

    def _unary(self, field: str) -> Node:
        negations = 0
        while self._is(Kind.NOT, Kind.MINUS):
            self._take()
            negations += 1
        node = self._primary(field)
        return Not(node) if negations % 2 else node

    def _primary(self, field: str) -> Node:
        token = self._now
        if token.kind is Kind.OPEN:
            return self._group(field)
        if token.kind not in _VALUE_BEGINS:
            raise self._unexpected("a term")
        follows = self._tokens[self._at + 1].kind
        if token.kind is Kind.WORD and follows in (Kind.COLON, Kind.COMPARE):
            return self._fielded(field)
        return self._value(field)

    def _group(self, field: str) -> Node:
        opened = self._take()
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._error(f"brackets inside each other end at {_MAX_DEPTH}", opened)
        node = self._or(field)
        if not self._is(Kind.CLOSE):
            if self._is(Kind.END):
                raise self._error("this bracket is not closed", opened)
            raise self._unexpected("AND, OR or )")
        self._take()
        self._depth -= 1
        return node

    # ------------------------------------------------------------ fields and values

    def _fielded(self, outer: str) -> Node:
        name = self._take()
        if outer:
            raise self._error(f"a field inside the group of field {outer}", name)
        if STAR in name.text or QUESTION in name.text:
            raise self._error("a field has no wildcards", name)
        if self._is(Kind.COLON):
            self._take()
            if self._is(Kind.OPEN):
                return self._group(name.text)
            if not self._is(*_VALUE_BEGINS):
                raise self._unexpected(f"a value for {name.text}")
        return self._value(name.text)

    def _value(self, field: str) -> Node:
        token = self._take()
        self._count(token)
        if token.kind is Kind.COMPARE:
            return self._comparison(field, token)
        if token.kind is Kind.RANGE_OPEN:
            return self._range(field, token)
        if token.kind is Kind.WORD and token.text == STAR:
            return Term(field, Exists()) if field else Everything()
        if token.kind is Kind.PHRASE:
            words = tuple(token.text.lower().split())
            if not words:
                raise self._error("a phrase has at least one word", token)
            return Term(field, Words(words))
        self._check_wildcards(token)
        return Term(field, Words((token.text.lower(),)))

    def _comparison(self, field: str, token: Token) -> Node:
        if not field:
            raise self._error(f"{token.text} needs a field before it", token)
        bound = self._bound()
        includes = token.text.endswith("=")
        if token.text.startswith(">"):
            return Term(field, Range(bound, None, includes_low=includes, includes_high=True))
        return Term(field, Range(None, bound, includes_low=True, includes_high=includes))

    def _range(self, field: str, token: Token) -> Node:
        if not field:
            raise self._error("a range needs a field before it", token)
        low = self._bound(is_open=True)
        if not self._is(Kind.TO):
            raise self._unexpected("TO")
        self._take()
        high = self._bound(is_open=True)
        if not self._is(Kind.RANGE_CLOSE):
            raise self._unexpected("] or }")
        closed = self._take()
        return Term(
            field,
            Range(
                None if low == STAR else low,
                None if high == STAR else high,
                includes_low=token.text == "[",
                includes_high=closed.text == "]",
            ),
        )

    def _bound(self, *, is_open: bool = False) -> str:
        """A bound in lower case; `*` is none where a range may be open."""
        if not self._is(Kind.WORD, Kind.PHRASE):
            raise self._unexpected("a value")
        token = self._take()
        has_wildcard = STAR in token.text or QUESTION in token.text
        if has_wildcard and not (is_open and token.text == STAR):
            raise self._error("a bound has no wildcards", token)
        return token.text.lower()

    # ------------------------------------------------------------ limits

    def _count(self, token: Token) -> None:
        self._terms += 1
        if self._terms > self._max_terms:
            raise self._error(f"a query has at most {self._max_terms} terms", token)

    def _check_wildcards(self, token: Token) -> None:
        if token.text.count(STAR) > _MAX_STARS:
            raise self._error(f"a term has at most {_MAX_STARS} *", token)
        if token.text.count(QUESTION) > _MAX_QUESTIONS:
            raise self._error(f"a term has at most {_MAX_QUESTIONS} ?", token)
        if token.text.startswith((STAR, QUESTION)):
            self._leading += 1
            if self._leading > _MAX_LEADING:
                raise self._error("only one term of a query begins with a wildcard", token)
            if len(self._query) > _MAX_LEADING_QUERY:
                raise self._error(
                    "a query with a term that begins with a wildcard has at most"
                    f" {_MAX_LEADING_QUERY} characters",
                    token,
                )

    def _unexpected(self, wanted: str) -> InvalidQuery:
        token = self._now
        text = token.text.replace("\0", "")
        return self._error(f"{wanted} is needed here, not {text or token.kind}", token)

    def _error(self, reason: str, token: Token) -> InvalidQuery:
        return InvalidQuery(reason, self._query, token.column)
