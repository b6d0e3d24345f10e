"""An execution: a job on one thing, as a value, and what becomes of it.

Version numbers begin at 1 and grow by 1 with every change; execution numbers count the attempts
of a job on a thing, from 1 (AWS reference, sections 4.1 and 4.2).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, NamedTuple

import orjson

from cloud_functions.contract.jobs import ExecutionStatus
from cloud_functions.jobs.executions.statuses import PENDING, Fact, next_status

NO_DETAILS: Final[Mapping[str, str]] = MappingProxyType({})
CANCEL_TIMER: Final = -1
"""In the place of minutes: stop the step timer (reference, 4.1)."""


class Attempts(NamedTuple):
    """How often a job was tried again on a thing, by what went wrong before."""

    after_failure: int = 0
    after_timeout: int = 0

    @property
    def retries(self) -> int:
        """In all."""
        return self.after_failure + self.after_timeout


FIRST: Final = Attempts()
_BEGIN: Final = frozenset({Fact.STARTED, Fact.SUCCEEDED, Fact.FAILED})
"""With these a thing says that it has begun, if it did not before; to reject is not to begin."""


@dataclass(frozen=True, slots=True)
class Execution:
    """A job on one thing; `sequence` grows with each execution ever made.

    Timers are the times at which they run out.
    """

    job_id: str
    thing: str
    number: int
    sequence: int
    queued_s: int
    updated_s: int
    status: ExecutionStatus = ExecutionStatus.QUEUED
    version: int = 1
    started_s: int | None = None
    details: Mapping[str, str] = field(default_factory=lambda: NO_DETAILS)
    in_progress_until_s: float | None = None
    step_until_s: float | None = None
    attempts: Attempts = FIRST
    is_force_cancelled: bool = False

    @property
    def is_pending(self) -> bool:
        """Whether the thing still has to deal with it."""
        return self.status in PENDING

    @property
    def until_s(self) -> float | None:
        """When it times out.  A step timer cannot reach beyond the in-progress timer (4.1)."""
        if self.status is not ExecutionStatus.IN_PROGRESS:
            return None
        timers = [each for each in (self.in_progress_until_s, self.step_until_s) if each]
        return min(timers, default=None)


@dataclass(frozen=True, slots=True)
class Report:
    """What is said about an execution; None leaves as it is."""

    fact: Fact
    details: Mapping[str, str] | None = None
    step_minutes: int | None = None


def moved(
    execution: Execution, report: Report, now_s: float, *, in_progress_minutes: int | None = None
) -> Execution:
    """The execution after a fact, one version on.  Raises InvalidStateTransition.

    `in_progress_minutes` is the job's timer, which starts when the execution starts and is not
    touched again.
    """
    status = next_status(execution.status, report.fact)
    until_s, step_s = execution.in_progress_until_s, execution.step_until_s
    begins = execution.started_s is None and report.fact in _BEGIN
    if begins and in_progress_minutes is not None:
        until_s = now_s + 60 * in_progress_minutes
    if report.step_minutes is not None:
        step_s = None if report.step_minutes == CANCEL_TIMER else now_s + 60 * report.step_minutes
    return replace(
        execution,
        status=status,
        version=execution.version + 1,
        updated_s=int(now_s),
        started_s=int(now_s) if begins else execution.started_s,
        details=execution.details if report.details is None else report.details,
        in_progress_until_s=until_s,
        step_until_s=step_s,
        is_force_cancelled=report.fact is Fact.FORCE_CANCELLED,
    )


def again(execution: Execution, sequence: int, now_s: float) -> Execution:
    """The next attempt after one that failed or timed out."""
    attempts = execution.attempts
    if execution.status is ExecutionStatus.TIMED_OUT:
        attempts = attempts._replace(after_timeout=attempts.after_timeout + 1)
    else:
        attempts = attempts._replace(after_failure=attempts.after_failure + 1)
    return Execution(
        job_id=execution.job_id,
        thing=execution.thing,
        number=execution.number + 1,
        sequence=sequence,
        queued_s=int(now_s),
        updated_s=int(now_s),
        attempts=attempts,
    )


def preserve(execution: Execution) -> bytes:
    """The execution as bytes for the store; its key holds job, thing and number."""
    return orjson.dumps(
        [
            execution.sequence,
            execution.queued_s,
            execution.updated_s,
            execution.status,
            execution.version,
            execution.started_s,
            dict(execution.details),
            execution.in_progress_until_s,
            execution.step_until_s,
            tuple(execution.attempts),
            execution.is_force_cancelled,
        ]
    )


def revive(job_id: str, thing: str, number: int, raw: bytes) -> Execution:
    """The execution behind stored bytes."""
    sequence, queued_s, updated_s, status, version, *rest = orjson.loads(raw)
    started_s, details, until_s, step_s, attempts, is_forced = rest
    return Execution(
        job_id=job_id,
        thing=thing,
        number=number,
        sequence=sequence,
        queued_s=queued_s,
        updated_s=updated_s,
        status=ExecutionStatus(status),
        version=version,
        started_s=started_s,
        details=details or NO_DETAILS,
        in_progress_until_s=until_s,
        step_until_s=step_s,
        attempts=Attempts(*attempts),
        is_force_cancelled=is_forced,
    )
