"""The broker's limits with AWS IoT's defaults (AWS reference, sections 3.3, 3.4 and 8)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GatewayLimits:
    """Every number the gateway enforces; change one to see what a device makes of it."""

    topic_bytes: int = 256
    topic_slashes: int = 7
    payload_bytes: int = 131_072
    packet_bytes: int = 149_504
    client_id_bytes: int = 128
    keep_alive_min_s: int = 30
    keep_alive_max_s: int = 1200
    session_expiry_s: float = 3600.0
    receive_maximum: int = 100
    topic_alias_maximum: int = 8
    subscriptions: int = 50
    subscriptions_per_packet: int = 8
    queued_messages: int = 10_000
    retained_messages: int = 500_000
    write_buffer_bytes: int = 4 * 1024 * 1024
    """A consumer that leaves more than this unread loses QoS 0 messages; QoS 1 ones wait."""
    connect_timeout_s: float = 10.0
    outstanding_messages: int = 20_000
    """Received and not yet durable; above this the gateway reads no further."""


def topic_is_too_long(topic: str, limits: GatewayLimits) -> bool:
    """Whether a topic or filter breaks the limits; Basic Ingest's three levels do not count."""
    counted = topic.split("/", 3)[-1] if topic.startswith("$aws/rules/") else topic
    return len(counted.encode()) > limits.topic_bytes or counted.count("/") > limits.topic_slashes


def keep_alive(asked_s: int, limits: GatewayLimits) -> int:
    """The keep-alive in force: 0 and too long become the longest, too short the shortest."""
    if asked_s == 0 or asked_s > limits.keep_alive_max_s:
        return limits.keep_alive_max_s
    return max(asked_s, limits.keep_alive_min_s)
