"""The broker's memory of one client, without I/O.

Theory of operation.  A session outlives its connections as long as its expiry says.  It holds the
client's subscriptions, the QoS 1 messages on their way to it (`inflight`, by packet id) and those
that wait (`queue`): because the client is away, or because its Receive Maximum is reached.  What
was on its way when the connection broke goes out again first, with DUP, then the queue in order.

The rules that are easy to break: QoS 0 messages are never queued, the queue has a limit, at which
the oldest message is dropped and counted, and a message that expired while it waited is not sent;
one that did not goes out with the interval that remains.
"""

import math
from collections import deque
from collections.abc import Iterable
from typing import Final, NamedTuple, Protocol

from cloud_functions.contract.mqtt.expiry import aged
from cloud_functions.contract.mqtt.packets import Publish, Subscription, Version

_MAX_ID: Final = 65_535
DEFAULT_MAX_QUEUED: Final = 10_000


class Journal(Protocol):
    """Hears which messages a session must not lose; each has a number of its own."""

    def kept(self, client_id: str, number: int, message: Publish, expires_s: float) -> None:
        """The session took the message on."""

    def freed(self, client_id: str, number: int) -> None:
        """The client has the message, or it was dropped."""


class _Numbered(NamedTuple):
    number: int
    message: Publish
    expires_s: float


class ServerSession:
    """One client's session; `expiry_s` 0 ends it with its connection."""

    __slots__ = (
        "client_id",
        "dropped",
        "expiry_s",
        "inflight",
        "journal",
        "max_queued",
        "next_id",
        "next_number",
        "queue",
        "subscriptions",
        "version",
        "window",
    )

    def __init__(
        self, client_id: str, version: Version, *, max_queued: int = DEFAULT_MAX_QUEUED
    ) -> None:
        self.client_id = client_id
        self.version = version
        self.expiry_s = 0.0
        self.subscriptions: dict[str, Subscription] = {}
        self.inflight: dict[int, _Numbered] = {}
        self.queue: deque[_Numbered] | tuple[()] = ()
        self.journal: Journal | None = None
        self.next_number = 1
        self.window = _MAX_ID
        self.max_queued = max_queued
        self.next_id = 1
        self.dropped = 0

    def offer(
        self, message: Publish, *, is_online: bool, expires_s: float = math.inf
    ) -> Publish | None:
        """Take a QoS 1 message on; the packet to send now, or None when it has to wait."""
        numbered = _Numbered(self.next_number, message, expires_s)
        self.next_number += 1
        if self.journal is not None:
            self.journal.kept(self.client_id, *numbered)
        if is_online and not self.queue and len(self.inflight) < self.window:
            return self._launch(numbered)
        if len(self.queue) >= self.max_queued:
            self._drop_oldest()
        self._append(numbered)
        return None

    def restore(self, number: int, message: Publish, expires_s: float = math.inf) -> None:
        """Take on again what the journal kept, in the order of the numbers."""
        self._append(_Numbered(number, message, expires_s))
        self.next_number = number + 1

    def acknowledged(self, packet_id: int, now_s: float = 0.0) -> list[Publish]:
        """The client has a message; the packets that may go out now in its place."""
        if (numbered := self.inflight.pop(packet_id, None)) is not None:
            self._free(numbered)
        return self.drain(now_s)

    def resume(self, now_s: float = 0.0) -> list[Publish]:
        """What to send first on a new connection of the same session."""
        for packet_id, numbered in list(self.inflight.items()):
            if numbered.expires_s <= now_s:
                self._free(self.inflight.pop(packet_id))
        again = [
            aged(numbered.message, numbered.expires_s, now_s)._replace(
                dup=True, packet_id=packet_id
            )
            for packet_id, numbered in self.inflight.items()
        ]
        return again + self.drain(now_s)

    def drain(self, now_s: float = 0.0) -> list[Publish]:
        """What waited and may go out now."""
        packets: list[Publish] = []
        queue = self.queue
        while queue and len(self.inflight) < self.window:
            numbered = queue.popleft()
            if numbered.expires_s <= now_s:
                self._free(numbered)
                continue
            fresh = aged(numbered.message, numbered.expires_s, now_s)
            packets.append(self._launch(numbered._replace(message=fresh)))
        if not queue:
            self.queue = ()
        return packets

    def numbers(self) -> Iterable[int]:
        """The numbers of all the messages the client does not have yet."""
        return [numbered.number for numbered in (*self.inflight.values(), *self.queue)]

    def _append(self, numbered: _Numbered) -> None:
        """Let it wait; hardly a session has a message that does, and an empty deque is large."""
        if not self.queue:
            self.queue = deque()
        self.queue.append(numbered)

    def _drop_oldest(self) -> None:
        if self.queue:
            self._free(self.queue.popleft())
            self.dropped += 1

    def _free(self, numbered: _Numbered) -> None:
        if self.journal is not None:
            self.journal.freed(self.client_id, numbered.number)

    def _launch(self, numbered: _Numbered) -> Publish:
        packet_id = self.next_id
        while packet_id in self.inflight:
            packet_id = packet_id % _MAX_ID + 1
        self.next_id = packet_id % _MAX_ID + 1
        self.inflight[packet_id] = numbered
        return numbered.message._replace(packet_id=packet_id)
