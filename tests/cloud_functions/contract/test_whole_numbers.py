"""A text from outside is a whole number of 64 bits, or none."""

import pytest

from cloud_functions.contract.whole_numbers import MOST, whole_number


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("007", 7), ("-5", -5), (str(MOST), MOST), (f"-{MOST}", -MOST)]
)
def test_plain_digits_are_a_number(text, number) -> None:
    assert whole_number(text) == number


@pytest.mark.parametrize(
    "text", ["", "-", "--5", "+5", "1.0", " 1", "1_0", "²", "٣", str(MOST + 1), "9" * 5_000]
)
def test_anything_else_is_none(text) -> None:
    assert whole_number(text) is None
