"""Whole numbers in texts from outside: plain digits, and no more of them than 64 bits hold."""

from typing import Final

MOST: Final = (1 << 63) - 1
"""The largest number a member of AWS's models may carry (its `long`)."""
_DIGITS: Final = len(str(MOST))


def whole_number(text: str) -> int | None:
    """The number behind a text, with or without a minus; None if it is none or beyond 64 bits.

    Python's `int` takes digits of every script, spaces and underscores, and raises beyond 4,300
    digits; `isdigit` takes superscripts, which `int` refuses.
    """
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdecimal() or len(digits) > _DIGITS:
        return None
    number = int(text)
    return number if abs(number) <= MOST else None
