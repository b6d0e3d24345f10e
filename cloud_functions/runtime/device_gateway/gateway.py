"""The broker: where it listens, which room takes a packet, what time ends.

CONNECT is `connecting`'s, PUBLISH `publishing`'s, SUBSCRIBE `subscribing`'s; how a connection ends
is the affair of `clients`, who hears of a message the router's, and what must survive a restart
the session book's.
"""

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from cloud_functions.cells import CellStore
from cloud_functions.contract.mqtt.errors import PeerError
from cloud_functions.contract.mqtt.packets import (
    Connack,
    Connect,
    Disconnect,
    Packet,
    Pingreq,
    Pingresp,
    Puback,
    Publish,
    Subscribe,
    Unsubscribe,
)
from cloud_functions.contract.mqtt.reasons import Reason
from cloud_functions.ports import Deliver, Message
from cloud_functions.runtime.device_gateway.clients import Clients, farewell
from cloud_functions.runtime.device_gateway.connecting import Connecting
from cloud_functions.runtime.device_gateway.connection import Connection
from cloud_functions.runtime.device_gateway.desk import Desk
from cloud_functions.runtime.device_gateway.diary import Diary
from cloud_functions.runtime.device_gateway.door import MUTUAL_TLS, PLAIN
from cloud_functions.runtime.device_gateway.guard import Guard
from cloud_functions.runtime.device_gateway.inbox import Inbox
from cloud_functions.runtime.device_gateway.limits import GatewayLimits
from cloud_functions.runtime.device_gateway.ports import AllowAll, Authorizer
from cloud_functions.runtime.device_gateway.presence import DisconnectReason
from cloud_functions.runtime.device_gateway.publishing import Publishing
from cloud_functions.runtime.device_gateway.retained import RetainedMessages
from cloud_functions.runtime.device_gateway.router import Router
from cloud_functions.runtime.device_gateway.session_book import SessionBook
from cloud_functions.runtime.device_gateway.statistics import GatewayStatistics
from cloud_functions.runtime.device_gateway.subscribing import Subscribing
from cloud_functions.runtime.device_gateway.wills import Wills
from cloud_functions.storage.committer import Committer

_SWEEP_S: Final = 1.0
_BACKLOG: Final = 1024
_FINISH_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Listener:
    """Where to listen; with `tls` client certificates are demanded."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None


class AddressInUse(OSError):
    """A port is taken; the message names it."""


class DeviceGateway:
    """A broker in the cloud's own process."""

    def __init__(
        self,
        listeners: Sequence[Listener],
        *,
        authorizer: Authorizer | None = None,
        limits: GatewayLimits | None = None,
        committer: Committer | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.limits = limits = limits or GatewayLimits()
        self.statistics = statistics = GatewayStatistics()
        self._listeners = listeners
        self._clock = clock
        self._servers: list[asyncio.Server] = []
        self._sweeper: asyncio.Task[None] | None = None
        connections: dict[str, Connection] = {}
        diary = Diary(committer)
        self._authorizer = authorizer or AllowAll()
        guard = Guard(self._authorizer, statistics)
        self._book = book = SessionBook(limits, diary, clock)
        self.retained = RetainedMessages(limits, diary, clock)
        self._router = router = Router(
            book,
            self.retained,
            guard,
            connections,
            limits=limits,
            statistics=statistics,
            clock=clock,
        )
        self._inbox = inbox = Inbox(limits, diary, router.route)
        self._wills = wills = Wills(router, inbox, diary)
        self._clients = clients = Clients(
            by_id=connections, book=book, wills=wills, inbox=inbox, clock=clock
        )
        self._connecting = Connecting(
            limits,
            guard=guard,
            clients=clients,
            book=book,
            wills=wills,
            router=router,
            inbox=inbox,
            statistics=statistics,
            clock=clock,
        )
        self._publishing = Publishing(
            limits,
            guard=guard,
            clients=clients,
            inbox=inbox,
            retained=self.retained,
            statistics=statistics,
            clock=clock,
        )
        self._subscribing = Subscribing(
            limits,
            guard=guard,
            clients=clients,
            book=book,
            router=router,
            inbox=inbox,
            diary=diary,
            clock=clock,
        )
        self.desk = Desk(clients=clients, book=book, router=router, wills=wills)

    def restore(self, store: CellStore) -> None:
        """Go on with sessions, retained messages and wills of an earlier run; before `start`."""
        self._book.restore(store)
        self.retained.restore(store)
        self._wills.restore(store)

    # ------------------------------------------------------------ ports.Broker

    async def start(self, deliver: Deliver, filters: Sequence[str]) -> None:
        """Listen.  Raises AddressInUse."""
        self._inbox.open(deliver, filters)
        for listener in self._listeners:
            self._servers.append(await self._listen(listener))
        self._sweeper = asyncio.create_task(self._sweep_forever(), name="gateway-sweeper")

    async def _listen(self, listener: Listener) -> asyncio.Server:
        door = PLAIN if listener.tls is None else MUTUAL_TLS
        timeout_s = None if listener.tls is None else self.limits.connect_timeout_s
        try:
            server = await asyncio.get_running_loop().create_server(
                lambda: Connection(self, door),
                listener.host,
                listener.port,
                ssl=listener.tls,
                ssl_handshake_timeout=timeout_s,
                backlog=_BACKLOG,
            )
        except OSError as error:
            raise AddressInUse(
                f"port {listener.port} on {listener.host} cannot be used: {error.strerror}"
            ) from None
        for each in server.sockets:
            if each.family in (socket.AF_INET, socket.AF_INET6):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return server

    @property
    def ports(self) -> list[int]:
        """The ports listened on, in the order of the listeners."""
        return [server.sockets[0].getsockname()[1] for server in self._servers]

    def listen(self, filters: Sequence[str]) -> None:
        """Hand over what matches these topic filters from now on, and nothing else."""
        self._inbox.listen(filters)

    def publish(self, messages: Sequence[Message]) -> None:
        """Send to all who subscribed, in order; retained ones are kept."""
        for message in messages:
            self._router.route(message)

    async def stop(self) -> None:
        """Stop listening, hang up, finish what is being made durable."""
        for server in self._servers:
            server.close()
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
        for connection in self._clients.all():
            farewell(connection, Reason.SERVER_SHUTTING_DOWN)
            connection.close()
        await self._inbox.close(_FINISH_S)

    # ------------------------------------------------------------ registry changes

    def registry_changed(self, closed: Sequence[str] = ()) -> None:
        """Decide anew from now on, and cut the certificates that open nothing any more.

        Receiving and publishing are decided for each message, so what a policy lost stops at once.
        """
        self._authorizer.forget(None)
        for principal in closed:
            self.disconnect_principal(principal)

    def look_again(self) -> None:
        """Look every connected certificate up, and cut those that open nothing any more."""
        connected = {
            each.principal for each in self._clients.by_id.values() if not each.caller.is_free
        }
        self.registry_changed(
            [each for each in connected if self._authorizer.authenticate(each) is None]
        )

    def disconnect_principal(self, principal: str) -> int:
        """Cut every connection of a principal at once; how many there were."""
        cut = [each for each in self._clients.by_id.values() if each.principal == principal]
        for connection in cut:
            self._clients.end(connection, DisconnectReason.FORBIDDEN, Reason.NOT_AUTHORIZED)
        return len(cut)

    def connected(self) -> list[tuple[str, int]]:
        """Who is connected now: client ids, with the version number of their connection."""
        return [(each.client_id, each.version_number) for each in self._clients.by_id.values()]

    @property
    def connections(self) -> int:
        """Clients connected now."""
        return len(self._clients.by_id)

    # ------------------------------------------------------------ a connection's life

    def opened(self, connection: Connection) -> None:
        """A TCP connection without CONNECT so far."""
        self._clients.opened(connection)

    def take_in(self, connection: Connection, packet: Packet) -> None:
        """One packet of a client."""
        kind = type(packet)
        if kind is Publish:
            self._publishing.take_in(connection, packet)  # type: ignore[arg-type]
        elif kind is Puback:
            packet_id = packet.packet_id  # type: ignore[union-attr]
            self._router.acknowledged(connection, packet_id)
            self.desk.acknowledged(connection, packet_id)
        elif kind is Pingreq:
            connection.send(Pingresp())
        elif kind is Connect:
            self._connecting.take_in(connection, packet)  # type: ignore[arg-type]
        elif kind is Subscribe:
            self._subscribing.subscribe(connection, packet)  # type: ignore[arg-type]
        elif kind is Unsubscribe:
            self._subscribing.unsubscribe(connection, packet)  # type: ignore[arg-type]
        elif kind is Disconnect:
            self._client_disconnect(connection, packet)  # type: ignore[arg-type]
        else:
            self._clients.end(connection, DisconnectReason.CLIENT_ERROR, Reason.PROTOCOL_ERROR)

    def broken(self, connection: Connection, error: PeerError) -> None:
        """The client broke the protocol."""
        if connection.session is None:
            if error.reason is Reason.UNSUPPORTED_VERSION:
                connection.send(Connack(reason=Reason.UNSUPPORTED_VERSION))
            connection.close()
            return
        reason = error.reason
        if reason is Reason.PACKET_TOO_LARGE:
            reason = Reason.QUOTA_EXCEEDED  # 149 is not among AWS's words (reference, 8.1)
        self._clients.end(connection, DisconnectReason.CLIENT_ERROR, reason)

    def gone(self, connection: Connection) -> None:
        """TCP is closed."""
        self._clients.gone(connection)
        self.desk.gone(connection)

    def _client_disconnect(self, connection: Connection, packet: Disconnect) -> None:
        session = connection.session
        if session is None:
            connection.close()
            return
        asked_s = (packet.properties or {}).get("session_expiry_interval")
        if asked_s is not None and not self._book.change_expiry(session, float(asked_s)):
            self._clients.end(connection, DisconnectReason.CLIENT_ERROR, Reason.PROTOCOL_ERROR)
            return
        if packet.reason != Reason.DISCONNECT_WITH_WILL:
            connection.will = None
        self._clients.leave(connection, DisconnectReason.CLIENT_INITIATED)
        connection.close()

    # ------------------------------------------------------------ time

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            self._sweep(asyncio.get_running_loop().time(), self._clock())

    def _sweep(self, loop_s: float, now_s: float) -> None:
        """Whatever ends by the clock: silent clients, half-open ones, sessions, delayed wills."""
        end = self._clients.end
        for connection in list(self._clients.by_id.values()):
            if loop_s - connection.heard_s > 1.5 * connection.keep_alive_s:
                end(connection, DisconnectReason.KEEP_ALIVE, Reason.KEEP_ALIVE_TIMEOUT)
            elif connection.door.is_limited and (
                loop_s - connection.opened_s > self.limits.web_socket_s
            ):
                why = DisconnectReason.WEB_SOCKET_EXPIRED
                end(connection, why, Reason.SERVER_SHUTTING_DOWN)
            else:
                self._router.go_on(connection)
        for connection in self._clients.unnamed():
            if loop_s - connection.opened_s > self.limits.connect_timeout_s:
                connection.close()
        self._clients.expire(now_s)
        self._connecting.expire(now_s)
        self.retained.expire(now_s)
        self._wills.expire(now_s)
