"""What the network of each robot is like now, as columns, and how that changes in time.

About 49 bytes a robot.  Where several conditions hold for a robot, the worse of each counts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from device_sim.network.path import Quality

Ints = npt.NDArray[np.int64]
FOREVER: Final = float("inf")


class InvalidCondition(ValueError):
    """A condition that no network can have; the message names what and what is allowed."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What the network of some robots is like."""

    delay_s: float = 0.0
    jitter_s: float = 0.0
    loss: float = 0.0
    rate_bytes_s: float = FOREVER
    duplicates: float = 0.0
    clock_offset_s: float = 0.0
    """How far the robot's clock runs ahead."""
    is_partition: bool = False
    """Nothing passes in either direction, and no socket closes."""

    def __post_init__(self) -> None:
        for name in ("delay_s", "jitter_s"):
            if not 0.0 <= getattr(self, name) < FOREVER:
                raise InvalidCondition(f"{name} is {getattr(self, name)}; at least 0 is allowed")
        for name in ("loss", "duplicates"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise InvalidCondition(f"{name} is {getattr(self, name)}; 0 to 1 is allowed")
        if not self.rate_bytes_s > 0.0:
            raise InvalidCondition(f"rate_bytes_s is {self.rate_bytes_s}; above 0 is allowed")
        if not abs(self.clock_offset_s) < FOREVER:
            raise InvalidCondition(f"clock_offset_s is {self.clock_offset_s}; a number is allowed")


class Conditions:
    """One entry a robot in each column."""

    def __init__(self, robots: int) -> None:
        self.delay_s = np.zeros(robots)
        self.jitter_s = np.zeros(robots)
        self.loss = np.zeros(robots)
        self.rate_bytes_s = np.full(robots, FOREVER)
        self.duplicates = np.zeros(robots)
        self.clock_offset_s = np.zeros(robots)
        self.is_partition = np.zeros(robots, dtype=np.bool_)

    def __len__(self) -> int:
        return len(self.delay_s)

    def apply(self, rows: Ints, condition: Condition) -> None:
        """Let a condition hold for rows, beside those that hold already."""
        for column, value in (
            (self.delay_s, condition.delay_s),
            (self.jitter_s, condition.jitter_s),
            (self.loss, condition.loss),
            (self.duplicates, condition.duplicates),
        ):
            column[rows] = np.maximum(column[rows], value)
        self.rate_bytes_s[rows] = np.minimum(self.rate_bytes_s[rows], condition.rate_bytes_s)
        self.is_partition[rows] |= condition.is_partition
        further = rows[abs(condition.clock_offset_s) > np.abs(self.clock_offset_s[rows])]
        self.clock_offset_s[further] = condition.clock_offset_s

    def clear(self, rows: Ints) -> None:
        """Let no condition hold for rows."""
        for column in (self.delay_s, self.jitter_s, self.loss, self.duplicates):
            column[rows] = 0.0
        self.clock_offset_s[rows] = 0.0
        self.rate_bytes_s[rows] = FOREVER
        self.is_partition[rows] = False

    def is_mute(self, row: int) -> bool:
        """Whether nothing of a robot gets through: losing everything is no better."""
        return bool(self.is_partition[row]) or bool(self.loss[row] >= 1.0)

    def quality(self, row: int) -> Quality:
        """The path of one robot."""
        rate = float(self.rate_bytes_s[row])
        return Quality(
            float(self.delay_s[row]),
            float(self.jitter_s[row]),
            float(self.loss[row]),
            0.0 if rate == FOREVER else rate,
            float(self.duplicates[row]),
        )


@dataclass(frozen=True, eq=False)
class Impairment:
    """A condition that holds for some rows for a while; it ends before `until_s`."""

    rows: Ints
    condition: Condition
    from_s: float = -FOREVER
    until_s: float = FOREVER


class Timeline:
    """Which impairments hold when; its clock is the one that they are written in."""

    def __init__(self, impairments: Sequence[Impairment], robots: int) -> None:
        self.conditions = Conditions(robots)
        self._impairments = list(impairments)
        self._moments = sorted(_moments(impairments), reverse=True)
        self._holding: set[int] = set()

    def advance(self, now_s: float) -> Ints:
        """Move to a moment; the rows whose conditions have changed."""
        touched: set[int] = set()
        while self._moments and self._moments[-1][0] <= now_s:
            touched.add(self._moments.pop()[1])
        changed = {
            number
            for number in touched
            if (number in self._holding) is not self._holds(number, now_s)
        }
        if not changed:
            return np.zeros(0, dtype=np.int64)
        self._holding ^= changed
        rows = np.unique(np.concatenate([self._impairments[n].rows for n in changed]))
        self._renew(rows)
        return rows

    def _holds(self, number: int, now_s: float) -> bool:
        impairment = self._impairments[number]
        return impairment.from_s <= now_s < impairment.until_s

    def _renew(self, rows: Ints) -> None:
        self.conditions.clear(rows)
        for number in sorted(self._holding):
            held = self._impairments[number]
            self.conditions.apply(np.intersect1d(rows, held.rows), held.condition)


def _moments(impairments: Sequence[Impairment]) -> Iterable[tuple[float, int]]:
    """When something begins or ends, and the number of what does."""
    for number, impairment in enumerate(impairments):
        yield impairment.from_s, number
        yield impairment.until_s, number
