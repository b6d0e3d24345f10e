"""Presence on Mosquitto, derived from its log (AWS reference, section 3.1).

What cannot be derived is told in the page of `cloud_functions`.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from cloud_functions.policies.caller import ANONYMOUS
from cloud_functions.ports import Message
from cloud_functions.runtime.device_gateway import presence
from cloud_functions.runtime.device_gateway.presence import DisconnectReason, VersionNumbers
from cloud_functions.runtime.mosquitto.log_lines import Came, Opened, Went, read_line

_MAX_OPENED: Final = 20_000
"""Connections without CONNECT so far, of which the log tells nothing more if they end."""


@dataclass(frozen=True, slots=True)
class LoggedClient:
    """A client as the log knows it."""

    client_id: str
    session_identifier: str
    principal: str
    peer: tuple[str, int]
    version_number: int
    exclusive_thing: str = ""


class LoggedPresence:
    """Turns lines of the log into events.

    `principals` are certificate ids by common name; only the mutual-TLS port's users are believed.
    """

    def __init__(
        self,
        *,
        tls_port: int,
        principals: Callable[[], Mapping[str, str]],
        ignored: str,
        clock: Callable[[], float],
    ) -> None:
        self._tls_port = tls_port
        self._principals = principals
        self._ignored = ignored
        self._clock = clock
        self._opened: dict[str, int] = {}
        self._present: dict[str, LoggedClient] = {}
        self._numbers = VersionNumbers()

    def read(self, line: str) -> Message | None:
        """The event a line tells of, None if there is none."""
        match read_line(line):
            case Opened(peer, port):
                self._open(peer, port)
            case Came(client_id, _, _) | Went(client_id, _) if client_id == self._ignored:
                pass
            case Came() as came:
                return presence.connected(self._come(came), self._clock())
            case Went(client_id, why):
                return self._go(client_id, why)
        return None

    def everybody_left(self) -> list[Message]:
        """The events of a Mosquitto that ended: nobody is connected any more."""
        events = [
            self._go(client_id, DisconnectReason.SERVER_INITIATED)
            for client_id in list(self._present)
        ]
        return [event for event in events if event is not None]

    def expire(self) -> None:
        """Forget the numbers of clients that have been away for an hour."""
        self._numbers.expire(self._clock())

    def _open(self, peer: str, port: int) -> None:
        self._opened[peer] = port
        if len(self._opened) > _MAX_OPENED:
            del self._opened[next(iter(self._opened))]

    def _come(self, came: Came) -> LoggedClient:
        is_tls = self._opened.pop(came.peer, None) == self._tls_port
        host, _, port = came.peer.rpartition(":")
        client = LoggedClient(
            came.client_id,
            uuid.uuid4().hex,
            self._principals().get(came.user, came.user) if is_tls else ANONYMOUS,
            (host, int(port) if port.isdigit() else 0),
            self._numbers.next(came.client_id),
        )
        self._present[came.client_id] = client
        return client

    def _go(self, client_id: str, why: DisconnectReason) -> Message | None:
        client = self._present.pop(client_id, None)
        if client is None:
            return None
        now_s = self._clock()
        self._numbers.left(client_id, now_s)
        return presence.disconnected(client, why, now_s)
