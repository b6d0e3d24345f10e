"""A message as it is stored: its QoS with flags, its times, then an MQTT 5 PUBLISH packet."""

import math
import struct
from typing import Final, NamedTuple

from cloud_functions.contract.mqtt.decode import Decoder
from cloud_functions.contract.mqtt.encode import encode_publish
from cloud_functions.contract.mqtt.packets import Publish, Version

_TIMED: Final = 0x80
_QOS: Final = 0x03
_TIMES: Final = struct.Struct("!dd")


class Stored(NamedTuple):
    """A message with when it was stored and when it expires, in epoch seconds."""

    message: Publish
    stored_s: float = 0.0
    expires_s: float = math.inf


def write_message(stored: Stored) -> bytes:
    """The bytes of a message; its packet id is not among them."""
    message, stored_s, expires_s = stored
    plain = Publish(message.topic, message.payload, properties=message.properties)
    first = bytes([message.qos | _TIMED])
    return first + _TIMES.pack(stored_s, expires_s) + encode_publish(plain, Version.V5)


def read_message(raw: bytes) -> Stored:
    """The message from its bytes; one of an earlier version has no times."""
    is_timed = bool(raw[0] & _TIMED)
    begin = 1 + (_TIMES.size if is_timed else 0)
    times = _TIMES.unpack(raw[1:begin]) if is_timed else (0.0, math.inf)
    (packet,) = Decoder(Version.V5).feed(raw[begin:])
    assert isinstance(packet, Publish)
    return Stored(packet._replace(qos=raw[0] & _QOS), *times)
