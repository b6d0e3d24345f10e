"""The MD2 digest, RFC 1319; no library has it any more."""

from collections.abc import Iterator
from functools import cache
from itertools import count
from typing import Final

_BLOCK: Final = 16
_ROUNDS: Final = 18


def _pi_digits() -> Iterator[int]:
    """The decimal digits of pi, 3 first (a spigot over whole numbers)."""
    q, r, t, k, digit, x = 1, 0, 1, 1, 3, 3
    while True:
        if 4 * q + r - t < digit * t:
            yield digit
            q, r, digit = 10 * q, 10 * (r - digit * t), (10 * (3 * q + r)) // t - 10 * digit
        else:
            after = (q * (7 * k + 2) + r * x) // (t * x)
            q, r, t, k, digit, x = q * k, (2 * q + r) * x, t * x, k + 1, after, x + 2


def _below(bound: int, digits: Iterator[int]) -> int:
    """A number below the bound, drawn from as many digits as it needs, each equally likely."""
    length = next(size for size in count(1) if bound <= 10**size)
    while True:
        drawn = 0
        for _ in range(length):
            drawn = drawn * 10 + next(digits)
        if drawn < 10**length // bound * bound:
            return drawn % bound


@cache
def _substitution() -> bytes:
    """The permutation of the 256 bytes that MD2 builds from pi: a shuffle from the bottom up."""
    digits, table = _pi_digits(), list(range(256))
    for place in range(1, 256):
        other = _below(place + 1, digits)
        table[place], table[other] = table[other], table[place]
    return bytes(table)


def md2(message: bytes) -> bytes:
    """The sixteen bytes of the digest."""
    padding = _BLOCK - len(message) % _BLOCK
    padded = message + bytes([padding]) * padding
    padded += _checksum(padded)
    state, table = bytearray(3 * _BLOCK), _substitution()
    for start in range(0, len(padded), _BLOCK):
        for index, byte in enumerate(padded[start : start + _BLOCK], _BLOCK):
            state[index] = byte
            state[index + _BLOCK] = byte ^ state[index - _BLOCK]
        last = 0
        for number in range(_ROUNDS):
            for index in range(3 * _BLOCK):
                last = state[index] = state[index] ^ table[last]
            last = (last + number) % 256
    return bytes(state[:_BLOCK])


def _checksum(padded: bytes) -> bytes:
    checksum, last, table = bytearray(_BLOCK), 0, _substitution()
    for index, byte in enumerate(padded):
        place = index % _BLOCK
        last = checksum[place] = checksum[place] ^ table[byte ^ last]
    return bytes(checksum)
