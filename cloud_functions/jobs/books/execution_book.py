"""The executions: those pending in memory, in their order; all of them in the store.

Memory also holds, for each job, the number of the latest execution of each thing.  Finished
executions are read from the store, the latest ones from a cache that is far larger than what can
be on its way to the disk.

Keys in EXECUTIONS are `j` job, thing, number with the execution, and `t` thing, job, number to
find it by its thing.
"""

from bisect import insort
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from sys import intern
from typing import Final

from cloud_functions.cells import CellStore, Space, Write
from cloud_functions.contract.jobs import ExecutionStatus
from cloud_functions.jobs.books.alarms import Alarms, Attempt
from cloud_functions.jobs.books.draft import Draft
from cloud_functions.jobs.executions import execution as executions
from cloud_functions.jobs.executions.execution import Execution
from cloud_functions.jobs.executions.pending import place

_BY_JOB: Final = b"j"
_BY_THING: Final = b"t"
_SEPARATOR: Final = b"\0"
_CACHED: Final = 50_000


class ExecutionBook:
    """What is known of executions."""

    def __init__(self, store: CellStore) -> None:
        self._store = store
        self._queues: dict[str, list[Execution]] = {}
        self._numbers: dict[str, dict[str, int]] = {}
        self._left: dict[str, set[str]] = {}
        self._recent: OrderedDict[Attempt, Execution] = OrderedDict()
        self._alarms = Alarms()
        self._last = 0
        self._read(_BY_JOB)

    # ------------------------------------------------------------ reading

    def queue(self, thing: str) -> Sequence[Execution]:
        """The pending executions of a thing, in their order."""
        return tuple(self._queues.get(thing, ()))

    def busy_things(self) -> Sequence[str]:
        """Every thing with a pending execution."""
        return list(self._queues)

    def things(self, job_id: str) -> Mapping[str, int]:
        """The things a job has executions on, with the number of the latest."""
        return self._numbers.get(job_id, {})

    @property
    def count(self) -> int:
        """Things with an execution, added up over all jobs."""
        return sum(map(len, self._numbers.values()))

    def has_left(self, job_id: str, thing: str) -> bool:
        """Whether the latest execution of a job on a thing is REMOVED."""
        return thing in self._left.get(job_id, ())

    def find(self, job_id: str, thing: str, number: int | None = None) -> Execution | None:
        """An execution, without a number the latest one; or None."""
        latest = self.things(job_id).get(thing, 0)
        wanted = latest if number is None else number
        if not 1 <= wanted <= latest:
            return None
        pending = self.find_pending(job_id, thing)
        if pending is not None and pending.number == wanted:
            return pending
        attempt = (job_id, thing, wanted)
        if attempt in self._recent:
            return self._recent[attempt]
        raw = self._store.get(Space.EXECUTIONS, _key(_BY_JOB, *attempt))
        return None if raw is None else executions.revive(*attempt, raw)

    def find_pending(self, job_id: str, thing: str) -> Execution | None:
        """The execution of a job that a thing has still to deal with, or None."""
        for execution in self._queues.get(thing, ()):
            if execution.job_id == job_id:
                return execution
        return None

    def attempts(self, job_id: str, thing: str) -> Sequence[Execution]:
        """Every execution of a job on a thing, the latest first."""
        latest = self.things(job_id).get(thing, 0)
        found = (self.find(job_id, thing, number) for number in range(latest, 0, -1))
        return [execution for execution in found if execution is not None]

    def jobs_of(self, thing: str) -> Sequence[str]:
        """The ids of the jobs with executions on a thing."""
        prefix = _BY_THING + thing.encode() + _SEPARATOR
        keys = (key[len(prefix) :] for key, _ in self._store.scan(Space.EXECUTIONS, prefix))
        job_ids = {key.split(_SEPARATOR)[0].decode() for key in keys}
        job_ids |= {execution.job_id for execution in self._queues.get(thing, ())}
        return sorted(job_id for job_id in job_ids if thing in self.things(job_id))

    def timed_out(self, now_s: float) -> Iterator[Execution]:
        """The executions whose time is over, each once."""
        while (attempt := self._alarms.next_due(now_s)) is not None:
            execution = self.find(*attempt)
            until_s = None if execution is None else execution.until_s
            if execution is not None and until_s is not None and until_s <= now_s:
                yield execution

    def next_sequence(self) -> int:
        """The sequence number of a new execution."""
        self._last += 1
        return self._last

    # ------------------------------------------------------------ writing

    def keep(self, draft: Draft, execution: Execution) -> None:
        """Keep a new execution, or what has become of one."""
        job_id, thing, number = execution.job_id, execution.thing, execution.number
        draft.executions.add((job_id, thing))
        raw = executions.preserve(execution)
        draft.writes.append(Write(Space.EXECUTIONS, _key(_BY_JOB, job_id, thing, number), raw))
        if execution.version == 1:
            index = _key(_BY_THING, thing, job_id, number)
            draft.writes.append(Write(Space.EXECUTIONS, index, b""))
        self._take_out(execution)
        self._place(execution)

    def erase(self, draft: Draft, execution: Execution) -> None:
        """Forget one execution; an earlier one, if any, is the latest then."""
        job_id, thing, number = execution.job_id, execution.thing, execution.number
        draft.executions.add((job_id, thing))
        draft.writes += [
            Write(Space.EXECUTIONS, _key(_BY_JOB, job_id, thing, number), None),
            Write(Space.EXECUTIONS, _key(_BY_THING, thing, job_id, number), None),
        ]
        earlier = [each for each in self.attempts(job_id, thing) if each.number != number]
        self._drop(job_id, thing)
        for each in reversed(earlier):
            self._place(each)

    def forget(self, draft: Draft) -> None:
        """Read again what a draft touched that could not be committed."""
        for job_id, thing in draft.executions:
            self._drop(job_id, thing)
            self._read(_BY_JOB + job_id.encode() + _SEPARATOR + thing.encode() + _SEPARATOR)

    # ------------------------------------------------------------ within

    def _read(self, prefix: bytes) -> None:
        for key, raw in self._store.scan(Space.EXECUTIONS, prefix):
            job_id, thing, number = key[1:].split(_SEPARATOR)
            names = intern(job_id.decode()), intern(thing.decode())
            execution = executions.revive(*names, int(number, 16), raw)
            self._last = max(self._last, execution.sequence)
            self._place(execution, is_recent=False)

    def _place(self, execution: Execution, *, is_recent: bool = True) -> None:
        """Note an execution that is nowhere in memory."""
        job_id, thing, number = intern(execution.job_id), intern(execution.thing), execution.number
        numbers = self._numbers.setdefault(job_id, {})
        if number >= numbers.get(thing, 0):
            numbers[thing] = number
            self._note_whether_it_left(execution)
        if execution.is_pending:
            insort(self._queues.setdefault(thing, []), execution, key=place)
            self._set_alarm(execution)
        elif is_recent:
            self._recent[job_id, thing, number] = execution
            if len(self._recent) > _CACHED:
                self._recent.popitem(last=False)

    def _note_whether_it_left(self, execution: Execution) -> None:
        if execution.status is ExecutionStatus.REMOVED:
            self._left.setdefault(execution.job_id, set()).add(execution.thing)
        elif execution.job_id in self._left:
            self._left[execution.job_id].discard(execution.thing)

    def _take_out(self, execution: Execution) -> None:
        """Take an attempt out of its queue."""
        queue = self._queues.get(execution.thing)
        if queue is None:
            return
        identity = (execution.job_id, execution.number)
        queue[:] = [each for each in queue if (each.job_id, each.number) != identity]
        if not queue:
            del self._queues[execution.thing]

    def _drop(self, job_id: str, thing: str) -> None:
        """Know nothing of a job on a thing."""
        for execution in self.queue(thing):
            if execution.job_id == job_id:
                self._take_out(execution)
        for number in range(1, self.things(job_id).get(thing, 0) + 1):
            self._recent.pop((job_id, thing, number), None)
        self._left.get(job_id, set()).discard(thing)
        numbers = self._numbers.get(job_id, {})
        numbers.pop(thing, None)
        if not numbers:
            self._numbers.pop(job_id, None)
            self._left.pop(job_id, None)

    def _set_alarm(self, execution: Execution) -> None:
        if execution.until_s is None:
            return
        if self._alarms.is_untidy:
            self._alarms.tidy(
                (each.until_s, (each.job_id, each.thing, each.number))
                for queue in self._queues.values()
                for each in queue
                if each.until_s is not None
            )
        self._alarms.set(execution.until_s, (execution.job_id, execution.thing, execution.number))


def _key(letter: bytes, first: str, second: str, number: int) -> bytes:
    return _SEPARATOR.join((letter + first.encode(), second.encode(), b"%08x" % number))
