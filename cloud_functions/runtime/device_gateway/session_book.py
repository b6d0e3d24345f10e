"""What the gateway remembers of its clients: sessions and what they subscribed to.

A session that outlives its connection is durable with all that waits in it: each change is
written to the diary, and whoever caused it is answered when it is on disk (design, decision 8).
"""

import math
from collections.abc import Callable, Sequence
from typing import Final

import orjson

from cloud_functions.cells import CellStore, Space
from cloud_functions.contract.mqtt.packets import Connect, Publish, Subscription, Version
from cloud_functions.contract.mqtt.server_session import ServerSession
from cloud_functions.contract.mqtt.topic_filter import FilterTable, share_group, unshared
from cloud_functions.runtime.device_gateway.diary import Diary
from cloud_functions.runtime.device_gateway.limits import GatewayLimits
from cloud_functions.runtime.device_gateway.stored_message import (
    Stored,
    read_message,
    write_message,
)

_SEPARATOR: Final = b"\0"
_NUMBER_BYTES: Final = 8


class SessionBook:
    """The sessions by client id."""

    def __init__(self, limits: GatewayLimits, diary: Diary, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._diary = diary
        self._clock = clock
        self._sessions: dict[str, ServerSession] = {}
        self._expiring: dict[str, float] = {}
        self._filters: FilterTable[tuple[str, str]] = FilterTable(parent=False)
        self._groups: dict[tuple[str, str], int] = {}
        self._subscriptions = 0

    def restore(self, store: CellStore) -> None:
        """Go on with the sessions of an earlier run; who was connected counts as lost now."""
        now_s = self._clock()
        for key, raw in store.scan(Space.SESSIONS):
            said = orjson.loads(raw)
            session = self._make(key.decode(), Version(said["version"]))
            session.expiry_s = said["expiry_s"]
            session.journal = self
            self._expiring[session.client_id] = (said["left_s"] or now_s) + session.expiry_s
            for fields in said["subscriptions"]:
                subscription = Subscription(*fields)
                session.subscriptions[subscription.topic_filter] = subscription
                self._add(session, subscription.topic_filter)
            prefix = key + _SEPARATOR
            for queued, packet in store.scan(Space.QUEUES, prefix):
                number = int.from_bytes(queued[len(prefix) :], "big")
                stored = read_message(packet)
                session.restore(number, stored.message, stored.expires_s)

    def _make(self, client_id: str, version: Version) -> ServerSession:
        session = ServerSession(client_id, version, max_queued=self._limits.queued_messages)
        self._sessions[client_id] = session
        return session

    # ------------------------------------------------------------ a session's life

    def find(self, client_id: str) -> ServerSession | None:
        """A client's session, whether it is connected or not."""
        return self._sessions.get(client_id)

    def has_room_for(self, client_id: str) -> bool:
        """Whether the limits leave room for a session of this client."""
        return client_id in self._sessions or len(self._sessions) < self._limits.sessions

    def open(self, client_id: str, packet: Connect) -> tuple[ServerSession, bool]:
        """The session a CONNECT goes on with, and whether it is an old one."""
        if self._expiring.pop(client_id, math.inf) <= self._clock():
            self.forget(client_id)
        session = self._sessions.get(client_id)
        if session is not None and (packet.clean_start or session.version != packet.version):
            self.forget(client_id)
            session = None
        present = session is not None
        if session is None:
            session = self._make(client_id, packet.version)
        asked = packet.properties or {}
        session.window = min(asked.get("receive_maximum", 65_535), self._limits.send_maximum)
        session.expiry_s = self._expiry_s(packet)
        if session.expiry_s > 0:
            session.journal = self
            self._save(session)
        return session, present

    def _expiry_s(self, packet: Connect) -> float:
        if packet.version == Version.V311:
            return 0.0 if packet.clean_start else self._limits.session_expiry_s
        asked = float((packet.properties or {}).get("session_expiry_interval", 0))
        return min(asked, self._limits.session_expiry_s)

    def change_expiry(self, session: ServerSession, asked_s: float) -> bool:
        """A DISCONNECT sets how long the session stays; False if it may not (reference, 3.4)."""
        if asked_s and not session.expiry_s:
            return False
        session.expiry_s = min(asked_s, self._limits.session_expiry_s)
        return True

    def close(self, session: ServerSession) -> None:
        """The connection is over: keep the session until it expires, or end it."""
        if session.expiry_s > 0:
            now_s = self._clock()
            self._expiring[session.client_id] = now_s + session.expiry_s
            self._save(session, now_s)
        else:
            self.forget(session.client_id)

    def expire(self, now_s: float) -> list[str]:
        """End the sessions whose time is over; whose they were."""
        over = [each for each, due_s in self._expiring.items() if due_s <= now_s]
        for client_id in over:
            self.forget(client_id)
        return over

    def forget(self, client_id: str) -> None:
        """End a session with all that waits in it."""
        self._expiring.pop(client_id, None)
        session = self._sessions.pop(client_id, None)
        if session is None:
            return
        for topic_filter in session.subscriptions:
            self._remove(session, topic_filter)
        if session.journal is self:
            for number in session.numbers():
                self.freed(client_id, number)
            self._diary.write(Space.SESSIONS, client_id.encode(), None)

    # ------------------------------------------------------------ subscriptions

    def room_for(self, session: ServerSession, topic_filter: str) -> bool:
        """Whether the limits leave room for one more subscription (reference, 8.2)."""
        limits = self._limits
        if topic_filter in session.subscriptions:
            return True
        if len(session.subscriptions) >= limits.subscriptions:
            return False
        if self._subscriptions >= limits.subscriptions_total:
            return False
        group = share_group(topic_filter)
        if group is None:
            return True
        members = self._groups.get((group, unshared(topic_filter)), 0)
        if not members:
            return len(self._groups) < limits.shared_groups
        return members < limits.shared_subscriptions_per_group

    def subscribe(self, session: ServerSession, subscription: Subscription) -> bool:
        """Add a subscription, or replace the one on the same filter; whether it is new."""
        topic_filter = subscription.topic_filter
        is_new = topic_filter not in session.subscriptions
        session.subscriptions[topic_filter] = subscription
        if is_new:
            self._add(session, topic_filter)
        self._save_if_durable(session)
        return is_new

    def unsubscribe(self, session: ServerSession, topic_filter: str) -> bool:
        """Remove a subscription; whether there was one."""
        if session.subscriptions.pop(topic_filter, None) is None:
            return False
        self._remove(session, topic_filter)
        self._save_if_durable(session)
        return True

    def subscribers(self, topic: str) -> Sequence[tuple[str, str]]:
        """Client ids and the filters by which they hear of the topic."""
        return self._filters.match(topic)

    def _add(self, session: ServerSession, topic_filter: str) -> None:
        self._filters.add(unshared(topic_filter), (session.client_id, topic_filter))
        self._count(topic_filter, 1)

    def _remove(self, session: ServerSession, topic_filter: str) -> None:
        self._filters.remove(unshared(topic_filter), (session.client_id, topic_filter))
        self._count(topic_filter, -1)

    def _count(self, topic_filter: str, more: int) -> None:
        self._subscriptions += more
        if (group := share_group(topic_filter)) is not None:
            key = (group, unshared(topic_filter))
            self._groups[key] = self._groups.get(key, 0) + more
            if not self._groups[key]:
                del self._groups[key]

    # ------------------------------------------------------------ the diary

    def kept(self, client_id: str, number: int, message: Publish, expires_s: float) -> None:
        """A session took a message on."""
        raw = write_message(Stored(message, self._clock(), expires_s))
        self._diary.write(Space.QUEUES, _queue_key(client_id, number), raw)

    def freed(self, client_id: str, number: int) -> None:
        """A session is done with a message."""
        self._diary.write(Space.QUEUES, _queue_key(client_id, number), None)

    def _save_if_durable(self, session: ServerSession) -> None:
        if session.journal is self:
            self._save(session)

    def _save(self, session: ServerSession, left_s: float | None = None) -> None:
        record = {
            "version": session.version,
            "expiry_s": session.expiry_s,
            "left_s": left_s,
            "subscriptions": [list(each) for each in session.subscriptions.values()],
        }
        self._diary.write(Space.SESSIONS, session.client_id.encode(), orjson.dumps(record))


def _queue_key(client_id: str, number: int) -> bytes:
    return client_id.encode() + _SEPARATOR + number.to_bytes(_NUMBER_BYTES, "big")
