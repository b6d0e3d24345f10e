"""Feeds a queue to a function, as Lambda's event source mapping does.

A batch is received, handed to the function, and deleted when the function is done with it; what
it is not done with comes again after its visibility time-out, and goes to the dead letters when
that has happened too often.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeAlias

from cloud_functions.errors import Throttled
from cloud_functions.ports import QueueMessage
from cloud_functions.queues.event import done_of, sqs_event
from cloud_functions.queues.spec import MAX_RECEIVED, queue_arn
from cloud_functions.runtime.functions.functions import DEFAULT_CONCURRENCY
from cloud_functions.runtime.functions.invocation import Invocation
from cloud_functions.runtime.queues.queues import Queues
from cloud_functions.runtime.template.declaration import QueueSource

Invoke: TypeAlias = Callable[[str, bytes], Awaitable[Invocation]]

_LOOK_S: Final = 1.0
"""How often a queue is looked at without news: what was given back, or sent by others."""
_BUSY_S: Final = 1
"""How long what a busy function cannot take is left alone."""
_MAX_EVENT_BYTES: Final = 6_000_000
"""Lambda's limit for an event."""

_logger = logging.getLogger(__name__)


class Poller:
    """One source; `start` and `stop` it."""

    def __init__(self, source: QueueSource, queues: Queues, invoke: Invoke) -> None:
        self._source = source
        self._queues = queues
        self._invoke = invoke
        self._places = asyncio.Semaphore(source.concurrency or DEFAULT_CONCURRENCY)
        self._loop: asyncio.Task[None] | None = None
        self._batches: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Poll from now on."""
        self._loop = asyncio.create_task(self._poll(), name=f"poll-{self._source.queue}")

    async def stop(self) -> None:
        """Poll no more; batches under way come again."""
        tasks = [*self._batches, *([self._loop] if self._loop else [])]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _poll(self) -> None:
        while True:
            await self._places.acquire()
            try:
                batch = await self._gather()
            except Exception:
                self._places.release()
                _logger.exception("queue %s cannot be read", self._source.queue)
                await asyncio.sleep(_LOOK_S)
                continue
            task = asyncio.create_task(self._hand_over(batch), name=f"batch-{self._source.queue}")
            self._batches.add(task)
            task.add_done_callback(self._batches.discard)

    async def _gather(self) -> Sequence[QueueMessage]:
        """A batch: as large as allowed, or as long in the making as allowed."""
        source, loop = self._source, asyncio.get_running_loop()
        batch: list[QueueMessage] = []
        size, until_s = 0, 0.0
        while True:
            news = self._queues.news(source.queue)
            news.clear()
            most = min(MAX_RECEIVED, source.batch_size - len(batch))
            received = await self._queues.receive(source.queue, most)
            batch += received
            size += sum(len(each.body) for each in received)
            if batch and not until_s:
                until_s = loop.time() + source.window_s
            is_full = len(batch) >= source.batch_size or size > _MAX_EVENT_BYTES // 2
            if batch and (is_full or loop.time() >= until_s):
                return batch
            if len(received) < most:
                pause_s = min(_LOOK_S, until_s - loop.time()) if batch else _LOOK_S
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(news.wait(), max(pause_s, 0.001))

    async def _hand_over(self, batch: Sequence[QueueMessage]) -> None:
        source = self._source
        try:
            event = sqs_event(batch, queue_arn(source.queue))
            result = await self._invoke(source.function, event)
        except Throttled:
            await self._queues.give_back(source.queue, batch, _BUSY_S)
            return
        except Exception:
            _logger.exception("queue %s: %s cannot be called", source.queue, source.function)
            return
        finally:
            self._places.release()
        if result.error is not None:
            text = result.payload.decode(errors="replace")[:500]
            _logger.error("queue %s: %s failed: %s", source.queue, source.function, text)
            return
        done = done_of(batch, result.payload, reports_failures=source.reports_failures)
        if done:
            await self._queues.delete(source.queue, done)
