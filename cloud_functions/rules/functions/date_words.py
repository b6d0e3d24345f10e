"""The English words of dates, and patterns taken apart into letters and texts."""

from collections.abc import Iterator
from typing import Final, NamedTuple

MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MAX_PATTERN: Final = 256


class InvalidPattern(ValueError):
    """A pattern with a letter or a count that means nothing."""


class Piece(NamedTuple):
    """A letter with its repetitions; `times` 0 is another character, -1 a quoted text."""

    text: str
    times: int


def pieces(pattern: str) -> Iterator[Piece]:
    """The letters and texts of a pattern; texts stand in single quotes.  Raises InvalidPattern."""
    if len(pattern) > MAX_PATTERN:
        raise InvalidPattern("a pattern has at most 256 characters")
    place = 0
    while place < len(pattern):
        character = pattern[place]
        if character == "'":
            text, place = _quoted(pattern, place + 1)
            yield Piece(text, -1)
        elif character.isascii() and character.isalpha():
            end = place
            while end < len(pattern) and pattern[end] == character:
                end += 1
            yield Piece(character, end - place)
            place = end
        else:
            yield Piece(character, 0)
            place += 1


def _quoted(pattern: str, start: int) -> tuple[str, int]:
    """A quoted text and where it ends; two quotes in a row are one quote."""
    text, place = "", start
    if pattern[start : start + 1] == "'":
        return "'", start + 1
    while True:
        close = pattern.find("'", place)
        if close < 0:
            raise InvalidPattern("a quote is open")
        text += pattern[place:close]
        if pattern[close + 1 : close + 2] != "'":
            return text, close + 1
        text += "'"
        place = close + 2
