"""Does what the actions of rules want done: functions invoked, messages published.

A deed that must not be lost is written to the outbox in the transaction of its message, struck
out when it is done, and done again after a crash that came between.
"""

import asyncio
import base64
import itertools
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import orjson

from cloud_functions.cells import CellStore, Space, Write
from cloud_functions.ports import Message
from cloud_functions.rules.actions import Failed, InvokeFunction
from cloud_functions.rules.engine import Fired
from cloud_functions.runtime.functions.invocation import Invocation
from cloud_functions.storage.committer import Committer

_logger = logging.getLogger(__name__)


class Submit(Protocol):
    """Hands an event to a function, asynchronously."""

    def __call__(
        self, name: str, event: bytes, finished: Callable[[Invocation], None] | None = None
    ) -> None:
        """Queue the event; `finished` hears the last result."""


@dataclass(slots=True)
class RunnerStatistics:
    """Counted since the start."""

    rules_fired: int = 0
    actions_failed: int = 0


class Planned(NamedTuple):
    """A deed and its number in the outbox, None if it may be lost."""

    fired: Fired
    number: int | None


def outbox_entries(planned: Sequence[Planned]) -> list[Write]:
    """What to commit so that no deed with a number is lost."""
    return [
        Write(Space.OUTBOX, _outbox_key(number), _entry(fired))
        for fired, number in planned
        if number is not None
    ]


class ActionRunner:
    """Runs deeds; `inject` publishes a message as if a client had sent it."""

    def __init__(
        self,
        *,
        submit: Submit,
        inject: Callable[[Message], Awaitable[None]],
        committer: Committer,
        store: CellStore,
    ) -> None:
        self.statistics = RunnerStatistics()
        self._submit = submit
        self._inject = inject
        self._committer = committer
        self._tasks: set[asyncio.Task[None]] = set()
        self._left_over = [
            (int.from_bytes(key, "big"), raw) for key, raw in store.scan(Space.OUTBOX)
        ]
        self._numbers = itertools.count(1 + max((n for n, _ in self._left_over), default=0))

    def plan(self, fired: Sequence[Fired]) -> list[Planned]:
        """Give what must not be lost its number in the outbox."""
        return [
            Planned(each, next(self._numbers) if _must_not_be_lost(each) else None)
            for each in fired
        ]

    def run(self, planned: Sequence[Planned]) -> None:
        """Do it all, some time soon; the outbox entries are on disk."""
        for fired, number in planned:
            self._run(fired, number)

    def resume(self) -> None:
        """Do what was committed before a crash and not done."""
        for number, raw in self._left_over:
            said = orjson.loads(raw)
            deed = InvokeFunction(said["function"], base64.b64decode(said["event"]))
            self._invoke(deed, number)
        self._left_over = []

    async def close(self) -> None:
        """Finish what was republished."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1)

    def _run(self, fired: Fired, number: int | None) -> None:
        deed = fired.deed
        self.statistics.rules_fired += 1
        if isinstance(deed, Failed):
            self.statistics.actions_failed += 1
            _logger.warning(
                "rule %s: %s %s: %s", fired.rule, deed.action, deed.resource, deed.reason
            )
        elif isinstance(deed, InvokeFunction):
            self._invoke(deed, number)
        else:
            self._again(Message(deed.topic, deed.payload, deed.qos))

    def _invoke(self, deed: InvokeFunction, number: int | None) -> None:
        if number is None:
            self._submit(deed.function, deed.event)
            return
        done = Write(Space.OUTBOX, _outbox_key(number), None)
        self._submit(deed.function, deed.event, lambda _result: self._committer.later([done]))

    def _again(self, message: Message) -> None:
        """A republished message is a new one: for subscribers, services and rules."""
        task = asyncio.ensure_future(self._inject(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _must_not_be_lost(fired: Fired) -> bool:
    """Functions called because of a QoS 1 message or of a shadow that changed."""
    if not isinstance(fired.deed, InvokeFunction):
        return False
    return fired.message.qos > 0 or fired.message.topic.startswith("$aws/things/")


def _outbox_key(number: int) -> bytes:
    return number.to_bytes(8, "big")


def _entry(fired: Fired) -> bytes:
    deed = fired.deed
    assert isinstance(deed, InvokeFunction)
    event = base64.b64encode(deed.event).decode()
    return orjson.dumps({"function": deed.function, "event": event})
