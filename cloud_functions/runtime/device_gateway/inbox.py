"""What clients published, from its arrival to its acknowledgement.

Everything that arrives in one turn of the loop is one batch: routed to its subscribers at once,
handed to the cloud once, and acknowledged when the cloud's work and the sessions it touched are
on disk.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from cloud_functions.contract.mqtt.topic_filter import FilterTable
from cloud_functions.ports import Deliver, Message
from cloud_functions.runtime.device_gateway.connection import Connection
from cloud_functions.runtime.device_gateway.diary import Diary
from cloud_functions.runtime.device_gateway.limits import GatewayLimits

_logger = logging.getLogger(__name__)


class Arrived(NamedTuple):
    """A message, whose it is, and the packet id to acknowledge; 0 at QoS 0."""

    message: Message
    connection: Connection
    packet_id: int


class Inbox:
    """Reads no further from those who send while too much is not durable yet."""

    def __init__(
        self, limits: GatewayLimits, diary: Diary, route: Callable[[Message], None]
    ) -> None:
        self._limits = limits
        self._diary = diary
        self._route = route
        self._deliver: Deliver | None = None
        self._cloud: FilterTable[str] = FilterTable(parent=False)
        self._batch: list[Arrived] = []
        self._outstanding = 0
        self._paused: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self, deliver: Deliver, filters: Sequence[str]) -> None:
        """Hand what matches a filter to the cloud."""
        self._deliver = deliver
        self.listen(filters)

    def listen(self, filters: Sequence[str]) -> None:
        """Hand what matches these filters to the cloud, and nothing else."""
        self._cloud = FilterTable(parent=False)
        for topic_filter in filters:
            self._cloud.add(topic_filter, "cloud")

    def add(self, arrived: Arrived) -> None:
        """One more of this turn's batch."""
        if not self._batch:
            asyncio.get_running_loop().call_soon(self._empty)
        self._batch.append(arrived)

    def tell(self, event: Message | None) -> None:
        """The gateway's own word, if it has one: to subscribers and to the cloud."""
        if event is not None:
            self._route(event)
            self.hand_over([event])

    def hand_over(self, messages: Sequence[Message]) -> None:
        """To the cloud alone, with nobody to acknowledge."""
        wanted = self._wanted(messages)
        if wanted:
            self._start(wanted, (), None)

    async def close(self, seconds: float) -> None:
        """Finish what is being made durable."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    def forget(self, connection: Connection) -> None:
        """The connection is gone."""
        self._paused.discard(connection)

    def _empty(self) -> None:
        batch, self._batch = self._batch, []
        for arrived in batch:
            self._route(arrived.message)
        wanted = self._wanted([arrived.message for arrived in batch])
        saving = self._diary.save()
        if not wanted and saving is None:
            _acknowledge(batch)
            return
        self._outstanding += len(batch)
        if self._outstanding > self._limits.outstanding_messages:
            self._pause(batch)
        self._start(wanted, batch, saving)

    def _wanted(self, messages: Sequence[Message]) -> list[Message]:
        return [message for message in messages if self._cloud.match(message.topic)]

    def _start(
        self, wanted: Sequence[Message], batch: Sequence[Arrived], saving: Awaitable[None] | None
    ) -> None:
        task = asyncio.create_task(self._make_durable(wanted, batch, saving), name="gateway-batch")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _make_durable(
        self, wanted: Sequence[Message], batch: Sequence[Arrived], saving: Awaitable[None] | None
    ) -> None:
        try:
            if wanted and self._deliver is not None:
                await self._deliver(wanted)
            if saving is not None:
                await saving
        except Exception:
            _logger.exception("%d messages are not durable, and not acknowledged", len(batch))
        else:
            _acknowledge(batch)
        finally:
            self._outstanding -= len(batch)
            if self._paused and self._outstanding < self._limits.outstanding_messages // 2:
                self._resume()

    def _pause(self, batch: Sequence[Arrived]) -> None:
        for _, connection, _ in batch:
            if connection not in self._paused and not connection.closing:
                self._paused.add(connection)
                connection.pause()

    def _resume(self) -> None:
        for connection in self._paused:
            connection.resume()
        self._paused.clear()


def _acknowledge(batch: Sequence[Arrived]) -> None:
    for _, connection, packet_id in batch:
        if packet_id and not connection.closing:
            connection.unacknowledged -= 1
            connection.write(b"\x40\x02" + packet_id.to_bytes(2, "big"))
