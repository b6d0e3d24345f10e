"""Brings a message to all who subscribed to it."""

import itertools
import logging
import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from cloud_functions.contract.mqtt import properties as props
from cloud_functions.contract.mqtt.encode import encode_publish
from cloud_functions.contract.mqtt.errors import OurError
from cloud_functions.contract.mqtt.expiry import expires_s
from cloud_functions.contract.mqtt.packets import Publish, Version
from cloud_functions.contract.mqtt.properties import encode_properties
from cloud_functions.contract.mqtt.server_session import ServerSession
from cloud_functions.contract.mqtt.topic_filter import share_group, unshared
from cloud_functions.ports import Message
from cloud_functions.runtime.device_gateway.bucket import bucket
from cloud_functions.runtime.device_gateway.connection import Connection
from cloud_functions.runtime.device_gateway.guard import Guard
from cloud_functions.runtime.device_gateway.limits import GatewayLimits
from cloud_functions.runtime.device_gateway.retained import RetainedMessages, travelling
from cloud_functions.runtime.device_gateway.session_book import SessionBook
from cloud_functions.runtime.device_gateway.statistics import GatewayStatistics

_BASIC_INGEST: Final = "$aws/rules/"
_NEVER: Final = math.inf

_logger = logging.getLogger(__name__)


class Router:
    """Knows who is connected (`connections`, by client id) and who subscribed to what."""

    def __init__(
        self,
        book: SessionBook,
        retained: RetainedMessages,
        guard: Guard,
        connections: Mapping[str, Connection],
        *,
        limits: GatewayLimits,
        statistics: GatewayStatistics,
        clock: Callable[[], float],
    ) -> None:
        self._book = book
        self._retained = retained
        self._guard = guard
        self._connections = connections
        self._statistics = statistics
        self._clock = clock
        self._rate = bucket(limits.outbound_publishes_per_second, clock())
        self._has_rates = self._rate is not None or limits.publishes_per_second > 0
        self._turns: dict[tuple[str, str], itertools.count[int]] = {}

    def route(self, message: Message) -> None:
        """Keep it if it is to be retained; send it, or let it wait in sessions, once each.

        Nobody can subscribe to Basic Ingest (AWS reference, section 2.7).  A message that MQTT
        cannot carry is dropped here, before it stops others of its batch or waits in a session.
        """
        if message.topic.startswith(_BASIC_INGEST) or not self._can_travel(message):
            return
        if message.retain:
            self._retained.keep(message)
        if message.receiver:
            self._answer(message)
            return
        targets = self._book.subscribers(message.topic)
        if not targets:
            return
        encoded: dict[Version, bytes] = {}
        for client_id, topic_filter in self._one_of_each_group(targets):
            session = self._book.find(client_id)
            subscription = session.subscriptions.get(topic_filter) if session else None
            if session is None or subscription is None:
                continue
            if subscription.no_local and message.client_id == client_id:
                continue
            self._send_to(session, message, min(message.qos, subscription.qos), encoded)

    def _can_travel(self, message: Message) -> bool:
        """Whether MQTT can carry its properties; what came over MQTT always can."""
        if message.properties is None:
            return True
        try:
            encode_properties(message.properties, props.PUBLISH)
        except OurError as error:
            self._statistics.dropped += 1
            _logger.warning("a message on %s cannot be sent: %s", message.topic, error)
            return False
        return True

    def _answer(self, message: Message) -> None:
        """To one client, whether it subscribed or not (AWS reference, section 4.2)."""
        session = self._book.find(message.receiver)
        if session is not None:
            self._send_to(session, message, message.qos, {})

    def _one_of_each_group(self, targets: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
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
            turn = next(self._turns.setdefault(key, itertools.count()))
            chosen.append(online[turn % len(online)])
        return chosen

    def left(self, topic_filter: str) -> None:
        """A member left a shared group: its turns begin anew, and none are kept for nobody."""
        if (group := share_group(topic_filter)) is not None:
            self._turns.pop((group, unshared(topic_filter)), None)

    def _send_to(
        self, session: ServerSession, message: Message, qos: int, encoded: dict[Version, bytes]
    ) -> None:
        connection = self._connections.get(session.client_id)
        if connection is not None and not self._guard.may_receive(connection, message.topic):
            return
        is_ready = connection is not None and self._is_ready(connection)
        if qos == 0:
            if connection is None:
                return
            if not is_ready:
                self._statistics.dropped += 1
                return
            data = encoded.get(session.version)
            if data is None:
                packet = Publish(message.topic, message.payload, properties=travelling(message))
                data = encoded[session.version] = encode_publish(packet, session.version)
            if not connection.fits(data):
                self._statistics.dropped += 1
                return
            connection.write(data)
            self._statistics.sent += 1
            return
        offered = Publish(message.topic, message.payload, 1, properties=travelling(message))
        until_s = expires_s(message.properties, self._clock()) if message.properties else _NEVER
        launched = session.offer(offered, is_online=is_ready, expires_s=until_s)
        if launched is not None and connection is not None:
            self._send(connection, [launched])

    def _is_ready(self, connection: Connection) -> bool:
        """Whether one more message may go out now: the client reads, and its rates allow it."""
        if connection.is_slow():
            return False
        if not self._has_rates:
            return True
        if connection.publishes is not None and not connection.publishes.take(connection.now_s):
            self._statistics.throttled += 1
            return False
        return self._rate is None or self._rate.take(self._clock())

    def may_receive(self, connection: Connection, topic: str) -> bool:
        """Whether a client's policies let it receive messages of a topic."""
        return self._guard.may_receive(connection, topic)

    def direct(self, connection: Connection, message: Message) -> Publish | None:
        """Send to one connection alone; the packet of a QoS 1 message that is on its way.

        None at QoS 0, and when it has to wait.
        """
        assert connection.session is not None
        packet = Publish(
            message.topic, message.payload, message.qos, properties=travelling(message)
        )
        launched = connection.session.offer(packet, is_online=True) if message.qos else packet
        if launched is not None:
            self._send(connection, [launched])
        return launched if message.qos else None

    def send_retained(
        self, connection: Connection, session: ServerSession, topic_filter: str
    ) -> None:
        """Only an exact topic delivers a retained message at subscription (reference, 3.5)."""
        kept = self._retained.find(topic_filter)
        if kept is None or not self._guard.may_receive(connection, topic_filter):
            return
        qos = min(kept.message.qos, session.subscriptions[topic_filter].qos)
        packet = kept.message._replace(qos=qos, retain=True)
        launched = (
            packet if qos == 0 else session.offer(packet, is_online=True, expires_s=kept.expires_s)
        )
        if launched is not None:
            self._send(connection, [launched])

    def resume(self, connection: Connection) -> None:
        """A client is back: send what its session holds."""
        assert connection.session is not None
        self._send(connection, connection.session.resume(self._clock()))

    def acknowledged(self, connection: Connection, packet_id: int) -> None:
        """A client has a message: send what waited for its place."""
        if connection.session is not None:
            self._send(connection, connection.session.acknowledged(packet_id, self._clock()))

    def go_on(self, connection: Connection) -> None:
        """Send what waited while the client was slow or over its rate."""
        session = connection.session
        if session is not None and session.queue and self._is_ready(connection):
            self._send(connection, session.drain(self._clock()))

    def _send(self, connection: Connection, packets: Sequence[Publish]) -> None:
        """Send; a packet over the client's size is as good as delivered (MQTT5-3.1.2-25)."""
        waiting = deque(packets)
        while waiting:
            packet = waiting.popleft()
            data = encode_publish(packet, connection.version)
            if connection.fits(data):
                connection.write(data)
                self._statistics.sent += 1
                continue
            self._statistics.dropped += 1
            if packet.qos and connection.session is not None:
                waiting += connection.session.acknowledged(packet.packet_id, self._clock())
