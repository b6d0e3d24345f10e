"""Whom something concerns: a robot, a share, a country, a zone, a region, a family, combined.

A share is drawn by chance from each thing's key, so that whoever holds a robot agrees on it.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal, Protocol
from zoneinfo import available_timezones

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator, BeforeValidator, Field

from device_sim.robot.chance import Keys, Purpose, hashed, key_of, uniform
from device_sim.robot.families import FAMILIES
from device_sim.robot.schedule import Zones
from device_sim.scenarios.strict import Table, in_words, one_of, refused

Ints = npt.NDArray[np.int64]
Region = Literal["north-america", "latin-america", "europe", "africa", "asia", "oceania"]
REGIONS: Final[tuple[Region, ...]] = (
    "north-america", "latin-america", "europe", "africa", "asia", "oceania",
)  # fmt: skip
_BY_AREA: Final[dict[str, Region]] = {
    "America": "latin-america", "Europe": "europe", "Atlantic": "europe", "Arctic": "europe",
    "Africa": "africa", "Australia": "oceania", "Pacific": "oceania", "Antarctica": "oceania",
    "Asia": "asia", "Indian": "asia", "Etc": "europe",
}  # fmt: skip
"""Regions by the first word of a time zone's name; Greenwich lies in Europe."""
_NORTH: Final = ("US", "CA")


def _known_family(said: str) -> str:
    if said not in FAMILIES:
        raise refused()
    return said


def _known_zone(said: str) -> str:
    if said not in available_timezones():
        raise refused()
    return said


def _robot(said: Any) -> int | str:
    if isinstance(said, bool) or not isinstance(said, int | str) or said == "":
        raise refused()
    if isinstance(said, int) and said < 0:
        raise refused()
    return said


Family = Annotated[str, AfterValidator(_known_family), one_of(tuple(FAMILIES))]
Zone = Annotated[
    str,
    AfterValidator(_known_zone),
    in_words('an IANA time zone such as "Europe/Madrid"', type="string", pattern="^[A-Za-z_+-]+"),
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


class Who(Table):
    """Which robots; what is left out does not limit, and all that is said must hold."""

    robot: Robot | None = Field(None, description="One robot: its place from 0, or its thing name.")
    share: Share = Field(1.0, description="That share of the rest, drawn by chance, 0 to 1.")
    draw: int = Field(
        0, ge=0, le=1_000_000,
        description="Another number, another choice of the share; the same number, the same one.",
    )  # fmt: skip
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = Field(
        None, description='Two letters of ISO 3166, such as "DE".'
    )
    zone: Zone | None = Field(None, description='An IANA time zone, such as "Europe/Madrid".')
    region: Region | None = Field(None, description="A part of the world.")
    family: Family | None = Field(None, description="A family of robots.")


class Columns(Protocol):
    """What a population and a fleet both have."""

    key: Keys
    family: npt.NDArray[np.uint8]
    zone: npt.NDArray[np.uint16]
    zones: Zones


def region_of(zone_name: str, country: str) -> Region:
    """The part of the world that a time zone of a country lies in."""
    if country in _NORTH:
        return "north-america"
    return _BY_AREA.get(zone_name.partition("/")[0], "europe")


def regions_of(zones: Zones) -> Sequence[Region]:
    """The region of each zone."""
    return [region_of(name, zones.country(n)) for n, name in enumerate(zones.names)]


def rows_of(who: Who, columns: Columns, seed: int) -> Ints:
    """The rows that are meant, in their order."""
    zones = columns.zones
    chosen = np.array(
        [
            who.zone in (None, name)
            and who.region in (None, region)
            and who.country in (None, zones.country(number))
            for number, (name, region) in enumerate(
                zip(zones.names, regions_of(zones), strict=True)
            )
        ]
    )
    held = chosen[columns.zone]
    if who.family is not None:
        held &= columns.family == FAMILIES[who.family].order
    if who.robot is not None:
        held &= columns.key == np.uint64(_key(who.robot, seed))
    rows = np.flatnonzero(held)
    if who.share < 1.0:
        rows = rows[uniform(seed, columns.key[rows], who.draw, Purpose.SHARE) < who.share]
    return rows


def thing_name(seed: int, place: int) -> str:
    """A BLID: 16 digits, other for each seed and place in the fleet (section 2)."""
    keys = np.array([key_of(f"serial-{place}")], dtype=np.uint64)
    return f"{int(hashed(seed, keys, place, Purpose.HOME)[0]) % 10**16:016d}"


def _key(robot: int | str, seed: int) -> int:
    return key_of(robot if isinstance(robot, str) else thing_name(seed, robot))
