"""The robots of a scenario as columns, any stretch of them, without an object each.

A stretch of the endless fleet is the same whoever makes it, so shards may make their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, overload

import numpy as np
import numpy.typing as npt

from device_sim.robot.chance import Keys, Purpose, keys_of, one_hashed
from device_sim.robot.families import BY_NUMBER, FAMILIES
from device_sim.robot.households.draw import draw
from device_sim.robot.households.mix import Mix
from device_sim.robot.households.names import name_of
from device_sim.robot.households.world import ZONES
from device_sim.robot.parameters import Faults
from device_sim.robot.population import Population, RobotSpec, difficulty
from device_sim.robot.routes import Routes
from device_sim.scenario import Scenario
from device_sim.scenarios.model import MOST_HOMES
from device_sim.scenarios.who import NAME_DIGITS, thing_numbers

Places = npt.NDArray[np.int64]
_WORLD: Final = Mix()
_NAME: Final = 64
"""Which of a household's bits choose what its robot is called."""


@dataclass(frozen=True, eq=False)
class Stretch(Sequence[RobotSpec]):
    """Robots of a scenario by their places, made when looked at, from what their columns say."""

    scenario: Scenario
    seed: int
    first: int
    key: Keys
    family: npt.NDArray[np.uint8]
    home_seed: npt.NDArray[np.int64]
    country: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.key)

    @overload
    def __getitem__(self, index: int) -> RobotSpec: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[RobotSpec]: ...

    def __getitem__(self, index: int | slice) -> RobotSpec | Sequence[RobotSpec]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"a stretch of {len(self)} robots has no place {index}")
        row = index % len(self)
        place = np.array([self.first + row])
        return RobotSpec(
            f"{int(thing_numbers(self.seed, place)[0]):0{NAME_DIGITS}d}",
            BY_NUMBER[int(self.family[row])].name,
            int(self.home_seed[row]),
            self._name(row),
        )

    def _name(self, row: int) -> str:
        place = self.first + row
        if names := self.scenario.group_at(place).names:
            return names[place % len(names)]
        bits = one_hashed(self.seed, int(self.key[row]), _NAME, Purpose.IDENTITY)
        return name_of(int(self.country[row]), bits)


def homes_of(
    scenario: Scenario, seed: int | None = None, robots: int | None = None
) -> Sequence[int]:
    """The seeds of the homes the scenario's robots live in, in their order.

    All of them; with a seed and a number of robots, those of the first robots.
    """
    if seed is not None and robots is not None and robots < MOST_HOMES:
        places = np.arange(robots)
        return [
            int(each)
            for each in np.unique(_seeds(scenario, seed, _group(scenario, places), places))
        ]
    found: set[int] = set()
    for group in scenario.groups:
        found |= {group.home} if group.home is not None else set(range(group.homes))
    return sorted(found)


def take(
    scenario: Scenario, seed: int, routes: Routes, *, first: int, count: int, mix: Mix = _WORLD
) -> Population:
    """The robots from a place of the endless fleet on; `routes` are those of `homes_of`."""
    places = np.arange(first, first + count)
    group = _group(scenario, places)
    key = keys_of("", thing_numbers(seed, places), NAME_DIGITS)
    family = _families(scenario)[group]
    seeds = _seeds(scenario, seed, group, places)
    home = np.searchsorted(np.array(routes.homes), seeds).astype(np.int32)
    people = draw(seed, key, family, mix)
    home_seed = np.array(routes.homes)[home]
    return Population(
        specs=Stretch(scenario, seed, first, key, family, home_seed, people.country),
        routes=routes,
        zones=ZONES,
        key=key,
        family=family,
        home=home,
        difficulty=difficulty(seed, key, Faults()),
        **people._asdict(),
    )


def whole(scenario: Scenario, seed: int, count: int) -> Population:
    """The first robots of a scenario with its households, for a run in one process."""
    routes = Routes.of(homes_of(scenario, seed, count))
    return take(scenario, seed, routes, first=0, count=count, mix=scenario.households.mix)


def _families(scenario: Scenario) -> npt.NDArray[np.uint8]:
    assert len(BY_NUMBER) == len(FAMILIES)
    return np.array([FAMILIES[group.family].order for group in scenario.groups], dtype=np.uint8)


def _group(scenario: Scenario, places: Places) -> Places:
    """The number of each place's group."""
    ends = np.array(scenario.ends)
    group: Places = np.searchsorted(ends, places % ends[-1], side="right")
    return group


def _seeds(scenario: Scenario, seed: int, group: Places, places: Places) -> Places:
    """The seed of each robot's home."""
    spread = np.array([each.homes for each in scenario.groups])[group]
    fixed = np.array([-1 if each.home is None else each.home for each in scenario.groups])[group]
    return np.where(fixed >= 0, fixed, (seed + places) % spread)
