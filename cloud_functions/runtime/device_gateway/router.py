"""Brings a message to all who subscribed to it."""

import itertools
from collections.abc import Mapping, Sequence

from cloud_functions.contract.mqtt.encode import encode_publish
from cloud_functions.contract.mqtt.packets import Publish, Version
from cloud_functions.contract.mqtt.server_session import ServerSession
from cloud_functions.contract.mqtt.topic_filter import share_group, unshared
from cloud_functions.ports import Message
from cloud_functions.runtime.device_gateway.connection import Connection
from cloud_functions.runtime.device_gateway.ports import Action, Authorizer
from cloud_functions.runtime.device_gateway.retained import RetainedMessages, travelling
from cloud_functions.runtime.device_gateway.session_book import SessionBook
from cloud_functions.runtime.device_gateway.statistics import GatewayStatistics


class Router:
    """Knows who is connected (`connections`, by client id) and who subscribed to what."""

    def __init__(
        self,
        book: SessionBook,
        retained: RetainedMessages,
        authorizer: Authorizer,
        connections: Mapping[str, Connection],
        statistics: GatewayStatistics,
    ) -> None:
        self._book = book
        self._retained = retained
        self._authorizer = authorizer
        self._connections = connections
        self._statistics = statistics
        self._turns: dict[tuple[str, str], itertools.count[int]] = {}

    def route(self, message: Message) -> None:
        """Keep it if it is to be retained; send it, or let it wait in sessions, once each."""
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
        if connection is not None and not self._may_receive(connection, message.topic):
            return
        if qos == 0:
            if connection is None:
                return
            if connection.is_slow():
                self._statistics.dropped += 1
                return
            data = encoded.get(session.version)
            if data is None:
                packet = Publish(message.topic, message.payload, properties=travelling(message))
                data = encoded[session.version] = encode_publish(packet, session.version)
            connection.write(data)
            self._statistics.sent += 1
            return
        offered = Publish(message.topic, message.payload, 1, properties=travelling(message))
        is_ready = connection is not None and not connection.is_slow()
        launched = session.offer(offered, is_online=is_ready)
        if launched is not None and connection is not None:
            self._send(connection, launched)

    def send_retained(
        self, connection: Connection, session: ServerSession, topic_filter: str
    ) -> None:
        """Only an exact topic delivers a retained message at subscription (reference, 3.5)."""
        kept = self._retained.find(topic_filter)
        if kept is None or not self._may_receive(connection, topic_filter):
            return
        qos = min(kept.qos, session.subscriptions[topic_filter].qos)
        packet = kept._replace(qos=qos, retain=True)
        launched = packet if qos == 0 else session.offer(packet, is_online=True)
        if launched is not None:
            self._send(connection, launched)

    def acknowledged(self, connection: Connection, packet_id: int) -> None:
        """A client has a message: send what waited for its place."""
        if connection.session is not None:
            for launched in connection.session.acknowledged(packet_id):
                self._send(connection, launched)

    def _send(self, connection: Connection, packet: Publish) -> None:
        connection.send(packet)
        self._statistics.sent += 1

    def _may_receive(self, connection: Connection, topic: str) -> bool:
        return self._authorizer.allows(
            connection.principal, connection.client_id, Action.RECEIVE, topic
        )
