"""The one door to the registry's changes: many in one commit, then those told who must hear.

A commit with full synchronisation takes milliseconds, so operations that arrive while one runs
are done together by the next, each in a step of its own: one that is refused leaves nothing.
Nobody is answered before the commit that holds his change (decision 8).
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from cloud_functions.errors import Throttled
from cloud_functions.ports import Clock
from cloud_functions.registry.limits import AWS_LIMITS, RegistryLimits
from cloud_functions.registry.transaction import Changed, PublishEvent, Transaction
from cloud_functions.storage.sqlite_registry import SqliteRegistry

T = TypeVar("T")

_AT_ONCE: Final = 500
_MAX_WAITING: Final = 10_000

_logger = logging.getLogger(__name__)


class TooManyRequests(Throttled):
    """More operations wait than can be kept."""

    code = "ThrottlingException"
    status = 400


@dataclass(slots=True)
class _Waiting:
    work: Callable[[Transaction], Any]
    future: "asyncio.Future[Any]"


@dataclass(slots=True)
class _Done:
    """What became of an operation inside the commit."""

    result: Any = None
    error: Exception | None = None
    transaction: Transaction | None = None


class Registrar:
    """Runs operations on a registry file in a thread of its own."""

    def __init__(
        self,
        path: Path,
        *,
        limits: RegistryLimits = AWS_LIMITS,
        clock: Clock = time.time,
        changed: Changed = lambda _closed: None,
        publish_event: PublishEvent = lambda _kind, _topic, _body: None,
    ) -> None:
        self._path = path
        self._limits = limits
        self._clock = clock
        self._changed = changed
        self._publish_event = publish_event
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="registrar")
        self._store: SqliteRegistry | None = None
        self._own: SqliteRegistry | None = None
        self._waiting: list[_Waiting] = []
        self._running: asyncio.Task[None] | None = None

    async def run(self, work: Callable[[Transaction], T]) -> T:
        """What the operation returns, once it is on disk.  Raises what it raises."""
        if len(self._waiting) >= _MAX_WAITING:
            raise TooManyRequests("the registry has too many requests waiting: try again")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(work, future))
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name="registrar")
        return await future

    @contextmanager
    def open(self) -> Iterator[Transaction]:
        """A transaction for whoever must decide at once; it holds the loop until it ends."""
        if self._own is None:
            self._own = SqliteRegistry(self._path)
        transaction = Transaction(self._own, self._clock(), self._limits)
        with self._own.transaction():
            yield transaction
        self._hear([transaction])

    async def close(self) -> None:
        """Finish what waits, and let the file go."""
        while self._running is not None:
            await asyncio.wait({self._running})
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()
        if self._own is not None:
            self._own.close()

    # ------------------------------------------------------------ on the loop

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
                try:
                    done = await loop.run_in_executor(self._thread, self._commit, batch)
                except Exception as error:  # noqa: BLE001  whatever the disk says is told to all
                    done = [_Done(error=error) for _ in batch]
                self._tell(batch, done)
        finally:
            self._running = None

    def _tell(self, batch: Sequence[_Waiting], done: Sequence[_Done]) -> None:
        self._hear([each.transaction for each in done if each.transaction is not None])
        for waiting, each in zip(batch, done, strict=True):
            if waiting.future.done():  # who asked has gone
                continue
            if each.error is not None:
                waiting.future.set_exception(each.error)
            else:
                waiting.future.set_result(each.result)

    def _hear(self, made: Sequence[Transaction]) -> None:
        """Tell what was committed."""
        if any(transaction.access_changed for transaction in made):
            closed = {each for transaction in made for each in transaction.closed}
            self._told(partial(self._changed, sorted(closed)))
        for transaction in made:
            for event in transaction.events:
                self._told(partial(self._publish_event, event.kind, event.topic, event.body))

    @staticmethod
    def _told(tell: Callable[[], None]) -> None:
        """A listener's trouble is not the caller's: the change stands."""
        try:
            tell()
        except Exception:
            _logger.exception("a change of the registry could not be told")

    # ------------------------------------------------------------ in the thread

    def _commit(self, batch: Sequence[_Waiting]) -> list[_Done]:
        if self._store is None:
            self._store = SqliteRegistry(self._path)
        store = self._store
        with store.transaction():
            return [self._step(store, waiting.work) for waiting in batch]

    def _step(self, store: SqliteRegistry, work: Callable[[Transaction], Any]) -> _Done:
        transaction = Transaction(store, self._clock(), self._limits)
        try:
            with store.step():
                return _Done(work(transaction), None, transaction)
        except Exception as error:  # noqa: BLE001  a refusal is its caller's; the others go on
            return _Done(error=error)

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
