"""The jobs: all of them in memory, their documents in a cache, everything in the store.

Keys in JOBS are a letter and the job's id: `p` plan, `s` state, `d` document, `w` the things that
its rollout began with.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from cloud_functions.cells import CellStore, Space, Write
from cloud_functions.jobs.books.draft import Draft
from cloud_functions.jobs.errors import NotFound
from cloud_functions.jobs.plan import job as jobs
from cloud_functions.jobs.plan.job import Job

_PLAN: Final = b"p"
_STATE: Final = b"s"
_DOCUMENT: Final = b"d"
_WAITING: Final = b"w"
_PARTS: Final = (_PLAN, _STATE, _DOCUMENT, _WAITING)
_SEPARATOR: Final = "\n"
_CACHED_DOCUMENTS: Final = 500
"""At 32 KB each at most."""


class JobBook:
    """What is known of jobs."""

    def __init__(self, store: CellStore) -> None:
        self._store = store
        self._jobs: dict[str, Job] = {}
        self._waiting: dict[str, Sequence[str]] = {}
        self._documents: OrderedDict[str, str] = OrderedDict()
        self._on_the_clock: dict[str, None] = {}
        for key, _ in store.scan(Space.JOBS, _STATE):
            self._read(key[1:].decode())
        self._last = max((job.sequence for job in self._jobs.values()), default=0)

    # ------------------------------------------------------------ reading

    def find(self, job_id: str) -> Job | None:
        """A job, or None."""
        return self._jobs.get(job_id)

    def get(self, job_id: str) -> Job:
        """A job.  Raises NotFound."""
        found = self._jobs.get(job_id)
        if found is None:
            raise NotFound(f"Job {job_id} does not exist")
        return found

    def all(self) -> Sequence[Job]:
        """All jobs, the oldest first."""
        return sorted(self._jobs.values(), key=lambda job: job.sequence)

    def on_the_clock(self) -> Sequence[Job]:
        """The jobs that time alone may move."""
        return [self._jobs[job_id] for job_id in self._on_the_clock]

    def document(self, job_id: str) -> str:
        """The document of a job that exists."""
        found = self._documents.get(job_id)
        if found is None:
            raw = self._store.get(Space.JOBS, _DOCUMENT + job_id.encode())
            assert raw is not None, f"job {job_id} has no document"
            found = raw.decode()
            self._remember(job_id, found)
        self._documents.move_to_end(job_id)
        return found

    def waiting(self, job: Job) -> Sequence[str]:
        """The things that the rollout of a job began with, those told first."""
        if job.is_rolling_out and job.id not in self._waiting:
            raw = self._store.get(Space.JOBS, _WAITING + job.id.encode()) or b""
            self._waiting[job.id] = raw.decode().split(_SEPARATOR) if raw else ()
        return self._waiting.get(job.id, ())

    def next_sequence(self) -> int:
        """The sequence number of a new job."""
        self._last += 1
        return self._last

    # ------------------------------------------------------------ writing

    def open(self, draft: Draft, job: Job, document: str, waiting: Sequence[str]) -> None:
        """Keep a new job, its document, and the things its rollout begins with."""
        self._remember(job.id, document)
        draft.writes.append(Write(Space.JOBS, _DOCUMENT + job.id.encode(), document.encode()))
        self.keep_plan(draft, job)
        self.keep_waiting(draft, job, waiting)

    def keep_plan(self, draft: Draft, job: Job) -> None:
        """Keep a job whose plan is another."""
        raw = jobs.preserve_plan(job.plan)
        draft.writes.append(Write(Space.JOBS, _PLAN + job.id.encode(), raw))
        self.keep(draft, job)

    def keep_waiting(self, draft: Draft, job: Job, waiting: Sequence[str]) -> None:
        """Keep a job whose rollout has another list of things."""
        self.keep(draft, job)
        self._waiting[job.id] = waiting
        raw = _SEPARATOR.join(waiting).encode()
        draft.writes.append(Write(Space.JOBS, _WAITING + job.id.encode(), raw))

    def keep(self, draft: Draft, job: Job) -> None:
        """Keep how far a job is."""
        draft.jobs.add(job.id)
        self._place(job)

    def erase(self, draft: Draft, job_id: str) -> None:
        """Forget a job; its executions are gone already."""
        draft.jobs.add(job_id)
        self._drop(job_id)
        draft.writes += [Write(Space.JOBS, part + job_id.encode(), None) for part in _PARTS]

    def seal(self, draft: Draft) -> None:
        """Write the states of the jobs a draft touched, once each; the last before its commit."""
        for job_id in draft.jobs:
            job = self._jobs.get(job_id)
            raw = None if job is None else jobs.preserve_state(job)
            draft.writes.append(Write(Space.JOBS, _STATE + job_id.encode(), raw))

    def forget(self, draft: Draft) -> None:
        """Read again what a draft touched that could not be committed."""
        for job_id in draft.jobs:
            self._drop(job_id)
            self._read(job_id)

    # ------------------------------------------------------------ within

    def _place(self, job: Job) -> None:
        self._jobs[job.id] = job
        if job.needs_the_clock:
            self._on_the_clock[job.id] = None
        else:
            self._on_the_clock.pop(job.id, None)
        if not job.is_rolling_out:
            self._waiting.pop(job.id, None)

    def _drop(self, job_id: str) -> None:
        self._jobs.pop(job_id, None)
        self._on_the_clock.pop(job_id, None)
        self._waiting.pop(job_id, None)
        self._documents.pop(job_id, None)

    def _read(self, job_id: str) -> None:
        plan = self._store.get(Space.JOBS, _PLAN + job_id.encode())
        state = self._store.get(Space.JOBS, _STATE + job_id.encode())
        if plan is not None and state is not None:
            self._place(jobs.revive(job_id, plan, state))

    def _remember(self, job_id: str, document: str) -> None:
        self._documents[job_id] = document
        if len(self._documents) > _CACHED_DOCUMENTS:
            self._documents.popitem(last=False)
