"""Commits batches in one writer thread, so that the loop goes on while the disk works.

Batches that arrive while a commit runs are committed together by the next one: under load the
batch grows by itself, and without load nobody waits for a timer.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from cloud_functions.shadow.store import ShadowStore, Write


@dataclass(slots=True)
class _Batch:
    writes: list[Write] = field(default_factory=list)
    outbox: list[bytes] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    waiting: list[tuple[asyncio.Future[Sequence[int]], int, int]] = field(default_factory=list)


class Committer:
    """The one writer of a shadow store."""

    def __init__(self, store: ShadowStore) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="committer")
        self._next = _Batch()
        self._running: asyncio.Task[None] | None = None

    async def commit(self, writes: Sequence[Write], outbox: Sequence[bytes] = ()) -> Sequence[int]:
        """Return when it is on disk; the numbers of the outbox entries.

        Raises what the store raised; then every batch that waited behind it fails too, because
        it may rest on what was lost.
        """
        future: asyncio.Future[Sequence[int]] = asyncio.get_running_loop().create_future()
        batch = self._next
        start = len(batch.outbox)
        batch.writes += writes
        batch.outbox += outbox
        batch.waiting.append((future, start, len(batch.outbox)))
        self._wake()
        return await future

    def done(self, numbers: Sequence[int]) -> None:
        """Forget outbox entries, with the next commit."""
        self._next.done += numbers
        self._wake()

    async def close(self) -> None:
        """Finish what waits."""
        while self._running is not None:
            await asyncio.wait({self._running})
        self._thread.shutdown()

    def _wake(self) -> None:
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name="committer")

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._next.waiting or self._next.done:
                batch, self._next = self._next, _Batch()
                try:
                    numbers = await loop.run_in_executor(self._thread, self._write, batch)
                except Exception as error:  # noqa: BLE001  whatever the disk says is told to all
                    _fail(batch, error)
                    behind, self._next = self._next, _Batch()
                    _fail(behind, error)
                    continue
                for future, start, end in batch.waiting:
                    if not future.done():
                        future.set_result(numbers[start:end])
        finally:
            self._running = None

    def _write(self, batch: _Batch) -> Sequence[int]:
        numbers: Sequence[int] = ()
        if batch.writes or batch.outbox:
            numbers = self._store.commit(batch.writes, batch.outbox)
        if batch.done:
            self._store.done(batch.done)
        return numbers


def _fail(batch: _Batch, error: Exception) -> None:
    for future, _, _ in batch.waiting:
        if not future.done():
            future.set_exception(error)
