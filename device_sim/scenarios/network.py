"""Conditions of the network between some robots and the cloud, for a while."""

from typing import Self

from pydantic import Field, model_validator

from device_sim.scenarios.moments import At, Moment, Seconds
from device_sim.scenarios.strict import Table, contradiction
from device_sim.scenarios.who import Share, Who


class Network(Table):
    """What packets of some robots meet; it ends with the run where no end is said.

    Several conditions may hold for a robot at once: the worse of each counts.
    """

    who: Who = Field(Who(), description="Whose network; everybody's if left out.")
    at: At = Field(Moment(0), description="When it begins; the start of the run if left out.")
    for_: Seconds | None = Field(
        None, alias="for", description="How long it holds; seconds or a span."
    )
    until: At | None = Field(None, description="When it ends, where `for` is not said.")
    loss: Share = Field(0.0, description="Share of packets that are lost, 0 to 1.")
    delay_ms: float = Field(0.0, ge=0, le=600_000, description="One way, in milliseconds.")
    jitter_ms: float = Field(
        0.0, ge=0, le=600_000, description="How far a delay strays from its middle, milliseconds."
    )
    rate_bytes_s: float | None = Field(
        None, gt=0, le=1e12, description="Bytes a second each way; without limit if left out."
    )
    duplicates: Share = Field(0.0, description="Share of deliveries that arrive twice, 0 to 1.")
    clock_offset_s: float = Field(
        0.0, ge=-1e9, le=1e9, description="How far the robot's clock runs ahead, in seconds."
    )
    partition: bool = Field(
        default=False, description="Nothing passes in either direction, and no socket closes."
    )

    @model_validator(mode="after")
    def _one_end(self) -> Self:
        if self.for_ is not None and self.until is not None:
            raise contradiction("both `for` and `until`", "one of the two", "until")
        return self
