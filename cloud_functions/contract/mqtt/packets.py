"""The packets of MQTT 3.1.1 and 5 as values.

The same types serve both versions; what only MQTT 5 has (properties, reason codes) is empty in
3.1.1.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple, TypeAlias

from cloud_functions.contract.mqtt.properties import Properties


class Version(IntEnum):
    """The protocol level in CONNECT."""

    V311 = 4
    V5 = 5


class Will(NamedTuple):
    """What the broker publishes when the client is lost."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    properties: Properties | None = None


class Connect(NamedTuple):
    """The first packet of a client."""

    client_id: str
    version: Version = Version.V5
    clean_start: bool = True
    keep_alive_s: int = 60
    username: str | None = None
    password: bytes | None = None
    will: Will | None = None
    properties: Properties | None = None


class Connack(NamedTuple):
    """The broker's answer to CONNECT; `reason` is a return code in 3.1.1."""

    session_present: bool = False
    reason: int = 0
    properties: Properties | None = None


class Publish(NamedTuple):
    """A message; `packet_id` is 0 at QoS 0."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    dup: bool = False
    packet_id: int = 0
    properties: Properties | None = None


class Puback(NamedTuple):
    """A QoS 1 message has arrived."""

    packet_id: int
    reason: int = 0
    properties: Properties | None = None


class Pubrec(NamedTuple):
    """A QoS 2 message has arrived."""

    packet_id: int
    reason: int = 0
    properties: Properties | None = None


class Pubrel(NamedTuple):
    """A QoS 2 message may be let go."""

    packet_id: int
    reason: int = 0
    properties: Properties | None = None


class Pubcomp(NamedTuple):
    """A QoS 2 message has been let go."""

    packet_id: int
    reason: int = 0
    properties: Properties | None = None


class Subscription(NamedTuple):
    """A topic filter with its options; those after `qos` exist in MQTT 5 only."""

    topic_filter: str
    qos: int = 0
    no_local: bool = False
    retain_as_published: bool = False
    retain_handling: int = 0


class Subscribe(NamedTuple):
    """A wish to hear of topics."""

    packet_id: int
    subscriptions: Sequence[Subscription]
    properties: Properties | None = None


class Suback(NamedTuple):
    """One reason for each filter of a SUBSCRIBE: the QoS granted, or a failure."""

    packet_id: int
    reasons: Sequence[int]
    properties: Properties | None = None


class Unsubscribe(NamedTuple):
    """A wish to hear no more."""

    packet_id: int
    topic_filters: Sequence[str]
    properties: Properties | None = None


class Unsuback(NamedTuple):
    """The answer to UNSUBSCRIBE; without reasons in 3.1.1."""

    packet_id: int
    reasons: Sequence[int] = ()
    properties: Properties | None = None


class Pingreq(NamedTuple):
    """A sign of life, which wants an answer."""


class Pingresp(NamedTuple):
    """The answer to PINGREQ."""


class Disconnect(NamedTuple):
    """The last packet; only a client sends it in 3.1.1."""

    reason: int = 0
    properties: Properties | None = None


class Auth(NamedTuple):
    """A step of enhanced authentication (MQTT 5)."""

    reason: int = 0
    properties: Properties | None = None


Packet: TypeAlias = (
    Connect
    | Connack
    | Publish
    | Puback
    | Pubrec
    | Pubrel
    | Pubcomp
    | Subscribe
    | Suback
    | Unsubscribe
    | Unsuback
    | Pingreq
    | Pingresp
    | Disconnect
    | Auth
)
