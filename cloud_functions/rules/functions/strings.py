"""Texts (AWS reference, section 2.5); what is no text is converted first.

No result is longer than MAX_TEXT characters: a longer one is UNDEFINED.
"""

from collections.abc import Callable, Mapping
from typing import Final

from cloud_functions.rules.functions.bits import rounded_down
from cloud_functions.rules.functions.function import ABSENT, Function
from cloud_functions.rules.values import MAX_TEXT, UNDEFINED, Value, as_number, as_text
from cloud_functions.rules.versions import SqlVersion

_MOST_PADDING: Final = 1000
_ASCII: Final = 128
_BLANKS: Final = " \t"


def _of_text(function: Callable[[str], Value]) -> Callable[[Value], Value]:
    def call(argument: Value) -> Value:
        text = as_text(argument)
        return UNDEFINED if text is UNDEFINED else function(text)

    return call


def _of_two_texts(function: Callable[[str, str], Value]) -> Callable[[Value, Value], Value]:
    def call(first: Value, second: Value) -> Value:
        left, right = as_text(first), as_text(second)
        if left is UNDEFINED or right is UNDEFINED:
            return UNDEFINED
        return function(left, right)

    return call


def _character(argument: Value) -> Value:
    """The ASCII character of a number, rounded down."""
    code = rounded_down(argument)
    return chr(code) if code is not UNDEFINED and 0 <= code < _ASCII else UNDEFINED


def _padding(argument: Value) -> str | None:
    number = as_number(argument)
    if number is UNDEFINED:
        return None
    return " " * int(min(max(number, 0), _MOST_PADDING))


def _pad_left(argument: Value, width: Value) -> Value:
    """So many spaces are added, which is not the whole width."""
    text, padding = as_text(argument), _padding(width)
    return UNDEFINED if text is UNDEFINED or padding is None else padding + text


def _pad_right(argument: Value, width: Value) -> Value:
    text, padding = as_text(argument), _padding(width)
    return UNDEFINED if text is UNDEFINED or padding is None else text + padding


def _replace(argument: Value, old: Value, new: Value) -> Value:
    """Every occurrence, taken literally."""
    text, first, second = as_text(argument), as_text(old), as_text(new)
    if text is UNDEFINED or first is UNDEFINED or second is UNDEFINED:
        return UNDEFINED
    if len(text) + text.count(first) * len(second) > MAX_TEXT:
        return UNDEFINED
    return text.replace(first, second)


def _substring(argument: Value, start: Value, end: Value = ABSENT) -> Value:
    """From an index, counted from 0, to before another; both stay within the text."""
    text, first = as_text(argument), as_number(start)
    last = len(text) if end is ABSENT and text is not UNDEFINED else as_number(end)
    if text is UNDEFINED or first is UNDEFINED or last is UNDEFINED:
        return UNDEFINED
    low, high = (int(min(max(each, 0), len(text))) for each in (first, last))
    return text[low:high]


FUNCTIONS: Final[Mapping[str, Function]] = {
    "chr": Function(_character, 1, 1),
    "endswith": Function(_of_two_texts(str.endswith), 2, 2),
    "startswith": Function(_of_two_texts(str.startswith), 2, 2),
    "indexof": Function(_of_two_texts(str.find), 2, 2, SqlVersion.SECOND),
    "length": Function(_of_text(len), 1, 1, SqlVersion.SECOND),
    "numbytes": Function(_of_text(lambda text: len(text.encode())), 1, 1, SqlVersion.SECOND),
    "lower": Function(_of_text(str.lower), 1, 1),
    "upper": Function(_of_text(str.upper), 1, 1),
    "lpad": Function(_pad_left, 2, 2),
    "rpad": Function(_pad_right, 2, 2),
    "ltrim": Function(_of_text(lambda text: text.lstrip(_BLANKS)), 1, 1),
    "rtrim": Function(_of_text(lambda text: text.rstrip(_BLANKS)), 1, 1),
    "trim": Function(_of_text(lambda text: text.strip(_BLANKS)), 1, 1),
    "replace": Function(_replace, 3, 3),
    "substring": Function(_substring, 2, 3),
}
