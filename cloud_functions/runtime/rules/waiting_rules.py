"""Rules that wait for the answer of an external function, and what becomes of them.

Messages do not wait for them: the batch is committed with a note of each rule that must not be
lost, and the rule is evaluated when its answers are there.  What its actions want done is then
committed in the transaction that strikes out the note, so that after a crash it is done again or
not at all lost.
"""

import asyncio
import itertools
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgspec

from cloud_functions.cells import CellStore, Space, Write
from cloud_functions.ports import Message
from cloud_functions.rules import external
from cloud_functions.rules.engine import Abandoned, Fired, Outcome, RulesEngine, Waiting, fired
from cloud_functions.rules.errors import RuleFailed
from cloud_functions.rules.external import Call, CallFailed, External
from cloud_functions.rules.remark import Remarked, failure
from cloud_functions.rules.values import Value
from cloud_functions.storage.committer import Committer

_AT_ONCE: Final = 64
_MOST_WAITING: Final = 10_000
"""Beyond it rules are given up, as AWS throttles evaluations (AWS reference, section 2.10)."""

_logger = logging.getLogger(__name__)


class Act(Protocol):
    """Commits and does what rules want done."""

    async def __call__(self, fired: Sequence[Fired], writes: Sequence[Write]) -> None:
        """Commit the writes with what must not be lost, then act."""


@dataclass(slots=True)
class WaitingStatistics:
    """Counted since the start."""

    rules_failed: int = 0
    external_evaluations: int = 0


class NobodyAnswers:
    """A cloud that has nothing to ask."""

    async def answer(self, call: Call) -> Value:
        """Raises CallFailed."""
        raise CallFailed(f"{call.name}(): nothing here answers it")


class WaitingRules:
    """Evaluates the rules that must ask before they can say anything."""

    def __init__(
        self,
        *,
        engine: RulesEngine,
        answers: External | None,
        act: Act,
        committer: Committer,
        store: CellStore | None,
    ) -> None:
        self.statistics = WaitingStatistics()
        self._engine = engine
        self._answers = answers or NobodyAnswers()
        self._act = act
        self._committer = committer
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._left_over = [
            (int.from_bytes(key, "big"), raw)
            for key, raw in (() if store is None else store.scan(Space.WAITING))
        ]
        self._numbers = itertools.count(1 + max((n for n, _ in self._left_over), default=0))

    def sort(self, outcomes: Iterable[Outcome]) -> tuple[list[Fired], "list[Noted]"]:
        """What can be done at once, and what must wait; failures are logged and forgotten."""
        at_once: list[Fired] = []
        noted: list[Noted] = []
        for outcome in outcomes:
            if isinstance(outcome, Fired):
                at_once.append(outcome)
            elif isinstance(outcome, Abandoned):
                self._failed(outcome.rule, outcome.message, outcome.reason)
            elif len(self._tasks) + len(noted) >= _MOST_WAITING:
                reason = f"{_MOST_WAITING} evaluations wait already"
                self._failed(outcome.rule.name, outcome.message, reason)
            else:
                number = next(self._numbers) if _must_not_be_lost(outcome.message) else None
                noted.append(Noted(outcome, number))
        return at_once, noted

    def run(self, noted: "Sequence[Noted]") -> None:
        """Evaluate them some time soon; their notes are on disk."""
        for each in noted:
            task = asyncio.create_task(self._evaluate(each), name="waiting-rule")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def resume(self) -> None:
        """Evaluate what waited when the cloud stopped; what has no rule any more is struck out."""
        for number, raw in self._left_over:
            name, now_ms, message = _read_note(raw)
            waiting = self._engine.waiting(name, message, now_ms)
            if waiting is None:
                self._committer.later([_struck(number)])
            else:
                self.run([Noted(waiting, number)])
        self._left_over = []

    async def close(self) -> None:
        """Stop; what must not be lost is evaluated at the next start."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1)

    async def _evaluate(self, noted: "Noted") -> None:
        rule, message, context = noted.waiting
        deeds: list[Fired] = []
        async with self._places:
            self.statistics.external_evaluations += 1
            try:
                asking = Remarked(rule, self._is_watched)
                wanted, remark = await external.outcome(asking, context, self._answers)
                deeds = fired(rule, message, wanted, context)
                if remark:
                    self._tell(rule.name, message, remark)
            except RuleFailed as failed:
                self._failed(rule.name, message, str(failed))
            struck = [] if noted.number is None else [_struck(noted.number)]
            try:
                await self._act(deeds, struck)
            except Exception:
                _logger.exception("what rule %s wanted done was not committed", rule.name)

    def _failed(self, rule: str, message: Message, reason: str) -> None:
        self.statistics.rules_failed += 1
        _logger.warning("rule %s: no action runs: %s", rule, reason)
        if self._is_watched():
            self._tell(rule, message, failure(reason, message.payload))

    def _is_watched(self) -> bool:
        watcher = self._engine.watcher
        return watcher is not None and watcher.is_watched

    def _tell(self, rule: str, message: Message, outcome: str) -> None:
        if self._engine.watcher is not None:
            self._engine.watcher.matched(rule, message, outcome)


@dataclass(frozen=True, slots=True)
class Noted:
    """A rule that waits, and the number of its note; None if it may be lost."""

    waiting: Waiting
    number: int | None


def notes(noted: Sequence[Noted]) -> list[Write]:
    """What to commit so that no rule with a number is lost."""
    return [
        Write(Space.WAITING, each.number.to_bytes(8, "big"), _note(each.waiting))
        for each in noted
        if each.number is not None
    ]


def _must_not_be_lost(message: Message) -> bool:
    """As for actions: QoS 1 messages, and shadows that changed."""
    return message.qos > 0 or message.topic.startswith("$aws/things/")


def _struck(number: int) -> Write:
    return Write(Space.WAITING, number.to_bytes(8, "big"), None)


def _note(waiting: Waiting) -> bytes:
    return msgspec.msgpack.encode(
        [waiting.rule.name, waiting.context.timestamp_ms, waiting.message._asdict()]
    )


def _read_note(raw: bytes) -> tuple[str, int, Message]:
    said: Any = msgspec.msgpack.decode(raw)
    name, now_ms, members = said
    return name, now_ms, Message(**members)
