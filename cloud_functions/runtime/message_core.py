"""What happens to every message the cloud receives: services, rules, the commit, actions.

The order is the promise of decision 8: let the services decide, match rules, commit what changed
and the actions that must not be lost in one transaction, and only then publish, act, and let the
broker acknowledge.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from cloud_functions.cells import CellStore, Write
from cloud_functions.device_service import Changes, DeviceService
from cloud_functions.ports import Message
from cloud_functions.rules.engine import Fired, Outcome, RulesEngine
from cloud_functions.rules.external import External
from cloud_functions.runtime.action_runner import ActionRunner, outbox_entries
from cloud_functions.runtime.republishing import inherited
from cloud_functions.runtime.rules.waiting_rules import WaitingRules, notes
from cloud_functions.storage.committer import Committer

_TICK_S: Final = 1.0

_logger = logging.getLogger(__name__)

Made: TypeAlias = tuple[DeviceService, Changes]
"""What a service made of a batch, and which."""


@dataclass(slots=True)
class CoreStatistics:
    """Counted since the start."""

    messages: int = 0
    commits_failed: int = 0


class MessageCore:
    """Joins the services that answer devices, rules, actions and the broker."""

    def __init__(
        self,
        *,
        services: Sequence[DeviceService],
        committer: Committer,
        rules: RulesEngine,
        runner: ActionRunner,
        publish: Callable[[Sequence[Message]], None],
        answers: External | None = None,
        store: CellStore | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`answers` are for the external functions of rules, `store` remembers who waits."""
        self.statistics = CoreStatistics()
        self._services = services
        self._committer = committer
        self._rules = rules
        self._runner = runner
        rules.watcher = runner.trace
        self.waiting = WaitingRules(
            engine=rules, answers=answers, act=self._act, committer=committer, store=store
        )
        self._publish = publish
        self._clock = clock
        self._ticker: asyncio.Task[None] | None = None

    @property
    def topic_filters(self) -> list[str]:
        """What a broker must hand over so that no service and no rule misses a message."""
        asked = [each for service in self._services for each in service.topic_filters]
        return sorted({*asked, *self._rules.topic_filters})

    # ------------------------------------------------------------ what brokers and doors call

    async def deliver(self, batch: Sequence[Message]) -> None:
        """Everything one batch asks for; returns when it is durable."""
        await self._runner.room()
        now_s = self._clock()
        self.statistics.messages += len(batch)
        asked = [message for message in batch if not message.is_will]
        made = [(service, service.handle(asked, now_s)) for service in self._services]
        await self._settle(made, batch, now_s)

    async def inject(self, message: Message) -> None:
        """Publish a message as if a client had sent it."""
        await self.inject_all([message])

    async def inject_all(self, messages: Sequence[Message]) -> None:
        """Publish messages as if clients had sent them."""
        self._publish(messages)
        await self.deliver(messages)

    async def apply(self, service: DeviceService, changes: Changes) -> None:
        """Commit and publish what a service decided by itself; raises what the store raised."""
        await self._settle([(service, changes)], (), self._clock())

    # ------------------------------------------------------------ the order

    async def _settle(self, made: Sequence[Made], batch: Sequence[Message], now_s: float) -> None:
        """Commit, then publish and act; what cannot be committed is answered as such."""
        said = [message for _, changes in made for message in changes.messages]
        messages = inherited(said, batch)
        try:
            outcomes = [*self._fire(batch, now_s), *self._fire(messages, now_s)]
            fired, waiting = self.waiting.sort(outcomes)
            planned = self._runner.plan(fired)
            writes = [write for _, changes in made for write in changes.writes]
            writes += [*outbox_entries(planned, now_s), *notes(waiting)]
            if writes:
                await self._committer.commit(writes)
        except Exception:
            self.statistics.commits_failed += 1
            _logger.exception("a batch of %d messages could not be committed", len(batch))
            for service, changes in made:
                self._publish(service.failed(changes, now_s))
                changes.settled()
            raise
        if messages:
            self._publish(messages)
        for _, changes in made:
            changes.settled()
        self._runner.run(planned)
        self.waiting.run(waiting)

    async def _act(self, fired: Sequence[Fired], writes: Sequence[Write]) -> None:
        """Commit and do what a rule wants that had to wait for an answer."""
        planned = self._runner.plan(fired)
        if writes := [*writes, *outbox_entries(planned, self._clock())]:
            await self._committer.commit(writes)
        self._runner.run(planned)

    def _fire(self, messages: Iterable[Message], now_s: float) -> Iterable[Outcome]:
        now_ms = int(now_s * 1000)
        for message in messages:
            if not message.receiver:  # an answer for one client is no rule's (reference, 4.2)
                yield from self._rules.fire(message, now_ms)

    # ------------------------------------------------------------ life

    def start(self) -> None:
        """Let time pass for the services, and act on what a crash left undone."""
        self._runner.resume()
        self.waiting.resume()
        self._ticker = asyncio.create_task(self._tick_forever(), name="services-ticker")

    async def _tick_forever(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            for service in self._services:
                changes = service.tick(self._clock())
                if changes.writes or changes.messages:
                    try:
                        await self.apply(service, changes)
                    except Exception:
                        _logger.exception("a tick of %s was lost", type(service).__name__)

    async def close(self) -> None:
        """Stop the clock and finish what was republished."""
        if self._ticker is not None:
            self._ticker.cancel()
        await self.waiting.close()
        await self._runner.close()
