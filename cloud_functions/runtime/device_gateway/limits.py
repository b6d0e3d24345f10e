"""The broker's limits with AWS IoT's defaults (AWS reference, sections 3.3, 3.4 and 8).

Rates are off (0) by default, because a laptop's load test is one account: AWS's own figure stands
in each reaction.  `robofleet up --quota NAME=VALUE` sets any of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cloud_functions.contract.topics import MAX_TOPIC_BYTES, MAX_TOPIC_SLASHES, counted_topic


def _quota(default: Any, reaction: str) -> Any:
    """A limit with what happens at it."""
    return field(default=default, metadata={"reaction": reaction})


@dataclass(frozen=True, slots=True)
class GatewayLimits:
    """Every number the gateway enforces; change one to see what a device makes of it."""

    # ------------------------------------------------------------ packets
    topic_bytes: int = _quota(MAX_TOPIC_BYTES, "closed: 144; a filter: SUBACK 143")
    topic_slashes: int = _quota(MAX_TOPIC_SLASHES, "closed: 144; a filter: SUBACK 143")
    payload_bytes: int = _quota(131_072, "closed: 151")
    packet_bytes: int = _quota(149_504, "closed: 151")
    client_id_bytes: int = _quota(128, "CONNACK 133")
    client_packet_bytes_min: int = _quota(512, "CONNACK 151 for a smaller Maximum Packet Size")
    topic_alias_maximum: int = _quota(8, "closed: 148")
    user_properties_bytes: int = _quota(8192, "closed: 151")
    content_type_bytes: int = _quota(256, "closed: 151")
    correlation_data_bytes: int = _quota(8192, "closed: 151")
    message_expiry_s: int = _quota(604_800, "closed: 151 above it and for 0")
    receive_maximum: int = _quota(100, "unacknowledged QoS 1 in: MQTT 5 is closed with 147")
    send_maximum: int = _quota(100, "unacknowledged QoS 1 out: the rest waits")
    denied_publish_closes: bool = _quota(True, "MQTT 5; off: PUBACK 135 alone")
    denied_subscribe_closes: bool = _quota(False, "MQTT 5; off: SUBACK 135 alone")

    # ------------------------------------------------------------ connections and sessions
    connections: int = _quota(500_000, "CONNACK 151")
    sessions: int = _quota(500_000, "CONNACK 151 for a client without one")
    connect_timeout_s: float = _quota(10.0, "closed without CONNECT or TLS handshake until then")
    keep_alive_min_s: int = _quota(30, "a shorter one is taken as this")
    keep_alive_max_s: int = _quota(1200, "0 or a longer one is taken as this")
    session_expiry_s: float = _quota(3600.0, "a longer one is taken as this; AWS allows 7 days")
    web_socket_s: float = _quota(86_400.0, "closed: WEBSOCKET_TTL_EXPIRATION")
    queued_messages: int = _quota(10_000, "for one absent client: the oldest is dropped")

    # ------------------------------------------------------------ subscriptions
    subscriptions: int = _quota(50, "SUBACK 151")
    subscriptions_per_packet: int = _quota(8, "closed: 151")
    subscriptions_total: int = _quota(500_000, "SUBACK 151")
    share_name_bytes: int = _quota(128, "SUBACK 143")
    shared_groups: int = _quota(100, "SUBACK 151")
    shared_subscriptions_per_group: int = _quota(100, "SUBACK 151")

    # ------------------------------------------------------------ retained messages
    retained_messages: int = _quota(500_000, "a further one is discarded, QoS 1 unacknowledged")

    # ------------------------------------------------------------ rates, 0 is off
    publishes_per_second: float = _quota(0.0, "AWS 100 in and out a connection: discarded")
    bytes_per_second: float = _quota(0.0, "AWS 524,288 a connection: read later")
    connects_per_client_per_second: float = _quota(0.0, "AWS 1: CONNACK 151")
    connects_per_second: float = _quota(0.0, "AWS 3,000: CONNACK 151")
    subscribes_per_second: float = _quota(0.0, "AWS 3,000: SUBACK 151")
    inbound_publishes_per_second: float = _quota(0.0, "AWS 20,000: discarded, unacknowledged")
    outbound_publishes_per_second: float = _quota(0.0, "AWS 20,000: QoS 0 dropped, QoS 1 waits")
    retained_publishes_per_second: float = _quota(0.0, "AWS 500: discarded, unacknowledged")
    retained_publishes_per_topic_per_second: float = _quota(0.0, "AWS 1: discarded")

    # ------------------------------------------------------------ ours
    write_buffer_bytes: int = _quota(4 * 1024 * 1024, "unread by a client: QoS 0 dropped")
    outstanding_messages: int = _quota(20_000, "received and not durable: read no further")


def topic_is_too_long(topic: str, limits: GatewayLimits) -> bool:
    """Whether a topic or filter breaks the limits; Basic Ingest's three levels do not count."""
    counted = counted_topic(topic)
    return len(counted.encode()) > limits.topic_bytes or counted.count("/") > limits.topic_slashes


def keep_alive(asked_s: int, limits: GatewayLimits) -> int:
    """The keep-alive in force: 0 and too long become the longest, too short the shortest."""
    if asked_s == 0 or asked_s > limits.keep_alive_max_s:
        return limits.keep_alive_max_s
    return max(asked_s, limits.keep_alive_min_s)


def oversized_property(properties: Mapping[str, Any], limits: GatewayLimits) -> str | None:
    """The name of a property of a PUBLISH or will that breaks a limit, None if none does."""
    if len(properties.get("content_type", "").encode()) > limits.content_type_bytes:
        return "content_type"
    if len(properties.get("correlation_data", b"")) > limits.correlation_data_bytes:
        return "correlation_data"
    pairs = properties.get("user_property", ())
    if sum(len(k.encode()) + len(v.encode()) for k, v in pairs) > limits.user_properties_bytes:
        return "user_property"
    if not 1 <= properties.get("message_expiry_interval", 1) <= limits.message_expiry_s:
        return "message_expiry_interval"
    return None


def unsendable_text(properties: Mapping[str, Any]) -> str | None:
    """The name of a property whose text MQTT cannot carry, None if all can be sent.

    No text has a null character or half a surrogate pair (MQTT-1.5.4-1, MQTT-1.5.4-2).
    """
    for name in ("content_type", "response_topic"):
        if not _is_sendable(properties.get(name, "")):
            return name
    pairs = properties.get("user_property", ())
    return None if all(_is_sendable(k + v) for k, v in pairs) else "user_property"


def _is_sendable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= each <= "\udfff" for each in text)
