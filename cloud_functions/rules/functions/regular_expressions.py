"""Search with regular expressions (AWS reference, section 2.5).

A pattern may come from a message, and there are patterns that keep a backtracking search busy for
years.  No check of the pattern's text finds them all, so the search itself is stopped: the
`regex` package ends it after a given time, and all searches of one message share one budget.
What is stopped is UNDEFINED, as everything that has no result.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from cloud_functions.rules.context import Context
from cloud_functions.rules.functions.function import Function
from cloud_functions.rules.functions.java_patterns import compiled
from cloud_functions.rules.values import MAX_TEXT, UNDEFINED, Value, as_text

_REFERENCE: Final = re.compile(
    r"([^\\$]+)|\\(.)|\$([0-9]+)|\$\{([a-zA-Z][a-zA-Z0-9]*)\}|(.)", re.DOTALL
)


def _prepared(argument: Value, pattern: Value) -> tuple[str, Any] | None:
    text, wanted = as_text(argument), as_text(pattern)
    if text is UNDEFINED or wanted is UNDEFINED:
        return None
    search = compiled(wanted)
    return None if search is None else (text, search)


def _matches(context: Context, argument: Value, pattern: Value) -> Value:
    """Whether the pattern is found anywhere in the text."""
    prepared = _prepared(argument, pattern)
    if prepared is None:
        return UNDEFINED
    text, search = prepared

    def matches(left_s: float) -> Value:
        return search.search(text, timeout=left_s) is not None

    return context.within_budget(matches, UNDEFINED)


def _substring(context: Context, argument: Value, pattern: Value) -> Value:
    """The first place where it is found; UNDEFINED for none."""
    prepared = _prepared(argument, pattern)
    if prepared is None:
        return UNDEFINED
    text, search = prepared

    def find(left_s: float) -> Value:
        found = search.search(text, timeout=left_s)
        return UNDEFINED if found is None else found.group()

    return context.within_budget(find, UNDEFINED)


def _replace(context: Context, argument: Value, pattern: Value, replacement: Value) -> Value:
    """Every place where it is found, replaced; `$1` is the first group."""
    prepared, new = _prepared(argument, pattern), as_text(replacement)
    if prepared is None or new is UNDEFINED:
        return UNDEFINED
    text, search = prepared
    pieces = _pieces(new, search)
    if pieces is None:
        return UNDEFINED

    def replace(left_s: float) -> Value:
        written: list[str] = []
        end = size = 0
        for found in search.finditer(text, timeout=left_s):
            written.append(text[end : found.start()])
            written += [
                each if isinstance(each, str) else found.group(each[0]) or "" for each in pieces
            ]
            end = found.end()
            size += sum(map(len, written[-len(pieces) - 1 :]))
            if size > MAX_TEXT:
                return UNDEFINED
        return "".join([*written, text[end:]])

    return context.within_budget(replace, UNDEFINED)


def _pieces(replacement: str, search: Any) -> list[str | tuple[int | str]] | None:
    """A replacement's texts and groups; None where Java would not take it."""
    pieces: list[str | tuple[int | str]] = []
    for found in _REFERENCE.finditer(replacement):
        plain, escaped, number, name, alone = found.groups()
        if alone is not None or (name is not None and name not in search.groupindex):
            return None
        if number is not None:
            group, rest = _group(number, search.groups)
            if group is None:
                return None
            pieces += [(group,), rest]
        else:
            pieces.append((name,) if name is not None else plain or escaped)
    return pieces


def _group(digits: str, groups: int) -> tuple[int | None, str]:
    """The group that digits name, as many of them as make one that exists; what follows it."""
    length = 1
    while length < len(digits) and int(digits[: length + 1]) <= groups:
        length += 1
    number = int(digits[:length])
    return (number if number <= groups else None), digits[length:]


FUNCTIONS: Final[Mapping[str, Function]] = {
    "regexp_matches": Function(_matches, 2, 2, wants_context=True),
    "regexp_replace": Function(_replace, 3, 3, wants_context=True),
    "regexp_substr": Function(_substring, 2, 2, wants_context=True),
}
