"""Numbers to the last digit, conversions and comparison."""

from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cloud_functions.rules import arithmetic
from cloud_functions.rules.arithmetic import EXACT, NoNumber, exact, settled, whole
from cloud_functions.rules.payloads import MAX_DEPTH, NotJson, read_json, with_whole_numbers
from cloud_functions.rules.values import (
    UNDEFINED,
    as_boolean,
    as_int,
    as_json,
    as_number,
    as_text,
    equal,
    is_within,
)

DIGITS = st.integers(-(10**34) + 1, 10**34 - 1)
DECIMALS = st.builds(
    lambda digits, power: Decimal(digits).scaleb(power), DIGITS, st.integers(-60, 60)
)
NUMBERS = st.one_of(DIGITS, DECIMALS.map(settled), st.floats(-1e300, 1e300))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=5)),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(NUMBERS, NUMBERS)
def test_sums_are_those_of_34_digits(left: Any, right: Any) -> None:
    assert exact(arithmetic.add(left, right)) == EXACT.add(exact(left), exact(right))
    assert equal(arithmetic.add(left, right), arithmetic.add(right, left))


@given(NUMBERS, NUMBERS)
def test_products_are_those_of_34_digits(left: Any, right: Any) -> None:
    product = EXACT.multiply(exact(left), exact(right))
    assume(not product or product.adjusted() >= -999)

    assert exact(arithmetic.multiply(left, right)) == product


@given(DIGITS, DIGITS)
def test_a_quotient_of_whole_numbers_is_whole_or_exact(left: int, right: int) -> None:
    if right == 0:
        with pytest.raises(NoNumber):
            arithmetic.divide(left, right)
        return
    quotient = arithmetic.divide(left, right)

    if left % right == 0:
        assert type(quotient) is int
        assert quotient * right == left
    else:
        assert exact(quotient) == EXACT.divide(Decimal(left), Decimal(right))


@given(DIGITS, DIGITS.filter(bool))
def test_a_remainder_has_the_sign_of_the_first(left: int, right: int) -> None:
    rest = arithmetic.remainder(left, right)

    assert abs(rest) < abs(right)
    assert (left - int(rest)) % right == 0
    assert rest == 0 or (rest > 0) == (left > 0)


@given(NUMBERS)
def test_rounding_brackets_the_number(number: Any) -> None:
    assume(exact(number).adjusted() < 33)
    low, near = arithmetic.floored(number), arithmetic.nearest(number)

    assert type(low) is int
    assert low <= exact(number) < low + 1
    assert EXACT.subtract(exact(near), exact(number)).copy_abs() <= Decimal("0.5")
    assert exact(arithmetic.truncated(number)).copy_abs() <= exact(number).copy_abs()


@given(NUMBERS)
def test_a_turned_sign_turns_back(number: Any) -> None:
    turned = arithmetic.negative(number)

    assert exact(turned) == exact(number).copy_negate()
    assert exact(arithmetic.negative(turned)) == exact(number)


@given(NUMBERS)
def test_the_whole_form_is_the_same_number(number: Any) -> None:
    assert exact(whole(number)) == exact(number)
    assert whole(whole(number)) == whole(number)


@given(VALUES)
def test_a_value_written_as_json_is_read_as_the_same(value: Any) -> None:
    raw = as_json(value)

    assert equal(read_json(raw), value)


@given(VALUES, VALUES)
def test_equality_is_fair(left: Any, right: Any) -> None:
    assert equal(left, left)
    assert equal(left, right) == equal(right, left)


@given(VALUES)
def test_whole_decimals_change_no_value(value: Any) -> None:
    raw = as_json(value)

    assert equal(with_whole_numbers(raw, read_json(raw)), value)


@pytest.mark.parametrize(
    "raw",
    [
        b"1.0",
        b" -1.0 ",
        b'{"a":1.0}',
        b'{"a":-10.00,"v":"3.20.0"}',
        b"[1.5,20.0]",
        b'{"a":\t3.0e2}',
        b'{"v":".0' + b".0" * 60 + b'","n":[2.0]}',
    ],
)
def test_a_whole_decimal_is_found_wherever_it_stands(raw: bytes) -> None:
    found = as_json(with_whole_numbers(raw, read_json(raw)))

    assert b".0," not in found
    assert not found.endswith((b".0", b".0]", b".0}"))


@pytest.mark.parametrize("raw", [b'{"v":"3.20.0"}', b'["10.0.0.1",2.5]', b'{"v":"a.0"}', b'".0"'])
def test_a_version_or_an_address_is_no_whole_decimal(raw: bytes) -> None:
    value = read_json(raw)

    assert with_whole_numbers(raw, value) is value


@given(NUMBERS)
def test_the_text_of_a_number_is_that_number(number: Any) -> None:
    text = as_text(number)
    assert text is not UNDEFINED
    assert Decimal(text) == exact(number)


@pytest.mark.parametrize(
    ("value", "number", "whole_number", "truth", "text"),
    [
        (7, 7, 7, UNDEFINED, "7"),
        (2.5, 2.5, 3, UNDEFINED, "2.5"),
        (-2.5, -2.5, -3, UNDEFINED, "-2.5"),
        (True, UNDEFINED, UNDEFINED, True, "true"),
        ("TRUE", UNDEFINED, UNDEFINED, True, "TRUE"),
        ("-1.9", -1.9, -1, UNDEFINED, "-1.9"),
        ("5E-12", 5e-12, 0, UNDEFINED, "5E-12"),
        ("x", UNDEFINED, UNDEFINED, UNDEFINED, "x"),
        ([1, "a"], UNDEFINED, UNDEFINED, UNDEFINED, '[1,"a"]'),
        ({"a": None}, UNDEFINED, UNDEFINED, UNDEFINED, '{"a":null}'),
        (None, UNDEFINED, UNDEFINED, UNDEFINED, UNDEFINED),
        (UNDEFINED, UNDEFINED, UNDEFINED, UNDEFINED, UNDEFINED),
        (b"\xff", UNDEFINED, UNDEFINED, UNDEFINED, UNDEFINED),
    ],
)
def test_conversions_follow_their_table(
    value: Any, number: Any, whole_number: Any, truth: Any, text: Any
) -> None:
    assert as_number(value) == number
    assert as_int(value) == whole_number
    assert as_boolean(value) == truth
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"0.1234567890123456789", "0.1234567890123456789"),
        (b"[12345678901234567890123]", "[12345678901234567890123]"),
        (b'{"a": 1E-400}', '{"a":1E-400}'),
        (b"1E400", "1E+400"),
        (b"1234567890123456789012345678901234567890", "1.234567890123456789012345678901235E+39"),
        (b'"1234567890123456789012345"', '"1234567890123456789012345"'),
        (b'{"t": "e-100 0.12345678901234567"}', '{"t":"e-100 0.12345678901234567"}'),
        (b"18446744073709551615", "18446744073709551615"),
        (b"-9223372036854775809", "-9223372036854775809"),
    ],
)
def test_a_payload_keeps_every_digit(raw: bytes, text: str) -> None:
    assert as_json(read_json(raw)).decode() == text


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"NaN",
        b"1E1000",
        b"\xff",
        b"[12345678901234567890123, NaN]",
        b'["\\ud800", 12345678901234567890123]',
        b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1),
        b"[" * 5_000 + b"12345678901234567890123",
        b'{"a": 12345678901234567890123' + b",",
    ],
)
def test_what_is_no_json_or_too_deep_is_said_so(raw: bytes) -> None:
    with pytest.raises(NotJson):
        read_json(raw)


def test_the_deepest_payload_is_json() -> None:
    raw = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH

    assert orjson.dumps(read_json(raw)) == raw


def test_a_value_is_measured_as_it_would_be_written() -> None:
    text = "x" * 1_000

    assert is_within([text] * 10, 11_000)
    assert not is_within([text] * 10, 9_000)
