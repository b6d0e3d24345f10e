"""What the gateway tells of clients that come and go (AWS reference, section 3.1)."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

import orjson

from cloud_functions.contract import topics
from cloud_functions.ports import Message
from cloud_functions.runtime.device_gateway.connection import Connection


class DisconnectReason(StrEnum):
    """Why a connection ended; the will goes out for all but the first."""

    CLIENT_INITIATED = "CLIENT_INITIATED_DISCONNECT"
    CONNECTION_LOST = "CONNECTION_LOST"
    KEEP_ALIVE = "MQTT_KEEP_ALIVE_TIMEOUT"
    DUPLICATE_CLIENT_ID = "DUPLICATE_CLIENTID"
    FORBIDDEN = "FORBIDDEN_ACCESS"
    AUTH_ERROR = "AUTH_ERROR"
    CLIENT_ERROR = "CLIENT_ERROR"
    SERVER_INITIATED = "SERVER_INITIATED_DISCONNECT"


_HOUR_S: Final = 3600.0
_NO_EVENTS: Final = frozenset("#+")


def connected(connection: Connection, now_s: float) -> Message | None:
    """The event of a client that came."""
    return _event(
        connection,
        "connected",
        now_s,
        {"ipAddress": connection.ip_address, "versionNumber": connection.version_number},
    )


def disconnected(connection: Connection, reason: DisconnectReason, now_s: float) -> Message | None:
    """The event of a client that went."""
    return _event(
        connection,
        "disconnected",
        now_s,
        {
            "clientInitiatedDisconnect": reason is DisconnectReason.CLIENT_INITIATED,
            "disconnectReason": reason.value,
            "versionNumber": connection.version_number,
        },
    )


def subscribed(
    connection: Connection, event: str, filters: Sequence[str], now_s: float
) -> Message | None:
    """The event of subscriptions made or ended; `event` is subscribed or unsubscribed."""
    if _NO_EVENTS.intersection(connection.client_id):
        return None
    body = _body(connection, event, now_s) | {"topics": list(filters)}
    topic = f"{topics.SUBSCRIPTION_EVENTS_PREFIX}{event}/{connection.client_id}"
    return Message(topic, orjson.dumps(body))


def _event(
    connection: Connection, event: str, now_s: float, more: dict[str, Any]
) -> Message | None:
    if _NO_EVENTS.intersection(connection.client_id):
        return None
    body = _body(connection, event, now_s) | more
    return Message(topics.presence(event, connection.client_id), orjson.dumps(body))


def _body(connection: Connection, event: str, now_s: float) -> dict[str, Any]:
    return {
        "clientId": connection.client_id,
        "timestamp": int(now_s * 1000),
        "eventType": event,
        "sessionIdentifier": connection.session_identifier,
        "principalIdentifier": connection.principal,
    }


class VersionNumbers:
    """Counts the connections of a client, for the order of its events (reference, 3.1)."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._left_s: dict[str, float] = {}

    def next(self, client_id: str) -> int:
        """The number of a new connection: one more than the last, 0 for the first."""
        self._left_s.pop(client_id, None)
        number = self._numbers.get(client_id, -1) + 1
        self._numbers[client_id] = number
        return number

    def left(self, client_id: str, now_s: float) -> None:
        """The client went; after an hour its numbers begin anew."""
        self._left_s[client_id] = now_s

    def expire(self, now_s: float) -> None:
        """Forget who has been away for an hour."""
        for client_id in [
            each for each, left_s in self._left_s.items() if left_s + _HOUR_S < now_s
        ]:
            del self._left_s[client_id], self._numbers[client_id]
