"""Whom something concerns: a robot, a share, a country, a zone, a region, a family, combined.

A share is drawn by chance from each thing's key, so that whoever holds a robot agrees on it.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Protocol, Self

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from device_sim.robot.chance import Keys, Purpose, hashed, key_of, keys_of, uniform
from device_sim.robot.families import FAMILIES
from device_sim.robot.households.world import CODES, REGION_OF, REGIONS, ZONES
from device_sim.robot.schedule import Zones
from device_sim.scenarios.strict import Table, contradiction, in_words, one_of, refused

Ints = npt.NDArray[np.int64]
NAME_DIGITS: Final = 16
"""Of a thing's name, as many as old robots have (section 2)."""


def _one_of(known: Sequence[str]) -> AfterValidator:
    """A check that a word is one of those known."""

    def check(said: str) -> str:
        if said not in known:
            raise refused()
        return said

    return AfterValidator(check)


def _robot(said: Any) -> int | str:
    if isinstance(said, bool) or not isinstance(said, int | str) or said == "":
        raise refused()
    if isinstance(said, int) and said < 0:
        raise refused()
    return said


Region = Annotated[str, _one_of(REGIONS), one_of(REGIONS)]
FAMILY_SCHEMA: Final = one_of(tuple(FAMILIES))
COUNTRY_SCHEMA: Final = in_words(
    'the two letters of a country with robots, such as "DE"', enum=list(CODES)
)
Family = Annotated[str, _one_of(tuple(FAMILIES)), FAMILY_SCHEMA]
Country = Annotated[str, _one_of(CODES), COUNTRY_SCHEMA]
Zone = Annotated[
    str,
    _one_of(ZONES.names),
    in_words('a time zone with robots, such as "Europe/Madrid"', enum=sorted(set(ZONES.names))),
]
Robot = Annotated[
    int | str,
    BeforeValidator(_robot),
    in_words(
        "a place in the fleet, counted from 0, or a thing's name",
        anyOf=[{"type": "integer", "minimum": 0}, {"type": "string", "minLength": 1}],
    ),
]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
SomeShare = Annotated[float, Field(gt=0.0, le=1.0)]


class Who(Table):
    """Which robots; what is left out does not limit, and all that is said must hold."""

    robot: Robot | None = Field(None, description="One robot: its place from 0, or its thing name.")
    share: SomeShare = Field(
        1.0, description="That share of the rest, drawn by chance, above 0 to 1."
    )
    draw: int = Field(
        0, ge=0, le=1_000_000,
        description="Another number, another choice of the share; the same number, the same one.",
    )  # fmt: skip
    country: Country | None = Field(None, description='Two letters of ISO 3166, such as "DE".')
    zone: Zone | None = Field(None, description='An IANA time zone, such as "Europe/Madrid".')
    region: Region | None = Field(None, description="A part of the world.")
    family: Family | None = Field(None, description="A family of robots.")

    @model_validator(mode="after")
    def _one_choice(self) -> Self:
        if self.robot is not None and self.share < 1.0:
            raise contradiction("a share of one robot", "`robot` or `share`", "share")
        if self.draw and self.share == 1.0:
            raise contradiction("a draw of everybody", "`draw` beside a `share` below 1", "draw")
        return self


class Columns(Protocol):
    """What a population and a fleet both have."""

    key: Keys
    family: npt.NDArray[np.uint8]
    country: npt.NDArray[np.uint8]
    zone: npt.NDArray[np.uint16]
    zones: Zones


def rows_of(who: Who, columns: Columns, seed: int) -> Ints:
    """The rows that are meant, in their order."""
    held = np.ones(columns.key.size, dtype=np.bool_)
    if who.zone is not None:
        named = np.array([name == who.zone for name in columns.zones.names])
        held &= named[columns.zone]
    if who.country is not None:
        held &= columns.country == CODES.index(who.country)
    if who.region is not None:
        held &= REGION_OF[columns.country] == REGIONS.index(who.region)
    if who.family is not None:
        held &= columns.family == FAMILIES[who.family].order
    if who.robot is not None:
        held &= columns.key == np.uint64(_key(who.robot, seed))
    rows = np.flatnonzero(held)
    if who.share < 1.0:
        rows = rows[uniform(seed, columns.key[rows], who.draw, Purpose.SHARE) < who.share]
    return rows


def thing_numbers(seed: int, places: Ints) -> Keys:
    """The numbers of the things with these places, which ascend; their names are their digits."""
    drawn = np.empty(len(places), dtype=np.uint64)
    for digits in range(len(str(places[0])), len(str(places[-1])) + 1):
        chosen = (places < 10**digits) & (places >= (10 ** (digits - 1) if digits > 1 else 0))
        drawn[chosen] = keys_of("serial-", places[chosen], digits)
    return hashed(seed, drawn, places, Purpose.HOME) % np.uint64(10**NAME_DIGITS)


def thing_name(seed: int, place: int) -> str:
    """A BLID: 16 digits, other for each seed and place in the fleet (section 2)."""
    return f"{int(thing_numbers(seed, np.array([place]))[0]):0{NAME_DIGITS}d}"


def _key(robot: int | str, seed: int) -> int:
    return key_of(robot if isinstance(robot, str) else thing_name(seed, robot))
