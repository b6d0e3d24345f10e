"""The broker: connections, sessions, routing.

Everything that arrives in one turn of the loop becomes one batch: routed to its subscribers at
once, handed to the cloud once, and acknowledged when the cloud says it is durable.
"""

import asyncio
import contextlib
import itertools
import socket
import ssl
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from cloud_functions.contract.mqtt.encode import encode_publish
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
    Will,
)
from cloud_functions.contract.mqtt.reasons import Reason
from cloud_functions.contract.mqtt.server_session import ServerSession
from cloud_functions.contract.mqtt.topic_filter import (
    FilterTree,
    InvalidTopicFilter,
    share_group,
    unshared,
    validate_filter,
)
from cloud_functions.ports import Deliver, Message
from cloud_functions.runtime.device_gateway import presence
from cloud_functions.runtime.device_gateway.connection import Connection
from cloud_functions.runtime.device_gateway.limits import (
    GatewayLimits,
    keep_alive,
    topic_is_too_long,
)
from cloud_functions.runtime.device_gateway.ports import Action, AllowAll, Authorizer
from cloud_functions.runtime.device_gateway.presence import DisconnectReason

_SWEEP_S: Final = 1.0
_BACKLOG: Final = 1024
_RETRY_GUARD: Final = "$"


@dataclass(slots=True)
class GatewayStatistics:
    """Counted since the start."""

    connects: int = 0
    refused: int = 0
    received: int = 0
    sent: int = 0
    dropped: int = 0


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
        self._sessions: dict[str, ServerSession] = {}
        self._expiring: dict[str, float] = {}
        self._tree: FilterTree[tuple[str, str]] = FilterTree(parent=False)
        self._shares: dict[tuple[str, str], itertools.count[int]] = {}
        self._retained: dict[str, Message] = {}
        self._cloud: FilterTree[str] = FilterTree(parent=False)
        self._deliver: Deliver | None = None
        self._inbox: list[tuple[Message, Connection, int]] = []
        self._inbox_scheduled = False
        self._outstanding = 0
        self._paused: set[Connection] = set()
        self._version_numbers: dict[str, int] = {}
        self._delayed_wills: dict[str, tuple[float, Connection, Will]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.Task[None] | None = None

    # ------------------------------------------------------------ ports.Broker

    async def start(self, deliver: Deliver, filters: Sequence[str]) -> None:
        """Listen.  Raises AddressInUse."""
        self._deliver = deliver
        for topic_filter in filters:
            self._cloud.add(topic_filter, "cloud")
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

    def publish(self, messages: Sequence[Message]) -> None:
        """Send to all who subscribed, in order; retained ones are kept."""
        for message in messages:
            if message.retain:
                self._retain(message)
            self._route(message)

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
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2)

    # ------------------------------------------------------------ registry changes

    def disconnect_principal(self, principal: str) -> int:
        """Cut every connection of a principal at once; how many there were."""
        cut = [each for each in self._connections.values() if each.principal == principal]
        for connection in cut:
            self._end(connection, DisconnectReason.FORBIDDEN, Reason.NOT_AUTHORIZED)
        return len(cut)

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
            self._puback(connection, packet)  # type: ignore[arg-type]
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
        self._paused.discard(connection)
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
        session, present = self._session_for(client_id, packet)
        connection.client_id = client_id
        connection.session = session
        connection.session_identifier = uuid.uuid4().hex
        connection.will = packet.will
        connection.keep_alive_s = keep_alive(packet.keep_alive_s, self.limits)
        connection.version_number = self._version_numbers.get(client_id, -1) + 1
        self._version_numbers[client_id] = connection.version_number
        self._unnamed.discard(connection)
        self._connections[client_id] = connection
        self._delayed_wills.pop(client_id, None)
        self.statistics.connects += 1
        connection.send(Connack(present, 0, self._connack_properties(packet, client_id)))
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

    def _session_for(self, client_id: str, packet: Connect) -> tuple[ServerSession, bool]:
        """The session to go on with, and whether it is an old one."""
        self._expiring.pop(client_id, None)
        session = self._sessions.get(client_id)
        if session is not None and (packet.clean_start or session.version != packet.version):
            self._forget(client_id)
            session = None
        present = session is not None
        if session is None:
            session = ServerSession(
                client_id, packet.version, max_queued=self.limits.queued_messages
            )
            self._sessions[client_id] = session
        asked = packet.properties or {}
        session.window = min(asked.get("receive_maximum", 65_535), self.limits.receive_maximum)
        session.expiry_s = self._expiry_s(packet)
        return session, present

    def _expiry_s(self, packet: Connect) -> float:
        if packet.version == Version.V311:
            return 0.0 if packet.clean_start else self.limits.session_expiry_s
        asked = float((packet.properties or {}).get("session_expiry_interval", 0))
        return min(asked, self.limits.session_expiry_s)

    def _connack_properties(self, packet: Connect, client_id: str) -> dict[str, object] | None:
        if packet.version == Version.V311:
            return None
        properties: dict[str, object] = {
            "session_expiry_interval": int(self._sessions[client_id].expiry_s),
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
            properties["assigned_client_identifier"] = client_id
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
        if session.expiry_s > 0:
            self._expiring[client_id] = self._clock() + session.expiry_s
        else:
            self._forget(client_id)
        if connection.will is not None:
            delay_s = (connection.will.properties or {}).get("will_delay_interval", 0)
            if delay_s and session.expiry_s > 0:
                due_s = self._clock() + min(delay_s, session.expiry_s)
                self._delayed_wills[client_id] = (due_s, connection, connection.will)
            else:
                self._publish_will(connection, connection.will)
        self._announce(presence.disconnected(connection, why, self._clock()))

    def _publish_will(self, connection: Connection, will: Will) -> None:
        """A will reaches subscribers and rules; the shadow service ignores it (reference, 1.10)."""
        properties = {
            name: value
            for name, value in (will.properties or {}).items()
            if name != "will_delay_interval"
        }
        message = Message(
            will.topic,
            will.payload,
            will.qos,
            will.retain,
            connection.client_id,
            connection.principal,
            properties or None,
        )
        if message.retain:
            self._retain(message)
        self._route(message)
        if not will.topic.startswith("$aws/"):
            self._hand_over([(message, connection, 0)])

    def _forget(self, client_id: str) -> None:
        session = self._sessions.pop(client_id, None)
        self._expiring.pop(client_id, None)
        for topic_filter in session.subscriptions if session else ():
            self._tree.remove(unshared(topic_filter), (client_id, topic_filter))

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
            packet.retain and not topic.startswith(_RETRY_GUARD),
            connection.client_id,
            connection.principal,
            packet.properties,
        )
        self._inbox.append((message, connection, packet.packet_id))
        if not self._inbox_scheduled:
            self._inbox_scheduled = True
            asyncio.get_running_loop().call_soon(self._empty_inbox)

    def _aliased(self, connection: Connection, packet: Publish) -> str:
        alias = (packet.properties or {})["topic_alias"]
        if alias > self.limits.topic_alias_maximum:
            raise PeerError("MQTT5-3.3.2-9", f"alias {alias}", Reason.TOPIC_ALIAS_INVALID)
        if packet.topic:
            connection.aliases[alias] = packet.topic
        elif alias not in connection.aliases:
            raise PeerError("MQTT5-3.3.4", "an alias never set", Reason.PROTOCOL_ERROR)
        return connection.aliases[alias]

    def _empty_inbox(self) -> None:
        """Route what arrived in this turn, then hand it to the cloud."""
        self._inbox_scheduled = False
        arrived, self._inbox = self._inbox, []
        for message, _, _ in arrived:
            if message.retain:
                self._retain(message)
            if not message.topic.startswith("$aws/rules/"):
                self._route(message)
        self._hand_over(arrived)

    def _hand_over(self, arrived: Sequence[tuple[Message, Connection, int]]) -> None:
        wanted = [message for message, _, _ in arrived if self._cloud.match(message.topic)]
        if not wanted or self._deliver is None:
            self._acknowledge(arrived)
            return
        self._outstanding += len(arrived)
        if self._outstanding > self.limits.outstanding_messages:
            for _, connection, _ in arrived:
                if connection not in self._paused and not connection.closing:
                    self._paused.add(connection)
                    connection.pause()
        task = asyncio.create_task(self._make_durable(wanted, arrived), name="gateway-batch")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _make_durable(
        self,
        wanted: Sequence[Message],
        arrived: Sequence[tuple[Message, Connection, int]],
    ) -> None:
        assert self._deliver is not None
        try:
            await self._deliver(wanted)
        finally:
            self._outstanding -= len(arrived)
            if self._paused and self._outstanding < self.limits.outstanding_messages // 2:
                for connection in self._paused:
                    connection.resume()
                self._paused.clear()
        self._acknowledge(arrived)

    @staticmethod
    def _acknowledge(arrived: Sequence[tuple[Message, Connection, int]]) -> None:
        for _, connection, packet_id in arrived:
            if packet_id and not connection.closing:
                connection.unacknowledged -= 1
                connection.write(b"\x40\x02" + packet_id.to_bytes(2, "big"))

    # ------------------------------------------------------------ routing

    def _route(self, message: Message) -> None:
        targets = self._tree.match(message.topic)
        if not targets:
            return
        encoded: dict[Version, bytes] = {}
        for client_id, topic_filter in self._one_of_each_group(targets):
            session = self._sessions.get(client_id)
            subscription = session.subscriptions.get(topic_filter) if session else None
            if session is None or subscription is None:
                continue
            if subscription.no_local and message.client_id == client_id:
                continue
            self._send_to(session, message, min(message.qos, subscription.qos), encoded)

    def _one_of_each_group(self, targets: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """All plain subscribers once each, and of each shared group one, in turn."""
        shared: dict[tuple[str, str], list[tuple[str, str]]] = {}
        plain: dict[str, tuple[str, str]] = {}
        for target in targets:
            group = share_group(target[1])
            if group is None:
                plain.setdefault(target[0], target)
            else:
                shared.setdefault((group, unshared(target[1])), []).append(target)
        chosen = list(plain.values())
        for key, members in shared.items():
            online = [member for member in members if member[0] in self._connections] or members
            turn = next(self._shares.setdefault(key, itertools.count()))
            chosen.append(online[turn % len(online)])
        return chosen

    def _send_to(
        self, session: ServerSession, message: Message, qos: int, encoded: dict[Version, bytes]
    ) -> None:
        connection = self._connections.get(session.client_id)
        if connection is not None and not self._allows(connection, Action.RECEIVE, message.topic):
            return
        if qos == 0:
            if connection is None:
                return
            if connection.is_slow():
                self.statistics.dropped += 1
                return
            data = encoded.get(session.version)
            if data is None:
                packet = Publish(message.topic, message.payload, properties=_kept(message))
                data = encoded[session.version] = encode_publish(packet, session.version)
            connection.write(data)
            self.statistics.sent += 1
            return
        offered = Publish(message.topic, message.payload, 1, properties=_kept(message))
        is_ready = connection is not None and not connection.is_slow()
        launched = session.offer(offered, is_online=is_ready)
        if launched is not None and connection is not None:
            connection.send(launched)
            self.statistics.sent += 1

    def _puback(self, connection: Connection, packet: Puback) -> None:
        if connection.session is not None:
            for launched in connection.session.acknowledged(packet.packet_id):
                connection.send(launched)
                self.statistics.sent += 1

    def _retain(self, message: Message) -> None:
        if not message.payload:
            self._retained.pop(message.topic, None)
        elif message.topic in self._retained or len(self._retained) < self.limits.retained_messages:
            self._retained[message.topic] = message

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
                session.subscriptions[subscription.topic_filter] = subscription._replace(qos=qos)
                key = (session.client_id, subscription.topic_filter)
                self._tree.add(unshared(subscription.topic_filter), key)
                granted.append(subscription.topic_filter)
                reasons.append(qos)
            else:
                reasons.append(refusal)
        connection.send(Suback(packet.packet_id, reasons))
        for topic_filter in granted:
            self._send_retained(connection, session, topic_filter)
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

    def _send_retained(
        self, connection: Connection, session: ServerSession, topic_filter: str
    ) -> None:
        """Only an exact topic delivers a retained message at subscription (reference, 3.5)."""
        message = self._retained.get(topic_filter)
        if message is None or not self._allows(connection, Action.RECEIVE, message.topic):
            return
        qos = min(message.qos, session.subscriptions[topic_filter].qos)
        packet = Publish(
            message.topic, message.payload, qos, retain=True, properties=_kept(message)
        )
        launched = packet if qos == 0 else session.offer(packet, is_online=True)
        if launched is not None:
            connection.send(launched)
            self.statistics.sent += 1

    def _unsubscribe(self, connection: Connection, packet: Unsubscribe) -> None:
        session = connection.session
        assert session is not None
        reasons: list[int] = []
        for topic_filter in packet.topic_filters:
            known = session.subscriptions.pop(topic_filter, None)
            if known is not None:
                self._tree.remove(unshared(topic_filter), (session.client_id, topic_filter))
            reasons.append(0 if known is not None else Reason.NO_SUBSCRIPTION_EXISTED)
        connection.send(Unsuback(packet.packet_id, reasons))
        event = presence.subscribed(connection, "unsubscribed", packet.topic_filters, self._clock())
        self._announce(event)

    # ------------------------------------------------------------ time and events

    def _announce(self, event: Message | None) -> None:
        """An event of the broker's own: to subscribers and to rules."""
        if event is None or self._deliver is None:
            return
        self._route(event)
        if self._cloud.match(event.topic):
            task = asyncio.ensure_future(self._deliver([event]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

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
        for client_id in [each for each, due_s in self._expiring.items() if due_s <= now_s]:
            self._forget(client_id)
        due = [each for each, (due_s, _, _) in self._delayed_wills.items() if due_s <= now_s]
        for client_id in due:
            _, connection, will = self._delayed_wills.pop(client_id)
            self._publish_will(connection, will)


def _kept(message: Message) -> dict[str, object] | None:
    """The properties that travel on to subscribers: all but the publisher's alias."""
    if message.properties is None:
        return None
    return {name: value for name, value in message.properties.items() if name != "topic_alias"}
