"""What time alone brings to jobs."""

from typing import Final

from cloud_functions.jobs.books.draft import Draft
from cloud_functions.jobs.conductor import Cancellation, Conductor
from cloud_functions.jobs.executions.execution import Report
from cloud_functions.jobs.executions.statuses import Fact
from cloud_functions.jobs.membership import Membership
from cloud_functions.jobs.plan.configuration import EndBehavior
from cloud_functions.jobs.plan.job import Job
from cloud_functions.jobs.plan.statuses import JobStatus

_TIMED_OUT: Final = Report(Fact.TIMED_OUT)
_THE_END: Final = "The end of the schedule was reached"


class JobsClock:
    """Lets time pass for all jobs, once a second."""

    def __init__(self, conductor: Conductor) -> None:
        self._conductor = conductor
        self._membership = Membership(conductor)

    def tick(self, draft: Draft, now_s: float) -> None:
        """Time-outs, then what the registry says, then every job that waits for the clock."""
        for execution in self._conductor.executions.timed_out(now_s):
            self._conductor.move(draft, execution, _TIMED_OUT, now_s)
        self._membership.follow(draft, now_s)
        for job in self._conductor.jobs.on_the_clock():
            self._pass(draft, job, now_s)

    def _pass(self, draft: Draft, job: Job, now_s: float) -> None:
        schedule, conductor = job.schedule, self._conductor
        if job.sweep is not None:
            conductor.sweep(draft, job.id, now_s)
        elif job.status in (JobStatus.SCHEDULED, JobStatus.IN_PROGRESS):
            if schedule.end_s is not None and schedule.end_s <= now_s:
                self._end(draft, job, now_s)
            elif job.status is JobStatus.IN_PROGRESS:
                conductor.roll_out(draft, job.id, now_s)
            elif schedule.start_s is None or schedule.start_s <= now_s:
                conductor.start(draft, job.id, now_s)

    def _end(self, draft: Draft, job: Job, now_s: float) -> None:
        behavior = job.schedule.end_behavior
        if behavior is EndBehavior.STOP_ROLLOUT and job.status is JobStatus.IN_PROGRESS:
            self._conductor.stop_rollout(draft, job.id, now_s)
            return
        how = Cancellation(behavior is EndBehavior.FORCE_CANCEL, comment=_THE_END)
        self._conductor.cancel(draft, job.id, how, now_s)
