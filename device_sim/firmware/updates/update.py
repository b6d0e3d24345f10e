"""One job execution on one robot, and what a robot has on its desk about jobs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

from cloud_functions.contract.jobs import ExecutionStatus, is_job_id
from device_sim.firmware.updates.course import Course
from device_sim.firmware.updates.stages import Fact, Stage, next_stage
from device_sim.robot.catalogue import FirmwareTraits

Key = tuple[str, int]
"""Job id and execution number: the same key is the same work."""
_REMEMBERED: Final = 4
"""Ends that a robot remembers, so as not to do the same work again."""


class Offer(NamedTuple):
    """An execution as the cloud tells it (AWS reference, section 4.2)."""

    key: Key
    status: str
    version: int
    document: Any


def offer_of(raw: Any) -> Offer | None:
    """The execution behind a member of a message; None for none, or for one nobody could do."""
    if not isinstance(raw, Mapping):
        return None
    job, number = raw.get("jobId"), raw.get("executionNumber", 1)
    version = raw.get("versionNumber", 1)
    if not isinstance(job, str) or not is_job_id(job):
        return None
    if not isinstance(number, int) or not isinstance(version, int):
        return None
    return Offer((job, number), str(raw.get("status")), version, raw.get("jobDocument"))


class News(NamedTuple):
    """What a robot has to say about an execution."""

    status: ExecutionStatus
    details: Mapping[str, str]

    @property
    def is_final(self) -> bool:
        """Whether nothing follows it."""
        return self.status is not ExecutionStatus.IN_PROGRESS


@dataclass(slots=True)
class Update:
    """One execution on one robot; times are simulated seconds."""

    key: Key
    version: int
    """Of the execution, as the cloud counts its changes."""
    traits: FirmwareTraits | None = None
    """Of the version to be installed."""
    course: Course | None = None
    stage: Stage = Stage.OFFERED
    quarters: int = 0
    """Of the image that are loaded."""
    until_s: float | None = None
    """When the present step is over; None while it waits for something else."""
    left_s: float = 0.0
    """What is left of a step that was interrupted."""
    has_lost_power: bool = False
    wants_start: bool = False
    """Whether the robot is ready, and the cloud is to be told that it begins."""
    news: News | None = None
    """What is to be said next; a newer one takes its place."""

    def go_on(self, fact: Fact) -> None:
        """Move to the next stage."""
        self.stage = next_stage(self.stage, fact)
        self.until_s = None


class Ask(StrEnum):
    """What a request asks of the jobs service."""

    NEXT = "which execution is the next"
    START = "to start it"
    TELL = "to take news"


class Request(NamedTuple):
    """A request on its way; `news` is of the execution `key`."""

    ask: Ask
    token: str
    sent_at_s: float
    key: Key | None = None
    news: News | None = None


@dataclass(slots=True)
class Desk:
    """A robot with anything to do about jobs; one without has none."""

    update: Update | None = None
    request: Request | None = None
    is_asking: bool = False
    """Whether it wants to know which execution is the next."""
    attempt: int = 0
    not_before_s: float = 0.0
    ended: dict[Key, News] = field(default_factory=dict)

    def remember(self, key: Key, news: News) -> None:
        """Keep how an execution ended."""
        self.ended[key] = news
        while len(self.ended) > _REMEMBERED:
            self.ended.pop(next(iter(self.ended)))
