"""Chance as a pure function of (seed, thing, tick, purpose): no state, no order, no shards.

The hash is splitmix64's finaliser, applied to a sum of odd multiples; it passes for independent
uniforms at the rates a fleet needs.
"""

from enum import IntEnum
from typing import Final, TypeAlias
from zlib import crc32

import numpy as np
import numpy.typing as npt

Keys: TypeAlias = npt.NDArray[np.uint64]
Floats: TypeAlias = npt.NDArray[np.float64]

_SEED: Final = np.uint64(0x9E3779B97F4A7C15)
_TICK: Final = np.uint64(0xD1B54A32D192ED03)
_PURPOSE: Final = np.uint64(0x8CB92BA72F3D8DD7)
_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)
_TO_UNIT: Final = 2.0**-53


class Purpose(IntEnum):
    """What a draw is for; two purposes never share a draw."""

    STUCK = 1
    STUCK_CODE = 2
    CURE = 3
    DIFFICULTY = 4
    HOME = 5
    START_CHARGE = 6
    SIGNAL = 7
    MISSION_ID = 8
    BACKOFF = 9
    TOKEN = 10
    CLAIM = 11
    DOCKING = 12


def key_of(thing: str) -> int:
    """The 64-bit key of a thing, the same in every process."""
    raw = thing.encode()
    return crc32(raw) << 32 | crc32(raw[::-1] + b"robofleet")


def hashed(seed: int, keys: Keys, tick: int, purpose: Purpose) -> Keys:
    """64 random bits for each key."""
    with np.errstate(over="ignore"):
        value = (
            keys
            + np.uint64(seed & 0xFFFFFFFFFFFFFFFF) * _SEED
            + np.uint64(tick & 0xFFFFFFFFFFFFFFFF) * _TICK
            + np.uint64(int(purpose)) * _PURPOSE
        )
        value = (value ^ (value >> np.uint64(30))) * _MIX_1
        value = (value ^ (value >> np.uint64(27))) * _MIX_2
        return value ^ (value >> np.uint64(31))


def uniform(seed: int, keys: Keys, tick: int, purpose: Purpose) -> Floats:
    """A number in [0, 1) for each key."""
    return (hashed(seed, keys, tick, purpose) >> np.uint64(11)).astype(np.float64) * _TO_UNIT


def one_uniform(seed: int, key: int, tick: int, purpose: Purpose) -> float:
    """A number in [0, 1) for one key."""
    return float(uniform(seed, np.array([key], dtype=np.uint64), tick, purpose)[0])
