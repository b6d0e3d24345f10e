"""Does what the actions of rules want done, and tells the error action what failed.

A deed that must not be lost is written to the outbox in the transaction of its message, struck
out when it is done, and done again after a crash that came between.  Failures of one rule and
message are gathered until all of its actions are over; then the error action is told once (AWS
reference, section 2.9).  A failed deed stays in the outbox until that report stands beside it, so
that a crash loses neither.  A failing error action is only logged.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from cloud_functions.cells import CellStore, Write
from cloud_functions.contract.topics import THINGS_PREFIX
from cloud_functions.errors import CloudError
from cloud_functions.ports import Clock, Message
from cloud_functions.rules.deeds import Deed, Failed, InvokeFunction, Republish, failed
from cloud_functions.rules.engine import Fired
from cloud_functions.rules.firing import Firing
from cloud_functions.runtime.functions.invocation import Invocation
from cloud_functions.runtime.outbox import Entry, KeptMessage, Outbox, keep, strike
from cloud_functions.runtime.republishing import MAX_REPUBLISHED, steps
from cloud_functions.runtime.rule_trace import RuleTrace
from cloud_functions.storage.committer import Committer

MAX_RUNNING: Final = 10_000
"""Deeds under way at once; beyond it the cloud takes no further messages for a while."""
_FINISH_S: Final = 1.0
_MAX_COMPLAINTS: Final = 1000
"""Rules in circles that the log tells of, each once."""

_TOO_FAR: Final = "rules have republished it {} times already: they go round in circles"

_logger = logging.getLogger(__name__)


class Submit(Protocol):
    """Hands an event to a function, asynchronously."""

    def __call__(
        self, name: str, event: bytes, finished: Callable[[Invocation], None] | None = None
    ) -> None:
        """Queue the event; `finished` hears the last result."""


class ActionFailed(Exception):
    """A deed could not be done; the message is for the error action and the log."""


Rest: TypeAlias = Awaitable[None] | None
"""What remains to be waited for before a deed may be forgotten; its outcome stands already."""

Doer: TypeAlias = Callable[[Any, str], Awaitable[Rest]]
"""Does one kind of deed for a rule of this name.  Raises ActionFailed, or a CloudError."""

FiringOf: TypeAlias = Callable[[str, Message, int, int], Firing | None]
"""The firing behind rule, message, its time in milliseconds and the number of its actions."""


@dataclass(slots=True)
class RunnerStatistics:
    """Counted since the start."""

    rules_fired: int = 0
    actions_failed: int = 0
    error_actions: int = 0
    error_actions_failed: int = 0


class Planned(NamedTuple):
    """A deed, its number in the outbox (None if it may be lost) and its group there."""

    fired: Fired
    number: int | None
    group: int = 0


class _Work(NamedTuple):
    """A deed under way; `began_s` counts only while somebody looks."""

    fired: Fired
    number: int | None
    is_error_action: bool
    began_s: float


@dataclass(slots=True)
class _Progress:
    """How far the actions of one firing are."""

    left: int
    failures: list[Failed] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)


def outbox_entries(planned: Sequence[Planned], now_s: float) -> list[Write]:
    """What to commit so that no deed with a number is lost."""
    writes: list[Write] = []
    for fired, number, group in planned:
        if number is not None and not isinstance(fired.deed, Failed):
            kept = None
            if fired.firing is not None:
                kept = KeptMessage.of(fired.message, int(now_s * 1000))
            writes.append(keep(number, Entry(fired.rule, fired.deed, group, kept)))
    return writes


class ActionRunner:
    """Runs deeds; `inject` publishes messages as if clients had sent them, `doers` do the rest."""

    def __init__(
        self,
        *,
        submit: Submit,
        inject: Callable[[Sequence[Message]], Awaitable[None]],
        committer: Committer,
        store: CellStore,
        doers: Mapping[type, Doer] | None = None,
        firing_of: FiringOf = lambda *_: None,
        trace: RuleTrace | None = None,
        max_republished: int = MAX_REPUBLISHED,
        clock: Clock = time.time,
    ) -> None:
        self.statistics = RunnerStatistics()
        self.trace = trace or RuleTrace(clock)
        self._submit = submit
        self._inject = inject
        self._committer = committer
        self._firing_of = firing_of
        self._clock = clock
        self._doers = doers or {}
        self._max_republished = max_republished
        self._in_circles: set[str] = set()
        self._again: list[_Work] = []
        self._outbox = Outbox(store)
        self._progress: dict[Firing, _Progress] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._running = 0
        self._room = asyncio.Event()
        self._room.set()

    # ------------------------------------------------------------ what the core calls

    def plan(self, fired: Sequence[Fired]) -> list[Planned]:
        """Give what must not be lost its number in the outbox."""
        planned: list[Planned] = []
        group, firing = 0, None
        for each in fired:
            number = self._outbox.number() if _must_not_be_lost(each) else None
            if each.firing is None or each.firing is not firing:
                group, firing = 0, each.firing
            group = group or number or 0
            planned.append(Planned(each, number, group))
        return planned

    async def room(self) -> None:
        """Return when not too many deeds are under way."""
        if not self._room.is_set():
            await self._room.wait()

    def run(self, planned: Sequence[Planned]) -> None:
        """Do it all, some time soon; the outbox entries are on disk."""
        self.statistics.rules_fired += len(planned)
        for fired, number, _ in planned:
            if fired.firing is not None and fired.firing not in self._progress:
                self._progress[fired.firing] = _Progress(fired.firing.actions)
            self._run(fired, number)

    def resume(self) -> None:
        """Do what was committed before a crash and not done."""
        left_over, self._outbox.left_over = self._outbox.left_over, []
        groups: dict[int, list[tuple[int, Entry]]] = {}
        for number, entry in left_over:
            groups.setdefault(entry.group or number, []).append((number, entry))
        for group in groups.values():
            self._resume(group)

    async def close(self) -> None:
        """Finish what can be finished soon; the rest stays in the outbox."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_FINISH_S)
        for task in self._tasks:
            task.cancel()
        self.trace.close()

    # ------------------------------------------------------------ one deed

    def _resume(self, group: Sequence[tuple[int, Entry]]) -> None:
        kept, firing, message = group[0][1].message, None, Message("", b"")
        if kept is not None:
            message = kept.message
            firing = self._firing_of(group[0][1].rule, message, kept.at_ms, len(group))
        if firing is not None:
            self._progress[firing] = _Progress(firing.actions)
        for number, entry in group:
            fired = Fired(entry.rule, message, entry.deed, firing)
            self._run(fired, number, is_error_action=entry.is_error_action)

    def _run(self, fired: Fired, number: int | None, *, is_error_action: bool = False) -> None:
        began_s = time.perf_counter() if self.trace.is_watched else 0.0
        work = _Work(fired, number, is_error_action, began_s)
        deed = fired.deed
        if isinstance(deed, Failed):
            self._over(work, deed)
        elif isinstance(deed, InvokeFunction):
            self._invoke(work, deed)
        elif isinstance(deed, Republish):
            if self._is_too_far(work):
                self._over(work, failed(deed, _TOO_FAR.format(self._max_republished)))
                return
            if not self._again:
                asyncio.get_running_loop().call_soon(self._publish_again)
            self._again.append(work)
        else:
            self._start(self._do(work, deed))

    def _invoke(self, work: _Work, deed: InvokeFunction) -> None:
        """A function that has the event ends the action; the deed, when the function is done."""

        def finished(_result: Invocation) -> None:
            self._strike(work.number)

        try:
            self._submit(deed.function, deed.event, finished)
        except CloudError as error:
            self._over(work, failed(deed, str(error)))
        else:
            self._over(work._replace(number=None), None)

    def _publish_again(self) -> None:
        """What is republished in one turn of the loop is one batch."""
        works, self._again = self._again, []
        self._start(self._inject_all(works))

    async def _inject_all(self, works: Sequence[_Work]) -> None:
        """A republished message is a new one: for subscribers, services and rules."""
        deeds = [work.fired.deed for work in works]
        far = steps([work.fired.message for work in works])
        messages = [
            Message(
                deed.topic, deed.payload, deed.qos, properties=deed.properties, republished=step
            )
            for deed, step in zip(deeds, far, strict=True)
            if isinstance(deed, Republish)
        ]
        reasons = await self._injected(messages)
        for work, deed, reason in zip(works, deeds, reasons, strict=True):
            failure = failed(deed, reason) if reason and not isinstance(deed, Failed) else None
            self._over(work, failure)

    async def _injected(self, messages: Sequence[Message]) -> Sequence[str]:
        """For each message why it could not be published, empty where it was.

        A batch that fails is tried again one by one, so that a bad message costs itself only; one
        that went out before the failure goes out twice, as a message may after a crash.
        """
        try:
            await self._inject(messages)
        except Exception:
            _logger.exception("%d messages could not be republished", len(messages))
            if len(messages) == 1:
                return ["internal error"]
            return [reason for each in messages for reason in await self._injected([each])]
        return [""] * len(messages)

    async def _do(self, work: _Work, deed: Deed) -> None:
        self._count(1)
        try:
            doer = self._doers.get(type(deed))
            failure, rest = await _outcome(doer, deed, work.fired.rule)
            self._over(work if rest is None else work._replace(number=None), failure)
            if rest is not None:
                await rest
                self._strike(work.number)
        finally:
            self._count(-1)

    # ------------------------------------------------------------ what became of it

    def _over(self, work: _Work, failure: Failed | None) -> None:
        """An action is over: struck out, unless it failed and a report is to stand beside it."""
        if self.trace.is_watched:
            self._tell(work, failure)
        if failure is not None:
            self._complain(work, failure)
        firing = work.fired.firing
        progress = self._progress.get(firing) if firing is not None else None
        if progress is None or failure is None:
            self._strike(work.number)
        if progress is None or firing is None:
            return
        progress.left -= 1
        if failure is not None:
            progress.failures.append(failure)
            progress.numbers += () if work.number is None else (work.number,)
        if progress.left == 0:
            del self._progress[firing]
            if progress.failures:
                self._report(work.fired, firing, progress)

    def _report(self, fired: Fired, firing: Firing, progress: _Progress) -> None:
        """Tell the error action, as durably as the message was."""
        self.statistics.error_actions += 1
        deed = firing.report(progress.failures)
        number = None
        if progress.numbers:
            writes = strike(progress.numbers)
            if not isinstance(deed, Failed) and not deed.may_be_lost:
                number = self._outbox.number()
                writes.append(keep(number, Entry(fired.rule, deed, is_error_action=True)))
            self._committer.later(writes)
        self._run(Fired(fired.rule, fired.message, deed), number, is_error_action=True)

    def _strike(self, number: int | None) -> None:
        if number is not None:
            self._committer.later(strike([number]))

    def _complain(self, work: _Work, failure: Failed) -> None:
        what = "error action of rule" if work.is_error_action else "rule"
        if work.is_error_action:
            self.statistics.error_actions_failed += 1
        else:
            self.statistics.actions_failed += 1
        if self._is_too_far(work):
            if work.fired.rule in self._in_circles or len(self._in_circles) >= _MAX_COMPLAINTS:
                return
            self._in_circles.add(work.fired.rule)
        where = (failure.action, failure.resource, failure.reason)
        _logger.warning("%s %s: %s %s: %s", what, work.fired.rule, *where)

    def _is_too_far(self, work: _Work) -> bool:
        """Whether it would be republished once too often."""
        is_republish = isinstance(work.fired.deed, Republish)
        return is_republish and work.fired.message.republished >= self._max_republished

    def _tell(self, work: _Work, failure: Failed | None) -> None:
        self.trace.tell(
            rule=work.fired.rule,
            message=work.fired.message,
            action=work.fired.deed.action,
            resource=work.fired.deed.resource,
            outcome="done" if failure is None else failure.reason,
            seconds=time.perf_counter() - work.began_s if work.began_s else 0.0,
            now_s=self._clock(),
            error_action=work.is_error_action,
        )

    # ------------------------------------------------------------ what is under way

    def _count(self, step: int) -> None:
        self._running += step
        if self._running >= MAX_RUNNING:
            self._room.clear()
        elif self._running < MAX_RUNNING // 2:
            self._room.set()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work, name="rule-action")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _must_not_be_lost(fired: Fired) -> bool:
    """What is done because of a QoS 1 message or of a shadow that changed."""
    if isinstance(fired.deed, Failed) or fired.deed.may_be_lost:
        return False
    return fired.message.qos > 0 or fired.message.topic.startswith(THINGS_PREFIX)


async def _outcome(doer: Doer | None, deed: Deed, rule: str) -> tuple[Failed | None, Rest]:
    """How a deed went, and what remains of it."""
    if doer is None:
        return failed(deed, "nothing here does this"), None
    try:
        return None, await doer(deed, rule)
    except (ActionFailed, CloudError) as error:
        return failed(deed, str(error)), None
    except Exception:
        _logger.exception("%s on %s", deed.action, deed.resource)
        return failed(deed, "internal error"), None
