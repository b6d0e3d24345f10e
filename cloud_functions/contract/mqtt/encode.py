"""Packets to bytes."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from cloud_functions.contract.mqtt import properties as props
from cloud_functions.contract.mqtt.errors import OurError
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
    Unsuback,
    Unsubscribe,
    Version,
)
from cloud_functions.contract.mqtt.properties import Properties, encode_properties
from cloud_functions.contract.mqtt.reasons import RETURN_CODE_OF, Reason
from cloud_functions.contract.mqtt.wire import encode_binary, encode_text, encode_varint

_MAX_QOS: Final = 2
_MAX_RETURN_CODE: Final = 5
_UNAVAILABLE: Final = 3
_MAX_ID: Final = 65_535


def encode(packet: Packet, version: Version) -> bytes:
    """The bytes of a packet.  Raises OurError for what the protocol does not allow."""
    if type(packet) is Publish:
        return encode_publish(packet, version)
    return _ENCODERS[type(packet)](packet, version)


def encode_publish(packet: Publish, version: Version) -> bytes:
    """The bytes of a PUBLISH."""
    topic, payload, qos, retain, dup, packet_id, properties = packet
    if not 0 <= qos <= _MAX_QOS:
        raise OurError("MQTT-3.3.1-4", f"QoS is 0, 1 or 2, not {qos}")
    raw = topic.encode()
    if len(raw) > _MAX_ID:
        raise OurError("MQTT-1.5.4", "a topic has at most 65,535 bytes")
    if qos:
        _check_id(packet_id)
    head = len(raw).to_bytes(2, "big") + raw + (packet_id.to_bytes(2, "big") if qos else b"")
    if version == Version.V5:
        head += encode_properties(properties, props.PUBLISH)
    flags = 0x30 | dup << 3 | qos << 1 | retain
    length = len(head) + len(payload)
    if length < 128:  # noqa: PLR2004  one byte of length, the usual case
        return bytes((flags, length)) + head + payload
    return bytes((flags,)) + encode_varint(length) + head + payload


def _check_id(packet_id: int) -> None:
    if not 1 <= packet_id <= _MAX_ID:
        raise OurError("MQTT-2.2.1", f"a packet id is 1 to {_MAX_ID}, not {packet_id}")


def _frame(first: int, body: bytes) -> bytes:
    return bytes((first,)) + encode_varint(len(body)) + body


def _connect(packet: Connect, version: Version) -> bytes:
    will = packet.will
    flags = packet.clean_start << 1
    if will is not None:
        flags |= 0x04 | will.qos << 3 | will.retain << 5
    flags |= (packet.password is not None) << 6 | (packet.username is not None) << 7
    if version == Version.V311 and packet.password is not None and packet.username is None:
        raise OurError("MQTT-3.1.2-22", "a password needs a user name")
    body = encode_text("MQTT") + bytes((version, flags)) + packet.keep_alive_s.to_bytes(2, "big")
    if version == Version.V5:
        body += encode_properties(packet.properties, props.CONNECT)
    body += encode_text(packet.client_id)
    if will is not None:
        if version == Version.V5:
            body += encode_properties(will.properties, props.WILL)
        body += encode_text(will.topic) + encode_binary(will.payload)
    if packet.username is not None:
        body += encode_text(packet.username)
    if packet.password is not None:
        body += encode_binary(packet.password)
    return _frame(0x10, body)


def _connack(packet: Connack, version: Version) -> bytes:
    if version == Version.V5:
        body = bytes((packet.session_present, packet.reason))
        return _frame(0x20, body + encode_properties(packet.properties, props.CONNACK))
    return _frame(0x20, bytes((packet.session_present, _return_code(packet.reason))))


def _return_code(reason: int) -> int:
    """What 3.1.1 can say: its own codes as they are, a reason of MQTT 5 as the nearest of them."""
    return reason if reason <= _MAX_RETURN_CODE else RETURN_CODE_OF.get(reason, _UNAVAILABLE)


def _acknowledgement(first: int, number: int) -> Callable[[Any, Version], bytes]:
    """PUBACK, PUBREC, PUBREL and PUBCOMP have one form."""

    def write(packet: Puback, version: Version) -> bytes:
        _check_id(packet.packet_id)
        body = packet.packet_id.to_bytes(2, "big")
        return _frame(first, body + _reason_tail(packet.reason, packet.properties, number, version))

    return write


def _reason_tail(
    reason: int, properties: Properties | None, number: int, version: Version
) -> bytes:
    """Reason and properties as MQTT 5 abbreviates them: nothing at all for plain success."""
    if version == Version.V311 or (not reason and not properties):
        return b""
    if not properties:
        return bytes((reason,))
    return bytes((reason,)) + encode_properties(properties, number)


def _subscribe(packet: Subscribe, version: Version) -> bytes:
    _check_id(packet.packet_id)
    if not packet.subscriptions:
        raise OurError("MQTT-3.8.3-2", "SUBSCRIBE needs a topic filter")
    body = packet.packet_id.to_bytes(2, "big")
    if version == Version.V5:
        body += encode_properties(packet.properties, props.SUBSCRIBE)
    for each in packet.subscriptions:
        options = each.qos
        if version == Version.V5:
            options |= (
                each.no_local << 2 | each.retain_as_published << 3 | each.retain_handling << 4
            )
        body += encode_text(each.topic_filter) + bytes((options,))
    return _frame(0x82, body)


def _suback(packet: Suback, version: Version) -> bytes:
    body = packet.packet_id.to_bytes(2, "big")
    if version == Version.V5:
        body += encode_properties(packet.properties, props.SUBACK)
        return _frame(0x90, body + bytes(packet.reasons))
    codes = bytes(min(reason, Reason.UNSPECIFIED) for reason in packet.reasons)
    return _frame(0x90, body + codes)


def _unsubscribe(packet: Unsubscribe, version: Version) -> bytes:
    _check_id(packet.packet_id)
    if not packet.topic_filters:
        raise OurError("MQTT-3.10.3-2", "UNSUBSCRIBE needs a topic filter")
    body = packet.packet_id.to_bytes(2, "big")
    if version == Version.V5:
        body += encode_properties(packet.properties, props.UNSUBSCRIBE)
    return _frame(0xA2, body + b"".join(map(encode_text, packet.topic_filters)))


def _unsuback(packet: Unsuback, version: Version) -> bytes:
    body = packet.packet_id.to_bytes(2, "big")
    if version == Version.V5:
        body += encode_properties(packet.properties, props.UNSUBACK) + bytes(packet.reasons)
    return _frame(0xB0, body)


def _disconnect(packet: Disconnect, version: Version) -> bytes:
    return _frame(0xE0, _reason_tail(packet.reason, packet.properties, props.DISCONNECT, version))


def _auth(packet: Auth, version: Version) -> bytes:
    if version == Version.V311:
        raise OurError("MQTT5-3.15", "MQTT 3.1.1 has no AUTH")
    return _frame(0xF0, _reason_tail(packet.reason, packet.properties, props.AUTH, version))


_ENCODERS: Final[Mapping[type, Callable[[Any, Version], bytes]]] = {
    Connect: _connect,
    Connack: _connack,
    Puback: _acknowledgement(0x40, props.PUBACK),
    Pubrec: _acknowledgement(0x50, props.PUBREC),
    Pubrel: _acknowledgement(0x62, props.PUBREL),
    Pubcomp: _acknowledgement(0x70, props.PUBCOMP),
    Subscribe: _subscribe,
    Suback: _suback,
    Unsubscribe: _unsubscribe,
    Unsuback: _unsuback,
    Pingreq: lambda _packet, _version: b"\xc0\0",
    Pingresp: lambda _packet, _version: b"\xd0\0",
    Disconnect: _disconnect,
    Auth: _auth,
}
