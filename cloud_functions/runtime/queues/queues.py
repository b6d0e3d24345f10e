"""All queues of a template, used from the loop while one thread does the disk's work."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cloud_functions.errors import NotFound
from cloud_functions.ports import Clock, QueueMessage
from cloud_functions.queues.spec import QueueSpec
from cloud_functions.runtime.group_writer import GroupWriter
from cloud_functions.storage.sqlite_queue import SqliteQueues

T = TypeVar("T")


@dataclass(slots=True)
class QueueStatistics:
    """Counted since the start."""

    messages_sent: int = 0
    messages_received: int = 0
    messages_deleted: int = 0


class Queues:
    """The queues; `news` of a queue is set when something was sent to it from here."""

    def __init__(
        self, specs: Mapping[str, QueueSpec], path: Path, *, clock: Clock = time.time
    ) -> None:
        self.statistics = QueueStatistics()
        self._specs = specs
        self._clock = clock
        self._file = SqliteQueues(path)
        self._queues = {name: self._file.queue(spec, clock) for name, spec in specs.items()}
        self._news = {name: asyncio.Event() for name in specs}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="queues")
        self._writer = GroupWriter(self._write, self._thread)

    async def send(self, name: str, body: str) -> None:
        """Return when the message is on disk.  Raises NotFound, InvalidRequest, Unavailable."""
        spec = self.spec(name)
        await self._writer.add((spec, body))
        self.statistics.messages_sent += 1
        self._news[name].set()

    async def receive(self, name: str, most: int) -> Sequence[QueueMessage]:
        """What is visible now, at most 10."""
        messages = await self._in_thread(lambda: self._queues[name].receive(most))
        self.statistics.messages_received += len(messages)
        return messages

    async def delete(self, name: str, messages: Sequence[QueueMessage]) -> None:
        """Remove what was received."""
        receipts = [message.receipt for message in messages]
        await self._in_thread(lambda: self._queues[name].delete(receipts))
        self.statistics.messages_deleted += len(messages)

    async def give_back(self, name: str, messages: Sequence[QueueMessage], seconds: int) -> None:
        """Let what was received come again so soon; what is gone meanwhile is passed over."""

        def change() -> None:
            for message in messages:
                try:
                    self._queues[name].change_visibility(message.receipt, seconds)
                except NotFound:
                    continue

        await self._in_thread(change)

    def news(self, name: str) -> asyncio.Event:
        """Set when something was sent."""
        return self._news[name]

    def spec(self, name: str) -> QueueSpec:
        """What a queue is declared to be.  Raises NotFound."""
        spec = self._specs.get(name)
        if spec is None:
            known = ", ".join(self._specs) or "none"
            raise NotFound(f"there is no queue {name}; there are {known}")
        return spec

    async def close(self) -> None:
        """Finish what waits, and let the file go."""
        await self._writer.close()
        await self._in_thread(self._file.close)
        self._thread.shutdown()

    def _write(self, sent: Sequence[tuple[QueueSpec, str]]) -> None:
        self._file.send(sent, self._clock())

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
