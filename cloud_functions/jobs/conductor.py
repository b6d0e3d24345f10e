"""What follows from a change of an execution: counts, pushes, events, retries, the job's end.

Every change of a job or an execution goes through here, whoever asked for it, so that each of
these is told once and in one order: the list, the next one, events.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from cloud_functions.cells import CellStore
from cloud_functions.contract import topics
from cloud_functions.contract.jobs import ExecutionStatus
from cloud_functions.contract.topics import JobsPush
from cloud_functions.jobs.books.draft import Draft
from cloud_functions.jobs.books.execution_book import ExecutionBook
from cloud_functions.jobs.books.job_book import JobBook
from cloud_functions.jobs.executions.execution import Execution, Report, again, moved
from cloud_functions.jobs.executions.pending import news
from cloud_functions.jobs.executions.statuses import Fact
from cloud_functions.jobs.limits import JobLimits
from cloud_functions.jobs.plan import rollout
from cloud_functions.jobs.plan.document import delivered
from cloud_functions.jobs.plan.job import Job, Sweep, counted, with_failure
from cloud_functions.jobs.plan.statuses import IllegalMove, JobFact, JobStatus, next_status
from cloud_functions.jobs.ports import Links, Targets
from cloud_functions.jobs.wire import answers, events
from cloud_functions.ports import Message
from cloud_functions.registry.event_configurations import EventSwitches, EventType

_ABORTED: Final = "The abort criteria were met"


@dataclass(frozen=True, slots=True)
class Cancellation:
    """How and why a job is cancelled."""

    is_forced: bool = False
    reason_code: str | None = None
    comment: str | None = None


class Conductor:
    """Moves jobs and executions on; the caller commits the draft."""

    def __init__(
        self,
        store: CellStore,
        *,
        targets: Targets,
        links: Links,
        switches: EventSwitches,
        limits: JobLimits,
    ) -> None:
        self.jobs = JobBook(store)
        self.executions = ExecutionBook(store)
        self.targets = targets
        self.limits = limits
        self._links = links
        self._switches = switches

    # ------------------------------------------------------------ executions

    def enrol(self, draft: Draft, job_id: str, thing: str, now_s: float) -> None:
        """A thing gets a job, for the first time or once more."""
        queue, latest = self.executions.queue(thing), self.executions.find(job_id, thing)
        execution = Execution(
            job_id=job_id,
            thing=thing,
            number=1 if latest is None else latest.number + 1,
            sequence=self.executions.next_sequence(),
            queued_s=int(now_s),
            updated_s=int(now_s),
        )
        self.executions.keep(draft, execution)
        job = self.jobs.get(job_id)
        job = counted(job, None if latest is None else latest.status, execution.status)
        self.jobs.keep(draft, replace(job, notified=job.notified + 1))
        self._tell(draft, thing, queue, now_s)

    def move(self, draft: Draft, execution: Execution, report: Report, now_s: float) -> Execution:
        """What an execution becomes; it may be tried again.  Raises InvalidStateTransition."""
        job, queue = self.jobs.get(execution.job_id), self.executions.queue(execution.thing)
        timeout = job.plan.timeout_config
        after = moved(
            execution,
            report,
            now_s,
            in_progress_minutes=timeout.in_progress_timeout_in_minutes if timeout else None,
        )
        self.executions.keep(draft, after)
        latest = after
        if after.status in rollout.FAILURES:
            job = with_failure(job, after.status)
            if self._is_tried_again(job, after):
                latest = again(after, self.executions.next_sequence(), now_s)
                self.executions.keep(draft, latest)
        self.jobs.keep(draft, counted(job, execution.status, latest.status))
        self._tell(draft, execution.thing, queue, now_s)
        if not after.is_pending:
            self._tell_watchers(draft, after, after.status.lower(), now_s)
            self._settle(draft, job.id, now_s)
        return after

    def erase(self, draft: Draft, execution: Execution, now_s: float) -> None:
        """Forget an execution; if it was pending its thing is told."""
        queue = self.executions.queue(execution.thing)
        job_id, thing = execution.job_id, execution.thing
        is_latest = self.executions.things(job_id).get(thing) == execution.number
        self.executions.erase(draft, execution)
        if is_latest:
            latest = self.executions.find(job_id, thing)
            job = self.jobs.get(job_id)
            status = None if latest is None else latest.status
            self.jobs.keep(draft, counted(job, execution.status, status))
        self._tell(draft, thing, queue, now_s)
        self._tell_watchers(draft, execution, events.DELETED, now_s)
        self._settle(draft, job_id, now_s)

    @staticmethod
    def _is_tried_again(job: Job, ended: Execution) -> bool:
        attempts = ended.attempts
        return job.status is JobStatus.IN_PROGRESS and rollout.may_retry(
            job.plan.job_executions_retry_config,
            ended.status,
            after_failure=attempts.after_failure,
            after_timeout=attempts.after_timeout,
        )

    # ------------------------------------------------------------ jobs

    def open(
        self, draft: Draft, job: Job, document: str, things: Sequence[str], now_s: float
    ) -> None:
        """A new job for these things; it begins at once unless it is scheduled."""
        self.jobs.open(draft, replace(job, waiting=len(things)), document, things)
        self.roll_out(draft, job.id, now_s)

    def start(self, draft: Draft, job_id: str, now_s: float) -> None:
        """The start time of a scheduled job has come."""
        job = self.jobs.get(job_id)
        status = next_status(job.status, JobFact.STARTED)
        self.jobs.keep(draft, replace(job, status=status, updated_s=int(now_s)))
        self.roll_out(draft, job_id, now_s)

    def roll_out(self, draft: Draft, job_id: str, now_s: float) -> None:
        """Tell as many things as the rate allows."""
        job = self.jobs.get(job_id)
        if job.is_rolling_out:
            rate = rollout.rate_per_minute(
                job.plan.job_executions_rollout_config,
                notified=job.notified,
                succeeded=job.count(ExecutionStatus.SUCCEEDED),
                most=self.limits.rollout_per_minute,
            )
            minute, allowed = rollout.allowance(job.minute, rate, now_s)
            if not allowed:
                return
            due = self.jobs.waiting(job)[job.told : job.told + allowed]
            minute = replace(minute, told=minute.told + len(due))
            self.jobs.keep(draft, replace(job, minute=minute, told=job.told + len(due)))
            for thing in due:
                if self.targets.has_thing(thing):
                    self.enrol(draft, job_id, thing, now_s)
        self._settle(draft, job_id, now_s)

    def stop_rollout(self, draft: Draft, job_id: str, now_s: float) -> None:
        """Tell no further thing; those that were told may finish."""
        job = self.jobs.get(job_id)
        schedule = replace(job.schedule, end_s=None)
        self.jobs.keep(
            draft, replace(job, waiting=job.told, schedule=schedule, updated_s=int(now_s))
        )
        self._settle(draft, job_id, now_s)

    def cancel(self, draft: Draft, job_id: str, how: Cancellation, now_s: float) -> None:
        """Cancel what waits, by force also what has begun.  Raises IllegalMove."""
        job = self.jobs.get(job_id)
        fact = JobFact.FORCE_CANCELLED if how.is_forced else JobFact.CANCELLED
        status = next_status(job.status, fact)
        if job.status is JobStatus.CANCELED and not job.pending:
            raise IllegalMove(job.status, fact)
        cancelled = replace(
            job,
            status=status,
            sweep=Sweep.FORCE_CANCEL if how.is_forced else Sweep.CANCEL,
            waiting=job.told,
            updated_s=int(now_s),
            is_force_cancelled=how.is_forced,
            reason_code=how.reason_code,
            comment=how.comment,
        )
        self.jobs.keep(draft, cancelled)
        self._tell_of_job(draft, cancelled, events.CANCELLATION_IN_PROGRESS, now_s)
        self.sweep(draft, job_id, now_s)

    def delete(self, draft: Draft, job_id: str, now_s: float, *, is_forced: bool) -> None:
        """Erase a job and its executions.  Raises IllegalMove."""
        job = self.jobs.get(job_id)
        fact = JobFact.FORCE_DELETED if is_forced else JobFact.DELETED
        status = next_status(job.status, fact)
        going = replace(
            job, status=status, sweep=Sweep.DELETE, waiting=job.told, updated_s=int(now_s)
        )
        self.jobs.keep(draft, going)
        self._tell_of_job(draft, going, events.DELETION_IN_PROGRESS, now_s)
        self.sweep(draft, job_id, now_s)

    def sweep(self, draft: Draft, job_id: str, now_s: float) -> None:
        """Go on with what is being done to all executions of a job, some at a time."""
        job = self.jobs.get(job_id)
        moves = 0
        for thing in list(self.executions.things(job_id)):
            if moves >= self.limits.moves_per_tick:
                return
            moves += self._sweep_thing(draft, job, thing, now_s)
        self._end_sweep(draft, job_id, now_s)

    def _sweep_thing(self, draft: Draft, job: Job, thing: str, now_s: float) -> int:
        """What a sweep does to the executions of one thing; how many it touched."""
        if job.sweep is Sweep.DELETE:
            attempts = self.executions.attempts(job.id, thing)
            for execution in attempts:
                self.erase(draft, execution, now_s)
            return len(attempts)
        execution_or_none = self.executions.find_pending(job.id, thing)
        if execution_or_none is None:
            return 0
        is_forced = job.sweep is Sweep.FORCE_CANCEL
        if execution_or_none.status is not ExecutionStatus.QUEUED and not is_forced:
            return 0
        fact = Fact.FORCE_CANCELLED if is_forced else Fact.CANCELLED
        self.move(draft, execution_or_none, Report(fact), now_s)
        return 1

    def _end_sweep(self, draft: Draft, job_id: str, now_s: float) -> None:
        job = self.jobs.get(job_id)
        if job.sweep is Sweep.DELETE:
            self.jobs.erase(draft, job_id)
            self._tell_of_job(draft, job, events.DELETED, now_s)
        else:
            self.jobs.keep(draft, replace(job, sweep=None, completed_s=int(now_s)))
            self._tell_of_job(draft, job, events.CANCELED, now_s)

    def _settle(self, draft: Draft, job_id: str, now_s: float) -> None:
        """End a job whose time has come: too much failed, or everything is over."""
        job = self.jobs.get(job_id)
        if job.status is not JobStatus.IN_PROGRESS:
            return
        if rollout.is_aborted(job.plan.abort_config, job.failures, job.notified):
            self.cancel(draft, job_id, Cancellation(comment=_ABORTED), now_s)
        elif not job.is_continuous and not job.is_rolling_out and not job.pending:
            status = next_status(job.status, JobFact.FINISHED)
            second = int(now_s)
            done = replace(job, status=status, completed_s=second, updated_s=second)
            self.jobs.keep(draft, done)
            self._tell_of_job(draft, done, events.COMPLETED, now_s)

    # ------------------------------------------------------------ telling

    def document(self, execution: Execution, now_s: float) -> str:
        """The job document of an execution with its links signed, as JSON text."""
        signed = self.jobs.get(execution.job_id).plan.presigned_url_config
        text = self.jobs.document(execution.job_id)
        if signed is None:
            return text
        return delivered(text, lambda place: self._links.sign(place, signed.expires_in_sec, now_s))

    def described(self, execution: Execution, now_s: float) -> dict[str, Any]:
        """An execution as it is told over MQTT."""
        fragment = orjson.Fragment(self.document(execution, now_s))
        return answers.described(execution, fragment)

    def _tell(self, draft: Draft, thing: str, before: Sequence[Execution], now_s: float) -> None:
        """Tell a thing what became of its pending executions."""
        queue = self.executions.queue(thing)
        told = news(before, queue)
        if told.of_list:
            body = answers.notify(queue, now_s, self.limits.notified)
            draft.messages.append(Message(topics.jobs(thing, JobsPush.NOTIFY), body, qos=1))
        if told.of_next:
            first = self.described(queue[0], now_s) if queue else None
            body = answers.notify_next(first, now_s)
            draft.messages.append(Message(topics.jobs(thing, JobsPush.NOTIFY_NEXT), body, qos=1))

    def _tell_watchers(
        self, draft: Draft, execution: Execution, operation: str, now_s: float
    ) -> None:
        if self._switches.is_on(EventType.JOB_EXECUTION):
            draft.messages.append(events.of_execution(execution, operation, now_s))

    def _tell_of_job(self, draft: Draft, job: Job, operation: str, now_s: float) -> None:
        if self._switches.is_on(EventType.JOB):
            draft.messages.append(events.of_job(job, operation, now_s))
