"""Whom the steps and conditions of a scenario reach: what is certain before anybody is drawn.

A share that is too small for a fleet reaches nobody by chance, and another fleet's size or seed
may change that; a country without robots is a mistake whatever the luck.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from device_sim.robot.chance import Keys, key_of
from device_sim.robot.families import FAMILIES
from device_sim.robot.households.draw import draw, place_shares
from device_sim.robot.households.world import CODES, REGION_OF, REGIONS, ZONE_COUNTRY, ZONES
from device_sim.robot.schedule import Zones
from device_sim.scenarios.lines import Path
from device_sim.scenarios.model import Scenario
from device_sim.scenarios.schema import one_of_words
from device_sim.scenarios.who import NAME_DIGITS, Ints, Who, rows_of, thing_name, thing_numbers

_AT_ONCE: Final = 1_000_000
"""Names that are made together when one is looked for."""


class Nobody(NamedTuple):
    """Why a `who` reaches no robot: the key within it, what was found, and what is allowed."""

    key: Path
    found: str
    allowed: str


@dataclass(slots=True, eq=False)
class _Columns:
    """One robot as `rows_of` looks at it."""

    key: Keys
    family: npt.NDArray[np.uint8]
    country: npt.NDArray[np.uint8]
    zone: npt.NDArray[np.uint16]
    zones: Zones = ZONES


class Reach:
    """Where the robots of a scenario live and what they are, `size` of them."""

    def __init__(self, scenario: Scenario, size: int) -> None:
        self._scenario, self._size = scenario, size
        shares = np.array([*place_shares(scenario.households.mix), 0.0])  # the last zone is UTC
        self._share = shares / shares.sum()
        self._country = np.append(ZONE_COUNTRY, 0)

    @cached_property
    def families(self) -> Sequence[str]:
        """The families with at least one robot."""
        ends = zip(self._scenario.groups, self._scenario.ends, strict=True)
        there = {group.family for group, end in ends if end - group.count < self._size}
        return [name for name in FAMILIES if name in there]

    def zones(self, who: Who) -> Ints:
        """The zones in which somebody may live who is meant."""
        held = self._share > 0
        if who.zone is not None:
            held &= np.array([name == who.zone for name in ZONES.names])
        if who.country is not None:
            held &= self._country == CODES.index(who.country)
        if who.region is not None:
            held &= REGION_OF[self._country] == REGIONS.index(who.region)
        return np.flatnonzero(held)

    def expected(self, who: Who) -> float:
        """How many robots are meant, on average over all seeds."""
        if who.robot is not None:
            return 1.0
        where = float(self._share[self.zones(who)].sum())
        groups = self._scenario.groups
        named = sum(group.count for group in groups if who.family in (None, group.family))
        return self._size * who.share * where * named / sum(group.count for group in groups)

    def all_expected(self) -> Iterator[tuple[str, float]]:
        """Each step and condition that is not for everybody, and how many robots it means."""
        steps, network = self._scenario.steps, self._scenario.network
        named = [(f"steps[{number}]", each.who) for number, each in enumerate(steps)]
        named += [(f"network[{number}]", each.who) for number, each in enumerate(network)]
        for key, who in named:
            if who != Who():
                yield key, self.expected(who)

    def nobody(self, who: Who) -> Nobody | None:
        """Why certainly no robot is meant; None if one may be."""
        return next(self._reasons(who), None)

    def _reasons(self, who: Who) -> Iterator[Nobody]:
        if who.robot is not None and (place := self._place(who.robot)) is None:
            yield self._no_such_robot(who.robot)
        for key, said, there in (
            ("country", who.country, self._countries),
            ("zone", who.zone, self._zone_names),
            ("region", who.region, self._regions),
            ("family", who.family, self.families),
        ):
            if said is not None and said not in there:
                yield Nobody((key,), f'"{said}", which has no robots here', one_of_words(there))
        if not self.zones(who).size:
            yield Nobody((), "a place where nobody lives", "keys that are true of one place")
        if who.robot is not None and place is not None:
            yield from self._another(who, place)

    def _no_such_robot(self, robot: int | str) -> Nobody:
        if isinstance(robot, int):
            return Nobody(("robot",), f"{robot:,}", f"a place from 0 to {self._size - 1:,}")
        first = thing_name(self._scenario.seed, 0)
        return Nobody(
            ("robot",), f'"{robot}", which is none of these robots',
            f'a place from 0 to {self._size - 1:,}, or a name such as "{first}"',
        )  # fmt: skip

    def _place(self, robot: int | str) -> int | None:
        """Where in the fleet a robot is."""
        if isinstance(robot, int):
            return robot if robot < self._size else None
        if len(robot) != NAME_DIGITS or not (robot.isascii() and robot.isdecimal()):
            return None
        for first in range(0, self._size, _AT_ONCE):
            places = np.arange(first, min(first + _AT_ONCE, self._size))
            numbers = thing_numbers(self._scenario.seed, places)
            if (found := np.flatnonzero(numbers == np.uint64(int(robot)))).size:
                return first + int(found[0])
        return None

    def _another(self, who: Who, place: int) -> Iterator[Nobody]:
        """A robot that is there, but is not what else is said of it."""
        seed, group = self._scenario.seed, self._scenario.group_at(place)
        key = np.array([key_of(thing_name(seed, place))], dtype=np.uint64)
        family = np.array([FAMILIES[group.family].order], dtype=np.uint8)
        people = draw(seed, key, family, self._scenario.households.mix)
        if not rows_of(who, _Columns(key, family, people.country, people.zone), seed).size:
            country = CODES[int(people.country[0])]
            yield Nobody(
                ("robot",), f"{place:,}, which is not what the other keys say",
                f"it alone, or what it is: {group.family}, {country},"
                f" {ZONES.names[int(people.zone[0])]}",
            )  # fmt: skip

    @cached_property
    def _countries(self) -> Sequence[str]:
        numbers = np.unique(self._country[self._share > 0])
        return [CODES[number] for number in numbers.tolist()]

    @cached_property
    def _zone_names(self) -> Sequence[str]:
        return sorted({ZONES.names[number] for number in np.flatnonzero(self._share > 0).tolist()})

    @cached_property
    def _regions(self) -> Sequence[str]:
        numbers = np.unique(REGION_OF[self._country[self._share > 0]])
        return [REGIONS[number] for number in numbers.tolist()]
