"""One client's connection to a robot, without I/O: bytes in, bytes and wishes out.

Theory of operation.  The first byte tells what the client wants: F0 asks for the password, which
MQTT forbids and the robot answers while its button was held; anything else is MQTT 3.1.1, whose
first packet is CONNECT with BLID and password.  After CONNACK the robot pushes its state whether
or not the client subscribes: subscriptions are granted and mean nothing, so that every message
comes once.  Nothing is stored for a client, so a session is never present (robot reference,
sections 3 and 5).

The rule that is easy to break: a robot has room for one session.  A second CONNECT that is right
is closed without an answer, since the listener was open for both when they came.
"""

import hmac
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from cloud_functions.contract.home_network import (
    PASSWORD_REFUSED,
    PASSWORD_REQUEST,
    PASSWORD_TYPE,
    password_answer,
)
from cloud_functions.contract.mqtt.decode import Decoder
from cloud_functions.contract.mqtt.encode import encode
from cloud_functions.contract.mqtt.errors import PeerError
from cloud_functions.contract.mqtt.packets import (
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
from cloud_functions.contract.mqtt.reasons import Reason

MAX_PACKET_BYTES: Final = 65_536
HELLO_S: Final = 10.0
"""How long a client may take to its CONNECT, and to close after a password."""
_WRONG_VERSION: Final = 1
_NOT_AUTHORISED: Final = 5
"""Return codes of CONNACK; robots answer wrong credentials with 4 or 5."""


@dataclass(frozen=True, slots=True)
class Host:
    """What the robot is like while bytes arrive."""

    blid: str
    password: str
    with_nul: bool
    """Whether its family ends the password with a NUL."""
    in_pairing: bool
    is_taken: bool
    """Whether another client has the session."""


class Stage(Enum):
    """How far a connection has come."""

    NEW = auto()
    PASSWORD = auto()
    GREETING = auto()
    SESSION = auto()
    CLOSED = auto()


_FIRST: Final = {PASSWORD_TYPE: Stage.PASSWORD, 0x10: Stage.GREETING}
"""What the first byte begins; 0x10 is CONNECT."""


@dataclass(slots=True)
class Reaction:
    """What should happen now."""

    send: bytes = b""
    messages: list[tuple[str, bytes]] = field(default_factory=list)
    """Topics and payloads the client published."""
    opened: bool = False
    """The session has begun."""
    close: bool = False
    """Close after sending."""


class Conversation:
    """One connection from its first byte; `deadline_s` is when silence ends it."""

    __slots__ = ("_asked", "_decoder", "_keep_alive_s", "deadline_s", "stage")

    def __init__(self, now_s: float) -> None:
        self.stage = Stage.NEW
        self.deadline_s = now_s + HELLO_S
        self._decoder = Decoder(max_packet_bytes=MAX_PACKET_BYTES)
        self._asked = b""
        self._keep_alive_s = 0

    @property
    def in_session(self) -> bool:
        """Whether messages go to this client."""
        return self.stage is Stage.SESSION

    def feed(self, data: bytes, host: Host, now_s: float) -> Reaction:
        """What to do about bytes that arrived."""
        reaction = Reaction()
        if self.stage is Stage.NEW and data:
            self.stage = _FIRST.get(data[0], Stage.CLOSED)
            reaction.close = self.stage is Stage.CLOSED
        if self.stage is Stage.PASSWORD:
            self._password(data, host, reaction)
        elif self.stage in (Stage.GREETING, Stage.SESSION):
            self._packets(data, host, now_s, reaction)
        if reaction.close:
            self.stage = Stage.CLOSED
        return reaction

    def is_over(self, now_s: float) -> bool:
        """Whether the client has been silent for too long."""
        return now_s >= self.deadline_s

    def push(self, topic: str, payload: bytes) -> bytes:
        """The packet of a message to this client; never retained, QoS 0."""
        return encode(Publish(topic, payload), Version.V311)

    def _password(self, data: bytes, host: Host, reaction: Reaction) -> None:
        """One request is answered in one piece; the client closes."""
        before, self._asked = self._asked, (self._asked + data)[: len(PASSWORD_REQUEST)]
        if not PASSWORD_REQUEST.startswith(self._asked):
            reaction.close = True
        elif self._asked == PASSWORD_REQUEST and before != PASSWORD_REQUEST:
            reaction.send = (
                password_answer(host.password, with_nul=host.with_nul)
                if host.in_pairing
                else PASSWORD_REFUSED
            )

    def _packets(self, data: bytes, host: Host, now_s: float, reaction: Reaction) -> None:
        try:
            packets = self._decoder.feed(data)
        except PeerError as error:
            packets = error.before
            reaction.close = True
            if self.stage is Stage.GREETING and error.reason == Reason.UNSUPPORTED_VERSION:
                reaction.send = encode(Connack(reason=_WRONG_VERSION), Version.V311)
        was_to_close, reaction.close = reaction.close, False
        for packet in packets:
            self._packet(packet, host, reaction)
            if reaction.close:
                break
        reaction.close |= was_to_close
        if self.stage is Stage.SESSION:
            silent_s = 1.5 * self._keep_alive_s if self._keep_alive_s else float("inf")
            self.deadline_s = now_s + silent_s

    def _packet(self, packet: Packet, host: Host, reaction: Reaction) -> None:
        match packet:
            case Connect():
                self._connect(packet, host, reaction)
            case Publish(qos=2):
                reaction.send += _answer(Pubrec(packet.packet_id))
                reaction.messages.append((packet.topic, packet.payload))
            case Publish():
                reaction.messages.append((packet.topic, packet.payload))
                if packet.qos:
                    reaction.send += _answer(Puback(packet.packet_id))
            case Pubrel():
                reaction.send += _answer(Pubcomp(packet.packet_id))
            case Subscribe():
                granted = (0,) * len(packet.subscriptions)
                reaction.send += _answer(Suback(packet.packet_id, granted))
            case Unsubscribe():
                reaction.send += _answer(Unsuback(packet.packet_id))
            case Pingreq():
                reaction.send += _answer(Pingresp())
            case Disconnect():
                reaction.close = True
            case _:
                reaction.close = True  # what only a broker says

    def _connect(self, packet: Connect, host: Host, reaction: Reaction) -> None:
        """The client id is not looked at: user name and password say who it is."""
        if packet.version != Version.V311:
            reaction.send += _answer(Connack(reason=_WRONG_VERSION))
            reaction.close = True
        elif not _is_owner(packet, host):
            reaction.send += _answer(Connack(reason=_NOT_AUTHORISED))
            reaction.close = True
        elif host.is_taken:
            reaction.close = True
        else:
            self.stage, self._keep_alive_s = Stage.SESSION, packet.keep_alive_s
            reaction.opened = True
            reaction.send += _answer(Connack())


def _is_owner(packet: Connect, host: Host) -> bool:
    name = (packet.username or "").encode()
    word = packet.password or b""
    right_name = hmac.compare_digest(name, host.blid.encode())
    return hmac.compare_digest(word, host.password.encode()) and right_name


def _answer(packet: Packet) -> bytes:
    return encode(packet, Version.V311)
