"""Tells who looks which messages matched which rules and what their actions did.

Nobody looking costs one comparison a message and one an action.  Who reads too slowly loses the
oldest lines, and is told how many.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from cloud_functions.ports import Clock, Message
from cloud_functions.rules.engine import seen_topic

_KEPT: Final = 1000
"""Lines kept for one who reads too slowly."""


class Traced(msgspec.Struct, frozen=True, omit_defaults=True):
    """One action of a rule for one message; `outcome` is `done`, or why it failed.

    Of a rule that matched and did nothing it says why; then there is no `action`.  A message of
    Basic Ingest has the topic that the rule saw.
    """

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

    def __init__(self, clock: Clock = time.time) -> None:
        self._clock = clock
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
        self._add(
            Traced(
                rule,
                seen_topic(message.topic),
                message.client_id,
                action,
                resource,
                outcome,
                round(seconds * 1000, 3),
                int(now_s * 1000),
                error_action,
            )
        )

    def matched(self, rule: str, message: Message, outcome: str) -> None:
        """A rule concerned a message, and this is to be said besides its actions."""
        topic, now_ms = seen_topic(message.topic), int(self._clock() * 1000)
        self._add(Traced(rule, topic, message.client_id, "", "", outcome, 0.0, now_ms))

    def _add(self, line: Traced) -> None:
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
