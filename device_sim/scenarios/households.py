"""What households do and have, as shares of all of them: a scenario's words for `Mix`."""

import dataclasses
from typing import Annotated, Any, Final

from pydantic import Field

from device_sim.robot.households.mix import RANGES, Mix
from device_sim.robot.parameters import HOUSEHOLDS, Habits
from device_sim.scenarios.strict import Table
from device_sim.scenarios.who import COUNTRY_SCHEMA, Country, Share

Weight = Annotated[float, Field(gt=0, le=1_000_000)]
_USUAL: Final = Mix()


def _usual(name: str, description: str) -> Any:
    """A number of `Mix`, as it usually is and within what it may be."""
    least, most = RANGES[name]
    return Field(getattr(_USUAL, name), ge=least, le=most, description=description)


class Households(Table):
    """Shares of households; what is left out is as the world is."""

    countries: dict[Country, Weight] | None = Field(
        None, min_length=1, json_schema_extra={"propertyNames": COUNTRY_SCHEMA.json_schema},
        description="How many live where: a weight for each country; the world if left out.",
    )  # fmt: skip
    north_america: float = _usual(
        "north_america", "Share of the world's robots in North America, 0 to 1."
    )
    scheduled: float = _usual("scheduled", "Share of robots with a schedule, 0 to 1.")
    working: float = _usual(
        "working", "Share of homes that are empty in the working hours of working days, 0 to 1."
    )
    away: float = _usual("away", "Share of households on holiday on a day, 0 to 0.5.")
    wishes: float = _usual("wishes", "Chance of a start by hand on a day, 0 to 0.9.")
    cancelled: Share = Field(
        HOUSEHOLDS.cancel_share, description="Share of missions that somebody ends early, 0 to 1."
    )
    pets: float = _usual("pets", "Share of homes with pets, 0 to 1.")
    no_base: float = _usual("no_base", "Share of robots without their emptying base, 0 to 1.")
    wifi_dbm: float = _usual("wifi_dbm", "Median signal at the dock, in dBm.")
    wifi_spread_db: float = _usual("wifi_spread_db", "How homes differ in signal, in dB.")
    bad_wifi: float = _usual("bad_wifi", "Share of docks far from the router, 0 to 1.")
    bad_wifi_db: float = _usual("bad_wifi_db", "What those lose, in dB.")
    age_days: float = _usual("age_days", "Mean age of the robots, in days.")
    newest_firmware: float = _usual(
        "newest_firmware", "Share of robots with the newest firmware of their family, 0 to 1."
    )

    @property
    def mix(self) -> Mix:
        """The shares as the physics takes them; families are as the scenario's robots say."""
        return Mix(**self.model_dump(exclude={"cancelled"}))

    @property
    def habits(self) -> Habits:
        """What people do by themselves in a dry run."""
        return dataclasses.replace(HOUSEHOLDS, cancel_share=self.cancelled)
