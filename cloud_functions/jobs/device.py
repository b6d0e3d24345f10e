"""What a device may do with its jobs, whatever protocol it speaks (AWS reference, section 4.2)."""

from collections.abc import Sequence

from cloud_functions.contract.jobs import NEXT, ExecutionStatus, is_job_id
from cloud_functions.jobs.books.draft import Draft
from cloud_functions.jobs.conductor import Conductor
from cloud_functions.jobs.errors import (
    InvalidRequest,
    InvalidStateTransition,
    NotFound,
    TerminalState,
    VersionMismatch,
)
from cloud_functions.jobs.executions.execution import Execution, Report
from cloud_functions.jobs.executions.pending import first
from cloud_functions.jobs.executions.statuses import Fact, reported
from cloud_functions.jobs.throttle import Throttle
from cloud_functions.jobs.wire import answers
from cloud_functions.jobs.wire.request import Describe, StartNext, Update


class DeviceRequests:
    """The four operations; every one raises JobsError."""

    def __init__(self, conductor: Conductor) -> None:
        self._conductor = conductor
        self._executions = conductor.executions
        self._reads = Throttle(conductor.limits.reads_per_second)
        self._writes = Throttle(conductor.limits.writes_per_second)

    def pending(self, thing: str, now_s: float) -> Sequence[Execution]:
        """GetPendingJobExecutions."""
        self._reads.take(now_s)
        return self._queue(thing)

    def describe(self, thing: str, job_id: str, asked: Describe, now_s: float) -> Execution | None:
        """DescribeJobExecution; None for `$next` when nothing is pending."""
        self._reads.take(now_s)
        if job_id == NEXT:
            return first(self._queue(thing))
        execution = self._existing(thing, job_id, asked.number)
        if not execution.is_pending:
            raise TerminalState(f"The execution of {job_id} on {thing} is {execution.status}")
        return execution

    def start_next(
        self, draft: Draft, thing: str, asked: StartNext, now_s: float
    ) -> Execution | None:
        """StartNextPendingJobExecution; one that is in progress already is left as it is."""
        self._writes.take(now_s)
        execution = first(self._queue(thing))
        if execution is None or execution.status is ExecutionStatus.IN_PROGRESS:
            return execution
        report = Report(Fact.STARTED, asked.details, asked.step_minutes)
        return self._conductor.move(draft, execution, report, now_s)

    def update(
        self, draft: Draft, thing: str, job_id: str, asked: Update, now_s: float
    ) -> Execution:
        """UpdateJobExecution."""
        self._writes.take(now_s)
        execution = self._existing(thing, job_id, asked.number)
        if asked.expected_version not in (None, execution.version):
            raise VersionMismatch(
                f"The execution has version {execution.version}, not {asked.expected_version}",
                answers.state(execution),
            )
        try:
            report = Report(reported(asked.status), asked.details, asked.step_minutes)
            return self._conductor.move(draft, execution, report, now_s)
        except InvalidStateTransition as error:
            raise InvalidStateTransition(str(error), answers.state(execution)) from None

    def _queue(self, thing: str) -> Sequence[Execution]:
        queue = self._executions.queue(thing)
        if not queue and not self._conductor.targets.has_thing(thing):
            raise NotFound(f"Thing {thing} does not exist")
        return queue

    def _existing(self, thing: str, job_id: str, number: int | None) -> Execution:
        if not is_job_id(job_id):
            raise InvalidRequest(f"{job_id!r} is no job id: 1 to 64 of [a-zA-Z0-9_-]")
        execution = self._executions.find(job_id, thing, number)
        if execution is None:
            which = "" if number is None else f" number {number}"
            raise NotFound(f"There is no execution{which} of {job_id} on {thing}")
        return execution
