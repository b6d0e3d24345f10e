"""The few packets that a fleet sends and hears all the time, as short as bytes allow.

The codec of the contract is the rule: a property test holds every function here to it, and
whatever is rare goes there.
"""

import struct
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from cloud_functions.contract import topics
from cloud_functions.contract.mqtt.encode import encode, encode_publish
from cloud_functions.contract.mqtt.packets import (
    Connect,
    Publish,
    Subscribe,
    Subscription,
    Version,
    Will,
)
from cloud_functions.contract.mqtt.reasons import FAILURE
from device_sim.link.port import Caller, LinkOptions

SUBSCRIBE_ID: Final = 65_535
"""The packet id of every SUBSCRIBE; messages use those below it."""
LONGEST_PACKET: Final = 1 << 20
"""Bytes of a packet that a robot takes in."""
PINGREQ: Final = b"\xc0\0"
DISCONNECT: Final = b"\xe0\0"

_PUBACK: Final = 0x40
_PLAIN, _WITH_REASON = 4, 5
"""Bytes of a PUBACK."""
_ACK: Final = struct.Struct(">BBH").pack
_SHORT: Final = struct.Struct(">BBH").pack
_MEDIUM: Final = struct.Struct(">BBBH").pack
_MEDIUM_LENGTH: Final = 16_384
_LENGTH_BYTES: Final = 4

Encode = Callable[[bytes, bytes, int], bytes]
"""Topic, payload and packet id (0 is QoS 0) to a PUBLISH."""


def publish_encoder(version: Version) -> Encode:
    """What makes a PUBLISH of this version without properties."""
    tail = b"\0" if version is Version.V5 else b""  # the length of no properties
    middle_of = struct.Struct(">HB" if tail else ">H").pack
    no_properties = (0,) if tail else ()

    def publish(topic: bytes, payload: bytes, packet_id: int) -> bytes:
        size = len(topic)
        if packet_id:
            first, middle = 0x32, middle_of(packet_id, *no_properties)
        else:
            first, middle = 0x30, tail
        length = 2 + size + len(middle) + len(payload)
        if length < 128:  # noqa: PLR2004  one byte of length
            return _SHORT(first, length, size) + topic + middle + payload
        if length < _MEDIUM_LENGTH:
            return _MEDIUM(first, length & 127 | 128, length >> 7, size) + topic + middle + payload
        return _long(topic, payload, packet_id, version)

    return publish


def _long(topic: bytes, payload: bytes, packet_id: int, version: Version) -> bytes:
    packet = Publish(topic.decode(), payload, int(packet_id > 0), packet_id=packet_id)
    return encode_publish(packet, version)


def again(publish: bytes) -> bytes:
    """The same PUBLISH with DUP."""
    return bytes((publish[0] | 0x08,)) + publish[1:]


def puback(packet_id: int) -> bytes:
    """Confirms a received message, in either version."""
    return _ACK(_PUBACK, 2, packet_id)


def puback_ids(data: bytes, version: Version) -> list[int] | None:
    """The packet ids when the bytes are whole plain PUBACKs that say yes, and nothing else.

    None otherwise.  In MQTT 5 a reason may stand behind the id: Mosquitto says that nobody listens.
    """
    ids: list[int] = []
    position, size = 0, len(data)
    while position < size:
        if data[position] != _PUBACK or position + 4 > size:
            return None
        length = data[position + 1]
        if length != 2 and (  # noqa: PLR2004  the id alone
            length != 3  # noqa: PLR2004  the id and a reason
            or version is Version.V311
            or position + 5 > size
            or data[position + 4] >= FAILURE
        ):
            return None
        packet_id = data[position + 2] << 8 | data[position + 3]
        if not packet_id:
            return None
        ids.append(packet_id)
        position += 2 + length
    return ids


def puback_column(
    lines: npt.NDArray[np.uint8], sizes: npt.NDArray[np.int64], version: Version
) -> npt.NDArray[np.int64]:
    """The packet id of each line that is one whole plain PUBACK which says yes; 0 of all others."""
    is_one = (lines[:, 0] == _PUBACK) & (sizes == lines[:, 1].astype(np.int64) + 2)
    is_yes = sizes == _PLAIN
    if version is Version.V5:
        is_yes |= (sizes == _WITH_REASON) & (lines[:, 4] < FAILURE)
    ids = lines[:, 2].astype(np.int64) << 8 | lines[:, 3]
    return np.where(is_one & is_yes, ids, 0)


def _marks(size: int) -> str:
    """A name of so many bytes that is found again in a packet; none where it is too short.

    Its first mark is unlike the others, so that no byte before it can seem to belong to it.
    """
    return "\x7f" + "\x02" * (size - 1) if size > _LENGTH_BYTES else ""


class Greetings:
    """CONNECT and SUBSCRIBE of each robot, cut from the packets of a robot with a like name.

    A packet is encoded once for a name of marks, then every robot whose name has as many bytes
    gets it with its own name in their place.
    """

    _MOST: Final = 64
    """Shapes that are remembered."""

    def __init__(self, options: LinkOptions) -> None:
        self._options = options
        self._version = options.version
        self._shapes: dict[tuple[str, str, bytes], bytes] = {}
        self._wishes: dict[str, bytes] = {}

    def connect(self, caller: Caller, login: tuple[str, str] | None = None) -> bytes:
        """The CONNECT of a robot, with user name and password where it has them."""
        raw, (topic, payload) = caller.thing.encode(), caller.will
        marks = _marks(len(raw))
        if login is not None or not marks or marks in topic or marks.encode() in payload:
            return encode(self._packet(caller.thing, caller.will, login), self._version)
        shape = (marks, topic.replace(caller.thing, marks), payload)
        packet = self._shapes.get(shape)
        if packet is None:
            if len(self._shapes) >= self._MOST:
                self._shapes.clear()
            packet = encode(self._packet(marks, shape[1:], None), self._version)
            self._shapes[shape] = packet
        return packet.replace(marks.encode(), raw)

    def subscribe(self, thing: str) -> bytes:
        """The SUBSCRIBE of a robot to all it listens to, at QoS 1."""
        raw = thing.encode()
        marks = _marks(len(raw))
        if not marks:
            return self._wish(thing)
        packet = self._wishes.get(marks)
        if packet is None:
            packet = self._wishes[marks] = self._wish(marks)
        return packet.replace(marks.encode(), raw)

    def _wish(self, thing: str) -> bytes:
        wanted = [Subscription(each, 1) for each in topics.robot_subscriptions(thing)]
        return encode(Subscribe(SUBSCRIBE_ID, wanted), self._version)

    def _packet(
        self, thing: str, will: tuple[str, bytes], login: tuple[str, str] | None
    ) -> Connect:
        properties = None
        if self._version is Version.V5:
            properties = {"maximum_packet_size": LONGEST_PACKET}
            if not self._options.clean_start:
                properties["session_expiry_interval"] = self._options.session_expiry_s
        return Connect(
            thing,
            self._version,
            clean_start=self._options.clean_start,
            keep_alive_s=self._options.keep_alive_s,
            username=None if login is None else login[0],
            password=None if login is None else login[1].encode(),
            will=Will(*will, qos=1),
            properties=properties,
        )
