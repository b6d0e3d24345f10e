"""Chance as a pure function of (seed, thing, tick, purpose): no state, no order, no shards.

The hash is splitmix64's finaliser, applied to a sum of odd multiples; it passes for independent
uniforms at the rates a fleet needs.
"""

from collections.abc import Sequence
from enum import IntEnum, unique
from typing import Final, TypeAlias
from zlib import crc32

import numpy as np
import numpy.typing as npt

Keys: TypeAlias = npt.NDArray[np.uint64]
Floats: TypeAlias = npt.NDArray[np.float64]
Ticks: TypeAlias = int | npt.NDArray[np.int64]
"""One tick for all, or one for each."""

_SEED: Final = np.uint64(0x9E3779B97F4A7C15)
_TICK: Final = np.uint64(0xD1B54A32D192ED03)
_PURPOSE: Final = 0x8CB92BA72F3D8DD7
_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)
_MASK: Final = 0xFFFFFFFFFFFFFFFF
_TO_UNIT: Final = 2.0**-53
_SALT: Final = b"robofleet"


@unique
class Purpose(IntEnum):
    """What a draw is for; two purposes never share a draw."""

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
    MISHAP = 13
    MISHAP_KIND = 14
    WAIT = 15
    CANCEL = 16
    CANCEL_MOMENT = 17
    CANCEL_MANNER = 18
    LINK = 19
    CONTACT = 20
    EVACUATION = 21
    BAG = 22
    BIN = 23
    WISH = 24
    WISH_MINUTE = 25
    AGE = 26
    HABIT = 28
    MAINTENANCE = 29
    CODE = 30
    IDENTITY = 31
    START = 32
    FACT = 33
    HOME_DIRT = 34
    MISSION_DIRT = 35
    SHARE = 40
    SPREAD = 41
    WAVE = 42
    AWAY = 80
    GIVES_OUT = 81
    UPDATE_OUTCOME = 60
    UPDATE_TIME = 61
    UPDATE_TURN = 62
    PATH_LOSS = 70
    PATH_JITTER = 71
    PATH_DUPLICATE = 72


def key_of(thing: str) -> int:
    """The 64-bit key of a thing, the same in every process."""
    raw = thing.encode()
    return crc32(raw) << 32 | crc32(raw[::-1] + _SALT)


def keys_of(prefix: str, numbers: npt.NDArray[np.integer], digits: int) -> Keys:
    """The keys of things that are called a prefix and then a number of that many digits."""
    found = [(numbers // 10**place % 10).astype(np.uint8) for place in range(digits)]
    return _crcs(prefix.encode(), found[::-1], b"") << np.uint64(32) | _crcs(
        b"", found, prefix.encode()[::-1] + _SALT
    )


def _crcs(before: bytes, digits: Sequence[npt.NDArray[np.uint8]], behind: bytes) -> Keys:
    """CRC-32 of many texts of one length: a digit changes the same bits whatever the others are."""
    zeros = b"0" * len(digits)
    plain = crc32(before + zeros + behind)
    result = np.full(len(digits[0]), plain, dtype=np.uint64)
    for place, digit in enumerate(digits):
        other = [
            crc32(before + zeros[:place] + b"%d" % each + zeros[place + 1 :] + behind)
            for each in range(10)
        ]
        result ^= np.array(other, dtype=np.uint64)[digit] ^ np.uint64(plain)
    return result


def mixed(value: Keys) -> Keys:
    """The finaliser: every bit of the input reaches every bit of the result (in place)."""
    value ^= value >> np.uint64(30)
    value *= _MIX_1
    value ^= value >> np.uint64(27)
    value *= _MIX_2
    value ^= value >> np.uint64(31)
    return value


def hashed(seed: int, keys: Keys, tick: Ticks, purpose: Purpose) -> Keys:
    """64 random bits for each key."""
    with np.errstate(over="ignore"):
        constant = np.uint64((seed * int(_SEED) + int(purpose) * _PURPOSE) & _MASK)
        if isinstance(tick, np.ndarray):
            return mixed(tick.astype(np.uint64) * _TICK + constant + keys)
        return mixed(keys + np.uint64((int(constant) + tick * int(_TICK)) & _MASK))


def uniform(seed: int, keys: Keys, tick: Ticks, purpose: Purpose) -> Floats:
    """A number in [0, 1) for each key."""
    bits = hashed(seed, keys, tick, purpose) >> np.uint64(11)
    return bits.astype(np.float64) * _TO_UNIT


def one_hashed(seed: int, key: int, tick: int, purpose: Purpose) -> int:
    """64 random bits for one key, without an array."""
    value = key + seed * int(_SEED) + tick * int(_TICK) + int(purpose) * _PURPOSE & _MASK
    value = (value ^ value >> 30) * int(_MIX_1) & _MASK
    value = (value ^ value >> 27) * int(_MIX_2) & _MASK
    return value ^ value >> 31


def one_uniform(seed: int, key: int, tick: int, purpose: Purpose) -> float:
    """A number in [0, 1) for one key."""
    return (one_hashed(seed, key, tick, purpose) >> 11) * _TO_UNIT
