"""The robots of a scenario as columns, any stretch of them, without an object each.

A stretch of the endless fleet is the same whoever makes it, so shards may make their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, overload

import numpy as np
import numpy.typing as npt

from device_sim import scenario as scenarios
from device_sim.robot.chance import Keys, Purpose, hashed, key_of, uniform
from device_sim.robot.families import BY_NUMBER, FAMILIES
from device_sim.robot.parameters import Faults
from device_sim.robot.population import PETS, STAIRS, Population, RobotSpec, difficulty, wifi
from device_sim.robot.routes import Routes
from device_sim.robot.schedule import UTC
from device_sim.scenario import Scenario

_PETS_SHARE: Final = 0.4  # [E]
_STAIRS_SHARE: Final = 0.25  # [E]
_SCHEDULED_SHARE: Final = 0.6  # [E]
_OLDEST_DAYS: Final = 1500  # [E]
_DAY_MASKS: Final = (0b1111111, 0b0111110, 0b0101010, 0b1010100, 0b0010010, 0b1000001)
"""[E] Every day, working days, three, three others, two, weekends."""
_HOURS: Final = (9, 9, 10, 10, 11, 12, 13, 17)
"""Starts by schedule: 9 to 13 h and 17 h (16.4)."""
_QUARTERS: Final = 4
_VERSIONS: Final = 3
"""[E] Most run the newest of them."""
_WISHES: Final = (40, 220)
"""[E] Starts by hand, in 255ths of a day: with the schedules about one mission a day (16.4)."""


@dataclass(frozen=True, eq=False)
class Stretch(Sequence[RobotSpec]):
    """Robots of a scenario by their places, made when looked at."""

    scenario: Scenario
    seed: int
    first: int
    size: int

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, index: int) -> RobotSpec: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[RobotSpec]: ...

    def __getitem__(self, index: int | slice) -> RobotSpec | Sequence[RobotSpec]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(self.size))]
        if not -self.size <= index < self.size:
            raise IndexError(f"a stretch of {self.size} robots has no place {index}")
        place = self.first + index % self.size
        return scenarios.specs(self.scenario, self.seed, 1, first=place)[0]


def homes_of(scenario: Scenario) -> Sequence[int]:
    """The seeds of all homes the scenario's robots live in, in their order."""
    found: set[int] = set()
    for group in scenario.groups:
        found |= {group.home} if group.home is not None else set(range(group.homes))
    return sorted(found)


def take(scenario: Scenario, seed: int, routes: Routes, *, first: int, count: int) -> Population:
    """The robots from a place of the endless fleet on; `routes` are those of `homes_of`."""
    places = np.arange(first, first + count)
    ends = np.array(scenario.ends)
    group = np.searchsorted(ends, places % ends[-1], side="right")
    key = _keys(seed, places)

    def drawn(tick: int) -> npt.NDArray[np.float64]:
        return uniform(seed, key, tick, Purpose.HABIT)

    traits = np.where(drawn(0) < _PETS_SHARE, PETS, 0)
    traits |= np.where(drawn(1) < _STAIRS_SHARE, STAIRS, 0)
    scheduled = drawn(2) < _SCHEDULED_SHARE
    masks = np.array(_DAY_MASKS)[(drawn(3) * len(_DAY_MASKS)).astype(np.int64)]
    hour = np.array(_HOURS)[(drawn(4) * len(_HOURS)).astype(np.int64)]
    quarter = (drawn(5) * _QUARTERS).astype(np.int64)
    least, most = _WISHES
    return Population(
        specs=Stretch(scenario, seed, first, count),
        routes=routes,
        zones=UTC,
        key=key,
        family=_families(scenario)[group],
        home=_homes(scenario, seed, routes, group, places),
        country=np.zeros(count, dtype=np.uint8),
        zone=np.zeros(count, dtype=np.uint16),
        days=np.where(scheduled, masks, 0).astype(np.uint8),
        minute=(hour * 60 + quarter * 15).astype(np.uint16),
        wish=(least + drawn(6) * (most - least)).astype(np.uint8),
        traits=traits.astype(np.uint8),
        wifi_dbm=wifi(seed, key),
        age_days=(drawn(7) * _OLDEST_DAYS).astype(np.uint16),
        version=(drawn(8) * drawn(9) * _VERSIONS).astype(np.uint8),
        difficulty=difficulty(seed, key, Faults()),
    )


def _families(scenario: Scenario) -> npt.NDArray[np.uint8]:
    assert len(BY_NUMBER) == len(FAMILIES)
    return np.array([FAMILIES[group.family].order for group in scenario.groups], dtype=np.uint8)


def _homes(
    scenario: Scenario, seed: int, routes: Routes, group: npt.NDArray[np.int64],
    places: npt.NDArray[np.int64],
) -> npt.NDArray[np.int32]:  # fmt: skip
    """The number of each robot's home among those of the routes."""
    known = np.array(routes.homes)
    spread = np.array([each.homes for each in scenario.groups])[group]
    fixed = np.array([-1 if each.home is None else each.home for each in scenario.groups])[group]
    seeds = np.where(fixed >= 0, fixed, (seed + places) % spread)
    return np.searchsorted(known, seeds).astype(np.int32)


def _keys(seed: int, places: npt.NDArray[np.int64]) -> Keys:
    """The keys of the things with these places; their names are 16 digits (section 2)."""
    drawn = np.array([key_of(f"serial-{place}") for place in places.tolist()], dtype=np.uint64)
    numbers = hashed(seed, drawn, places, Purpose.HOME) % np.uint64(10**16)
    return np.array([key_of(f"{number:016d}") for number in numbers.tolist()], dtype=np.uint64)
