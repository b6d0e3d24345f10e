"""The home-network side of robots: every robot's UDP and TLS sockets on one plain loop.

Like a link it is exchanged with: messages of the robots in, what clients did out.  A robot with a
session closes its listener, so that a second client is refused by TCP as a real one refuses it
(robot reference, section 5); the listener is back when the session ends.
"""

import contextlib
import selectors
import socket
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from device_sim.firmware.batches import Inbound, Outbound
from device_sim.lan.conversation import Host
from device_sim.lan.discovery import is_request
from device_sim.lan.errors import NoHomeNetwork
from device_sim.lan.identity import HomeRobot
from device_sim.lan.tls_client import Gone, TlsClient

PAIRING_S: Final = 120.0
"""[E] 30 s to 2 min after the button was held (section 3)."""
_MAX_CLIENTS: Final = 4
"""Connections of one robot that have no session yet."""
_BACKLOG: Final = 8
_MAX_DATAGRAMS: Final = 64
"""Requests read from one socket in one go."""
_MAX_ANSWERS: Final = 50_000
_ANSWERS_AT_ONCE: Final = 500
_DATAGRAM_BYTES: Final = 64
_LOOPBACK_BROADCAST: Final = "127.255.255.255"
_BROADCAST: Final = "255.255.255.255"


@dataclass(frozen=True, slots=True)
class HomeOptions:
    """Where robots serve at home, and what they show."""

    robots: Sequence[HomeRobot]
    """By row."""
    context: ssl.SSLContext
    with_nul: Sequence[bool]
    """Whether a row's family ends the password with a NUL."""
    tls_port: int
    udp_port: int


@dataclass(slots=True)
class Heard:
    """What clients did since the last exchange."""

    messages: list[Inbound] = field(default_factory=list)
    connected: list[int] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)


class HomeNetwork:
    """All sockets; `describe` gives the discovery answer of a row with so many sessions."""

    def __init__(self, options: HomeOptions, describe: Callable[[int, int], bytes]) -> None:
        self._options = options
        self._describe = describe
        self._selector = selectors.DefaultSelector()
        self._listeners: dict[int, socket.socket] = {}
        self._datagrams: list[socket.socket] = []
        self._sessions: dict[int, TlsClient] = {}
        self._clients: dict[int, set[TlsClient]] = {}
        self._pairing_until_s: dict[int, float] = {}
        self._answers: deque[tuple[int, tuple[str, int]]] = deque(maxlen=_MAX_ANSWERS)
        self._away: set[int] = set()
        self._deaf: set[int] = set()
        """Rows that should listen and cannot."""
        self._heard = Heard()
        self._now_s = 0.0
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def exchange(self, messages: Sequence[Outbound], now_s: float, timeout_s: float = 0.0) -> Heard:
        """Send, wait up to `timeout_s` for something to arrive, and return what did."""
        self._now_s = now_s
        for message in messages:
            client = self._sessions.get(message.row)
            if client is not None:
                self._send(client, client.conversation.push(message.topic, message.payload))
        for key, _ in self._selector.select(0.0 if self._answers else timeout_s):
            key.data()
        self._answer()
        self._sweep(now_s)
        heard, self._heard = self._heard, Heard()
        return heard

    def press_home(self, row: int, now_s: float) -> None:
        """Open the window in which the robot tells its password."""
        self._pairing_until_s[row] = now_s + PAIRING_S

    def watch(self, source: Any, act: Callable[[], None]) -> None:
        """Call `act` in an exchange when a socket has something to read."""
        self._selector.register(source, selectors.EVENT_READ, act)

    def unwatch(self, source: Any) -> None:
        """No more of that."""
        self._selector.unregister(source)

    def silence(self, rows: Sequence[int]) -> None:
        """Take robots off the network: nothing answers, sessions are gone."""
        for row in rows:
            self._away.add(row)
            for client in self._of(row):
                self._drop(client)
            self._shut(row)

    def restore(self, rows: Sequence[int]) -> None:
        """Robots are back on the network."""
        for row in rows:
            self._away.discard(row)
            self._listen_again(row)

    def close(self) -> None:
        """Close every socket."""
        for row in {*self._sessions, *self._clients}:
            for client in self._of(row):
                client.close()
        for each in [*self._listeners.values(), *self._datagrams]:
            each.close()
        self._selector.close()

    # ------------------------------------------------------------ sockets

    def _open(self) -> None:
        for row, robot in enumerate(self._options.robots):
            self._listen(row)
            self._hear_on(robot.address, row)
        loopback = [robot.address.startswith("127.") for robot in self._options.robots]
        if any(loopback):
            self._hear_on(_LOOPBACK_BROADCAST, None)
        if not all(loopback):
            self._hear_on(_BROADCAST, None)

    def _listen(self, row: int) -> None:
        if row in self._listeners or row in self._sessions or row in self._away:
            return
        where = (self._options.robots[row].address, self._options.tls_port)
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            _bind(listener, where, "--lan-port")
            listener.listen(_BACKLOG)
        except BaseException:
            listener.close()
            raise
        listener.setblocking(False)
        self._listeners[row] = listener
        self._selector.register(listener, selectors.EVENT_READ, lambda: self._accept(row))

    def _listen_again(self, row: int) -> None:
        """Somebody else may have the port now: the robot tries again until it is free."""
        self._deaf.discard(row)
        try:
            self._listen(row)
        except NoHomeNetwork:
            self._deaf.add(row)

    def _shut(self, row: int) -> None:
        listener = self._listeners.pop(row, None)
        if listener is not None:
            self._selector.unregister(listener)
            listener.close()

    def _hear_on(self, address: str, row: int | None) -> None:
        """Listen for discovery; a socket bound to a unicast address hears no broadcasts."""
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._datagrams.append(opened)
        _bind(opened, (address, self._options.udp_port), "--lan-udp-port")
        opened.setblocking(False)
        self._selector.register(
            opened, selectors.EVENT_READ, lambda: self._hear_datagrams(opened, row)
        )

    # ------------------------------------------------------------ discovery

    def _hear_datagrams(self, source: socket.socket, row: int | None) -> None:
        for _ in range(_MAX_DATAGRAMS):
            try:
                data, sender = source.recvfrom(_DATAGRAM_BYTES)
            except OSError:
                return
            if is_request(data):
                rows = range(len(self._options.robots)) if row is None else (row,)
                self._answers.extend((each, sender) for each in rows)

    def _answer(self) -> None:
        """From each robot's own address: clients that asked one compare it."""
        for _ in range(min(_ANSWERS_AT_ONCE, len(self._answers))):
            row, asker = self._answers.popleft()
            if row not in self._away:
                with contextlib.suppress(OSError):
                    self._datagrams[row].sendto(
                        self._describe(row, int(row in self._sessions)), asker
                    )

    # ------------------------------------------------------------ connections

    def _of(self, row: int) -> list[TlsClient]:
        session = self._sessions.get(row)
        return [*self._clients.get(row, ()), *([] if session is None else [session])]

    def _accept(self, row: int) -> None:
        try:
            plain, _ = self._listeners[row].accept()
        except (OSError, KeyError):
            return
        guests = self._clients.setdefault(row, set())
        if len(guests) >= _MAX_CLIENTS:
            plain.close()
            return
        client = TlsClient(row, plain, self._options.context, self._now_s)
        guests.add(client)
        self._selector.register(client.socket, selectors.EVENT_READ, lambda: self._talk(client))

    def _talk(self, client: TlsClient) -> None:
        """Bytes came, or there is room for more."""
        if client.socket.fileno() < 0:
            return
        try:
            data = b"" if client.is_closing else client.read()
        except Gone:
            self._drop(client)
            return
        if not data:
            self._send(client, b"")
            return
        reaction = client.conversation.feed(data, self._host(client.row), self._now_s)
        if reaction.opened:
            self._begin(client)
        self._heard.messages += [
            Inbound(client.row, topic, payload) for topic, payload in reaction.messages
        ]
        client.is_closing |= reaction.close
        self._send(client, reaction.send)

    def _host(self, row: int) -> Host:
        robot = self._options.robots[row]
        return Host(
            blid=robot.blid,
            password=robot.password,
            with_nul=self._options.with_nul[row],
            in_pairing=self._pairing_until_s.get(row, 0.0) > self._now_s,
            is_taken=row in self._sessions,
        )

    def _begin(self, client: TlsClient) -> None:
        """There is one session; who else is connected or comes has to go."""
        row = client.row
        self._clients[row].discard(client)
        self._sessions[row] = client
        self._shut(row)
        for other in list(self._clients.pop(row, ())):
            self._drop(other)
        self._heard.connected.append(row)

    def _send(self, client: TlsClient, data: bytes) -> None:
        try:
            client.write(data)
        except Gone:
            self._drop(client)
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.wants_write else 0)
        if self._selector.get_key(client.socket).events != events:
            act = self._selector.get_key(client.socket).data
            self._selector.modify(client.socket, events, act)

    def _drop(self, client: TlsClient) -> None:
        row = client.row
        self._selector.unregister(client.socket)
        client.close()
        self._clients.get(row, set()).discard(client)
        if self._sessions.get(row) is client:
            del self._sessions[row]
            self._heard.lost.append(row)
            self._listen_again(row)

    def _sweep(self, now_s: float) -> None:
        """Whoever was silent for too long is dropped; that frees a stale session."""
        over = [
            client
            for clients in ([*self._sessions.values()], *self._clients.values())
            for client in clients
            if client.conversation.is_over(now_s)
        ]
        for client in over:
            self._drop(client)
        for row in list(self._deaf):
            self._listen_again(row)


def _bind(opened: socket.socket, where: tuple[str, int], option: str) -> None:
    try:
        opened.bind(where)
    except OSError as error:
        address, port = where
        raise NoHomeNetwork(
            f"a robot cannot be at {address} port {port} ({error.strerror}):"
            f" give another address with --lan-address, or another port with {option}"
        ) from None
