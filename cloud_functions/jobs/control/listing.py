"""DescribeJob, GetJobDocument, DescribeJobExecution and the lists, page by page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from cloud_functions.contract.jobs import ExecutionStatus
from cloud_functions.contract.whole_numbers import whole_number
from cloud_functions.jobs.conductor import Conductor
from cloud_functions.jobs.errors import InvalidRequest, NotFound
from cloud_functions.jobs.executions.execution import Execution
from cloud_functions.jobs.plan.configuration import TargetSelection
from cloud_functions.jobs.plan.job import ARN_PREFIX, Job, process_details
from cloud_functions.jobs.plan.statuses import JobStatus
from cloud_functions.jobs.wire.answers import seconds_left

_LOOKED_AT: Final = 10_000
"""Executions looked at for one page: a rare status gives short pages, not long waits."""
Listed = TypeVar("Listed")


@dataclass(frozen=True, slots=True)
class Page:
    """Some results; `next_token` None on the last page."""

    results: Sequence[dict[str, Any]]
    next_token: str | None


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs are listed; None for any."""

    status: JobStatus | None = None
    selection: TargetSelection | None = None
    group: str | None = None

    def takes(self, job: Job) -> bool:
        """Whether the job is among them."""
        return (
            self.status in (None, job.status)
            and self.selection in (None, job.plan.target_selection)
            and (self.group is None or f"{ARN_PREFIX}thinggroup/{self.group}" in job.plan.targets)
        )


class Listing:
    """Looks at jobs and executions for operators."""

    def __init__(self, conductor: Conductor) -> None:
        self._jobs = conductor.jobs
        self._executions = conductor.executions

    def describe_job(self, job_id: str) -> dict[str, Any]:
        """DescribeJob.  Raises NotFound."""
        job = self._jobs.get(job_id)
        said: dict[str, Any] = {"job": _described(job)}
        if job.plan.document_source is not None:
            said["documentSource"] = job.plan.document_source
        return said

    def document(self, job_id: str) -> str:
        """GetJobDocument: as it was given, its places for links empty.  Raises NotFound."""
        return self._jobs.document(self._jobs.get(job_id).id)

    def describe_execution(
        self, job_id: str, thing: str, number: int | None, now_s: float
    ) -> dict[str, Any]:
        """DescribeJobExecution.  Raises NotFound."""
        self._jobs.get(job_id)
        execution = self._executions.find(job_id, thing, number)
        if execution is None:
            raise NotFound(f"There is no such execution of {job_id} on {thing}")
        said: dict[str, Any] = {
            "jobId": job_id,
            "thingArn": _thing_arn(thing),
            **_times(execution),
            "versionNumber": execution.version,
            **seconds_left(execution, now_s),
        }
        if execution.is_force_cancelled:
            said["forceCanceled"] = True
        details = dict(execution.details)
        said["statusDetails"] = {"detailsMap": details} if details else {}
        return said

    def jobs(self, wanted: JobFilter, size: int, token: str | None) -> Page:
        """ListJobs: the newest first."""
        before = _number(token)
        found = (
            job
            for job in reversed(self._jobs.all())
            if (before is None or job.sequence < before) and wanted.takes(job)
        )
        page, has_more = _cut(found, size)
        results = [_listed(job) for job in page]
        return Page(results, str(page[-1].sequence) if has_more else None)

    def executions_of_job(
        self, job_id: str, status: ExecutionStatus | None, size: int, token: str | None
    ) -> Page:
        """ListJobExecutionsForJob: the latest of each thing, by thing.  Raises NotFound."""
        self._jobs.get(job_id)
        things = sorted(
            thing for thing in self._executions.things(job_id) if token is None or thing > token
        )
        results: list[dict[str, Any]] = []
        for thing in things[:_LOOKED_AT]:
            if len(results) == size:
                break
            token = thing
            execution = self._executions.find(job_id, thing)
            if execution is not None and status in (None, execution.status):
                results.append(
                    {"thingArn": _thing_arn(thing), "jobExecutionSummary": _summary(execution)}
                )
        return Page(results, token if things and token != things[-1] else None)

    def executions_of_thing(
        self,
        thing: str,
        job_id: str | None,
        status: ExecutionStatus | None,
        size: int,
        token: str | None,
    ) -> Page:
        """ListJobExecutionsForThing: the latest of each job, of one job every attempt."""
        found: Iterable[Execution | None]
        if job_id is None:
            found = [self._executions.find(each, thing) for each in self._executions.jobs_of(thing)]
        else:
            found = self._executions.attempts(job_id, thing)
        before = _number(token)
        wanted = (
            execution
            for execution in sorted(filter(None, found), key=lambda each: -each.sequence)
            if (before is None or execution.sequence < before)
            and status in (None, execution.status)
        )
        page, has_more = _cut(wanted, size)
        results = [
            {"jobId": execution.job_id, "jobExecutionSummary": _summary(execution)}
            for execution in page
        ]
        return Page(results, str(page[-1].sequence) if has_more else None)


def _described(job: Job) -> dict[str, Any]:
    said: dict[str, Any] = {
        "schedulingConfig": {},
        **job.plan.described(),
        **_listed(job),
        "jobProcessDetails": process_details(job),
    }
    said.pop("documentSource", None)
    if job.is_rolling_out:
        said["jobProcessDetails"]["processingTargets"] = job.plan.targets
    if job.status is JobStatus.CANCELED:
        said["forceCanceled"] = job.is_force_cancelled
    if job.reason_code is not None:
        said["reasonCode"] = job.reason_code
    if job.comment is not None:
        said["comment"] = job.comment
    return said


def _listed(job: Job) -> dict[str, Any]:
    said: dict[str, Any] = {
        "jobArn": job.arn,
        "jobId": job.id,
        "targetSelection": job.plan.target_selection,
        "status": job.status,
        "createdAt": job.created_s,
        "lastUpdatedAt": job.updated_s,
        "isConcurrent": job.is_concurrent,
    }
    if job.completed_s is not None:
        said["completedAt"] = job.completed_s
    return said


def _times(execution: Execution) -> dict[str, Any]:
    said: dict[str, Any] = {
        "status": execution.status,
        "queuedAt": execution.queued_s,
        "lastUpdatedAt": execution.updated_s,
        "executionNumber": execution.number,
    }
    if execution.started_s is not None:
        said["startedAt"] = execution.started_s
    return said


def _summary(execution: Execution) -> dict[str, Any]:
    return {**_times(execution), "retryAttempt": execution.attempts.retries}


def _thing_arn(thing: str) -> str:
    return f"{ARN_PREFIX}thing/{thing}"


def _number(token: str | None) -> int | None:
    if token is None:
        return None
    found = whole_number(token)
    if found is None or found < 0:
        raise InvalidRequest("nextToken is the one of the answer before")
    return found


def _cut(found: Iterable[Listed], size: int) -> tuple[list[Listed], bool]:
    """The first so many, and whether there are more."""
    page: list[Listed] = []
    for each in found:
        if len(page) == size:
            return page, True
        page.append(each)
    return page, False
