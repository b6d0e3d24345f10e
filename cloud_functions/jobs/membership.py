"""Things that join or leave the targets of jobs, and things that are deleted.

A CONTINUOUS job follows its targets: a thing that joins gets the job at once, whatever the
rollout's rate, and what a thing that leaves has pending is REMOVED.  Of any job, the pending
executions of a deleted thing are REMOVED (AWS reference, section 4.1).
"""

from dataclasses import replace

from cloud_functions.jobs.books.draft import Draft
from cloud_functions.jobs.conductor import Conductor
from cloud_functions.jobs.executions.execution import Report
from cloud_functions.jobs.executions.statuses import Fact
from cloud_functions.jobs.plan.job import Job
from cloud_functions.jobs.plan.statuses import JobStatus
from cloud_functions.jobs.targets import members

_REMOVED = Report(Fact.REMOVED)


class Membership:
    """Looks at the registry when it says that it is another."""

    def __init__(self, conductor: Conductor) -> None:
        self._conductor = conductor
        self._revision: object = None
        self._is_stale = True
        self._unchecked: list[str] = []

    def follow(self, draft: Draft, now_s: float) -> None:
        """What changed since the last look; deleted things are found some at a time."""
        revision = self._conductor.targets.revision()
        if revision != self._revision:
            self._revision, self._is_stale = revision, True
            for job in self._conductor.jobs.all():
                if job.is_continuous and job.status is JobStatus.IN_PROGRESS:
                    self._follow(draft, job, now_s)
        if self._is_stale and not self._unchecked:
            self._is_stale = False
            self._unchecked = list(self._conductor.executions.busy_things())
        most = self._conductor.limits.moves_per_tick
        some, self._unchecked = self._unchecked[:most], self._unchecked[most:]
        for thing in some:
            if not self._conductor.targets.has_thing(thing):
                for execution in self._conductor.executions.queue(thing):
                    self._conductor.move(draft, execution, _REMOVED, now_s)

    def _follow(self, draft: Draft, job: Job, now_s: float) -> None:
        conductor = self._conductor
        wanted = dict.fromkeys(members(job.plan.targets, conductor.targets))
        waiting = conductor.jobs.waiting(job)[job.told :]
        if any(thing not in wanted for thing in waiting):
            told = list(conductor.jobs.waiting(job)[: job.told])
            waiting = [thing for thing in waiting if thing in wanted]
            job = replace(job, waiting=len(told) + len(waiting))
            conductor.jobs.keep_waiting(draft, job, told + waiting)
        known = dict(conductor.executions.things(job.id))
        for thing in known:
            if thing not in wanted:
                execution = conductor.executions.find_pending(job.id, thing)
                if execution is not None:
                    conductor.move(draft, execution, _REMOVED, now_s)
        later = set(waiting)
        for thing in wanted:
            is_new = thing not in known or conductor.executions.has_left(job.id, thing)
            if is_new and thing not in later:
                conductor.enrol(draft, job.id, thing, now_s)
