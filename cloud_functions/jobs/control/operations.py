"""UpdateJob, CancelJob, DeleteJob, AssociateTargetsWithJob, and the same for one execution."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from cloud_functions.jobs.books.draft import Draft
from cloud_functions.jobs.conductor import Cancellation, Conductor
from cloud_functions.jobs.errors import (
    InvalidRequest,
    InvalidStateTransition,
    LimitExceeded,
    NotFound,
    VersionConflict,
)
from cloud_functions.jobs.executions.execution import Execution, Report
from cloud_functions.jobs.executions.statuses import Fact
from cloud_functions.jobs.plan.configuration import (
    AssociateRequest,
    CancelExecutionRequest,
    CancelJobRequest,
    JobChanges,
)
from cloud_functions.jobs.plan.job import Job
from cloud_functions.jobs.plan.section import read
from cloud_functions.jobs.plan.statuses import IllegalMove, JobStatus
from cloud_functions.jobs.targets import check_targets, members
from cloud_functions.jobs.wire.request import read_details

_CHANGEABLE: Final = (JobStatus.SCHEDULED, JobStatus.IN_PROGRESS)


class Operations:
    """Changes jobs and executions for operators; every operation raises JobsError."""

    def __init__(self, conductor: Conductor) -> None:
        self._conductor = conductor

    # ------------------------------------------------------------ jobs

    def update(self, draft: Draft, job_id: str, said: Mapping[str, Any], now_s: float) -> None:
        """UpdateJob; a time-out holds for executions that have not begun."""
        job = self._conductor.jobs.get(job_id)
        asked = read(JobChanges, said)
        if job.status not in _CHANGEABLE:
            raise InvalidRequest(f"Job {job_id} is {job.status} and cannot be changed any more")
        named = {name: getattr(asked, name) for name in asked.model_fields_set}
        plan = job.plan.model_copy(update=named)
        self._conductor.jobs.keep_plan(draft, replace(job, plan=plan, updated_s=int(now_s)))

    def cancel(
        self, draft: Draft, job_id: str, said: Mapping[str, Any], now_s: float, *, is_forced: bool
    ) -> Job:
        """CancelJob."""
        job = self._conductor.jobs.get(job_id)
        asked = read(CancelJobRequest, said)
        how = Cancellation(is_forced, asked.reason_code, asked.comment)
        try:
            self._conductor.cancel(draft, job_id, how, now_s)
        except IllegalMove as error:
            raise InvalidRequest(str(error)) from None
        return job

    def delete(self, draft: Draft, job_id: str, now_s: float, *, is_forced: bool) -> None:
        """DeleteJob."""
        self._conductor.jobs.get(job_id)
        going = [
            job
            for job in self._conductor.jobs.on_the_clock()
            if job.status is JobStatus.DELETION_IN_PROGRESS
        ]
        if len(going) >= self._conductor.limits.deletions:
            raise LimitExceeded(f"at most {len(going)} jobs are deleted at the same time")
        try:
            self._conductor.delete(draft, job_id, now_s, is_forced=is_forced)
        except IllegalMove as error:
            raise InvalidStateTransition(f"{error} without force") from None

    def associate(self, draft: Draft, job_id: str, said: Mapping[str, Any], now_s: float) -> Job:
        """AssociateTargetsWithJob: the things behind the new targets get the job at once."""
        conductor = self._conductor
        job = conductor.jobs.get(job_id)
        asked = read(AssociateRequest, said)
        if not job.is_continuous or job.status is not JobStatus.IN_PROGRESS:
            raise InvalidRequest("targets are associated with a CONTINUOUS job that is IN_PROGRESS")
        targets = list(dict.fromkeys([*job.plan.targets, *asked.targets]))
        check_targets(targets, conductor.targets, conductor.limits)
        plan = job.plan.model_copy(update={"targets": targets})
        comment = asked.comment or job.comment
        job = replace(job, plan=plan, comment=comment, updated_s=int(now_s))
        conductor.jobs.keep_plan(draft, job)
        known = {*conductor.executions.things(job_id), *conductor.jobs.waiting(job)[job.told :]}
        for thing in members(targets, conductor.targets):
            if thing not in known or conductor.executions.has_left(job_id, thing):
                conductor.enrol(draft, job_id, thing, now_s)
        return job

    # ------------------------------------------------------------ executions

    def cancel_execution(
        self,
        draft: Draft,
        job_id: str,
        thing: str,
        said: Mapping[str, Any],
        now_s: float,
        *,
        is_forced: bool,
    ) -> None:
        """CancelJobExecution."""
        execution = self._existing(job_id, thing, None)
        asked = read(CancelExecutionRequest, said)
        details = read_details(said, self._conductor.limits)
        if asked.expected_version not in (None, execution.version):
            raise VersionConflict(
                f"The execution has version {execution.version}, not {asked.expected_version}"
            )
        fact = Fact.FORCE_CANCELLED if is_forced else Fact.CANCELLED
        self._conductor.move(draft, execution, Report(fact, details), now_s)

    def delete_execution(
        self, draft: Draft, job_id: str, thing: str, number: int, now_s: float, *, is_forced: bool
    ) -> None:
        """DeleteJobExecution."""
        execution = self._existing(job_id, thing, number)
        if execution.is_pending and not is_forced:
            raise InvalidStateTransition(
                f"An execution that is {execution.status} cannot be deleted without force"
            )
        self._conductor.erase(draft, execution, now_s)

    def _existing(self, job_id: str, thing: str, number: int | None) -> Execution:
        self._conductor.jobs.get(job_id)
        execution = self._conductor.executions.find(job_id, thing, number)
        if execution is None:
            raise NotFound(f"There is no such execution of {job_id} on {thing}")
        return execution
