"""What a scenario lets happen in time, one table a kind; `what` says which."""

from typing import Annotated, Literal

from pydantic import Field

from device_sim.scenarios.moments import At, Seconds
from device_sim.scenarios.strict import Table
from device_sim.scenarios.who import Share, Who


class _Happens(Table):
    """When, and to whom."""

    at: At = Field(description="When it happens.")
    who: Who = Field(Who(), description="To whom; to everybody if left out.")


class Outage(_Happens):
    """Homes lose their internet, or the cloud is out of reach."""

    what: Literal["outage"] = Field(description="Homes lose their internet.")
    for_: Seconds = Field(alias="for", description="How long; seconds or a span.")
    back_within: Seconds = Field(
        0, description="Links come back spread over that span after the end; seconds or a span."
    )


class PowerCut(_Happens):
    """Homes are without electricity: no link, and on the dock no charge."""

    what: Literal["power-cut"] = Field(description="Homes are without electricity.")
    for_: Seconds = Field(alias="for", description="How long; seconds or a span.")
    back_within: Seconds = Field(
        0, description="Streets come back spread over that span after the end; seconds or a span."
    )


class PowerLoss(_Happens):
    """Robots lose their own power without a goodbye, and restart when it is back."""

    what: Literal["power-loss"] = Field(description="Robots are without power, as by a loose cell.")
    for_: Seconds = Field(60, alias="for", description="How long; seconds or a span.")
    back_within: Seconds = Field(
        0, description="Robots come back spread over that span after the end; seconds or a span."
    )


class BadFirmware(_Happens):
    """A release of a version that goes wrong more often, until its abort rule stops it.

    In a dry run it reaches robots share by share.  In a live run the cloud's own jobs bring it and
    stop it: from the beginning on, robots that install a version of this name feel what it does.
    """

    what: Literal["bad-firmware"] = Field(description="A version that goes wrong more often.")
    version: str = Field(
        "bad", min_length=1, max_length=32, description="What the version is called."
    )
    factor: float = Field(
        5.0, gt=0, le=1000, description="How many times as often robots get into trouble."
    )
    fails: Share = Field(
        0.02, description="Share of installations that fail and are rolled back, 0 to 1."
    )
    within: Seconds = Field(
        21_600, description="The rollout would take that span; seconds or a span."
    )
    stop_at: Annotated[float, Field(gt=0, le=1)] = Field(
        0.1, description="Share of installations that failed at which the rollout stops."
    )
    stop_after: int = Field(
        20, ge=1, le=1_000_000, description="Installations before that rule is applied."
    )
    for_: Seconds | None = Field(
        None, alias="for",
        description="How long until a good version is rolled out as fast; never if left out.",
    )  # fmt: skip


class HolidayMorning(_Happens):
    """Somebody in each home starts the robot by hand within a window of time."""

    what: Literal["holiday-morning"] = Field(description="Many start their robots by hand.")
    for_: Seconds = Field(10_800, alias="for", description="How long the window is open.")


class StartAll(_Happens):
    """Robots start at once, as if every owner had pressed CLEAN."""

    what: Literal["start-all"] = Field(description="Robots start at once.")
    within: Seconds = Field(0, description="Starts are spread over that span; seconds or a span.")


Step = Annotated[
    Outage | PowerCut | PowerLoss | BadFirmware | HolidayMorning | StartAll,
    Field(discriminator="what"),
]
