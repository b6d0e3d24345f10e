"""Who is connected, and how a connection ends: session, will, presence, memory of it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from cloud_functions.contract.mqtt.packets import Disconnect, Version
from cloud_functions.contract.mqtt.reasons import Reason
from cloud_functions.runtime.device_gateway import presence
from cloud_functions.runtime.device_gateway.connection import Connection
from cloud_functions.runtime.device_gateway.inbox import Inbox
from cloud_functions.runtime.device_gateway.presence import DisconnectReason, VersionNumbers
from cloud_functions.runtime.device_gateway.session_book import SessionBook
from cloud_functions.runtime.device_gateway.wills import Wills

_REMEMBERED_S: Final = 1800.0
"""For so long the connection API knows why a client went."""
_MAX_REMEMBERED: Final = 20_000


class Seen(NamedTuple):
    """A connection as the connection API shows it; `left_s` and `why` of one that is over."""

    client_id: str
    is_connected: bool
    thing: str
    clean_start: bool
    peer: tuple[str, int]
    local: tuple[str, int]
    keep_alive_s: int
    connected_s: float
    session_expiry_s: float
    left_s: float = 0.0
    why: str = ""


def profile(connection: Connection) -> Seen:
    """A connection that is open."""
    assert connection.session is not None
    return Seen(
        connection.client_id,
        is_connected=True,
        thing=connection.thing,
        clean_start=connection.clean_start,
        peer=connection.peer,
        local=connection.local,
        keep_alive_s=connection.keep_alive_s,
        connected_s=connection.connected_s,
        session_expiry_s=connection.session.expiry_s,
    )


def absent(client_id: str, session_expiry_s: float) -> Seen:
    """A client of whom only the session is left."""
    nowhere = ("", 0)
    return Seen(client_id, False, "", False, nowhere, nowhere, 0, 0.0, session_expiry_s)


class Clients:
    """Every connection, with and without a name."""

    def __init__(
        self,
        *,
        by_id: dict[str, Connection],
        book: SessionBook,
        wills: Wills,
        inbox: Inbox,
        clock: Callable[[], float],
    ) -> None:
        self._by_id = by_id
        self._unnamed: set[Connection] = set()
        self._departures: dict[str, Seen] = {}
        self._book = book
        self._wills = wills
        self._inbox = inbox
        self._clock = clock
        self.version_numbers = VersionNumbers()

    @property
    def by_id(self) -> Mapping[str, Connection]:
        """Those whose CONNECT was accepted, by client id."""
        return self._by_id

    def all(self) -> Iterator[Connection]:
        """Every connection, half-open ones too."""
        return iter([*self._by_id.values(), *self._unnamed])

    def unnamed(self) -> Iterator[Connection]:
        """Those without CONNECT so far."""
        return iter(list(self._unnamed))

    def departure(self, client_id: str) -> Seen | None:
        """Why a client went, for half an hour."""
        return self._departures.get(client_id)

    # ------------------------------------------------------------ coming

    def opened(self, connection: Connection) -> None:
        """A connection without CONNECT so far."""
        self._unnamed.add(connection)

    def join(self, connection: Connection) -> None:
        """A CONNECT is accepted; the client's id is free."""
        self._unnamed.discard(connection)
        self._departures.pop(connection.client_id, None)
        self._by_id[connection.client_id] = connection
        connection.version_number = self.version_numbers.next(connection.client_id)

    def tell_joined(self, connection: Connection) -> None:
        """Say that a client came."""
        self._inbox.tell(presence.connected(connection, self._clock()))

    # ------------------------------------------------------------ going

    def end(self, connection: Connection, why: DisconnectReason, reason: Reason) -> None:
        """The gateway ends a connection."""
        if connection.closing:
            return
        farewell(connection, reason)
        if self._by_id.get(connection.client_id) is connection:
            self.leave(connection, why)
        connection.close()

    def leave(self, connection: Connection, why: DisconnectReason) -> None:
        """A named connection is over: session, will, presence."""
        client_id, session, now_s = connection.client_id, connection.session, self._clock()
        del self._by_id[client_id]
        assert session is not None
        seen = profile(connection)
        self._departures[client_id] = seen._replace(is_connected=False, left_s=now_s, why=why)
        if len(self._departures) > _MAX_REMEMBERED:
            del self._departures[next(iter(self._departures))]
        self._book.close(session)
        self.version_numbers.left(client_id, now_s)
        self._wills.lost(connection, now_s)
        self._inbox.tell(presence.disconnected(connection, why, now_s))

    def gone(self, connection: Connection) -> None:
        """TCP is closed."""
        self._unnamed.discard(connection)
        self._inbox.forget(connection)
        if self._by_id.get(connection.client_id) is connection:
            self.leave(connection, DisconnectReason.CONNECTION_LOST)

    def expire(self, now_s: float) -> None:
        """Forget the departures of long ago, and the numbers of sessions that are over."""
        for client_id in self._book.expire(now_s):
            self._wills.release(client_id)
            self.version_numbers.forget(client_id)
        self.version_numbers.expire(now_s)
        while self._departures:
            client_id, longest_away = next(iter(self._departures.items()))
            if longest_away.left_s + _REMEMBERED_S >= now_s:
                break
            del self._departures[client_id]


def farewell(connection: Connection, reason: Reason) -> None:
    """Tell an MQTT 5 client why; MQTT 3.1.1 has no word for it."""
    if connection.session is not None and connection.version == Version.V5:
        connection.send(Disconnect(reason))
