"""Bytes to packets.

A `Decoder` keeps what is left of an unfinished packet, at most the maximum packet size, and
refuses a packet by its announced length before it takes any memory for it.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from cloud_functions.contract.mqtt import properties as props
from cloud_functions.contract.mqtt.errors import PeerError
from cloud_functions.contract.mqtt.packets import (
    Auth,
    Connack,
    Connect,
    Disconnect,
    Packet,
    Pingreq,
    Pingresp,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    Subscribe,
    Subscription,
    Unsuback,
    Unsubscribe,
    Version,
    Will,
)
from cloud_functions.contract.mqtt.properties import decode_properties
from cloud_functions.contract.mqtt.reasons import Reason
from cloud_functions.contract.mqtt.wire import Reader

DEFAULT_MAX_PACKET_BYTES: Final = 268_435_460
_MAX_LENGTH_BYTES: Final = 4
_MAX_QOS: Final = 2
_MAX_FILTERS: Final = 1024
"""Far above any SUBSCRIBE of use; the broker's own limit is lower."""


class Decoder:
    """Cuts a stream of bytes into packets.

    `version` None means the first packet must be CONNECT and tells it.
    """

    __slots__ = ("_buffer", "max_packet_bytes", "version")

    def __init__(
        self,
        version: Version | None = None,
        max_packet_bytes: int = DEFAULT_MAX_PACKET_BYTES,
    ) -> None:
        self.version = version
        self.max_packet_bytes = max_packet_bytes
        self._buffer = b""

    def feed(self, data: bytes) -> list[Packet]:
        """The packets that are complete now.

        Raises PeerError; then the stream is lost, and the error holds the packets before.
        """
        packets: list[Packet] = []
        try:
            self._cut(self._buffer + data if self._buffer else data, packets)
        except PeerError as error:
            error.before = packets
            raise
        return packets

    def take_rest(self) -> bytes:
        """What is left of an unfinished packet; the decoder is then as new, for another stream."""
        rest, self._buffer = self._buffer, b""
        return rest

    def _cut(self, buffer: bytes, packets: list[Packet]) -> None:
        """Add the packets at the buffer's beginning; keep what is left of it."""
        position, size = 0, len(buffer)
        while size - position > 1:
            length = buffer[position + 1]
            start = position + 2
            if length > 127:  # noqa: PLR2004  more than one byte of length
                found = self._length(buffer, position)
                if found is None:
                    break
                length, start = found
            end = start + length
            if end - position > self.max_packet_bytes:
                raise PeerError(
                    "MQTT5-3.1.2-24",
                    f"a packet of {end - position} bytes is over {self.max_packet_bytes}",
                    Reason.PACKET_TOO_LARGE,
                )
            if end > size:
                break
            packets.append(self._packet(buffer, buffer[position], start, end))
            position = end
        self._buffer = buffer[position:] if position < size else b""

    @staticmethod
    def _length(buffer: bytes, position: int) -> tuple[int, int] | None:
        """The remaining length and where the body begins; None while it is incomplete."""
        value = 0
        for index in range(_MAX_LENGTH_BYTES):
            at = position + 1 + index
            if at >= len(buffer):
                return None
            byte = buffer[at]
            value |= (byte & 0x7F) << (7 * index)
            if byte < 128:  # noqa: PLR2004  the last byte of the length
                if index and not byte:
                    raise PeerError("MQTT-1.5.5-1", "a length is not in its shortest form")
                return value, at + 1
        raise PeerError("MQTT-1.5.5", "a length has more than four bytes")

    def _packet(self, buffer: bytes, first: int, start: int, end: int) -> Packet:
        version = self.version
        if version is None:
            return self._first(buffer, first, start, end)
        if first & 0xF0 == 0x30:  # noqa: PLR2004  PUBLISH
            return _publish(buffer, first, start, end, version)
        decode = _DECODERS.get(first)
        if decode is None:
            raise _unknown(first)
        reader = Reader(buffer, start, end)
        packet: Packet = decode(reader, version)
        if reader:
            raise PeerError("MQTT-2.1.4", f"{type(packet).__name__} has bytes behind its end")
        return packet

    def _first(self, buffer: bytes, first: int, start: int, end: int) -> Packet:
        if first != 0x10:  # noqa: PLR2004  CONNECT
            raise PeerError(
                "MQTT-3.1.0-1", "the first packet must be CONNECT", Reason.PROTOCOL_ERROR
            )
        reader = Reader(buffer, start, end)
        packet = _connect(reader)
        if reader:
            raise PeerError("MQTT-2.1.4", "Connect has bytes behind its end")
        self.version = packet.version
        return packet


def _unknown(first: int) -> PeerError:
    if first >> 4 == 0:
        return PeerError("MQTT-2.1.2", "packet type 0 is forbidden")
    if first == 0x10:  # noqa: PLR2004  CONNECT
        return PeerError("MQTT-3.1.0-2", "a second CONNECT", Reason.PROTOCOL_ERROR)
    return PeerError("MQTT-2.1.3-1", f"the flags {first & 15:04b} do not fit type {first >> 4}")


def _publish(buffer: bytes, first: int, start: int, end: int, version: Version) -> Publish:
    """The hot path: reads the buffer itself."""
    qos = first >> 1 & 3
    if start + 2 > end:
        raise PeerError("MQTT-1.5", "the packet ends inside a field")
    topic_end = start + 2 + (buffer[start] << 8 | buffer[start + 1])
    body = topic_end + 2 if qos else topic_end
    if body > end:
        raise PeerError("MQTT-1.5", "the packet ends inside a field")
    try:
        topic = buffer[start + 2 : topic_end].decode()
    except UnicodeDecodeError:
        raise PeerError("MQTT-1.5.4-1", "a topic is not UTF-8") from None
    packet_id = 0
    if qos:
        packet_id = buffer[topic_end] << 8 | buffer[topic_end + 1]
        if qos > _MAX_QOS:
            raise PeerError("MQTT-3.3.1-4", "QoS 3 is forbidden")
        if not packet_id:
            raise PeerError("MQTT-2.2.1-3", "packet id 0", Reason.PROTOCOL_ERROR)
    elif first & 0x08:
        raise PeerError("MQTT-3.3.1-2", "DUP at QoS 0")
    properties = None
    if version == Version.V5:
        if body < end and not buffer[body]:
            body += 1
        else:
            reader = Reader(buffer, body, end)
            properties = decode_properties(reader, props.PUBLISH)
            return _checked(
                Publish(
                    topic,
                    reader.rest(),
                    qos,
                    bool(first & 1),
                    bool(first & 8),
                    packet_id,
                    properties,
                )
            )
    packet = Publish(topic, buffer[body:end], qos, bool(first & 1), bool(first & 8), packet_id)
    return packet if topic.isascii() and topic.isprintable() and _plain(topic) else _checked(packet)


def _plain(topic: str) -> bool:
    return bool(topic) and "+" not in topic and "#" not in topic


def _checked(packet: Publish) -> Publish:
    topic = packet.topic
    if "\0" in topic:
        raise PeerError("MQTT-1.5.4-2", "a topic holds the null character")
    if "+" in topic or "#" in topic:
        raise PeerError(
            "MQTT-3.3.2-2", "a topic of PUBLISH has no wildcards", Reason.TOPIC_NAME_INVALID
        )
    if not topic and not (packet.properties or {}).get("topic_alias"):
        raise PeerError("MQTT-4.7.3-1", "a topic has at least one character", Reason.PROTOCOL_ERROR)
    return packet


def _connect(reader: Reader) -> Connect:
    name, level = reader.text(), reader.byte()
    if name != "MQTT":
        raise PeerError("MQTT-3.1.2-1", f"the protocol is MQTT, not {name!r}"[:80])
    if level not in (Version.V311, Version.V5):
        raise PeerError(
            "MQTT-3.1.2-2", f"protocol level {level} is not supported", Reason.UNSUPPORTED_VERSION
        )
    version, flags, keep_alive_s = Version(level), reader.byte(), reader.two()
    _check_connect_flags(flags, version)
    is_5 = version == Version.V5
    properties = decode_properties(reader, props.CONNECT) if is_5 else None
    client_id = reader.text()
    will = _will(reader, flags, version) if flags & 0x04 else None
    return Connect(
        client_id=client_id,
        version=version,
        clean_start=bool(flags & 0x02),
        keep_alive_s=keep_alive_s,
        username=reader.text() if flags & 0x80 else None,
        password=reader.binary() if flags & 0x40 else None,
        will=will,
        properties=properties,
    )


def _check_connect_flags(flags: int, version: Version) -> None:
    if flags & 0x01:
        raise PeerError("MQTT-3.1.2-3", "the reserved flag of CONNECT is set")
    if flags >> 3 & 3 > _MAX_QOS:
        raise PeerError("MQTT-3.1.2-12", "a will with QoS 3")
    if not flags & 0x04 and flags & 0x38:
        raise PeerError("MQTT-3.1.2-11", "will flags without a will")
    if version == Version.V311 and flags & 0x40 and not flags & 0x80:
        raise PeerError("MQTT-3.1.2-22", "a password without a user name")


def _will(reader: Reader, flags: int, version: Version) -> Will:
    properties = decode_properties(reader, props.WILL) if version == Version.V5 else None
    topic, payload = reader.text(), reader.binary()
    if not topic or "+" in topic or "#" in topic:
        raise PeerError("MQTT-4.7.3-1", "the will's topic is none", Reason.TOPIC_NAME_INVALID)
    return Will(topic, payload, flags >> 3 & 3, bool(flags & 0x20), properties)


def _connack(reader: Reader, version: Version) -> Connack:
    flags, reason = reader.byte(), reader.byte()
    if flags > 1:
        raise PeerError("MQTT-3.2.2-1", "reserved flags of CONNACK are set")
    properties = decode_properties(reader, props.CONNACK) if version == Version.V5 else None
    return Connack(bool(flags), reason, properties)


A = TypeVar("A", Puback, Pubrec, Pubrel, Pubcomp)


def _acknowledgement(kind: type[A], number: int) -> Callable[[Reader, Version], A]:
    def read(reader: Reader, version: Version) -> A:
        packet_id = _packet_id(reader)
        if version == Version.V311 or not reader:
            return kind(packet_id)
        reason = reader.byte()
        return kind(packet_id, reason, decode_properties(reader, number) if reader else None)

    return read


def _packet_id(reader: Reader) -> int:
    packet_id = reader.two()
    if not packet_id:
        raise PeerError("MQTT-2.2.1-3", "packet id 0", Reason.PROTOCOL_ERROR)
    return packet_id


def _subscribe(reader: Reader, version: Version) -> Subscribe:
    packet_id = _packet_id(reader)
    properties = decode_properties(reader, props.SUBSCRIBE) if version == Version.V5 else None
    subscriptions: list[Subscription] = []
    while reader:
        subscriptions.append(_subscription(reader, version))
        if len(subscriptions) > _MAX_FILTERS:
            raise PeerError("MQTT5-4.13", f"over {_MAX_FILTERS} topic filters in one packet")
    if not subscriptions:
        raise PeerError("MQTT-3.8.3-2", "SUBSCRIBE without topic filter", Reason.PROTOCOL_ERROR)
    return Subscribe(packet_id, tuple(subscriptions), properties)


def _subscription(reader: Reader, version: Version) -> Subscription:
    topic_filter, options = reader.text(), reader.byte()
    allowed = 0x3F if version == Version.V5 else 0x03
    if options & ~allowed or options & 3 > _MAX_QOS or options >> 4 > 2:  # noqa: PLR2004  retain handling
        raise PeerError("MQTT-3.8.3-4", f"subscription options {options:08b} are not valid")
    return Subscription(
        topic_filter, options & 3, bool(options & 4), bool(options & 8), options >> 4
    )


def _suback(reader: Reader, version: Version) -> Suback:
    packet_id = _packet_id(reader)
    properties = decode_properties(reader, props.SUBACK) if version == Version.V5 else None
    return Suback(packet_id, tuple(reader.rest()), properties)


def _unsubscribe(reader: Reader, version: Version) -> Unsubscribe:
    packet_id = _packet_id(reader)
    properties = decode_properties(reader, props.UNSUBSCRIBE) if version == Version.V5 else None
    filters: list[str] = []
    while reader:
        filters.append(reader.text())
        if len(filters) > _MAX_FILTERS:
            raise PeerError("MQTT5-4.13", f"over {_MAX_FILTERS} topic filters in one packet")
    if not filters:
        raise PeerError("MQTT-3.10.3-2", "UNSUBSCRIBE without filter", Reason.PROTOCOL_ERROR)
    return Unsubscribe(packet_id, tuple(filters), properties)


def _unsuback(reader: Reader, version: Version) -> Unsuback:
    packet_id = _packet_id(reader)
    if version == Version.V311:
        return Unsuback(packet_id)
    properties = decode_properties(reader, props.UNSUBACK)
    return Unsuback(packet_id, tuple(reader.rest()), properties)


def _disconnect(reader: Reader, version: Version) -> Disconnect:
    if version == Version.V311 or not reader:
        return Disconnect()
    reason = reader.byte()
    return Disconnect(reason, decode_properties(reader, props.DISCONNECT) if reader else None)


def _auth(reader: Reader, version: Version) -> Auth:
    if version == Version.V311:
        raise PeerError("MQTT-2.1.2", "packet type 15 is forbidden in MQTT 3.1.1")
    if not reader:
        return Auth()
    reason = reader.byte()
    return Auth(reason, decode_properties(reader, props.AUTH) if reader else None)


_DECODERS: Final[Mapping[int, Callable[[Reader, Version], Any]]] = {
    0x20: _connack,
    0x40: _acknowledgement(Puback, props.PUBACK),
    0x50: _acknowledgement(Pubrec, props.PUBREC),
    0x62: _acknowledgement(Pubrel, props.PUBREL),
    0x70: _acknowledgement(Pubcomp, props.PUBCOMP),
    0x82: _subscribe,
    0x90: _suback,
    0xA2: _unsubscribe,
    0xB0: _unsuback,
    0xC0: lambda _reader, _version: Pingreq(),
    0xD0: lambda _reader, _version: Pingresp(),
    0xE0: _disconnect,
    0xF0: _auth,
}
