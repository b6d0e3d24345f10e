"""SUBSCRIBE and UNSUBSCRIBE: limits, policy, the answer when it is on disk, retained messages."""

import asyncio
from collections.abc import Callable
from typing import Final

from cloud_functions.contract.mqtt.packets import (
    Suback,
    Subscribe,
    Subscription,
    Unsuback,
    Unsubscribe,
    Version,
)
from cloud_functions.contract.mqtt.reasons import Reason
from cloud_functions.contract.mqtt.server_session import ServerSession
from cloud_functions.contract.mqtt.topic_filter import (
    InvalidTopicFilter,
    share_group,
    unshared,
    validate_filter,
)
from cloud_functions.runtime.device_gateway import presence
from cloud_functions.runtime.device_gateway.bucket import bucket
from cloud_functions.runtime.device_gateway.clients import Clients
from cloud_functions.runtime.device_gateway.connection import Connection
from cloud_functions.runtime.device_gateway.diary import Diary
from cloud_functions.runtime.device_gateway.guard import Guard
from cloud_functions.runtime.device_gateway.inbox import Inbox
from cloud_functions.runtime.device_gateway.limits import GatewayLimits, topic_is_too_long
from cloud_functions.runtime.device_gateway.ports import Action
from cloud_functions.runtime.device_gateway.presence import DisconnectReason
from cloud_functions.runtime.device_gateway.router import Router
from cloud_functions.runtime.device_gateway.session_book import SessionBook

_ALWAYS: Final = 0
_IF_NEW: Final = 1
"""Retain handling of MQTT 5: with every subscription, with a new one, or (2) never."""


class Subscribing:
    """Takes subscriptions in."""

    def __init__(
        self,
        limits: GatewayLimits,
        *,
        guard: Guard,
        clients: Clients,
        book: SessionBook,
        router: Router,
        inbox: Inbox,
        diary: Diary,
        clock: Callable[[], float],
    ) -> None:
        self._limits = limits
        self._guard = guard
        self._clients = clients
        self._book = book
        self._router = router
        self._inbox = inbox
        self._diary = diary
        self._clock = clock
        self._rate = bucket(limits.subscribes_per_second, clock())

    def subscribe(self, connection: Connection, packet: Subscribe) -> None:
        """A client's SUBSCRIBE."""
        session = connection.session
        assert session is not None
        if (breach := self._breach(packet)) is not None:
            self._clients.end(connection, DisconnectReason.CLIENT_ERROR, breach)
            return
        is_5 = connection.version == Version.V5
        if not is_5 and any(each.qos > 1 for each in packet.subscriptions):
            return  # no acknowledgement at all (reference, 8.1)
        is_late = self._rate is not None and not self._rate.take(self._clock())
        reasons: list[int] = []
        granted: list[tuple[Subscription, bool]] = []
        for asked in packet.subscriptions:
            refusal = self._refusal(connection, session, asked.topic_filter, is_late=is_late)
            if refusal == Reason.NOT_AUTHORIZED and (
                not is_5 or self._limits.denied_subscribe_closes
            ):
                self._clients.end(connection, DisconnectReason.FORBIDDEN, Reason.NOT_AUTHORIZED)
                return
            if not refusal:
                subscription = asked._replace(qos=min(asked.qos, 1))
                granted.append((subscription, self._book.subscribe(session, subscription)))
            reasons.append(refusal or min(asked.qos, 1))
        self._when_saved(connection, Suback(packet.packet_id, reasons))
        for subscription, is_new in granted:
            handling = subscription.retain_handling
            if handling == _ALWAYS or (handling == _IF_NEW and is_new):
                self._router.send_retained(connection, session, subscription.topic_filter)
        if granted:
            filters = [subscription.topic_filter for subscription, _ in granted]
            self._inbox.tell(presence.subscribed(connection, "subscribed", filters, self._clock()))

    def unsubscribe(self, connection: Connection, packet: Unsubscribe) -> None:
        """A client's UNSUBSCRIBE."""
        session = connection.session
        assert session is not None
        for topic_filter in packet.topic_filters:
            if self._book.unsubscribe(session, topic_filter):
                self._router.left(topic_filter)
        reasons = [_unsuback_reason(each) for each in packet.topic_filters]
        self._when_saved(connection, Unsuback(packet.packet_id, reasons))
        event = presence.subscribed(connection, "unsubscribed", packet.topic_filters, self._clock())
        self._inbox.tell(event)

    def _breach(self, packet: Subscribe) -> Reason | None:
        """What about the packet as a whole ends the connection, None if nothing does."""
        if (packet.properties or {}).get("subscription_identifier"):
            return Reason.SUBSCRIPTION_IDS_NOT_SUPPORTED
        if len(packet.subscriptions) > self._limits.subscriptions_per_packet:
            return Reason.QUOTA_EXCEEDED
        for each in packet.subscriptions:
            if each.no_local and share_group(each.topic_filter) is not None:
                return Reason.PROTOCOL_ERROR  # MQTT5-3.8.3-4
        return None

    def _refusal(
        self, connection: Connection, session: ServerSession, topic_filter: str, *, is_late: bool
    ) -> int:
        """The reason to refuse one filter, 0 for none."""
        try:
            validate_filter(topic_filter)
        except InvalidTopicFilter:
            return Reason.TOPIC_FILTER_INVALID
        group, plain = share_group(topic_filter), unshared(topic_filter)
        if topic_is_too_long(plain, self._limits):
            return Reason.TOPIC_FILTER_INVALID
        if group is not None and len(group.encode()) > self._limits.share_name_bytes:
            return Reason.TOPIC_FILTER_INVALID
        if is_late or not self._book.room_for(session, topic_filter):
            return Reason.QUOTA_EXCEEDED
        if not self._guard.allows(connection, Action.SUBSCRIBE, plain):
            return Reason.NOT_AUTHORIZED
        return 0

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


def _unsuback_reason(topic_filter: str) -> int:
    """Success, whether there was a subscription or not: 17 is not among AWS's (reference, 8.1)."""
    try:
        validate_filter(topic_filter)
    except InvalidTopicFilter:
        return Reason.TOPIC_FILTER_INVALID
    return Reason.SUCCESS
