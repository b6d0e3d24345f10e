"""Commits batches in one writer thread, so that the loop goes on while the disk works.

Batches that arrive while a commit runs are committed together by the next one: under load the
batch grows by itself, and without load nobody waits for a timer.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from cloud_functions.cells import CellStore, Write


@dataclass(slots=True)
class _Batch:
    writes: list[Write] = field(default_factory=list)
    waiting: list[asyncio.Future[None]] = field(default_factory=list)


class Committer:
    """The one writer of a cell's store."""

    def __init__(self, store: CellStore) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="committer")
        self._next = _Batch()
        self._running: asyncio.Task[None] | None = None

    async def commit(self, writes: Sequence[Write]) -> None:
        """Return when it is on disk.

        Raises what the store raised; then every batch that waited behind it fails too, because
        it may rest on what was lost.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._next.writes += writes
        self._next.waiting.append(future)
        self._wake()
        await future

    def later(self, writes: Sequence[Write]) -> None:
        """Write with the next commit; nobody waits for it."""
        self._next.writes += writes
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
            while self._next.waiting or self._next.writes:
                batch, self._next = self._next, _Batch()
                try:
                    if batch.writes:
                        await loop.run_in_executor(self._thread, self._store.commit, batch.writes)
                except Exception as error:  # noqa: BLE001  whatever the disk says is told to all
                    _fail(batch, error)
                    behind, self._next = self._next, _Batch()
                    _fail(behind, error)
                    continue
                for future in batch.waiting:
                    if not future.done():
                        future.set_result(None)
        finally:
            self._running = None


def _fail(batch: _Batch, error: Exception) -> None:
    for future in batch.waiting:
        if not future.done():
            future.set_exception(error)
