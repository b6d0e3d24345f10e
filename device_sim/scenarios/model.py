"""A scenario: a fleet, its homes and households, its luck, its network, and what happens when."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Annotated, Any, Final, Self

from pydantic import Field, model_validator

from device_sim.robot.parameters import Faults, Habits
from device_sim.scenarios.households import Households, Weight
from device_sim.scenarios.moments import Start
from device_sim.scenarios.network import Network
from device_sim.scenarios.steps import Step
from device_sim.scenarios.strict import Table, contradiction
from device_sim.scenarios.who import FAMILY_SCHEMA, Family

START_S: Final = 1_767_571_200
"""Monday, 5 January 2026, 00:00 UTC, where a scenario names no day."""
MOST_ROBOTS: Final = 100_000_000
MOST_HOMES: Final = 65_536
_MOST_LISTED: Final = 1000
_FEW: Final = 7
"""Countries that can be told apart in a picture."""
_PATTERN: Final = 997
"""Robots after which a mix repeats itself: its grain is a thousandth.

It is a prime, so that homes, which come again after as many robots as there are homes, meet every
family.
"""
_DEFAULT_MIX: Final = {"i7": 0.55, "900": 0.30, "m6": 0.15}  # [E]


class Group(Table):
    """Robots that are alike; without `home` each group spreads over `homes` different ones."""

    family: Family = Field(description="Which family of robots.")
    count: int = Field(ge=1, le=1_000_000, description="How many robots.")
    home: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = Field(
        None, description="The number of the one home they all live in."
    )
    homes: int = Field(
        32, ge=1, le=MOST_HOMES, description="Over how many different homes they spread."
    )
    names: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(
        [], max_length=_MOST_LISTED, description="What owners call them, in turn."
    )


class Fleet(Table):
    """A fleet by its size and mix."""

    size: int = Field(ge=1, le=MOST_ROBOTS, description="How many robots.")
    families: dict[Family, Weight] = Field(
        _DEFAULT_MIX,
        min_length=1,
        description="A weight for each family of robots.",
        json_schema_extra={"propertyNames": FAMILY_SCHEMA.json_schema},
    )


class Homes(Table):
    """The homes of a fleet that is given by its size."""

    different: int = Field(
        256, ge=1, le=MOST_HOMES, description="How many different homes; robots share them."
    )


class Luck(Table):
    """What goes wrong on board."""

    scale: float = Field(
        1.0, ge=0, le=1000,
        description="How often things go wrong: 1 is as usual, 0 is never, 2 is twice as often.",
    )  # fmt: skip


class Scenario(Table):
    """A named fleet and what happens to it."""

    title: str = Field(min_length=1, max_length=120, description="What it is, in a few words.")
    seed: int = Field(
        7, ge=0, le=2**63 - 1, description="The same seed, the same fleet and the same luck."
    )
    hours: float = Field(24.0, ge=0.1, le=8784, description="How long a dry run lasts, in hours.")
    start: Start = Field(
        START_S, description="When it begins in simulated time; with its zone, or seconds of 1970."
    )
    speed: float | None = Field(
        None, ge=0.1, le=10_000,
        description="Simulated seconds a second; left out, 1 live and as fast as it can dry.",
    )  # fmt: skip
    fleet: Fleet | None = Field(None, description="A fleet by its size and mix.")
    robots: list[Group] = Field(
        [], max_length=_MOST_LISTED, description="Or a fleet by groups of robots, taken in turn."
    )
    homes: Homes = Field(Homes(), description="The homes of a fleet that is given by its size.")
    households: Households = Field(Households(), description="What people do and have.")
    faults: Luck = Field(Luck(), description="What goes wrong on board.")
    network: list[Network] = Field(
        [], max_length=_MOST_LISTED, description="Conditions of the network in live runs."
    )
    steps: list[Step] = Field(
        [], max_length=_MOST_LISTED, description="What happens when; the order means nothing."
    )

    @model_validator(mode="after")
    def _one_fleet(self) -> Self:
        if (self.fleet is None) == (not self.robots):
            found = "both [fleet] and [[robots]]" if self.fleet else "no robots"
            key = "robots" if self.fleet else "fleet"
            raise contradiction(found, "[fleet] with a size, or [[robots]]", key)
        return self

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Another scenario; what was derived from this one is derived anew."""
        other = super().model_copy(update=update, deep=deep)
        for derived in ("groups", "ends"):
            other.__dict__.pop(derived, None)
        return other

    @cached_property
    def groups(self) -> Sequence[Group]:
        """The robots in turn: those listed, or a mix that repeats itself."""
        return self.robots or _mixed(self.fleet, self.homes)

    @cached_property
    def ends(self) -> Sequence[int]:
        """Where each group ends within one turn of all groups."""
        return list(accumulate(group.count for group in self.groups))

    def group_at(self, place: int) -> Group:
        """The group of a place in the endless fleet."""
        return self.groups[bisect_right(self.ends, place % self.ends[-1])]

    @property
    def size(self) -> int:
        """How many robots it has."""
        return self.fleet.size if self.fleet else sum(group.count for group in self.robots)

    @property
    def few_countries(self) -> Sequence[str]:
        """Where its robots live, if that is in a few countries that can be told apart."""
        named = self.households.countries or {}
        return list(named) if len(named) <= _FEW else []

    @property
    def luck(self) -> Faults:
        """The rates of the physics."""
        return Faults(scale=self.faults.scale)

    @property
    def habits(self) -> Habits:
        """What people do by themselves in a dry run."""
        return self.households.habits


def _mixed(fleet: Fleet | None, homes: Homes) -> Sequence[Group]:
    """One robot after the other, so that any stretch of them has nearly the same mix."""
    assert fleet is not None
    total = sum(fleet.families.values())
    behind = dict.fromkeys(fleet.families, 0.0)
    made: list[Group] = []
    for _ in range(_PATTERN):
        for family, weight in fleet.families.items():
            behind[family] += weight / total
        family = max(behind, key=lambda name: behind[name])
        behind[family] -= 1.0
        made.append(Group(family=family, count=1, homes=homes.different))
    return made
