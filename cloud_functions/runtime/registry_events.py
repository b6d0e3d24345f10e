"""Publishes the registry's events whose kind is on, in order, and lets rules see them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import orjson

from cloud_functions.ports import Message

_MAX_WAITING: Final = 10_000

_logger = logging.getLogger(__name__)


class RegistryEvents:
    """An adapter of `registry.transaction.PublishEvent`.

    Events that come while others are being delivered go together afterwards; beyond a limit they
    are dropped and logged, for the registry does not wait for them.
    """

    def __init__(
        self,
        *,
        is_on: Callable[[str], bool],
        publish: Callable[[Sequence[Message]], None],
        deliver: Callable[[Sequence[Message]], Awaitable[None]],
    ) -> None:
        self._is_on = is_on
        self._publish = publish
        self._deliver = deliver
        self._waiting: list[Message] = []
        self._running: asyncio.Task[None] | None = None

    def tell(self, kind: str, topic: str, body: Mapping[str, Any]) -> None:
        """Publish an event soon, if its kind is on."""
        if not self._is_on(kind):
            return
        if len(self._waiting) >= _MAX_WAITING:
            _logger.warning("%d registry events wait: %s is dropped", _MAX_WAITING, topic)
            return
        self._waiting.append(Message(topic, orjson.dumps(body), qos=1))
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name="registry-events")

    async def close(self) -> None:
        """Publish what waits."""
        while self._running is not None:
            await asyncio.wait({self._running})

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                self._publish(batch)
                try:
                    await self._deliver(batch)
                except Exception:
                    _logger.exception("%d registry events did not reach the rules", len(batch))
        finally:
            self._running = None
