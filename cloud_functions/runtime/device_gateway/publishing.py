"""PUBLISH of clients: limits, policy, and into the inbox (AWS reference, sections 3.5, 6.2, 8)."""

from collections.abc import Callable, Mapping
from typing import Any

from cloud_functions.contract.mqtt.errors import PeerError
from cloud_functions.contract.mqtt.packets import Puback, Publish, Version
from cloud_functions.contract.mqtt.reasons import Reason
from cloud_functions.ports import Message
from cloud_functions.runtime.device_gateway.bucket import bucket
from cloud_functions.runtime.device_gateway.clients import Clients
from cloud_functions.runtime.device_gateway.connection import Connection
from cloud_functions.runtime.device_gateway.guard import Guard
from cloud_functions.runtime.device_gateway.inbox import Arrived, Inbox
from cloud_functions.runtime.device_gateway.limits import (
    GatewayLimits,
    oversized_property,
    topic_is_too_long,
)
from cloud_functions.runtime.device_gateway.ports import Action
from cloud_functions.runtime.device_gateway.presence import DisconnectReason
from cloud_functions.runtime.device_gateway.reserved import may_be_published
from cloud_functions.runtime.device_gateway.retained import RetainedMessages
from cloud_functions.runtime.device_gateway.statistics import GatewayStatistics


class Publishing:
    """Takes messages in."""

    def __init__(
        self,
        limits: GatewayLimits,
        *,
        guard: Guard,
        clients: Clients,
        inbox: Inbox,
        retained: RetainedMessages,
        statistics: GatewayStatistics,
        clock: Callable[[], float],
    ) -> None:
        self._limits = limits
        self._guard = guard
        self._clients = clients
        self._inbox = inbox
        self._retained = retained
        self._statistics = statistics
        self._clock = clock
        self._rate = bucket(limits.inbound_publishes_per_second, clock())

    def take_in(self, connection: Connection, packet: Publish) -> None:
        """A client's PUBLISH.  Raises PeerError for a topic alias that is none."""
        topic, properties = packet.topic, packet.properties
        if properties is not None and "topic_alias" in properties:
            topic = self._aliased(connection, packet)
        if packet.qos > 1:
            if connection.version == Version.V5:
                self._end(connection, Reason.QOS_NOT_SUPPORTED)
            return  # 3.1.1 gets no acknowledgement at all (reference, 8.1)
        if (broken := self._broken_limit(topic, packet)) is not None:
            self._end(connection, broken)
            return
        if not self._is_allowed(connection, topic, packet):
            return
        if self._is_over_a_rate(connection, topic, packet):
            self._statistics.throttled += 1
            return
        if packet.qos and not self._has_window(connection):
            self._end(connection, Reason.RECEIVE_MAXIMUM_EXCEEDED)
            return
        self._statistics.received += 1
        message = Message(
            topic,
            packet.payload,
            packet.qos,
            packet.retain,
            connection.client_id,
            connection.caller.principal,
            properties,
            source_ip=connection.peer[0],
        )
        self._inbox.add(Arrived(message, connection, packet.packet_id))

    def _end(self, connection: Connection, reason: Reason) -> None:
        self._clients.end(connection, DisconnectReason.CLIENT_ERROR, reason)

    def _aliased(self, connection: Connection, packet: Publish) -> str:
        alias = (packet.properties or {})["topic_alias"]
        if alias > self._limits.topic_alias_maximum:
            raise PeerError("MQTT5-3.3.2-9", f"alias {alias}", Reason.TOPIC_ALIAS_INVALID)
        if packet.topic:
            connection.aliases[alias] = packet.topic
        elif alias not in connection.aliases:
            raise PeerError("MQTT5-3.3.4", "an alias never set", Reason.PROTOCOL_ERROR)
        return connection.aliases[alias]

    # ------------------------------------------------------------ limits

    def _broken_limit(self, topic: str, packet: Publish) -> Reason | None:
        if len(packet.payload) > self._limits.payload_bytes:
            return Reason.QUOTA_EXCEEDED
        if topic_is_too_long(topic, self._limits):
            return Reason.TOPIC_NAME_INVALID
        if not may_be_published(topic, retain=packet.retain):
            return Reason.TOPIC_NAME_INVALID
        if packet.properties is not None:
            return self._broken_property(packet.properties)
        return None

    def _broken_property(self, properties: Mapping[str, Any]) -> Reason | None:
        response_topic = properties.get("response_topic", "")
        if (
            "+" in response_topic
            or "#" in response_topic
            or "subscription_identifier" in properties
        ):
            return Reason.PROTOCOL_ERROR
        return Reason.QUOTA_EXCEEDED if oversized_property(properties, self._limits) else None

    def _is_over_a_rate(self, connection: Connection, topic: str, packet: Publish) -> bool:
        if connection.publishes is not None and not connection.publishes.take(connection.now_s):
            return True
        if self._rate is not None and not self._rate.take(self._clock()):
            return True
        return packet.retain and bool(packet.payload) and not self._retained.has_room(topic)

    def _has_window(self, connection: Connection) -> bool:
        """Whether an MQTT 5 client keeps to the Receive Maximum; 3.1.1 knows of none."""
        connection.unacknowledged += 1
        return (
            connection.version == Version.V311
            or connection.unacknowledged <= self._limits.receive_maximum
        )

    # ------------------------------------------------------------ policy

    def _is_allowed(self, connection: Connection, topic: str, packet: Publish) -> bool:
        """Whether policies let it pass; if not, the client is told as AWS IoT does."""
        allows = self._guard.allows
        if allows(connection, Action.PUBLISH, topic) and (
            not packet.retain or allows(connection, Action.RETAIN, topic)
        ):
            return True
        is_5 = connection.version == Version.V5
        if is_5 and packet.qos:
            connection.send(Puback(packet.packet_id, Reason.NOT_AUTHORIZED))
        if not is_5 or self._limits.denied_publish_closes:
            self._clients.end(connection, DisconnectReason.FORBIDDEN, Reason.NOT_AUTHORIZED)
        return False
