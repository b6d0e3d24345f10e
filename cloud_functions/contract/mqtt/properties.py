"""Properties of MQTT 5 (section 2.2.2): names, wire types, and the packets they may stand in."""

import struct
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from cloud_functions.contract.mqtt.errors import OurError, PeerError
from cloud_functions.contract.mqtt.reasons import Reason
from cloud_functions.contract.mqtt.wire import (
    Reader,
    encode_binary,
    encode_text,
    encode_varint,
)

Properties: TypeAlias = Mapping[str, Any]
"""Values by name; `user_property` is a list of pairs, `subscription_identifier` a list of ints."""

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = range(1, 8)
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK = range(8, 12)
DISCONNECT, AUTH, WILL = 14, 15, 16

_ACKS: Final = (CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK, DISCONNECT, AUTH)
_ALL: Final = (CONNECT, PUBLISH, SUBSCRIBE, UNSUBSCRIBE, WILL, *_ACKS)


class Property(NamedTuple):
    """One property: its number, wire type, and the packets it may stand in."""

    number: int
    kind: str
    packets: tuple[int, ...]


PROPERTIES: Final[Mapping[str, Property]] = {
    "payload_format_indicator": Property(1, "flag", (PUBLISH, WILL)),
    "message_expiry_interval": Property(2, "four", (PUBLISH, WILL)),
    "content_type": Property(3, "text", (PUBLISH, WILL)),
    "response_topic": Property(8, "text", (PUBLISH, WILL)),
    "correlation_data": Property(9, "binary", (PUBLISH, WILL)),
    "subscription_identifier": Property(11, "varint", (PUBLISH, SUBSCRIBE)),
    "session_expiry_interval": Property(17, "four", (CONNECT, CONNACK, DISCONNECT)),
    "assigned_client_identifier": Property(18, "text", (CONNACK,)),
    "server_keep_alive": Property(19, "two", (CONNACK,)),
    "authentication_method": Property(21, "text", (CONNECT, CONNACK, AUTH)),
    "authentication_data": Property(22, "binary", (CONNECT, CONNACK, AUTH)),
    "request_problem_information": Property(23, "flag", (CONNECT,)),
    "will_delay_interval": Property(24, "four", (WILL,)),
    "request_response_information": Property(25, "flag", (CONNECT,)),
    "response_information": Property(26, "text", (CONNACK,)),
    "server_reference": Property(28, "text", (CONNACK, DISCONNECT)),
    "reason_string": Property(31, "text", _ACKS),
    "receive_maximum": Property(33, "two", (CONNECT, CONNACK)),
    "topic_alias_maximum": Property(34, "two", (CONNECT, CONNACK)),
    "topic_alias": Property(35, "two", (PUBLISH,)),
    "maximum_qos": Property(36, "flag", (CONNACK,)),
    "retain_available": Property(37, "flag", (CONNACK,)),
    "user_property": Property(38, "pair", _ALL),
    "maximum_packet_size": Property(39, "four", (CONNECT, CONNACK)),
    "wildcard_subscription_available": Property(40, "flag", (CONNACK,)),
    "subscription_identifier_available": Property(41, "flag", (CONNACK,)),
    "shared_subscription_available": Property(42, "flag", (CONNACK,)),
}

_NAMES: Final = {each.number: name for name, each in PROPERTIES.items()}
_NOT_ZERO: Final = frozenset(
    {"receive_maximum", "topic_alias", "maximum_packet_size", "subscription_identifier"}
)
_LISTS: Final = frozenset({"user_property", "subscription_identifier"})
MAX_USER_PROPERTIES: Final = 128
"""More pairs than this in one packet are refused: a limit on memory, far above AWS's 8 KB."""

_READERS: Final[Mapping[str, Callable[[Reader], Any]]] = {
    "flag": Reader.byte,
    "two": Reader.two,
    "four": Reader.four,
    "varint": Reader.varint,
    "text": Reader.text,
    "binary": Reader.binary,
    "pair": lambda reader: (reader.text(), reader.text()),
}
_WRITERS: Final[Mapping[str, Callable[[Any], bytes]]] = {
    "flag": lambda value: bytes((int(value),)),
    "two": struct.Struct("!H").pack,
    "four": struct.Struct("!I").pack,
    "varint": encode_varint,
    "text": encode_text,
    "binary": encode_binary,
    "pair": lambda pair: encode_text(pair[0]) + encode_text(pair[1]),
}


def decode_properties(reader: Reader, packet: int) -> Properties | None:
    """The properties that stand here in a packet of this type; None when there are none."""
    length = reader.varint()
    if not length:
        return None
    inner = reader.slice(length)
    found: dict[str, Any] = {}
    while inner:
        name = _NAMES.get(number := inner.varint())
        if name is None or packet not in PROPERTIES[name].packets:
            raise PeerError("MQTT5-2.2.2.2", f"property {number} may not stand in this packet")
        _add(found, name, _READERS[PROPERTIES[name].kind](inner), packet)
    return found


def _add(found: dict[str, Any], name: str, value: Any, packet: int) -> None:
    _check(name, value)
    if name in _LISTS:
        several = found.setdefault(name, [])
        several.append(value)
        if name == "subscription_identifier" and packet == SUBSCRIBE and len(several) > 1:
            raise _repeated(name)
        if len(several) > MAX_USER_PROPERTIES:
            raise PeerError("MQTT5-4.13", f"over {MAX_USER_PROPERTIES} times {name}")
    elif name in found:
        raise _repeated(name)
    else:
        found[name] = value


def _check(name: str, value: Any) -> None:
    if PROPERTIES[name].kind == "flag" and value > 1:
        raise PeerError("MQTT5-2.2.2", f"{name} is 0 or 1, not {value}", Reason.PROTOCOL_ERROR)
    if name in _NOT_ZERO and value == 0:
        raise PeerError("MQTT5-2.2.2", f"{name} may not be 0", Reason.PROTOCOL_ERROR)


def _repeated(name: str) -> PeerError:
    return PeerError("MQTT5-2.2.2", f"{name} stands twice", Reason.PROTOCOL_ERROR)


def encode_properties(properties: Properties | None, packet: int) -> bytes:
    """The bytes of the properties with their length; raises OurError for one not allowed here."""
    if not properties:
        return b"\0"
    parts: list[bytes] = []
    for name, value in properties.items():
        known = PROPERTIES.get(name)
        if known is None or packet not in known.packets:
            raise OurError("MQTT5-2.2.2.2", f"property {name!r} may not stand in this packet")
        values = value if name in _LISTS else (value,)
        number, write = bytes((known.number,)), _WRITERS[known.kind]
        try:
            parts += [number + write(each) for each in values]
        except (struct.error, TypeError, ValueError, AttributeError):
            raise OurError("MQTT5-2.2.2", f"{name} cannot be {value!r}") from None
    body = b"".join(parts)
    return encode_varint(len(body)) + body
