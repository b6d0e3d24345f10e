"""What happens to every message the cloud receives: shadows, the commit, rules, actions.

The order is the promise of decision 8: merge, match rules, commit documents and the actions that
must not be lost in one transaction, and only then publish, act, and let the broker acknowledge.
"""

import asyncio
import base64
import itertools
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import orjson

from cloud_functions.cells import CellStore, Space, Write
from cloud_functions.ports import Message
from cloud_functions.rules.actions import Failed, InvokeFunction
from cloud_functions.rules.engine import Fired, RulesEngine
from cloud_functions.runtime.functions.invocation import Invocation
from cloud_functions.shadow import errors
from cloud_functions.shadow.service import Page, Pending, ShadowService
from cloud_functions.storage.committer import Committer

SHADOW_REQUESTS: Final = (
    "$aws/things/+/shadow/get",
    "$aws/things/+/shadow/update",
    "$aws/things/+/shadow/delete",
    "$aws/things/+/shadow/name/+/get",
    "$aws/things/+/shadow/name/+/update",
    "$aws/things/+/shadow/name/+/delete",
)

_logger = logging.getLogger(__name__)


class Submit(Protocol):
    """Hands an event to a function, asynchronously."""

    def __call__(
        self, name: str, event: bytes, finished: Callable[[Invocation], None] | None = None
    ) -> None:
        """Queue the event; `finished` hears the last result."""


@dataclass(slots=True)
class CoreStatistics:
    """Counted since the start."""

    messages: int = 0
    shadow_accepted: int = 0
    shadow_rejected: int = 0
    commits_failed: int = 0
    rules_fired: int = 0
    actions_failed: int = 0


class MessageCore:
    """Joins shadows, rules, functions and the broker."""

    def __init__(
        self,
        *,
        shadows: ShadowService,
        committer: Committer,
        store: CellStore,
        rules: RulesEngine,
        submit: Submit,
        publish: Callable[[Sequence[Message]], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.statistics = CoreStatistics()
        self._shadows = shadows
        self._committer = committer
        self._rules = rules
        self._submit = submit
        self._publish = publish
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._left_over = [
            (int.from_bytes(key, "big"), raw) for key, raw in store.scan(Space.OUTBOX)
        ]
        self._numbers = itertools.count(1 + max((n for n, _ in self._left_over), default=0))

    # ------------------------------------------------------------ what a broker calls

    async def deliver(self, batch: Sequence[Message]) -> None:
        """Everything one batch asks for; returns when it is durable."""
        now_s = self._clock()
        self.statistics.messages += len(batch)
        pending = self._shadows.handle(batch, now_s)
        self.statistics.shadow_accepted += pending.accepted
        self.statistics.shadow_rejected += pending.rejected
        fired = [*self._fire(batch, now_s), *self._fire(pending.messages, now_s)]
        await self._settle(pending, fired, now_s)

    def _fire(self, messages: Iterable[Message], now_s: float) -> Iterable[Fired]:
        now_ms = int(now_s * 1000)
        for message in messages:
            yield from self._rules.fire(message, now_ms)

    async def _settle(self, pending: Pending, fired: Sequence[Fired], now_s: float) -> None:
        """Commit, then publish and act; a commit that fails is answered as such."""
        kept = [each for each in fired if _must_not_be_lost(each)]
        numbers = list(itertools.islice(self._numbers, len(kept)))
        if pending.writes or kept:
            entries = [
                Write(Space.OUTBOX, _outbox_key(number), _entry(each))
                for number, each in zip(numbers, kept, strict=True)
            ]
            try:
                await self._committer.commit([*pending.to_commit(), *entries])
            except Exception:
                self.statistics.commits_failed += 1
                _logger.exception("a commit failed")
                self._publish(self._shadows.failed(pending, now_s))
                raise
        if pending.messages:
            self._publish(pending.messages)
        number_of = dict(zip(map(id, kept), numbers, strict=True))
        for each in fired:
            self._act(each, number_of.get(id(each)))

    def _act(self, fired: Fired, number: int | None) -> None:
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
        """A republished message is a new one: for subscribers, shadows and rules."""
        task = asyncio.create_task(self.inject(message), name="republish")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def inject(self, message: Message) -> None:
        """Publish a message as if a client had sent it."""
        self._publish([message])
        await self.deliver([message])

    def resume(self) -> None:
        """Act on what was committed before a crash and not done."""
        for number, raw in self._left_over:
            said = orjson.loads(raw)
            deed = InvokeFunction(said["function"], base64.b64decode(said["event"]))
            self._invoke(deed, number)
        self._left_over = []

    async def close(self) -> None:
        """Finish what was republished."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1)

    # ------------------------------------------------------------ the data plane

    async def get_shadow(self, thing: str, name: str | None) -> bytes:
        """GetThingShadow.  Raises ShadowError."""
        return self._shadows.get(thing, name, self._clock())

    async def update_shadow(self, thing: str, name: str | None, body: bytes) -> bytes:
        """UpdateThingShadow, answered after the commit.  Raises ShadowError."""
        accepted, pending = self._shadows.update(thing, name, body, self._clock())
        await self._settle_http(pending)
        return accepted

    async def delete_shadow(self, thing: str, name: str | None) -> bytes:
        """DeleteThingShadow, answered after the commit.  Raises ShadowError."""
        answer, pending = self._shadows.delete(thing, name, self._clock())
        await self._settle_http(pending)
        return answer

    def list_shadows(self, thing: str, after: str | None, page_size: int) -> Page:
        """ListNamedShadowsForThing.  Raises ShadowError."""
        return self._shadows.list_named(thing, after, page_size)

    async def _settle_http(self, pending: Pending) -> None:
        now_s = self._clock()
        self.statistics.shadow_accepted += 1
        try:
            await self._settle(pending, list(self._fire(pending.messages, now_s)), now_s)
        except Exception:  # noqa: BLE001  the log has it; the caller is told what AWS tells
            raise errors.internal() from None


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
