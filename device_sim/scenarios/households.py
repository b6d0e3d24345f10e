"""What households do and have, as shares of all of them."""

from typing import Annotated

from pydantic import Field

from device_sim.scenarios.strict import Table
from device_sim.scenarios.who import Share

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Weight = Annotated[float, Field(gt=0, le=1_000_000)]


class Households(Table):
    """Shares of households; what is left out is as the world is."""

    countries: dict[Country, Weight] | None = Field(
        None, min_length=1,
        description="How many live where: a weight for each country, by its two letters.",
        json_schema_extra={"propertyNames": {"type": "string", "pattern": "^[A-Z]{2}$"}},
    )  # fmt: skip
    scheduled: Share | None = Field(None, description="Share with a schedule, 0 to 1.")
    pets: Share | None = Field(None, description="Share with pets, 0 to 1.")
    stairs: Share | None = Field(None, description="Share with stairs, 0 to 1.")
    away: Share | None = Field(None, description="Share that is on holiday, 0 to 1.")
    by_hand: bool = Field(default=True, description="Whether people start robots by hand, too.")
    cancelled: Share = Field(
        0.30, description="Share of missions that somebody ends before their time, 0 to 1."
    )
    wifi_dbm: float | None = Field(
        None, ge=-90, le=-20, description="Signal at the median dock, in dBm."
    )
    oldest_days: int | None = Field(
        None, ge=0, le=3650, description="Age of the oldest robots, in days."
    )
