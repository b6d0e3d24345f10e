"""Logarithm, exponential and normal quantile that give the same bits on every machine.

Only correctly rounded operations (+ - * / and square root), exact ones (frexp, ldexp, floor) and
constants are used, in a fixed order; a library's `exp` or `log` may differ in the last bit by
machine, by stride and by block.
"""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]

_LN2_HIGH: Final = 6.93147180369123816490e-01
_LN2_LOW: Final = 1.90821492927058770002e-10
"""The natural logarithm of 2 in two parts; multiples of the first are exact."""
_SQRT_HALF_BITS: Final = int(np.float64(0.70710678118654752440).view(np.int64))
_MANTISSA_BITS: Final = 52
_EXPONENT_MASK: Final = np.int64(-(1 << _MANTISSA_BITS))
_ATANH: Final = tuple(1.0 / odd for odd in range(21, 0, -2))
_TAYLOR: Final = (
    1 / 6227020800, 1 / 479001600, 1 / 39916800, 1 / 3628800, 1 / 362880, 1 / 40320, 1 / 5040,
    1 / 720, 1 / 120, 1 / 24, 1 / 6, 1 / 2, 1.0, 1.0,
)  # fmt: skip

_TAIL: Final = 0.02425
"""Where Acklam's rational approximation of the normal quantile changes its formula."""
_CENTRE_ABOVE: Final = (
    -3.969683028665376e01, 2.209460984245205e02, -2.759285104469687e02,
    1.383577518672690e02, -3.066479806614716e01, 2.506628277459239e00,
)  # fmt: skip
_CENTRE_BELOW: Final = (
    -5.447609879822406e01, 1.615858368580409e02, -1.556989798598866e02,
    6.680131188771972e01, -1.328068155288572e01, 1.0,
)  # fmt: skip
_TAIL_ABOVE: Final = (
    -7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e00,
    -2.549732539343734e00, 4.374664141464968e00, 2.938163982698783e00,
)  # fmt: skip
_TAIL_BELOW: Final = (
    7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e00, 3.754408661907416e00, 1.0,
)  # fmt: skip


def _polynomial(coefficients: tuple[float, ...], x: Floats) -> Floats:
    """Horner's scheme, the highest power first."""
    value = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        value *= x
        value += coefficient
    return value


def log(x: Floats) -> Floats:
    """The natural logarithm of positive normal numbers, to about 1e-15."""
    bits = np.ascontiguousarray(x, dtype=np.float64).view(np.int64)
    shifted = bits - _SQRT_HALF_BITS  # the power of two that brings x into sqrt(1/2) to sqrt(2)
    power = (shifted >> _MANTISSA_BITS).astype(np.float64)
    mantissa = (bits - (shifted & _EXPONENT_MASK)).view(np.float64)
    ratio = (mantissa - 1.0) / (mantissa + 1.0)
    series = 2.0 * ratio * _polynomial(_ATANH, ratio * ratio)
    result: Floats = power * _LN2_HIGH + (power * _LN2_LOW + series)
    return result


def exp(x: Floats) -> Floats:
    """E to the power of numbers between -700 and 700, to about 1e-15."""
    power = np.floor(x / _LN2_HIGH + 0.5)
    rest = (x - power * _LN2_HIGH) - power * _LN2_LOW
    result: Floats = np.ldexp(_polynomial(_TAYLOR, rest), power.astype(np.int32))
    return result


def normal(share: Floats) -> Floats:
    """The value that a standard normal number stays below with that probability (to 1e-9)."""
    share = np.clip(share, 2.0**-54, 1.0 - 2.0**-53)
    centred = share - 0.5
    square = centred * centred
    value = _polynomial(_CENTRE_ABOVE, square) * centred / _polynomial(_CENTRE_BELOW, square)
    outer = np.flatnonzero(np.abs(centred) > 0.5 - _TAIL)
    if outer.size:
        side = centred[outer]
        near = np.minimum(share[outer], 1.0 - share[outer])
        root = np.sqrt(-2.0 * log(near))
        tail = _polynomial(_TAIL_ABOVE, root) / _polynomial(_TAIL_BELOW, root)
        value[outer] = np.where(side < 0, tail, -tail)
    return value


def log_normal(share: Floats, median: Floats | float, sigma: float) -> Floats:
    """Log-normal values of uniform shares."""
    result: Floats = median * exp(sigma * normal(share))
    return result


def exponential(share: Floats) -> Floats:
    """Exponential values with mean 1 of uniform shares in [0, 1)."""
    return -log(1.0 - share)
