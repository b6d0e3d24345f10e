"""Draws in their order for the making of one home."""

from collections.abc import Sequence
from typing import TypeVar

from device_sim.robot.chance import Purpose, one_uniform

_T = TypeVar("_T")


class Dice:
    """The draws of one home; each is the next of its seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._draw = 0

    def share(self) -> float:
        """A number in [0, 1)."""
        self._draw += 1
        return one_uniform(self._seed, self._draw, 0, Purpose.HOME)

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included; low where high is less."""
        return low + int(self.share() * max(high - low + 1, 1))

    def happens(self, probability: float) -> bool:
        """Whether something of that probability happens."""
        return self.share() < probability

    def one_of(self, values: Sequence[_T]) -> _T:
        """Any of the values."""
        return values[self.between(0, len(values) - 1)]

    def shuffled(self, values: Sequence[_T]) -> list[_T]:
        """The values in any order."""
        left = list(values)
        return [left.pop(self.between(0, len(left) - 1)) for _ in range(len(left))]
