"""Events that wait for a function, in their order, and the few tasks that hand them over.

A waiting event is no task of its own: thousands of them come at once when a fleet connects.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeAlias

from cloud_functions.runtime.functions.invocation import Invocation

Finished: TypeAlias = Callable[[Invocation], None]
"""Hears the last result of an event, also when it is given up."""


class AsyncEvent(NamedTuple):
    """An event for a function whose caller does not wait, and how often it was tried."""

    event: bytes
    finished: Finished | None
    attempts: int = 0


class EventQueue:
    """The events of one function; `hand_over` takes one and never raises."""

    def __init__(
        self, name: str, hand_over: Callable[[AsyncEvent], Awaitable[None]], workers: int
    ) -> None:
        self._name = name
        self._hand_over = hand_over
        self._workers = workers
        self._events: deque[AsyncEvent] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_stopped = False

    def put(self, event: AsyncEvent) -> None:
        """Hand it over after those that wait already."""
        if self._is_stopped:
            return
        self._events.append(event)
        if len(self._tasks) < self._workers:
            task = asyncio.create_task(self._work(), name=f"async-{self._name}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def stop(self) -> None:
        """Drop what waits, and what may come."""
        self._is_stopped = True
        self._events.clear()
        for task in self._tasks:
            task.cancel()

    async def _work(self) -> None:
        while self._events:
            await self._hand_over(self._events.popleft())
