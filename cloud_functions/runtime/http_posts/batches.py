"""Requests of one rule to one address that travel together (AWS reference, section 2.11)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import orjson

from cloud_functions.rules.deeds import Batching, PostHttp
from cloud_functions.runtime.http_posts.poster import HttpPoster

_Key: TypeAlias = tuple[str, str, str]
"""Rule, address, and topic unless topics are mixed."""


@dataclass(slots=True)
class _Open:
    timer: asyncio.TimerHandle
    sent: "asyncio.Future[None]"
    bodies: list[bytes] = field(default_factory=list)
    size: int = 2


class Batches:
    """Batches that are still open."""

    def __init__(self, poster: HttpPoster) -> None:
        self._poster = poster
        self._open: dict[_Key, _Open] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def post(self, deed: PostHttp, batching: Batching, rule: str) -> None:
        """Return when the batch with this request was taken.  Raises ActionFailed."""
        key = (rule, deed.url, "" if batching.across_topics else deed.topic)
        element = _element(deed)
        batch = self._open.get(key)
        if batch is not None and batch.size + len(element) + 1 > batching.size_bytes:
            self._close(key, deed)
            batch = None
        if batch is None:
            batch = self._begin(batching, lambda: self._close(key, deed))
            self._open[key] = batch
        batch.bodies.append(element)
        batch.size += len(element) + 1
        sent = batch.sent
        if len(batch.bodies) >= batching.messages or batch.size >= batching.size_bytes:
            self._close(key, deed)
        await asyncio.shield(sent)

    @staticmethod
    def _begin(batching: Batching, close: Callable[[], None]) -> _Open:
        loop = asyncio.get_running_loop()
        return _Open(loop.call_later(batching.open_ms / 1000, close), loop.create_future())

    def _close(self, key: _Key, last: PostHttp) -> None:
        """Send the batch of this key with the headers of its last request."""
        batch = self._open.pop(key, None)
        if batch is None:
            return
        batch.timer.cancel()
        task = asyncio.create_task(self._send(batch, last), name="http-batch")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, batch: _Open, last: PostHttp) -> None:
        body = b"[" + b",".join(batch.bodies) + b"]"
        try:
            await self._poster.post(last.url, body, "application/json", last.headers)
        except Exception as error:  # noqa: BLE001  those who wait are told
            batch.sent.set_exception(error)
        else:
            batch.sent.set_result(None)


def _element(deed: PostHttp) -> bytes:
    """A JSON value of the array: the body itself, or its text."""
    if deed.content_type == "application/json":
        return deed.body
    return orjson.dumps(deed.body.decode(errors="replace"))
