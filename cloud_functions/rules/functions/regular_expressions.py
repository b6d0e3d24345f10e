"""Search with regular expressions (AWS reference, section 2.5).

A pattern may come from a message, and there are patterns that keep a backtracking search busy for
years.  No check of the pattern's text finds them all, so the search itself is stopped: the
`regex` package ends it after a given time, and all searches of one message share one budget.
What is stopped is UNDEFINED, as everything that has no result.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from cloud_functions.rules.context import Context
from cloud_functions.rules.functions.function import Function
from cloud_functions.rules.functions.java_patterns import compiled
from cloud_functions.rules.values import MAX_TEXT, UNDEFINED, Value, as_text

_REFERENCE: Final = re.compile(
    r"([^\\$]+)|\\(.)|\$([0-9]+)|\$\{([a-zA-Z][a-zA-Z0-9]*)\}|(.)", re.DOTALL
)


def _searched(
    context: Context, texts: tuple[Value, ...], find: Callable[[Any, str, float], Value]
) -> Value:
    """What is found in the first text with the pattern in the second, both converted.

    Reading the pattern is paid from the budget too.
    """
    text, pattern = (as_text(each) for each in texts)
    if text is UNDEFINED or pattern is UNDEFINED:
        return UNDEFINED

    def search(left_s: float) -> Value:
        prepared = compiled(pattern)
        return UNDEFINED if prepared is None else find(prepared, text, left_s)

    return context.within_budget(search, UNDEFINED)


def _matches(context: Context, argument: Value, pattern: Value) -> Value:
    """Whether the pattern is found anywhere in the text."""

    def find(search: Any, text: str, left_s: float) -> Value:
        return search.search(text, timeout=left_s) is not None

    return _searched(context, (argument, pattern), find)


def _substring(context: Context, argument: Value, pattern: Value) -> Value:
    """The first place where it is found; UNDEFINED for none."""

    def find(search: Any, text: str, left_s: float) -> Value:
        found = search.search(text, timeout=left_s)
        return UNDEFINED if found is None else found.group()

    return _searched(context, (argument, pattern), find)


def _replace(context: Context, argument: Value, pattern: Value, replacement: Value) -> Value:
    """Every place where it is found, replaced; `$1` is the first group."""
    new = as_text(replacement)
    if new is UNDEFINED:
        return UNDEFINED

    def find(search: Any, text: str, left_s: float) -> Value:
        pieces = _pieces(new, search)
        if pieces is None:
            return UNDEFINED
        written: list[str] = []
        end = size = 0
        for found in search.finditer(text, timeout=left_s):
            made = [
                each if isinstance(each, str) else found.group(each[0]) or "" for each in pieces
            ]
            written += [text[end : found.start()], *made]
            end = found.end()
            size += sum(map(len, made))
            if len(text) + size > MAX_TEXT:
                return UNDEFINED
        return "".join([*written, text[end:]])

    return _searched(context, (argument, pattern), find)


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
