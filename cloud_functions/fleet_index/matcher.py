"""Whether a thing matches a query; what a single value passes (AWS reference, section 7.1).

Values are compared without regard to case.  A text is its words, parted by white space.  A bound
that is a number compares numbers (a text that is one counts), any other compares texts.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final, TypeAlias

from cloud_functions.fleet_index.lexer import QUESTION, STAR
from cloud_functions.fleet_index.nodes import (
    And,
    Everything,
    Exists,
    Node,
    Not,
    Or,
    Range,
    Term,
    Test,
    Words,
)

Scalar: TypeAlias = str | int | float
"""A value of the index; booleans are the texts true and false."""
Fields: TypeAlias = Mapping[str, Sequence[Scalar]]
"""A thing's values by their field; a list's elements are all there."""
Passes: TypeAlias = Callable[[Scalar], bool]

_NUMBER: Final = re.compile(r"-?\d{1,308}(\.\d{1,308})?(e[+-]?\d{1,3})?\Z", re.ASCII)
_REGISTRY: Final = frozenset({"thingName", "thingTypeName", "thingGroupNames"})


class FieldType(StrEnum):
    """What a custom or managed field was declared to be."""

    NUMBER = "Number"
    STRING = "String"
    BOOLEAN = "Boolean"


def number_of(value: Scalar) -> float | None:
    """The number a value is, or is the text of."""
    if isinstance(value, str):
        return float(value) if _NUMBER.match(value.lower()) else None
    return value


def text_of(value: Scalar) -> str:
    """A value in lower case."""
    if isinstance(value, str):
        return value.lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def is_searched(field: str) -> bool:
    """Whether a term without a field looks here: all of registry and shadows."""
    return field in _REGISTRY or field.startswith(("attributes.", "shadow."))


def is_below(field: str, wanted: str) -> bool:
    """Whether a field is the wanted one, or inside it."""
    return field == wanted or field.startswith(wanted + ".")


# ---------------------------------------------------------------- one value


def passes(test: Test, declared: FieldType | None = None) -> Passes:
    """The test as a function of one value, made once for many."""
    match test:
        case Words(patterns):
            return _words(patterns)
        case Range():
            return _range(test, declared)
        case Exists():
            return lambda _value: True


def _words(patterns: Sequence[str]) -> Passes:
    if len(patterns) == 1 and is_plain(patterns[0]):
        return _word(patterns[0])
    wanted = [word_test(pattern) for pattern in patterns]
    count = len(wanted)

    def match(value: Scalar) -> bool:
        words = text_of(value).split()
        return any(
            all(test(word) for test, word in zip(wanted, words[start:], strict=False))
            for start in range(len(words) - count + 1)
        )

    return match


def _word(word: str) -> Passes:
    number = number_of(word)

    def match(value: Scalar) -> bool:
        if not isinstance(value, str):
            return value == number
        text = value.lower()
        if text == word or word in text.split():
            return True
        return number is not None and number_of(text) == number

    return match


def is_plain(pattern: str) -> bool:
    """Whether a pattern has no wildcards."""
    return STAR not in pattern and QUESTION not in pattern


def word_test(pattern: str) -> Callable[[str], bool]:
    """Whether a word in lower case is like the pattern."""
    if is_plain(pattern):
        return pattern.__eq__
    before, _, after = pattern.partition(STAR)
    if is_plain(before) and is_plain(after):  # the usual ones without a regular expression
        if not after:
            return lambda word: word.startswith(before)
        if not before:
            return lambda word: word.endswith(after)
    parts = [re.escape(part) for part in pattern.split(STAR)]
    text = ".*".join(parts).replace(re.escape(QUESTION), ".")
    compiled = re.compile(text, re.DOTALL)
    return lambda word: compiled.fullmatch(word) is not None


def numeric_bounds(test: Range, declared: FieldType | None) -> tuple[float, float] | None:
    """The bounds as numbers, None when the range compares texts."""
    if declared is FieldType.STRING:
        return None
    low = float("-inf") if test.low is None else number_of(test.low)
    high = float("inf") if test.high is None else number_of(test.high)
    if low is None or high is None or (test.low is None and test.high is None):
        return None
    return low, high


def _range(test: Range, declared: FieldType | None) -> Passes:
    bounds = numeric_bounds(test, declared)
    if bounds is None:
        return lambda value: _between(text_of(value), test)
    low, high = bounds
    includes_low, includes_high = test.includes_low, test.includes_high

    def match(value: Scalar) -> bool:
        number = number_of(value)
        if number is None:
            return False
        return (low <= number if includes_low else low < number) and (
            number <= high if includes_high else number < high
        )

    return match


def _between(text: str, test: Range) -> bool:
    above = test.low is None or (text >= test.low if test.includes_low else text > test.low)
    below = test.high is None or (text <= test.high if test.includes_high else text < test.high)
    return above and below


# ---------------------------------------------------------------- one thing


class Matcher:
    """A query as a function of one thing's fields."""

    def __init__(self, query: Node, declared: Mapping[str, FieldType] | None = None) -> None:
        self._query = query
        self._declared = declared or {}
        self._tests: dict[int, Passes] = {}

    def matches(self, fields: Fields) -> bool:
        """Whether the thing matches."""
        return self._matches(self._query, fields)

    def _matches(self, node: Node, fields: Fields) -> bool:
        match node:
            case Term():
                return self._term(node, fields)
            case And(items):
                return all(self._matches(item, fields) for item in items)
            case Or(items):
                return any(self._matches(item, fields) for item in items)
            case Not(inner):
                return not self._matches(inner, fields)
            case Everything():
                return True

    def _term(self, term: Term, fields: Fields) -> bool:
        if isinstance(term.test, Exists):
            return any(is_below(field, term.field) for field in fields)
        test = self._tests.get(id(term))
        if test is None:
            declared = self._declared.get(term.field)
            test = self._tests[id(term)] = passes(term.test, declared)
        values: Iterable[Scalar]
        if term.field:
            values = fields.get(term.field, ())
        else:
            values = (each for name in fields if is_searched(name) for each in fields[name])
        return any(map(test, values))
