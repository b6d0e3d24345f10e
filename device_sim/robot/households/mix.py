"""What a fleet's households are like, as shares: the numbers that a scenario may set."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from device_sim.robot.households.world import CODES


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares of households, 0 to 1 unless said; all of them estimates [E] unless marked.

    Raises ValueError, naming the field and what is allowed.
    """

    countries: Mapping[str, float] | None = None
    """Weights by ISO code, at least one above 0; None for the world, 131 countries."""
    north_america: float = 0.40
    """Of the robots of the world; not used where `countries` says it all."""
    scheduled: float = 0.6
    """Robots that start by themselves on some days."""
    working: float = 0.55
    """Homes that are empty in the working hours of working days."""
    away: float = 0.04
    """Households that are on holiday on a day, 0 to 0.5; some travel more than others."""
    wishes: float = 0.7
    """How likely somebody starts a robot by hand on a day, 0 to 0.9; with the schedules it makes
    about one mission a day (16.4)."""
    pets: float = 0.4
    no_base: float = 0.05
    """Robots that were bought without the emptying base of their family."""
    wifi_dbm: float = -45.0
    """The median signal at the dock (16.5), -90 to -20."""
    wifi_spread_db: float = 8.0
    """Standard deviation between homes (16.5), 0 to 30."""
    bad_wifi: float = 0.04
    """Docks that stand too far from the router."""
    bad_wifi_db: float = 22.0
    """What those lose, 0 to 60."""
    age_days: float = 700.0
    """The mean age, 0 to 3650; a fleet that grows has many young robots and few old ones."""
    newest_firmware: float = 0.6
    """Robots that run the newest version of their family; of the others two thirds run the one
    before it, and so on."""

    def __post_init__(self) -> None:
        for name, (least, most) in RANGES.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise ValueError(f"{name} is {value}; allowed is {least:g} to {most:g}")
        _check(self.countries)


RANGES: Final[Mapping[str, tuple[float, float]]] = {
    **dict.fromkeys(
        ("north_america", "scheduled", "working", "pets", "no_base", "bad_wifi",
         "newest_firmware"),
        (0.0, 1.0),
    ),
    "away": (0.0, 0.5),
    "wishes": (0.0, 0.9),
    "wifi_dbm": (-90.0, -20.0),
    "wifi_spread_db": (0.0, 30.0),
    "bad_wifi_db": (0.0, 60.0),
    "age_days": (0.0, 3650.0),
}  # fmt: skip
"""What each number may be."""


def _check(countries: Mapping[str, float] | None) -> None:
    if countries is None:
        return
    for code, weight in countries.items():
        if code not in CODES:
            raise ValueError(f"countries: {code} is not known; there are {', '.join(CODES)}")
        if not 0 <= weight < math.inf:
            raise ValueError(f"countries: {code} is {weight}; allowed is 0 or more")
    if not any(countries.values()):
        raise ValueError("countries: at least one must be above 0")
