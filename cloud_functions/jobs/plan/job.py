"""A job as a value: what it was asked to be, and how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

import orjson

from cloud_functions.contract.jobs import ExecutionStatus
from cloud_functions.jobs.plan.configuration import EndBehavior, Plan, TargetSelection
from cloud_functions.jobs.plan.rollout import NO_MINUTE, Minute
from cloud_functions.jobs.plan.schedule import ALWAYS, Schedule
from cloud_functions.jobs.plan.statuses import JobStatus
from cloud_functions.region import ACCOUNT, REGION

ARN_PREFIX: Final = f"arn:aws:iot:{REGION}:{ACCOUNT}:"
_COUNTED: Final = {
    "numberOfCanceledThings": ExecutionStatus.CANCELED,
    "numberOfSucceededThings": ExecutionStatus.SUCCEEDED,
    "numberOfFailedThings": ExecutionStatus.FAILED,
    "numberOfRejectedThings": ExecutionStatus.REJECTED,
    "numberOfQueuedThings": ExecutionStatus.QUEUED,
    "numberOfInProgressThings": ExecutionStatus.IN_PROGRESS,
    "numberOfRemovedThings": ExecutionStatus.REMOVED,
    "numberOfTimedOutThings": ExecutionStatus.TIMED_OUT,
}


class Sweep(StrEnum):
    """What is being done to all executions of a job, some in each step of the clock."""

    CANCEL = "cancel"
    FORCE_CANCEL = "force cancel"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Job:
    """A job; `sequence` grows with each job ever made.

    `waiting` is how many things the rollout began with and `told` how many of them were told;
    `counts` is about the latest execution of each thing, `failures` about every attempt.
    """

    id: str
    sequence: int
    plan: Plan
    created_s: int
    updated_s: int
    status: JobStatus = JobStatus.IN_PROGRESS
    schedule: Schedule = ALWAYS
    completed_s: int | None = None
    reason_code: str | None = None
    comment: str | None = None
    is_force_cancelled: bool = False
    sweep: Sweep | None = None
    waiting: int = 0
    told: int = 0
    notified: int = 0
    minute: Minute = NO_MINUTE
    counts: Mapping[ExecutionStatus, int] = field(default_factory=dict)
    failures: Mapping[ExecutionStatus, int] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"{ARN_PREFIX}job/{self.id}"

    @property
    def is_continuous(self) -> bool:
        """Whether things that join its targets later are told too."""
        return self.plan.target_selection is TargetSelection.CONTINUOUS

    @property
    def is_rolling_out(self) -> bool:
        """Whether some things were not told yet, and will be."""
        return self.status is JobStatus.IN_PROGRESS and self.told < self.waiting

    @property
    def is_concurrent(self) -> bool:
        """Whether it is being rolled out, cancelled or deleted."""
        return self.is_rolling_out or self.sweep is not None

    @property
    def pending(self) -> int:
        """Executions that are not over."""
        return self.count(ExecutionStatus.QUEUED) + self.count(ExecutionStatus.IN_PROGRESS)

    @property
    def needs_the_clock(self) -> bool:
        """Whether time alone can bring something."""
        waits_for_end = self.schedule.end_s is not None and self.status in (
            JobStatus.SCHEDULED,
            JobStatus.IN_PROGRESS,
        )
        return self.is_concurrent or self.status is JobStatus.SCHEDULED or waits_for_end

    def count(self, status: ExecutionStatus) -> int:
        """Things whose latest execution has this status."""
        return self.counts.get(status, 0)


def counted(job: Job, before: ExecutionStatus | None, after: ExecutionStatus | None) -> Job:
    """The job after the latest execution of a thing went from one status to another."""
    if before is after:
        return job
    counts = dict(job.counts)
    if before is not None:
        counts[before] = counts.get(before, 0) - 1
    if after is not None:
        counts[after] = counts.get(after, 0) + 1
    return replace(job, counts=counts)


def with_failure(job: Job, status: ExecutionStatus) -> Job:
    """The job after one more attempt went wrong."""
    return replace(job, failures={**job.failures, status: job.failures.get(status, 0) + 1})


def process_details(job: Job) -> dict[str, Any]:
    """A JobProcessDetails: things by the status of their latest execution."""
    return {name: job.count(status) for name, status in _COUNTED.items()}


def preserve_state(job: Job) -> bytes:
    """How far the job is, as bytes for the store; its plan is kept apart."""
    return orjson.dumps(
        {
            "sequence": job.sequence,
            "created": job.created_s,
            "updated": job.updated_s,
            "status": job.status,
            "start": job.schedule.start_s,
            "end": job.schedule.end_s,
            "endBehavior": job.schedule.end_behavior,
            "completed": job.completed_s,
            "reasonCode": job.reason_code,
            "comment": job.comment,
            "forced": job.is_force_cancelled,
            "sweep": job.sweep,
            "waiting": job.waiting,
            "told": job.told,
            "notified": job.notified,
            "minute": [job.minute.began_s, job.minute.told],
            "counts": {str(status): number for status, number in job.counts.items()},
            "failures": {str(status): number for status, number in job.failures.items()},
        }
    )


def preserve_plan(plan: Plan) -> bytes:
    """The plan as bytes for the store."""
    return orjson.dumps(plan.said())


def revive(job_id: str, plan: bytes, state: bytes) -> Job:
    """The job behind stored bytes."""
    said = orjson.loads(state)
    sweep = said["sweep"]
    return Job(
        id=job_id,
        sequence=said["sequence"],
        plan=Plan.model_validate(orjson.loads(plan)),
        created_s=said["created"],
        updated_s=said["updated"],
        status=JobStatus(said["status"]),
        schedule=Schedule(said["start"], said["end"], EndBehavior(said["endBehavior"])),
        completed_s=said["completed"],
        reason_code=said["reasonCode"],
        comment=said["comment"],
        is_force_cancelled=said["forced"],
        sweep=None if sweep is None else Sweep(sweep),
        waiting=said["waiting"],
        told=said["told"],
        notified=said["notified"],
        minute=Minute(*said["minute"]),
        counts=_by_status(said["counts"]),
        failures=_by_status(said["failures"]),
    )


def _by_status(said: Mapping[str, Any]) -> dict[ExecutionStatus, int]:
    return {ExecutionStatus(word): number for word, number in said.items()}
