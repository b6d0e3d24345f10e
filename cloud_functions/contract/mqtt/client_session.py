"""The client's side of an MQTT connection, without I/O.

Theory of operation.  A session is NEW until `connect` has written CONNECT, CONNECTING until
CONNACK, then CONNECTED, and CLOSED after DISCONNECT, a refused CONNACK or a breach of protocol.
`lost` takes it back to NEW and keeps what MQTT keeps: QoS 1 messages not yet acknowledged, which
go out again with DUP if the broker still has the session, and as new messages if it has not.
Bytes go in by `receive`, bytes to send come out of `data_to_send`, time comes in as `now_s`.

The rule that is easy to break: at most the broker's Receive Maximum of QoS 1 messages may be on
their way; the rest wait in a queue with a limit.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeAlias

from cloud_functions.contract.mqtt.decode import Decoder
from cloud_functions.contract.mqtt.encode import encode, encode_publish
from cloud_functions.contract.mqtt.errors import OurError, PeerError
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
    Subscription,
    Unsuback,
    Unsubscribe,
)
from cloud_functions.contract.mqtt.properties import Properties
from cloud_functions.contract.mqtt.reasons import FAILURE, Reason


class State(StrEnum):
    """Where a connection is in its life."""

    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    CLOSED = "closed"


LEGAL: Final[Mapping[State, frozenset[type]]] = {
    State.NEW: frozenset(),
    State.CONNECTING: frozenset({Connack}),
    State.CONNECTED: frozenset({Publish, Puback, Suback, Unsuback, Pingresp, Disconnect}),
    State.CLOSED: frozenset(),
}
"""Which packets the broker may send in which state."""


class Connected(NamedTuple):
    """The broker took us in."""

    session_present: bool
    properties: Properties | None


class Refused(NamedTuple):
    """The broker did not: its reason or 3.1.1 return code."""

    reason: int


class Received(NamedTuple):
    """A message; acknowledge one of QoS 1 by its `packet_id` when it is safe."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    dup: bool
    packet_id: int
    properties: Properties | None


class Acknowledged(NamedTuple):
    """A QoS 1 message has arrived at the broker; `handle` is what `publish` returned."""

    handle: int
    reason: int


class Subscribed(NamedTuple):
    """The broker's answer to a SUBSCRIBE, one reason a filter."""

    packet_id: int
    reasons: Sequence[int]


class Unsubscribed(NamedTuple):
    """The broker's answer to an UNSUBSCRIBE."""

    packet_id: int


class Closed(NamedTuple):
    """The connection is at its end; `reason` as the broker said it."""

    reason: int


Event: TypeAlias = (
    Connected | Refused | Received | Acknowledged | Subscribed | Unsubscribed | Closed
)


class QueueFull(Exception):
    """More messages wait than the session may hold."""


_MAX_ID: Final = 65_535
_DEFAULT_RECEIVE_MAXIMUM: Final = 65_535
_MAX_ALIASES: Final = 8
DEFAULT_MAX_QUEUED: Final = 1000


class ClientSession:
    """One client, over as many connections as it takes.

    `inflight_maximum` bounds unacknowledged QoS 1 messages below what the broker allows.
    """

    __slots__ = (
        "_aliases",
        "_decoder",
        "_heard_s",
        "_inflight",
        "_inflight_maximum",
        "_keep_alive_s",
        "_max_queued",
        "_next_id",
        "_out",
        "_ping_sent_s",
        "_queue",
        "_sent_s",
        "_window",
        "connect_packet",
        "state",
    )

    def __init__(
        self,
        connect: Connect,
        *,
        inflight_maximum: int = _DEFAULT_RECEIVE_MAXIMUM,
        max_queued: int = DEFAULT_MAX_QUEUED,
        max_packet_bytes: int = 1 << 20,
    ) -> None:
        self.connect_packet = connect
        self.state = State.NEW
        self._decoder = Decoder(connect.version, max_packet_bytes)
        self._out: list[bytes] = []
        self._inflight: dict[int, Publish] = {}
        self._queue: dict[int, Publish] = {}
        self._inflight_maximum = inflight_maximum
        self._window = inflight_maximum
        self._max_queued = max_queued
        self._next_id = 1
        self._aliases: dict[int, str] | None = None
        self._keep_alive_s = float(connect.keep_alive_s)
        self._sent_s = self._heard_s = 0.0
        self._ping_sent_s: float | None = None

    @property
    def unacknowledged(self) -> int:
        """QoS 1 messages on their way or waiting."""
        return len(self._inflight) + len(self._queue)

    # ------------------------------------------------------------ what the caller asks

    def connect(self, now_s: float) -> None:
        """Open a new connection.  Raises OurError if one is open."""
        if self.state not in (State.NEW, State.CLOSED):
            raise OurError("MQTT-3.1.0-2", f"CONNECT while {self.state}")
        packet = self.connect_packet
        self._decoder = Decoder(packet.version, self._decoder.max_packet_bytes)
        self._out.clear()
        self._aliases = None
        self._ping_sent_s = None
        self.state = State.CONNECTING
        self._sent_s = self._heard_s = now_s
        self._out.append(encode(packet, packet.version))

    def lost(self) -> None:
        """The connection is gone; what MQTT keeps is kept for the next."""
        self.state = State.NEW
        self._out.clear()

    def subscribe(self, subscriptions: Sequence[Subscription]) -> int:
        """Ask to hear of topics; the packet id that `Subscribed` will carry."""
        self._demand_connected("SUBSCRIBE")
        packet_id = self._free_id()
        self._out.append(encode(Subscribe(packet_id, subscriptions), self.connect_packet.version))
        return packet_id

    def unsubscribe(self, topic_filters: Sequence[str]) -> int:
        """Ask to hear no more; the packet id that `Unsubscribed` will carry."""
        self._demand_connected("UNSUBSCRIBE")
        packet_id = self._free_id()
        packet = Unsubscribe(packet_id, topic_filters)
        self._out.append(encode(packet, self.connect_packet.version))
        return packet_id

    def publish(
        self,
        topic: str,
        payload: bytes,
        qos: int = 0,
        *,
        retain: bool = False,
        properties: Properties | None = None,
    ) -> int:
        """Send a message, at QoS 1 when the window allows; the handle, 0 at QoS 0.

        A QoS 0 message without a connection is dropped, a QoS 1 message waits.
        Raises QueueFull when too many wait.
        """
        if qos == 0:
            if self.state is State.CONNECTED:
                packet = Publish(topic, payload, 0, retain, properties=properties)
                self._out.append(encode_publish(packet, self.connect_packet.version))
            return 0
        if len(self._queue) >= self._max_queued:
            raise QueueFull(f"{self._max_queued} messages wait")
        handle = self._free_id()
        packet = Publish(topic, payload, 1, retain, packet_id=handle, properties=properties)
        if self.state is State.CONNECTED and len(self._inflight) < self._window:
            self._send_qos_1(handle, packet)
        else:
            self._queue[handle] = packet
        return handle

    def acknowledge(self, packet_id: int) -> None:
        """Confirm a received QoS 1 message; nothing happens on a connection that is gone."""
        if self.state is State.CONNECTED:
            self._out.append(b"\x40\x02" + packet_id.to_bytes(2, "big"))

    def disconnect(self, reason: int = 0) -> None:
        """Say goodbye; the broker forgets the will."""
        if self.state is State.CONNECTED:
            self._out.append(encode(Disconnect(reason), self.connect_packet.version))
        self.state = State.CLOSED

    def data_to_send(self) -> bytes:
        """Everything that should go to the broker now; each byte is handed out once."""
        if not self._out:
            return b""
        data = b"".join(self._out)
        self._out.clear()
        return data

    def tick(self, now_s: float) -> bool:
        """Ping when it is time; False when the broker has been silent for too long."""
        if self.state is State.CONNECTING:
            return now_s - self._sent_s < max(self._keep_alive_s, 10.0)
        if self.state is not State.CONNECTED or not self._keep_alive_s:
            return True
        if self._ping_sent_s is not None:
            return now_s - self._ping_sent_s < self._keep_alive_s
        if now_s - self._sent_s >= self._keep_alive_s:
            self._out.append(encode(Pingreq(), self.connect_packet.version))
            self._ping_sent_s = self._sent_s = now_s
        return True

    def sent(self, now_s: float) -> None:
        """Bytes have just gone out: the next ping may wait."""
        self._sent_s = now_s

    def next_tick_s(self) -> float:
        """When `tick` should be called at the latest."""
        return self._sent_s + (self._keep_alive_s or 3600.0)

    # ------------------------------------------------------------ what the broker says

    def receive(self, data: bytes, now_s: float) -> list[Event]:
        """What the bytes mean.  Raises PeerError when they break the protocol."""
        self._heard_s = now_s
        events: list[Event] = []
        try:
            for packet in self._decoder.feed(data):
                if type(packet) is Publish and self.state is State.CONNECTED:
                    events.append(self._received(packet))
                else:
                    self._take_in(packet, events)
        except PeerError:
            self.state = State.CLOSED
            raise
        return events

    def _take_in(self, packet: Packet, events: list[Event]) -> None:
        if type(packet) not in LEGAL[self.state]:
            raise PeerError(
                "MQTT-4.13",
                f"{type(packet).__name__} while {self.state}",
                Reason.PROTOCOL_ERROR,
            )
        match packet:
            case Puback():
                self._puback(packet, events)
            case Connack():
                events.append(self._connack(packet))
            case Suback():
                events.append(Subscribed(packet.packet_id, packet.reasons))
            case Unsuback():
                events.append(Unsubscribed(packet.packet_id))
            case Pingresp():
                self._ping_sent_s = None
            case Disconnect():
                self.state = State.CLOSED
                events.append(Closed(packet.reason))

    def _connack(self, packet: Connack) -> Event:
        if packet.reason:
            self.state = State.CLOSED
            return Refused(packet.reason)
        said = packet.properties or {}
        self.state = State.CONNECTED
        self._keep_alive_s = float(said.get("server_keep_alive", self.connect_packet.keep_alive_s))
        allowed = said.get("receive_maximum", _DEFAULT_RECEIVE_MAXIMUM)
        self._window = min(allowed, self._inflight_maximum)
        self._resume(session_present=packet.session_present)
        return Connected(packet.session_present, packet.properties)

    def _resume(self, *, session_present: bool) -> None:
        """Send again what was on its way: the same message with DUP, or a new one."""
        waiting, self._inflight = self._inflight, {}
        for handle, packet in waiting.items():
            self._send_qos_1(handle, packet._replace(dup=session_present))
        self._fill_window()

    def _received(self, packet: Publish) -> Received:
        topic = packet.topic
        properties = packet.properties
        if properties is not None and "topic_alias" in properties:
            topic = self._aliased(topic, properties)
        return Received(
            topic,
            packet.payload,
            packet.qos,
            packet.retain,
            packet.dup,
            packet.packet_id,
            properties,
        )

    def _aliased(self, topic: str, properties: Mapping[str, Any]) -> str:
        alias = properties["topic_alias"]
        allowed = (self.connect_packet.properties or {}).get("topic_alias_maximum", 0)
        if alias > min(allowed, _MAX_ALIASES):
            raise PeerError("MQTT5-3.3.2-9", f"alias {alias}", Reason.TOPIC_ALIAS_INVALID)
        if self._aliases is None:
            self._aliases = {}
        if topic:
            self._aliases[alias] = topic
        elif alias not in self._aliases:
            raise PeerError("MQTT5-3.3.4", "an alias that was never set", Reason.PROTOCOL_ERROR)
        return self._aliases[alias]

    def _puback(self, packet: Puback, events: list[Event]) -> None:
        if self._inflight.pop(packet.packet_id, None) is None:
            return  # of an earlier connection
        events.append(Acknowledged(packet.packet_id, packet.reason))
        if self._queue:
            self._fill_window()

    def _fill_window(self) -> None:
        while self._queue and len(self._inflight) < self._window:
            handle = next(iter(self._queue))
            self._send_qos_1(handle, self._queue.pop(handle))

    def _send_qos_1(self, handle: int, packet: Publish) -> None:
        self._inflight[handle] = packet
        self._out.append(encode_publish(packet, self.connect_packet.version))

    def _free_id(self) -> int:
        """The next packet id that is not on its way.  Raises QueueFull when all are."""
        if len(self._inflight) + len(self._queue) >= _MAX_ID:
            raise QueueFull("all packet ids are in use")
        candidate = self._next_id
        while candidate in self._inflight or candidate in self._queue:
            candidate = candidate % _MAX_ID + 1
        self._next_id = candidate % _MAX_ID + 1
        return candidate

    def _demand_connected(self, what: str) -> None:
        if self.state is not State.CONNECTED:
            raise OurError("MQTT-3.1.0-1", f"{what} while {self.state}")


def is_failure(reason: int) -> bool:
    """Whether a reason of SUBACK or PUBACK means no."""
    return reason >= FAILURE
