"""The world's countries as tables: their regions, their zones, and how many robots live there."""

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from device_sim.robot.households.clock_rules import zones_of

_FOLDER: Final = Path(__file__).parent
_YEARS: Final = range(2015, 2046)
"""The clock is changed in these; before and after them the first and last offset holds."""
_Share = Annotated[float, Field(gt=0)]
PLAIN_COUNTRY: Final = 0
"""The United States, where nothing is known of a robot."""
NORTH_AMERICA: Final = 0
"""The number of that region."""


class _Country(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    share: _Share
    zones: Annotated[dict[str, _Share], Field(min_length=1)]


def _countries() -> Mapping[str, Mapping[str, _Country]]:
    said = tomllib.loads((_FOLDER / "countries.toml").read_text(encoding="utf-8"))
    return TypeAdapter(dict[str, dict[str, _Country]]).validate_python(said)


def _rules() -> Mapping[str, str]:
    lines = (_FOLDER / "zones.csv").read_text(encoding="ascii").splitlines()
    said = (line.partition(";") for line in lines if not line.startswith("#"))
    return {name: rule for name, _, rule in said}


_WORLD: Final = _countries()
_LISTED: Final = [
    (code, region, country)
    for region, countries in enumerate(_WORLD.values())
    for code, country in countries.items()
]
REGIONS: Final = tuple(_WORLD)
"""Continents, by their number."""
CODES: Final = tuple(code for code, _, _ in _LISTED)
"""ISO 3166 codes, by the number of a country in a column."""
REGION_OF: Final = np.array([region for _, region, _ in _LISTED], dtype=np.uint8)
"""The number of each country's region."""
COUNTRY_SHARES: Final = tuple(country.share for _, _, country in _LISTED)
"""Of all robots, in percent [E]."""
_UTC: Final = "Etc/UTC"
_PLACES: Final = [
    (number, zone, share / math.fsum(country.zones.values()))
    for number, (_, _, country) in enumerate(_LISTED)
    for zone, share in country.zones.items()
]
ZONE_COUNTRY: Final = np.array([number for number, _, _ in _PLACES], dtype=np.uint8)
"""The number of each zone's country."""
ZONE_SHARES: Final = tuple(share for _, _, share in _PLACES)
"""Of the robots of its country [E]."""
_NAMES: Final = (*(zone for _, zone, _ in _PLACES), _UTC)
_RULE: Final = _rules()
ZONES: Final = zones_of([(name, _RULE[name]) for name in _NAMES], _YEARS)
"""Every zone of every country, and UTC last."""
