"""What the gateway tells of clients that come and go (AWS reference, section 3.1)."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final, Protocol

import orjson

from cloud_functions.contract import topics
from cloud_functions.ports import Message


class Client(Protocol):
    """What an event tells of a client; any broker may know it."""

    @property
    def client_id(self) -> str:
        """Its client id."""

    @property
    def session_identifier(self) -> str:
        """A name for this connection alone."""

    @property
    def principal(self) -> str:
        """Who it is: a certificate id, or `anonymous`."""

    @property
    def peer(self) -> tuple[str, int]:
        """Its address and port."""

    @property
    def version_number(self) -> int:
        """Which of its connections this is."""

    @property
    def exclusive_thing(self) -> str:
        """The thing it is exclusively attached to, empty for none."""


class DisconnectReason(StrEnum):
    """Why a connection ended; the will goes out for all but the first."""

    CLIENT_INITIATED = "CLIENT_INITIATED_DISCONNECT"
    CONNECTION_LOST = "CONNECTION_LOST"
    KEEP_ALIVE = "MQTT_KEEP_ALIVE_TIMEOUT"
    DUPLICATE_CLIENT_ID = "DUPLICATE_CLIENTID"
    FORBIDDEN = "FORBIDDEN_ACCESS"
    CLIENT_ERROR = "CLIENT_ERROR"
    SERVER_ERROR = "SERVER_ERROR"
    SERVER_INITIATED = "SERVER_INITIATED_DISCONNECT"
    API_INITIATED = "API_INITIATED_DISCONNECT"
    WEB_SOCKET_EXPIRED = "WEBSOCKET_TTL_EXPIRATION"


AUTHORIZATION_FAILED: Final = "AUTHORIZATION_FAILED"
"""The `connectFailureReason` of a client that was not let in."""

_HOUR_S: Final = 3600.0
_MAX_REMEMBERED: Final = 200_000
_NO_EVENTS: Final = frozenset("#+")


def connected(client: Client, now_s: float) -> Message | None:
    """The event of a client that came."""
    return _event(
        client,
        "connected",
        now_s,
        {"ipAddress": client.peer[0], "versionNumber": client.version_number},
    )


def connect_failed(client: Client, now_s: float) -> Message | None:
    """The event of a client that no policy let in."""
    return _event(
        client,
        "connect_failed",
        now_s,
        {"ipAddress": client.peer[0], "connectFailureReason": AUTHORIZATION_FAILED},
    )


def disconnected(client: Client, reason: DisconnectReason, now_s: float) -> Message | None:
    """The event of a client that went."""
    return _event(
        client,
        "disconnected",
        now_s,
        {
            "clientInitiatedDisconnect": reason is DisconnectReason.CLIENT_INITIATED,
            "disconnectReason": reason.value,
            "versionNumber": client.version_number,
        },
    )


def subscribed(client: Client, event: str, filters: Sequence[str], now_s: float) -> Message | None:
    """The event of subscriptions made or ended; `event` is subscribed or unsubscribed."""
    if _NO_EVENTS.intersection(client.client_id):
        return None
    body = _body(client, event, now_s) | {"topics": list(filters)}
    topic = f"{topics.SUBSCRIPTION_EVENTS_PREFIX}{event}/{client.client_id}"
    return Message(topic, orjson.dumps(body))


def _event(client: Client, event: str, now_s: float, more: dict[str, Any]) -> Message | None:
    """None for client ids of which no event can be told: they would be wildcards in its topic."""
    if _NO_EVENTS.intersection(client.client_id) or not client.client_id:
        return None
    body = _body(client, event, now_s) | more
    if client.exclusive_thing:
        body["thingName"] = client.exclusive_thing
    return Message(topics.presence(event, client.client_id), orjson.dumps(body))


def _body(client: Client, event: str, now_s: float) -> dict[str, Any]:
    return {
        "clientId": client.client_id,
        "timestamp": int(now_s * 1000),
        "eventType": event,
        "sessionIdentifier": client.session_identifier,
        "principalIdentifier": client.principal,
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
        if len(self._left_s) > _MAX_REMEMBERED:
            self.forget(next(iter(self._left_s)))

    def forget(self, client_id: str) -> None:
        """The client's persistent session expired: its numbers begin anew."""
        if self._left_s.pop(client_id, None) is not None:
            del self._numbers[client_id]

    def expire(self, now_s: float) -> None:
        """Forget who has been away for an hour."""
        while self._left_s:
            longest_away = next(iter(self._left_s))
            if self._left_s[longest_away] + _HOUR_S >= now_s:
                break
            self.forget(longest_away)
