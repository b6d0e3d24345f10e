"""The broker: a connection's life from CONNECT to its end.

What clients publish goes through the inbox; who hears of it is the router's affair; what must
survive a restart is the session book's.
"""

import asyncio
import contextlib
import socket
import ssl
import time
import uuid
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
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
    Version,
)
from cloud_functions.contract.mqtt.reasons import Reason
from cloud_functions.contract.mqtt.server_session import ServerSession
from cloud_functions.contract.mqtt.topic_filter import (
    InvalidTopicFilter,
    unshared,
    validate_filter,
)
from cloud_functions.ports import Deliver, Message
from cloud_functions.runtime.device_gateway import presence
from cloud_functions.runtime.device_gateway.connection import Connection
from cloud_functions.runtime.device_gateway.diary import Diary
from cloud_functions.runtime.device_gateway.inbox import Arrived, Inbox
from cloud_functions.runtime.device_gateway.limits import (
    GatewayLimits,
    keep_alive,
    topic_is_too_long,
)
from cloud_functions.runtime.device_gateway.ports import Action, AllowAll, Authorizer
from cloud_functions.runtime.device_gateway.presence import DisconnectReason
from cloud_functions.runtime.device_gateway.retained import RetainedMessages
from cloud_functions.runtime.device_gateway.router import Router
from cloud_functions.runtime.device_gateway.session_book import SessionBook
from cloud_functions.runtime.device_gateway.statistics import GatewayStatistics
from cloud_functions.runtime.device_gateway.wills import Wills
from cloud_functions.storage.committer import Committer

_SWEEP_S: Final = 1.0
_BACKLOG: Final = 1024
_FINISH_S: Final = 2.0
_RESERVED: Final = "$"


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
        self.limits = limits or GatewayLimits()
        self.statistics = GatewayStatistics()
        self._listeners = listeners
        self._authorizer = authorizer or AllowAll()
        self._clock = clock
        self._servers: list[asyncio.Server] = []
        self._connections: dict[str, Connection] = {}
        self._unnamed: set[Connection] = set()
        self._version_numbers = presence.VersionNumbers()
        self._sweeper: asyncio.Task[None] | None = None
        self._diary = Diary(committer)
        self._book = SessionBook(self.limits, self._diary, clock)
        self._retained = RetainedMessages(self.limits.retained_messages, self._diary)
        self._router = Router(
            self._book, self._retained, self._authorizer, self._connections, self.statistics
        )
        self._inbox = Inbox(self.limits, self._diary, self._router.route)
        self._wills = Wills(self._router, self._inbox)

    def restore(self, store: CellStore) -> None:
        """Go on with the sessions and retained messages of an earlier run; before `start`."""
        self._book.restore(store)
        self._retained.restore(store)

    # ------------------------------------------------------------ ports.Broker

    async def start(self, deliver: Deliver, filters: Sequence[str]) -> None:
        """Listen.  Raises AddressInUse."""
        self._inbox.open(deliver, filters)
        loop = asyncio.get_running_loop()
        for listener in self._listeners:
            is_plain = listener.tls is None
            try:
                server = await loop.create_server(
                    lambda is_plain=is_plain: Connection(self, is_plain=is_plain),
                    listener.host,
                    listener.port,
                    ssl=listener.tls,
                    backlog=_BACKLOG,
                )
            except OSError as error:
                raise AddressInUse(
                    f"port {listener.port} on {listener.host} cannot be used: {error.strerror}"
                ) from None
            for each in server.sockets:
                if each.family in (socket.AF_INET, socket.AF_INET6):
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._servers.append(server)
        self._sweeper = asyncio.create_task(self._sweep_forever(), name="gateway-sweeper")

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
        for connection in [*self._connections.values(), *self._unnamed]:
            self._farewell(connection, Reason.SERVER_SHUTTING_DOWN)
            connection.close()
        await self._inbox.close(_FINISH_S)

    # ------------------------------------------------------------ registry changes

    def registry_changed(self, closed: Sequence[str] = ()) -> None:
        """Decide anew, and cut the certificates that open nothing any more."""
        self._authorizer.forget()
        for principal in closed:
            self.disconnect_principal(principal)

    def disconnect_principal(self, principal: str) -> int:
        """Cut every connection of a principal at once; how many there were."""
        cut = [each for each in self._connections.values() if each.principal == principal]
        for connection in cut:
            self._end(connection, DisconnectReason.FORBIDDEN, Reason.NOT_AUTHORIZED)
        return len(cut)

    def connected(self) -> list[tuple[str, int]]:
        """Who is connected now: client ids, with the version number of their connection."""
        return [(each.client_id, each.version_number) for each in self._connections.values()]

    @property
    def connections(self) -> int:
        """Clients connected now."""
        return len(self._connections)

    # ------------------------------------------------------------ a connection's life

    def opened(self, connection: Connection) -> None:
        """A TCP connection without CONNECT so far."""
        self._unnamed.add(connection)

    def take_in(self, connection: Connection, packet: Packet) -> None:
        """One packet of a client."""
        kind = type(packet)
        if kind is Publish:
            self._publish(connection, packet)  # type: ignore[arg-type]
        elif kind is Puback:
            self._router.acknowledged(connection, packet.packet_id)  # type: ignore[union-attr]
        elif kind is Pingreq:
            connection.send(Pingresp())
        elif kind is Connect:
            self._connect(connection, packet)  # type: ignore[arg-type]
        elif kind is Subscribe:
            self._subscribe(connection, packet)  # type: ignore[arg-type]
        elif kind is Unsubscribe:
            self._unsubscribe(connection, packet)  # type: ignore[arg-type]
        elif kind is Disconnect:
            self._client_disconnect(connection, packet)  # type: ignore[arg-type]
        else:
            self._end(connection, DisconnectReason.CLIENT_ERROR, Reason.PROTOCOL_ERROR)

    def broken(self, connection: Connection, error: PeerError) -> None:
        """The client broke the protocol."""
        if connection.session is None:
            if error.reason is Reason.UNSUPPORTED_VERSION:
                connection.send(Connack(reason=Reason.UNSUPPORTED_VERSION))
            connection.close()
            return
        self._end(connection, DisconnectReason.CLIENT_ERROR, error.reason)

    def gone(self, connection: Connection) -> None:
        """TCP is closed."""
        self._unnamed.discard(connection)
        self._inbox.forget(connection)
        if self._connections.get(connection.client_id) is connection:
            self._leave(connection, DisconnectReason.CONNECTION_LOST)

    def _connect(self, connection: Connection, packet: Connect) -> None:
        refusal = self._refusal(connection, packet)
        if refusal:
            self.statistics.refused += 1
            connection.send(Connack(reason=refusal))
            connection.close()
            return
        client_id = packet.client_id or str(uuid.uuid4())
        if (older := self._connections.get(client_id)) is not None:
            self._end(older, DisconnectReason.DUPLICATE_CLIENT_ID, Reason.SESSION_TAKEN_OVER)
        session, present = self._book.open(client_id, packet)
        connection.client_id = client_id
        connection.session = session
        connection.session_identifier = uuid.uuid4().hex
        connection.will = packet.will
        connection.keep_alive_s = keep_alive(packet.keep_alive_s, self.limits)
        connection.version_number = self._version_numbers.next(client_id)
        self._unnamed.discard(connection)
        self._connections[client_id] = connection
        self._wills.withdraw(client_id)
        self.statistics.connects += 1
        connection.send(Connack(present, 0, self._connack_properties(packet, session)))
        for waiting in session.resume():
            connection.send(waiting)
        self._announce(presence.connected(connection, self._clock()))

    def _refusal(self, connection: Connection, packet: Connect) -> int:
        """The reason to refuse a CONNECT, 0 for none."""
        if len(packet.client_id.encode()) > self.limits.client_id_bytes:
            return Reason.CLIENT_ID_NOT_VALID
        if not packet.client_id and not packet.clean_start and packet.version == Version.V311:
            return Reason.CLIENT_ID_NOT_VALID
        principal = self._authorizer.authenticate(connection.certificate_id)
        if principal is None:
            return Reason.NOT_AUTHORIZED
        connection.principal = principal
        if not self._allows(connection, Action.CONNECT, packet.client_id, packet.client_id):
            return Reason.NOT_AUTHORIZED
        will = packet.will
        if will is not None:
            if will.qos > 1:
                return Reason.QOS_NOT_SUPPORTED
            if not self._allows(connection, Action.PUBLISH, will.topic, packet.client_id):
                return Reason.NOT_AUTHORIZED
        return 0

    def _allows(
        self, connection: Connection, action: Action, resource: str, client_id: str | None = None
    ) -> bool:
        who = connection.client_id if client_id is None else client_id
        return self._authorizer.allows(connection.principal, who, action, resource)

    def _connack_properties(
        self, packet: Connect, session: ServerSession
    ) -> dict[str, object] | None:
        if packet.version == Version.V311:
            return None
        properties: dict[str, object] = {
            "session_expiry_interval": int(session.expiry_s),
            "receive_maximum": self.limits.receive_maximum,
            "maximum_qos": 1,
            "retain_available": 1,
            "maximum_packet_size": self.limits.packet_bytes,
            "topic_alias_maximum": self.limits.topic_alias_maximum,
            "wildcard_subscription_available": 1,
            "subscription_identifier_available": 0,
            "shared_subscription_available": 1,
        }
        if not packet.client_id:
            properties["assigned_client_identifier"] = session.client_id
        in_force = keep_alive(packet.keep_alive_s, self.limits)
        if in_force != packet.keep_alive_s:
            properties["server_keep_alive"] = in_force
        return properties

    def _client_disconnect(self, connection: Connection, packet: Disconnect) -> None:
        if connection.session is None:
            connection.close()
            return
        asked = (packet.properties or {}).get("session_expiry_interval")
        if asked is not None and connection.session.expiry_s:
            connection.session.expiry_s = min(float(asked), self.limits.session_expiry_s)
        if packet.reason != Reason.DISCONNECT_WITH_WILL:
            connection.will = None
        self._leave(connection, DisconnectReason.CLIENT_INITIATED)
        connection.close()

    def _end(self, connection: Connection, why: DisconnectReason, reason: Reason) -> None:
        """The gateway ends a connection."""
        if connection.closing:
            return
        self._farewell(connection, reason)
        if self._connections.get(connection.client_id) is connection:
            self._leave(connection, why)
        connection.close()

    @staticmethod
    def _farewell(connection: Connection, reason: Reason) -> None:
        if connection.session is not None and connection.version == Version.V5:
            connection.send(Disconnect(reason))

    def _leave(self, connection: Connection, why: DisconnectReason) -> None:
        """A named connection is over: session, will, presence."""
        client_id, session = connection.client_id, connection.session
        del self._connections[client_id]
        assert session is not None
        self._book.close(session)
        self._version_numbers.left(client_id, self._clock())
        self._wills.lost(connection, self._clock())
        self._announce(presence.disconnected(connection, why, self._clock()))

    # ------------------------------------------------------------ publish

    def _publish(self, connection: Connection, packet: Publish) -> None:
        topic = packet.topic
        if packet.properties is not None and "topic_alias" in packet.properties:
            topic = self._aliased(connection, packet)
        if packet.qos > 1:
            if connection.version == Version.V5:
                self._end(connection, DisconnectReason.CLIENT_ERROR, Reason.QOS_NOT_SUPPORTED)
            return  # 3.1.1 gets no acknowledgement at all (reference, 8.1)
        if len(packet.payload) > self.limits.payload_bytes:
            self._end(connection, DisconnectReason.CLIENT_ERROR, Reason.PACKET_TOO_LARGE)
            return
        if topic_is_too_long(topic, self.limits):
            self._end(connection, DisconnectReason.CLIENT_ERROR, Reason.TOPIC_NAME_INVALID)
            return
        if not self._allows(connection, Action.PUBLISH, topic) or (
            packet.retain and not self._allows(connection, Action.RETAIN, topic)
        ):
            self._end(connection, DisconnectReason.FORBIDDEN, Reason.NOT_AUTHORIZED)
            return
        if packet.qos:
            connection.unacknowledged += 1
            if connection.unacknowledged > self.limits.receive_maximum and (
                connection.version == Version.V5
            ):
                reason = Reason.RECEIVE_MAXIMUM_EXCEEDED
                self._end(connection, DisconnectReason.CLIENT_ERROR, reason)
                return
        self.statistics.received += 1
        message = Message(
            topic,
            packet.payload,
            packet.qos,
            packet.retain and not topic.startswith(_RESERVED),
            connection.client_id,
            connection.principal,
            packet.properties,
            source_ip=connection.ip_address,
        )
        self._inbox.add(Arrived(message, connection, packet.packet_id))

    def _aliased(self, connection: Connection, packet: Publish) -> str:
        alias = (packet.properties or {})["topic_alias"]
        if alias > self.limits.topic_alias_maximum:
            raise PeerError("MQTT5-3.3.2-9", f"alias {alias}", Reason.TOPIC_ALIAS_INVALID)
        if packet.topic:
            connection.aliases[alias] = packet.topic
        elif alias not in connection.aliases:
            raise PeerError("MQTT5-3.3.4", "an alias never set", Reason.PROTOCOL_ERROR)
        return connection.aliases[alias]

    # ------------------------------------------------------------ subscribe

    def _subscribe(self, connection: Connection, packet: Subscribe) -> None:
        session = connection.session
        assert session is not None
        if (packet.properties or {}).get("subscription_identifier"):
            reason = Reason.SUBSCRIPTION_IDS_NOT_SUPPORTED
            self._end(connection, DisconnectReason.CLIENT_ERROR, reason)
            return
        reasons: list[int] = []
        granted: list[str] = []
        for subscription in packet.subscriptions:
            refusal = self._subscription_refusal(connection, session, subscription.topic_filter)
            if subscription.qos > 1 and connection.version == Version.V311:
                return  # no acknowledgement at all (reference, 8.1)
            if refusal == Reason.NOT_AUTHORIZED and connection.version == Version.V311:
                self._end(connection, DisconnectReason.FORBIDDEN, Reason.NOT_AUTHORIZED)
                return
            if not refusal:
                qos = min(subscription.qos, 1)
                self._book.subscribe(session, subscription._replace(qos=qos))
                granted.append(subscription.topic_filter)
                reasons.append(qos)
            else:
                reasons.append(refusal)
        self._when_saved(connection, Suback(packet.packet_id, reasons))
        for topic_filter in granted:
            self._router.send_retained(connection, session, topic_filter)
        if granted:
            now_s = self._clock()
            self._announce(presence.subscribed(connection, "subscribed", granted, now_s))

    def _subscription_refusal(
        self, connection: Connection, session: ServerSession, topic_filter: str
    ) -> int:
        try:
            validate_filter(topic_filter)
        except InvalidTopicFilter:
            return Reason.TOPIC_FILTER_INVALID
        if topic_is_too_long(unshared(topic_filter), self.limits):
            return Reason.TOPIC_FILTER_INVALID
        if (
            topic_filter not in session.subscriptions
            and len(session.subscriptions) >= self.limits.subscriptions
        ):
            return Reason.QUOTA_EXCEEDED
        if not self._allows(connection, Action.SUBSCRIBE, unshared(topic_filter)):
            return Reason.NOT_AUTHORIZED
        return 0

    def _unsubscribe(self, connection: Connection, packet: Unsubscribe) -> None:
        session = connection.session
        assert session is not None
        reasons: list[int] = []
        for topic_filter in packet.topic_filters:
            was_there = self._book.unsubscribe(session, topic_filter)
            self._router.left(topic_filter)
            reasons.append(0 if was_there else Reason.NO_SUBSCRIPTION_EXISTED)
        self._when_saved(connection, Unsuback(packet.packet_id, reasons))
        event = presence.subscribed(connection, "unsubscribed", packet.topic_filters, self._clock())
        self._announce(event)

    # ------------------------------------------------------------ time and events

    def _announce(self, event: Message | None) -> None:
        """An event of the broker's own, if there is one to tell."""
        if event is not None:
            self._inbox.announce(event)

    def _when_saved(self, connection: Connection, answer: Suback | Unsuback) -> None:
        """Answer when the session is on disk: at once if it ends with its connection."""
        saving = self._diary.save()
        if saving is None:
            connection.send(answer)
            return

        def answer_now(saved: asyncio.Task[None]) -> None:
            if not saved.cancelled() and saved.exception() is None and not connection.closing:
                connection.send(answer)

        saving.add_done_callback(answer_now)

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            self._sweep(asyncio.get_running_loop().time(), self._clock())

    def _sweep(self, loop_s: float, now_s: float) -> None:
        """Whatever ends by the clock: silent clients, half-open ones, sessions, delayed wills."""
        for connection in list(self._connections.values()):
            if loop_s - connection.heard_s > 1.5 * connection.keep_alive_s:
                self._end(connection, DisconnectReason.KEEP_ALIVE, Reason.KEEP_ALIVE_TIMEOUT)
        for connection in list(self._unnamed):
            if loop_s - connection.opened_s > self.limits.connect_timeout_s:
                connection.close()
        self._book.expire(now_s)
        self._version_numbers.expire(now_s)
        self._wills.expire(now_s)
