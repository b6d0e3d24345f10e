"""CONNECT: who is let in, which session goes on, what CONNACK says (AWS reference, section 3)."""

import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from cloud_functions.contract.mqtt.packets import Connack, Connect, Version, Will
from cloud_functions.contract.mqtt.reasons import Reason
from cloud_functions.contract.mqtt.server_session import ServerSession
from cloud_functions.policies import keys
from cloud_functions.policies.request import ARN_PREFIX, values_of
from cloud_functions.runtime.device_gateway import presence
from cloud_functions.runtime.device_gateway.bucket import bucket
from cloud_functions.runtime.device_gateway.clients import Clients
from cloud_functions.runtime.device_gateway.connection import Connection
from cloud_functions.runtime.device_gateway.guard import Guard
from cloud_functions.runtime.device_gateway.inbox import Inbox
from cloud_functions.runtime.device_gateway.limits import (
    GatewayLimits,
    keep_alive,
    oversized_property,
    topic_is_too_long,
)
from cloud_functions.runtime.device_gateway.ports import Action, Caller
from cloud_functions.runtime.device_gateway.presence import DisconnectReason
from cloud_functions.runtime.device_gateway.reserved import may_be_published
from cloud_functions.runtime.device_gateway.router import Router
from cloud_functions.runtime.device_gateway.session_book import SessionBook
from cloud_functions.runtime.device_gateway.statistics import GatewayStatistics
from cloud_functions.runtime.device_gateway.wills import Wills

_AUTHENTICATION: Final = "authentication_method"


class Connecting:
    """Takes clients in, or refuses them."""

    def __init__(
        self,
        limits: GatewayLimits,
        *,
        guard: Guard,
        clients: Clients,
        book: SessionBook,
        wills: Wills,
        router: Router,
        inbox: Inbox,
        statistics: GatewayStatistics,
        clock: Callable[[], float],
    ) -> None:
        self._limits = limits
        self._guard = guard
        self._clients = clients
        self._book = book
        self._wills = wills
        self._router = router
        self._inbox = inbox
        self._statistics = statistics
        self._clock = clock
        self._rate = bucket(limits.connects_per_second, clock())
        self._last_s: dict[str, float] = {}

    def take_in(self, connection: Connection, packet: Connect) -> None:
        """A client's CONNECT."""
        connection.client_id = packet.client_id or str(uuid.uuid4())
        refusal = self._refusal(connection, packet)
        if refusal:
            self._statistics.refused += 1
            connection.send(Connack(reason=refusal))
            if refusal == Reason.NOT_AUTHORIZED:
                connection.session_identifier = uuid.uuid4().hex
                self._inbox.tell(presence.connect_failed(connection, self._clock()))
            connection.close()
            return
        client_id = connection.client_id
        if (older := self._clients.by_id.get(client_id)) is not None:
            self._clients.end(
                older, DisconnectReason.DUPLICATE_CLIENT_ID, Reason.SESSION_TAKEN_OVER
            )
        session, present = self._book.open(client_id, packet)
        if present:
            self._wills.withdraw(client_id)
        else:
            self._wills.release(client_id)
        self._furnish(connection, packet, session)
        self._clients.join(connection)
        self._statistics.connects += 1
        connection.send(Connack(present, 0, self._connack_properties(packet, session)))
        self._router.resume(connection)
        self._clients.tell_joined(connection)

    def _furnish(self, connection: Connection, packet: Connect, session: ServerSession) -> None:
        said = packet.properties or {}
        connection.session = session
        connection.session_identifier = uuid.uuid4().hex
        connection.connected_s = self._clock()
        connection.clean_start = packet.clean_start
        connection.will = packet.will
        connection.keep_alive_s = keep_alive(packet.keep_alive_s, self._limits)
        connection.packet_bytes = said.get("maximum_packet_size", 0)
        thing, is_exclusive = self._guard.authorizer.thing_of(connection.caller)
        connection.thing, connection.exclusive_thing = thing, thing if is_exclusive else ""

    # ------------------------------------------------------------ refusals

    def _refusal(self, connection: Connection, packet: Connect) -> int:
        """The reason to refuse a CONNECT, 0 for none."""
        limits, said = self._limits, packet.properties or {}
        if len(packet.client_id.encode()) > limits.client_id_bytes:
            return Reason.CLIENT_ID_NOT_VALID
        if not packet.client_id and not packet.clean_start and packet.version == Version.V311:
            return Reason.CLIENT_ID_NOT_VALID
        if _AUTHENTICATION in said:
            return (
                Reason.UNSPECIFIED
            )  # enhanced authentication does not exist there (reference, 8.1)
        if said.get("maximum_packet_size", limits.client_packet_bytes_min) < (
            limits.client_packet_bytes_min
        ):
            return Reason.QUOTA_EXCEEDED
        if not self._has_room_for(connection.client_id):
            self._statistics.throttled += 1
            return Reason.QUOTA_EXCEEDED
        if not self._identify(connection) or not self._may_connect(connection, packet):
            return Reason.NOT_AUTHORIZED
        return 0 if packet.will is None else self._will_refusal(connection, packet.will)

    def _has_room_for(self, client_id: str) -> bool:
        """Whether the limits leave room for one more, and it does not come too often."""
        now_s, limits = self._clock(), self._limits
        if len(self._clients.by_id) >= limits.connections:
            return False
        if not self._book.has_room_for(client_id):
            return False
        if self._rate is not None and not self._rate.take(now_s):
            return False
        if not limits.connects_per_client_per_second:
            return True
        last_s = self._last_s.get(client_id, -math.inf)
        self._last_s[client_id] = now_s
        return now_s - last_s >= 1 / limits.connects_per_client_per_second

    def _identify(self, connection: Connection) -> bool:
        """Find out who it is: the door says it, or the certificate."""
        door, client_id, ip_address = connection.door, connection.client_id, connection.peer[0]
        if door.principal:
            connection.caller = Caller(door.principal, client_id, ip_address, is_free=True)
            return True
        certificate_id = connection.certificate_id or ""
        connection.caller = Caller(certificate_id, client_id, ip_address)
        if door.refusal:
            self._guard.turn_away(connection, door.refusal)
            return False
        if not certificate_id or self._guard.authorizer.authenticate(certificate_id) is None:
            self._guard.turn_away(connection, "the certificate is not registered and ACTIVE")
            return False
        return True

    def _may_connect(self, connection: Connection, packet: Connect) -> bool:
        said = packet.properties or {}
        stays = (
            not packet.clean_start
            if packet.version == Version.V311
            else said.get("session_expiry_interval", 0) > 0
        )
        attributes = [keys.PERSISTENT_CONNECT] if stays else []
        asked: dict[str, Sequence[str]] = {keys.CONNECT_ATTRIBUTES: attributes}
        if packet.will is not None:
            attributes.append(keys.LAST_WILL)
            asked[keys.LAST_WILL_TOPIC] = [f"{ARN_PREFIX}topic/{packet.will.topic}"]
        more: Mapping[str, Sequence[str]] = values_of(asked)
        return self._guard.allows(connection, Action.CONNECT, connection.client_id, more)

    def _will_refusal(self, connection: Connection, will: Will) -> int:
        topic, limits = will.topic, self._limits
        if will.qos > 1:
            return Reason.QOS_NOT_SUPPORTED
        if topic_is_too_long(topic, limits) or not may_be_published(topic, retain=will.retain):
            return Reason.TOPIC_NAME_INVALID
        if len(will.payload) > limits.payload_bytes or oversized_property(
            will.properties or {}, limits
        ):
            return Reason.QUOTA_EXCEEDED
        if not self._guard.allows(connection, Action.PUBLISH, topic):
            return Reason.NOT_AUTHORIZED
        if will.retain and not self._guard.allows(connection, Action.RETAIN, topic):
            return Reason.NOT_AUTHORIZED
        return 0

    # ------------------------------------------------------------ what CONNACK says

    def _connack_properties(
        self, packet: Connect, session: ServerSession
    ) -> dict[str, object] | None:
        if packet.version == Version.V311:
            return None
        properties: dict[str, object] = {
            "session_expiry_interval": int(session.expiry_s),
            "receive_maximum": self._limits.receive_maximum,
            "maximum_qos": 1,
            "retain_available": 1,
            "maximum_packet_size": self._limits.packet_bytes,
            "topic_alias_maximum": self._limits.topic_alias_maximum,
            "wildcard_subscription_available": 1,
            "subscription_identifier_available": 0,
            "shared_subscription_available": 1,
        }
        if not packet.client_id:
            properties["assigned_client_identifier"] = session.client_id
        in_force = keep_alive(packet.keep_alive_s, self._limits)
        if in_force != packet.keep_alive_s:
            properties["server_keep_alive"] = in_force
        return properties

    def expire(self, now_s: float) -> None:
        """Forget when clients connected that did so long enough ago."""
        rate = self._limits.connects_per_client_per_second
        if rate:
            over = [each for each, last_s in self._last_s.items() if now_s - last_s >= 1 / rate]
            for client_id in over:
                del self._last_s[client_id]
