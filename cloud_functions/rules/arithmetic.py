"""Numbers: whole ones of up to 34 digits, decimals of 34 significant digits (AWS reference, 2.3).

A decimal is a `float` wherever the float's shortest form is the very number, so that what JSON
brings stays what the parser made of it; it is a `Decimal` only where a float would lie.  Sums are
exact: 0.1 + 0.2 is 0.3.
"""

import decimal
from decimal import Decimal
from typing import Final, TypeAlias

Number: TypeAlias = int | float | Decimal

DIGITS: Final = 34
_INT_LIMIT: Final = 10**DIGITS
_EXACT_FLOAT: Final = 2.0**53
_LARGEST_EXPONENT: Final = 999

EXACT: Final = decimal.Context(
    prec=DIGITS,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=-_LARGEST_EXPONENT,
    Emax=_LARGEST_EXPONENT,
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)
_WIDE: Final = decimal.Context(prec=2 * _LARGEST_EXPONENT, Emin=-9_999, Emax=9_999)
"""Room for every digit of a number while it is cut at its point."""

NoNumber: Final = decimal.DecimalException
"""What the functions here raise where there is no result: division by zero, overflow."""


def exact(number: Number) -> Decimal:
    """The number itself; a float means the shortest decimal that reads back as it."""
    return Decimal(repr(number)) if type(number) is float else Decimal(number)


def comparable(left: Number, right: Number) -> tuple[Number, Number]:
    """The two in a form in which Python compares what they mean and not how they are kept."""
    kind = type(left)
    if kind is type(right) or (
        kind is not Decimal
        and type(right) is not Decimal
        and _is_small(left if kind is float else right)
    ):
        return left, right
    return exact(left), exact(right)


def _is_small(number: Number) -> bool:
    """Whether a float tells neighbouring whole numbers apart."""
    return -_EXACT_FLOAT < number < _EXACT_FLOAT


def settled(number: Decimal) -> Number:
    """The same decimal in its plainest form."""
    if number and number.adjusted() < -_LARGEST_EXPONENT:
        return 0.0
    as_float = float(number)
    if number.is_finite() and Decimal(repr(as_float)) == number:
        return as_float
    return number


def whole(number: Number) -> Number:
    """A decimal without fraction as the Int it is in the second SQL version (section 2.3)."""
    if type(number) is int:
        return number
    if type(number) is float:
        if not number.is_integer():
            return number
        if _is_small(number):
            return int(number)
    value = exact(number)
    if value.adjusted() >= DIGITS or value != value.to_integral_value():
        return number
    return int(value)


def int_of(number: Decimal) -> Number:
    """A Decimal without fraction as an Int; one beyond 34 digits stays what it is."""
    return settled(number) if number.adjusted() >= DIGITS else int(number)


def cut(number: Number, places: int, rounding: str) -> Decimal:
    """The number with so many decimal places, rounded as the decimal module's word says."""
    value = exact(number)
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    if exponent >= -places:
        return value
    return value.quantize(Decimal(1).scaleb(-places), rounding=rounding, context=_WIDE)


def floored(number: Number) -> Number:
    """The nearest Int that is not greater."""
    if type(number) is int:
        return number
    return int_of(cut(number, 0, decimal.ROUND_FLOOR))


def truncated(number: Number) -> Number:
    """The number without its fraction."""
    if type(number) is int:
        return number
    return int_of(cut(number, 0, decimal.ROUND_DOWN))


def nearest(number: Number) -> Number:
    """The nearest Int, of two equally near ones the one farther from zero."""
    if type(number) is int:
        return number
    return int_of(cut(number, 0, decimal.ROUND_HALF_UP))


def _limited(number: int) -> Number:
    """A result of whole numbers; beyond 34 digits it is a Decimal."""
    if -_INT_LIMIT < number < _INT_LIMIT:
        return number
    return settled(EXACT.create_decimal(number))


def parsed(text: str) -> Number:
    """The number a numeric text means, rounded to 34 digits."""
    if len(text) <= DIGITS and (text.isdigit() or text[1:].isdigit()):
        return int(text)
    number = EXACT.create_decimal(text)
    if "." in text or "e" in text or "E" in text:
        return settled(number)
    return int_of(number)


def add(left: Number, right: Number) -> Number:
    """Left + right."""
    if type(left) is int and type(right) is int:
        return _limited(left + right)
    return settled(EXACT.add(exact(left), exact(right)))


def subtract(left: Number, right: Number) -> Number:
    """Left - right."""
    if type(left) is int and type(right) is int:
        return _limited(left - right)
    return settled(EXACT.subtract(exact(left), exact(right)))


def multiply(left: Number, right: Number) -> Number:
    """Left times right."""
    if type(left) is int and type(right) is int:
        return _limited(left * right)
    return settled(EXACT.multiply(exact(left), exact(right)))


def divide(left: Number, right: Number) -> Number:
    """Left / right; of two Ints an Int where the result is whole (section 2.4).  May raise."""
    if type(left) is int and type(right) is int:
        if right and left % right == 0:
            return left // right
        return settled(EXACT.divide(Decimal(left), Decimal(right)))
    return settled(EXACT.divide(exact(left), exact(right)))


def remainder(left: Number, right: Number) -> Number:
    """What is left of the division, with the sign of the first.  May raise."""
    if type(left) is int and type(right) is int and right:
        rest = abs(left) % abs(right)
        return -rest if left < 0 else rest
    first, second = exact(left), exact(right)
    if second and first.adjusted() - second.adjusted() >= DIGITS:
        return settled(EXACT.plus(_WIDE.remainder(first, second)))
    return settled(EXACT.remainder(first, second))


def negative(number: Number) -> Number:
    """The number with its sign turned, every digit kept; there is no negative zero."""
    if type(number) is Decimal:
        return number.copy_negate()
    return -number if number else number
