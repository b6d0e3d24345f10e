"""Every MQTT topic of the product and of the services it uses, spelt once.

Reserved shadow topics: AWS reference, section 1.1; presence and job events: section 3.1; jobs:
section 4.2; Basic Ingest: section 2.7; the product's own topics: design, section 4.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

THINGS_PREFIX: Final = "$aws/things/"
PRODUCT_PREFIX: Final = "robofleet/"
BASIC_INGEST_PREFIX: Final = "$aws/rules/"
PRESENCE_PREFIX: Final = "$aws/events/presence/"
SUBSCRIPTION_EVENTS_PREFIX: Final = "$aws/events/subscriptions/"
JOB_EVENTS_PREFIX: Final = "$aws/events/job/"
JOB_EXECUTION_EVENTS_PREFIX: Final = "$aws/events/jobExecution/"

MAX_TOPIC_BYTES: Final = 256
MAX_TOPIC_SLASHES: Final = 7
"""AWS IoT's limits of a topic and of a filter (AWS reference, section 8.1)."""


def counted_topic(topic: str) -> str:
    """What of a topic the limits count: not the three levels of Basic Ingest (section 2.7)."""
    return topic.split("/", 3)[-1] if topic.startswith(BASIC_INGEST_PREFIX) else topic


class ShadowOperation(StrEnum):
    """What a client may ask of a shadow."""

    GET = "get"
    UPDATE = "update"
    DELETE = "delete"


class Answer(StrEnum):
    """What the shadow service says about a request or a change."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    DELTA = "delta"
    DOCUMENTS = "documents"


@dataclass(frozen=True, slots=True)
class ShadowTopic:
    """A shadow topic taken apart; `name` is None for the classic shadow."""

    thing: str
    name: str | None
    operation: ShadowOperation
    answer: Answer | None = None


def shadow_prefix(thing: str, name: str | None = None) -> str:
    """The prefix P of the shadow topics of a thing."""
    if name is None:
        return f"{THINGS_PREFIX}{thing}/shadow"
    return f"{THINGS_PREFIX}{thing}/shadow/name/{name}"


def shadow(
    thing: str,
    operation: ShadowOperation,
    answer: Answer | None = None,
    name: str | None = None,
) -> str:
    """A shadow request topic, or with `answer` the topic it is answered on."""
    topic = f"{shadow_prefix(thing, name)}/{operation}"
    return topic if answer is None else f"{topic}/{answer}"


_OPERATIONS: Final = {member.value: member for member in ShadowOperation}
_ANSWERS: Final = {member.value: member for member in Answer}
_CLASSIC_LEVELS: Final = 5  # $aws/things/T/shadow/update
_NAMED_LEVELS: Final = 7  # $aws/things/T/shadow/name/N/update


def parse_shadow(topic: str) -> ShadowTopic | None:
    """The shadow topic behind the text, or None if it is not one.

    Names are not checked here: the service answers a bad name, it does not ignore it.
    """
    if not topic.startswith(THINGS_PREFIX):
        return None
    levels = topic.split("/")
    if len(levels) < _CLASSIC_LEVELS or levels[3] != "shadow":
        return None
    if levels[4] == "name" and len(levels) >= _NAMED_LEVELS:
        name, rest = levels[5], levels[6:]
    else:
        name, rest = None, levels[4:]
    operation = _OPERATIONS.get(rest[0])
    if operation is None or len(rest) > 2:  # noqa: PLR2004  operation and answer
        return None
    if len(rest) == 1:
        return ShadowTopic(levels[2], name, operation)
    answer = _ANSWERS.get(rest[1])
    return None if answer is None else ShadowTopic(levels[2], name, operation, answer)


class JobsOperation(StrEnum):
    """What a device may ask of its jobs; `get` is about one job, or about all without a job id."""

    GET = "get"
    START_NEXT = "start-next"
    UPDATE = "update"


class JobsPush(StrEnum):
    """What a device is told of its jobs unasked."""

    NOTIFY = "notify"
    NOTIFY_NEXT = "notify-next"


@dataclass(frozen=True, slots=True)
class JobsTopic:
    """A jobs topic a client published on; `operation` is None where no request has that topic."""

    thing: str
    job_id: str | None
    operation: JobsOperation | None


_JOBS_LEVEL: Final = "/jobs/"
_OF_ALL: Final = {
    JobsOperation.GET.value: JobsOperation.GET,
    JobsOperation.START_NEXT.value: JobsOperation.START_NEXT,
}
_OF_ONE: Final = {
    JobsOperation.GET.value: JobsOperation.GET,
    JobsOperation.UPDATE.value: JobsOperation.UPDATE,
}


def jobs(thing: str, last: JobsOperation | JobsPush, job_id: str | None = None) -> str:
    """A request topic of a thing's jobs, or one it is told something on."""
    prefix = f"{THINGS_PREFIX}{thing}{_JOBS_LEVEL}"
    return f"{prefix}{last}" if job_id is None else f"{prefix}{job_id}/{last}"


def parse_jobs(topic: str) -> JobsTopic | None:
    """The jobs topic behind the text, or None if it is outside every thing's jobs.

    Names are not checked here: the service answers a bad name, it does not ignore it.
    """
    if _JOBS_LEVEL not in topic or not topic.startswith(THINGS_PREFIX):
        return None
    thing, level, rest = topic[len(THINGS_PREFIX) :].partition(_JOBS_LEVEL)
    if not level or "/" in thing:
        return None
    job_id, is_of_one, last = rest.partition("/")
    if is_of_one:
        operation = _OF_ONE.get(last)
        return JobsTopic(thing, job_id if operation else None, operation)
    return JobsTopic(thing, None, _OF_ALL.get(rest))


def job_event(job_id: str, operation: str) -> str:
    """The topic on which the cloud tells what became of a job."""
    return f"{JOB_EVENTS_PREFIX}{job_id}/{operation}"


def job_execution_event(job_id: str, operation: str) -> str:
    """The topic on which the cloud tells what became of a job on one thing."""
    return f"{JOB_EXECUTION_EVENTS_PREFIX}{job_id}/{operation}"


class ProductTopic(StrEnum):
    """The last level of the product's own topics, `robofleet/<thing>/<this>`."""

    MISSION = "mission"
    FACT = "fact"
    TELEMETRY = "telemetry"
    WILL = "will"


POSE_RULE: Final = "pose"


def product(thing: str, kind: ProductTopic) -> str:
    """A topic of the product: a mission record, a fact, telemetry on demand, or the will."""
    return f"{PRODUCT_PREFIX}{thing}/{kind}"


def pose(thing: str) -> str:
    """Where a watched robot streams its position: Basic Ingest, free of messaging charges."""
    return f"{BASIC_INGEST_PREFIX}{POSE_RULE}/{PRODUCT_PREFIX}{thing}/pose"


def presence(event: str, client_id: str) -> str:
    """The topic on which the broker tells that a client came or went."""
    return f"{PRESENCE_PREFIX}{event}/{client_id}"


def robot_subscriptions(thing: str) -> tuple[str, ...]:
    """What a robot listens to: its delta, its next job, and the answers to its own requests.

    They fit in one SUBSCRIBE packet, which takes 8 (AWS reference, section 8.2); the last filter
    is of the answers about one job, and lets no request back in.
    """
    return (
        shadow(thing, ShadowOperation.UPDATE, Answer.DELTA),
        shadow(thing, ShadowOperation.UPDATE, Answer.ACCEPTED),
        shadow(thing, ShadowOperation.UPDATE, Answer.REJECTED),
        f"{shadow_prefix(thing)}/{ShadowOperation.GET}/+",
        jobs(thing, JobsPush.NOTIFY_NEXT),
        f"{jobs(thing, JobsOperation.START_NEXT)}/+",
        f"{THINGS_PREFIX}{thing}{_JOBS_LEVEL}+/+/+",
    )
