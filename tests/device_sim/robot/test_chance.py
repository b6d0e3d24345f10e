"""Chance and the functions on it: even, repeatable, and the same bits everywhere."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from device_sim.robot import exact
from device_sim.robot.chance import (
    Purpose,
    hashed,
    key_of,
    keys_of,
    one_hashed,
    one_uniform,
    uniform,
)

GOLDEN = [
    "0x1.a3dcf5683a7bap+8",
    "0x1.e4422599a6096p+9",
    "0x1.bbb827ada73dep+10",
    "0x1.5180000000000p+11",
    "0x1.d66f931d67dbep+12",
    "0x1.f3d9d338a3b2bp+14",
]
KEYS = np.array([key_of(f"r{n}") for n in range(20_000)], dtype=np.uint64)


def test_chance_is_the_same_for_the_same_question_and_even() -> None:
    one = uniform(1, KEYS, 5, Purpose.MISHAP)

    assert np.array_equal(one, uniform(1, KEYS, 5, Purpose.MISHAP))
    assert not np.array_equal(one, uniform(1, KEYS, 6, Purpose.MISHAP))
    assert not np.array_equal(one, uniform(1, KEYS, 5, Purpose.CURE))
    assert abs(one.mean() - 0.5) < 0.01
    assert 0 <= one.min() < one.max() < 1


def test_a_tick_for_each_is_the_same_as_one_for_all() -> None:
    ticks = np.arange(len(KEYS)) % 3 - 1

    each = hashed(7, KEYS, ticks, Purpose.WAIT)

    for tick in (-1, 0, 1):
        assert np.array_equal(
            each[ticks == tick], hashed(7, KEYS[ticks == tick], tick, Purpose.WAIT)
        )
    assert (
        one_uniform(7, int(KEYS[4]), 9, Purpose.CURE) == uniform(7, KEYS[4:5], 9, Purpose.CURE)[0]
    )


def test_one_draw_is_the_draw_of_an_array() -> None:
    for key in KEYS[:50]:
        alone = one_hashed(7, int(key), -3, Purpose.CURE)
        assert alone == int(hashed(7, np.array([key]), -3, Purpose.CURE)[0])


def test_a_draw_is_these_bits_on_every_machine() -> None:
    assert int(hashed(7, KEYS[:1], 1_700_000_000, Purpose.MISHAP)[0]) == 0x9C99F802241551A1


@pytest.mark.parametrize("x", [1e-300, 1e-9, 0.1, 0.5, 0.70710678, 0.99999, 1.0, 7.5, 1e200])
def test_logarithm(x: float) -> None:
    assert exact.log(np.array([x]))[0] == pytest.approx(math.log(x), rel=1e-14, abs=1e-15)


@pytest.mark.parametrize("x", [-600.0, -20.0, -1.0, -1e-9, 0.0, 0.3, 0.35, 1.0, 20.0, 600.0])
def test_exponential_function(x: float) -> None:
    assert exact.exp(np.array([x]))[0] == pytest.approx(math.exp(x), rel=1e-14)


@pytest.mark.parametrize("share", [1e-12, 0.001, 0.024, 0.025, 0.3, 0.5, 0.7, 0.976, 0.999])
def test_normal_quantile(share: float) -> None:
    expected = NormalDist().inv_cdf(share)

    assert exact.normal(np.array([share]))[0] == pytest.approx(expected, abs=1e-7)


def test_the_functions_give_these_bits_on_every_machine() -> None:
    share = np.array([0.01, 0.1, 0.3, 0.5, 0.9, 0.999])

    said = [float(each).hex() for each in exact.log_normal(share, 2700.0, 0.8)]

    assert said == GOLDEN


def test_extremes_stay_finite() -> None:
    ends = np.array([0.0, 1.0 - 2.0**-53])

    assert np.isfinite(exact.normal(ends)).all()
    assert np.isfinite(exact.exponential(ends)).all()
    assert exact.exponential(ends)[0] == 0


def test_exponential_waits_have_their_mean() -> None:
    waits = exact.exponential(uniform(3, KEYS, 0, Purpose.WAIT))

    assert abs(waits.mean() - 1) < 0.03


@pytest.mark.parametrize(
    ("prefix", "digits", "numbers"),
    [("", 16, [0, 7, 1234567890123456, 10**16 - 1]), ("serial-", 3, [0, 100, 999, 501]),
     ("robot-", 1, [0, 9])],
)  # fmt: skip
def test_keys_of_numbered_things_are_the_keys_of_their_names(
    prefix: str, digits: int, numbers: list[int]
) -> None:
    names = [f"{prefix}{number:0{digits}d}" for number in numbers]

    found = keys_of(prefix, np.array(numbers, dtype=np.uint64), digits)

    assert found.tolist() == [key_of(name) for name in names]
