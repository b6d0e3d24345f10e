"""The bodies of the HTTP API and the messages of the WebSocket, for phone and cloud alike.

`/openapi.json` is made from these models and the template's routes.
"""

import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cloud_functions.contract.commands import DEFAULT_LIFETIME_S, CommandName, Outcome
from cloud_functions.contract.params import Params
from cloud_functions.contract.shadows import THING_NAME_PATTERN

EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+\Z")
MAX_EMAIL_LENGTH: Final = 254
MAX_ENTRIES: Final = 28
"""Of a weekly schedule: four a day."""
MAX_SCHEDULE_BYTES: Final = 4096
"""Half of a shadow; the rest is the robot's."""


def is_email(text: str) -> bool:
    """Whether the text may be an account's name: an e-mail address."""
    return len(text) <= MAX_EMAIL_LENGTH and EMAIL.match(text) is not None


Token = Annotated[str, Field(pattern=r"^[ -~]{1,64}$")]
"""1 to 64 printable ASCII characters: it fits where a shadow's client token must (64 bytes)."""


class Body(BaseModel):
    """A request body: unknown members are an error, so that a typing slip is not lost."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Answer(BaseModel):
    """A response body: a newer cloud may say more than this phone knows."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)


class RobotSummary(Answer):
    """A robot in the owner's list."""

    thing: str
    name: str
    family: str = ""
    sku: str = ""
    connected: bool = False
    phase: str = ""
    cycle: str = "none"
    bat_pct: int | None = Field(default=None, alias="batPct")
    bin_full: bool = Field(default=False, alias="binFull")
    error: int = 0
    not_ready: int = Field(default=0, alias="notReady")
    version: int = 0


class RobotList(Answer):
    """GET /robots."""

    robots: list[RobotSummary]


class Robot(RobotSummary):
    """GET /robots/{thing}: the summary, and the shadow as it stands."""

    reported: dict[str, Any] = {}
    desired: dict[str, Any] = {}


class PairRequest(Body):
    """POST /robots: the serial is the thing name, the claim code stands under the robot."""

    serial: Annotated[str, Field(pattern=THING_NAME_PATTERN)]
    claim_code: Annotated[str, Field(alias="claimCode", min_length=4, max_length=64)]


class CommandRequest(Body):
    """POST /robots/{thing}/commands: the phone makes the id; the same id is the same command."""

    id: Token
    command: CommandName
    params: Params = {}
    expires_in_s: Annotated[float, Field(alias="expiresIn", gt=0, le=3600)] = DEFAULT_LIFETIME_S
    client_token: Annotated[Token | None, Field(alias="clientToken")] = None


class CommandAccepted(Answer):
    """202: the wish is in the shadow; whether the robot obeys comes over the WebSocket."""

    id: str
    version: int
    time: float
    expires: float
    superseded: str | None = None
    """The id of an earlier wish that this one replaced before the robot saw it."""


class Settings(Body):
    """PATCH /robots/{thing}/settings: what is given is set, the rest stays (robot, section 8)."""

    name: Annotated[str | None, Field(min_length=1, max_length=64)] = None
    carpet_boost: bool | None = Field(default=None, alias="carpetBoost")
    vac_high: bool | None = Field(default=None, alias="vacHigh")
    no_auto_passes: bool | None = Field(default=None, alias="noAutoPasses")
    two_pass: bool | None = Field(default=None, alias="twoPass")
    open_only: bool | None = Field(default=None, alias="openOnly")
    bin_pause: bool | None = Field(default=None, alias="binPause")
    sched_hold: bool | None = Field(default=None, alias="schedHold")
    eco_charge: bool | None = Field(default=None, alias="ecoCharge")
    child_lock: bool | None = Field(default=None, alias="childLock")
    timezone: Annotated[str | None, Field(max_length=64)] = None
    live_map_until: Annotated[int | None, Field(alias="liveMapUntil", ge=0, le=2**53)] = None
    """Stream positions until then, in epoch seconds of the cloud (design, decision 13)."""


class SettingsAnswer(Answer):
    """GET and PATCH settings: what the owner wants and what the robot last said."""

    desired: dict[str, Any]
    reported: dict[str, Any]
    version: int


class ScheduleEntry(Body):
    """One weekly start; `days` are 0 (Sunday) to 6."""

    enabled: bool = True
    days: Annotated[list[Annotated[int, Field(ge=0, le=6)]], Field(max_length=7)]
    hour: Annotated[int, Field(ge=0, le=23)]
    minute: Annotated[int, Field(ge=0, le=59)]
    command: CommandName = CommandName.START
    params: Params = {}


class Schedule(Body):
    """GET and PUT /robots/{thing}/schedule: the whole of it."""

    entries: Annotated[
        list[ScheduleEntry],
        Field(max_length=MAX_ENTRIES, description=f"At most {MAX_SCHEDULE_BYTES} bytes of JSON."),
    ]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        size = len(self.model_dump_json(by_alias=True).encode())
        if size > MAX_SCHEDULE_BYTES:
            raise ValueError(f"a schedule has {size} bytes, {MAX_SCHEDULE_BYTES} are allowed")
        return self


class MissionRecord(BaseModel):
    """A finished mission as its robot told it (robot reference, section 15), with all it said.

    `startTime` and `timestamp` are its beginning and end by the robot's own clock; a simulated
    robot that lives faster than the world is ahead of it.  `recordedAt` is cloud time, when the
    record came: what lists show and go by (design, decision 11).  All are epoch seconds.
    """

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)

    mission_id: Annotated[str, Field(alias="missionId", min_length=1, max_length=128)]
    start_time: int = Field(default=0, alias="startTime")
    timestamp: int = 0
    recorded_at: int = Field(default=0, alias="recordedAt")
    done: str = ""
    """How it ended: ok, cncl (by the owner), stuck, full, inc (it took too long)."""
    sqft: int = 0
    duration_m: int = Field(default=0, alias="durationM")


class MissionList(Answer):
    """GET /robots/{thing}/missions: newest first by `recordedAt`."""

    missions: list[MissionRecord]
    next: str | None = None


class Alert(Answer):
    """Something the owner should know."""

    id: str
    thing: str
    time: float
    kind: str
    error: int = 0
    text: str = ""
    open: bool = True


class AlertList(Answer):
    """GET /robots/{thing}/alerts: newest first."""

    alerts: list[Alert]
    next: str | None = None


class ErrorBody(Answer):
    """What is inside `error`."""

    code: str
    message: str


class Error(Answer):
    """How handlers refuse."""

    error: ErrorBody


class LiveMessage(Answer):
    """What a phone's WebSocket brings; `body` by type.

    state: `{reported, version}` of one accepted report; pose: the pose payload;
    map: the floor plan and the path so far; mission: the record; alert: an Alert;
    presence: `{connected}`.
    """

    type: Literal["state", "pose", "map", "mission", "alert", "presence"]
    thing: str
    time: float
    client_token: str | None = Field(default=None, alias="clientToken")
    body: dict[str, Any]


class CommandResultBody(Answer):
    """`reported.lastCommandResult`."""

    id: str
    command: CommandName
    outcome: Outcome
    reason: str = ""
    time: float = 0
