"""Tells who looks which messages matched which rules and what their actions did.

Nobody looking costs one comparison an action.  Who reads too slowly loses the oldest lines, and is
told how many.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from cloud_functions.ports import Message

_KEPT: Final = 1000
"""Lines kept for one who reads too slowly."""


class Traced(msgspec.Struct, frozen=True, omit_defaults=True):
    """One action of a rule for one message; `outcome` is `done`, or why it failed."""

    rule: str
    topic: str
    client_id: str
    action: str
    resource: str
    outcome: str
    ms: float
    at_ms: int
    error_action: bool = False


class _Watcher:
    def __init__(self) -> None:
        self.lines: deque[Traced] = deque(maxlen=_KEPT)
        self.lost = 0
        self.news = asyncio.Event()


class RuleTrace:
    """The watchers of a running cloud."""

    def __init__(self) -> None:
        self._watchers: set[_Watcher] = set()
        self._is_closed = False

    @property
    def is_watched(self) -> bool:
        """Whether anybody looks."""
        return bool(self._watchers)

    def tell(
        self,
        *,
        rule: str,
        message: Message,
        action: str,
        resource: str,
        outcome: str,
        seconds: float,
        now_s: float,
        error_action: bool = False,
    ) -> None:
        """One action is over."""
        line = Traced(
            rule,
            message.topic,
            message.client_id,
            action,
            resource,
            outcome,
            round(seconds * 1000, 3),
            int(now_s * 1000),
            error_action,
        )
        for watcher in self._watchers:
            watcher.lost += len(watcher.lines) == _KEPT
            watcher.lines.append(line)
            watcher.news.set()

    async def lines(self) -> AsyncIterator[bytes]:
        """Newline-delimited JSON from now on, until the cloud stops or the reader goes."""
        watcher = _Watcher()
        self._watchers.add(watcher)
        try:
            yield b"\n"  # headers go out at once: the reader knows that it is connected
            while not self._is_closed:
                await watcher.news.wait()
                watcher.news.clear()
                yield _text(watcher)
        finally:
            self._watchers.discard(watcher)

    def close(self) -> None:
        """Let all readers go."""
        self._is_closed = True
        for watcher in self._watchers:
            watcher.news.set()


def _text(watcher: _Watcher) -> bytes:
    parts = [msgspec.json.encode({"lost": watcher.lost})] if watcher.lost else []
    watcher.lost = 0
    parts += [msgspec.json.encode(line) for line in watcher.lines]
    watcher.lines.clear()
    return b"".join(part + b"\n" for part in parts)
