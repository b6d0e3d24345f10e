"""Writes in one thread, together what waits together.

While one batch is written the next one gathers: under load the batch grows by itself, and without
load nobody waits for a timer.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Final, Generic, TypeVar

T = TypeVar("T")

_MAX_BATCH: Final = 1000


class GroupWriter(Generic[T]):
    """`write` puts a batch on disk, all of it or nothing."""

    def __init__(self, write: Callable[[Sequence[T]], None], thread: Executor) -> None:
        self._write = write
        self._thread = thread
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._running: asyncio.Task[None] | None = None

    async def add(self, item: T) -> None:
        """Return when it is written.  Raises what `write` raised for this item."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, written))
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name="group-writer")
        await written

    async def close(self) -> None:
        """Finish what waits."""
        while self._running is not None:
            await asyncio.wait({self._running})

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_MAX_BATCH], self._waiting[_MAX_BATCH:]
                await self._write_batch(batch)
        finally:
            self._running = None

    async def _write_batch(self, batch: Sequence[tuple[T, asyncio.Future[None]]]) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._write, [item for item, _ in batch])
        except Exception as error:  # noqa: BLE001  whoever waits is told
            if len(batch) > 1:  # one bad item must not fail the others
                for each in batch:
                    await self._write_batch([each])
                return
            _settle(batch, error)
        else:
            _settle(batch, None)


def _settle(batch: Sequence[tuple[T, asyncio.Future[None]]], error: Exception | None) -> None:
    for _, written in batch:
        with contextlib.suppress(asyncio.InvalidStateError):
            if error is None:
                written.set_result(None)
            else:
                written.set_exception(error)
