"""The MQTT sessions of many rows, without I/O: bytes in, bytes out, time as an argument.

Theory of operation.  A row is WAITING for its next attempt, GREETING from its first bytes until
CONNACK, SUBSCRIBING until SUBACK, and UP until the connection ends, which takes it back to WAITING.
A row that has subscribed in a session which the broker kept is UP with CONNACK.  A clean session
sends CONNECT and SUBSCRIBE together: the standard lets a client go on without waiting (MQTT-3.1.4),
and half the wake-ups are saved.  Nothing of an idle row is a Python object: it is a state and a few
numbers in columns.

The rules that are easy to break: an unfinished packet, an unacknowledged message and a timer all
belong to one connection of the row, and the next one may not see them, but for the messages of a
persistent session.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from cloud_functions.contract.mqtt.decode import Decoder
from cloud_functions.contract.mqtt.errors import PeerError
from cloud_functions.contract.mqtt.packets import (
    Connack,
    Disconnect,
    Packet,
    Pingresp,
    Puback,
    Publish,
    Suback,
)
from cloud_functions.contract.mqtt.reasons import FAILURE, Reason
from device_sim.firmware.batches import Inbound, Incoming, Outbound
from device_sim.link.bulk import packets
from device_sim.link.bulk.batch import Batch
from device_sim.link.bulk.packets import Greetings
from device_sim.link.bulk.window import Window
from device_sim.link.port import Caller, LinkCounts, LinkOptions


class State(IntEnum):
    """Where a row's connection is in its life."""

    WAITING = 0
    GREETING = 1
    SUBSCRIBING = 2
    UP = 3


_TALK: Final = frozenset({Publish, Puback, Pingresp, Disconnect})
LEGAL: Final[Mapping[State, frozenset[type]]] = {
    State.WAITING: frozenset(),
    State.GREETING: frozenset({Connack}),
    State.SUBSCRIBING: _TALK | {Suback},
    State.UP: _TALK,
}
"""Which packets a broker may send in which state."""
_LEGAL_IN: Final = tuple(LEGAL[state] for state in State)
_WAITING, _UP = int(State.WAITING), int(State.UP)
_NO_MAXIMUM: Final = 65_535
_LONGEST_WELCOME, _MOST_WELCOMES = 64, 64
"""Bytes of an answer to a greeting that is remembered, and how many are."""


class Ended(Exception):
    """The connection of a row is at its end, and why."""


class Sessions:
    """One MQTT session a row."""

    def __init__(self, callers: Sequence[Caller], options: LinkOptions) -> None:
        count = len(callers)
        self._callers = callers
        self._options = options
        self._version = options.version
        self._logins = options.credentials
        self._keeps = not options.clean_start
        self._greetings = Greetings(options)
        self._encode = packets.publish_encoder(options.version)
        self._decoder = Decoder(options.version, packets.LONGEST_PACKET)
        self.state = bytearray(count)
        self._keep_alive_s = array("H", [options.keep_alive_s]) * count
        self._is_pinged = bytearray(count)
        self._has_subscribed = bytearray(count)
        self.window = Window(count, self._encode)
        self._welcomes: dict[bytes, list[Packet]] = {}
        """What brokers answer to greetings: the same bytes to one robot as to the next."""
        self._unfinished: dict[int, bytes] = {}
        """Bytes of a packet that has not come whole."""
        self.counts = LinkCounts()
        self.incoming = Incoming()

    # ------------------------------------------------------------ what the robots say

    def say(self, messages: Iterable[Outbound], mute: set[int]) -> Batch:
        """Packets to send now; a row without connection, or mute, says nothing."""
        rows: list[int] = []
        said: list[bytes] = []
        state, encode, send = self.state, self._encode, self.window.send
        for row, topic, payload, qos, handle in messages:
            if state[row] != _UP or row in mute:
                continue
            if qos:
                packet = send(row, topic.encode(), payload, handle)
                if packet is None:
                    continue
            else:
                packet = encode(topic.encode(), payload, 0)
            rows.append(row)
            said.append(packet)
        self.counts.sent += len(rows)
        return Batch.of(rows, said)

    def farewell(self, row: int) -> bytes:
        """The last bytes of a row that is up: its will, which nobody else will say, and goodbye."""
        topic, payload = self._callers[row].will
        return self._encode(topic.encode(), payload, 0) + packets.DISCONNECT

    # ------------------------------------------------------------ how a connection goes

    def greet(self, row: int) -> bytes:
        """The first bytes of a new connection."""
        caller, login = self._callers[row], self._logins
        self.state[row] = State.GREETING
        self._is_pinged[row] = 0
        hello = self._greetings.connect(caller, None if login is None else login(caller.thing))
        return hello if self._keeps else hello + self._greetings.subscribe(caller.thing)

    def lost(self, row: int) -> None:
        """The connection of a row is gone; what MQTT keeps is kept for the next."""
        if self.state[row] == _UP:
            self.counts.connected -= 1
            self.counts.losses += 1
            self.incoming.lost.append(row)
        self.state[row] = _WAITING
        self._unfinished.pop(row, None)
        if not self._keeps:
            self.window.forget(row)

    def keep_alive_s(self, row: int) -> int:
        """Seconds of silence after which a row pings; 0 is never."""
        return self._keep_alive_s[row]

    def ping(self, row: int) -> bytes:
        """A sign of life to ask for.  Raises Ended when the last one was not answered."""
        if self._is_pinged[row]:
            raise Ended("no answer to a ping")
        self._is_pinged[row] = 1
        return packets.PINGREQ

    # ------------------------------------------------------------ what the broker says

    def hear_pubacks(
        self,
        rows: npt.NDArray[np.int64],
        lines: npt.NDArray[np.uint8],
        sizes: npt.NDArray[np.int64],
    ) -> tuple[npt.NDArray[np.bool_], list[tuple[int, bytes]]]:
        """Take in the lines that are an acknowledgement each and nothing else.

        Returns which these are, and what to send now: row and bytes.
        """
        ids = packets.puback_column(lines, sizes, self._version)
        ids[np.frombuffer(self.state, np.uint8)[rows] != _UP] = 0
        if self._unfinished:
            ids[np.isin(rows, list(self._unfinished))] = 0
        is_heard = ids > 0
        heard = rows[is_heard]
        window, heard_rows = self.window, heard.tolist()
        self.incoming.acknowledged += window.acknowledged_each(
            heard_rows, (heard << 16 | ids[is_heard]).tolist()
        )
        if not window.has_more:
            return is_heard, []
        more = ((row, window.refill(row)) for row in heard_rows)
        return is_heard, [(row, data) for row, data in more if data]

    def hear(self, row: int, data: bytes) -> bytes:
        """Take in what a broker sent; what to answer.  Raises Ended and PeerError."""
        if self.state[row] == _UP and row not in self._unfinished:
            ids = packets.puback_ids(data, self._version)
            if ids is not None:
                return self._acknowledged(row, ids)
        heard = self._decode(row, data)
        if len(heard) == 1:
            return self._take_in(row, heard[0])
        return b"".join([self._take_in(row, packet) for packet in heard])

    def _decode(self, row: int, data: bytes) -> list[Packet]:
        """The packets that are whole now.  Raises PeerError, with those before it taken in."""
        rest = self._unfinished.pop(row, None)
        if rest is None and data in self._welcomes:
            return self._welcomes[data]
        try:
            heard = self._decoder.feed(rest + data if rest else data)
        except PeerError as error:
            for packet in error.before:
                self._take_in(row, packet)
            raise
        unfinished = self._decoder.take_rest()
        if unfinished:
            self._unfinished[row] = unfinished
        elif rest is None and self.state[row] != _UP and len(data) <= _LONGEST_WELCOME:
            if len(self._welcomes) >= _MOST_WELCOMES:
                self._welcomes.clear()
            self._welcomes[data] = heard
        return heard

    def _take_in(self, row: int, packet: Packet) -> bytes:
        if type(packet) not in _LEGAL_IN[self.state[row]]:
            name = type(packet).__name__
            raise PeerError(
                "MQTT-4.13", f"{name} while {State(self.state[row]).name}", Reason.PROTOCOL_ERROR
            )
        match packet:
            case Publish():
                return self._received(row, packet)
            case Puback(packet_id=packet_id, reason=reason):
                return self._acknowledged(row, (packet_id,), is_taken=reason < FAILURE)
            case Pingresp():
                self._is_pinged[row] = 0
            case Connack():
                return self._connack(row, packet)
            case Suback(reasons=reasons):
                if any(reason >= FAILURE for reason in reasons):
                    raise Ended(f"subscription refused: {max(reasons):#04x}")
                self._has_subscribed[row] = self._keeps
                self._is_up(row)
            case Disconnect(reason=reason):
                raise Ended(f"disconnected by the broker: {reason:#04x}")
        return b""

    def _received(self, row: int, packet: Publish) -> bytes:
        """QoS 2 is never subscribed to and no alias is allowed, so that neither can come."""
        if packet.qos > 1:
            raise PeerError("MQTT-3.8.4-8", "QoS 2 was not asked for", Reason.QOS_NOT_SUPPORTED)
        if packet.properties is not None and "topic_alias" in packet.properties:
            raise PeerError("MQTT5-3.3.2-9", "no alias is allowed", Reason.TOPIC_ALIAS_INVALID)
        self.counts.received += 1
        self.incoming.messages.append(Inbound(row, packet.topic, packet.payload))
        return packets.puback(packet.packet_id) if packet.qos else b""

    def _acknowledged(self, row: int, ids: Sequence[int], *, is_taken: bool = True) -> bytes:
        """The firmware hears of what was taken only: what was refused it says again."""
        window, acknowledged = self.window, self.incoming.acknowledged
        for packet_id in ids:
            handle = window.acknowledged(row, packet_id)
            if handle and is_taken:
                acknowledged.append((row, handle))
        return window.refill(row)

    def _connack(self, row: int, packet: Connack) -> bytes:
        if packet.reason:
            raise Ended(f"refused by the broker: {packet.reason:#04x}")
        said = packet.properties or {}
        self._keep_alive_s[row] = said.get("server_keep_alive", self._options.keep_alive_s)
        maximum = said.get("receive_maximum", _NO_MAXIMUM)
        unsaid = self.window.resume(row, maximum, session_present=packet.session_present)
        if packet.session_present and self._has_subscribed[row]:
            self._is_up(row)
            return unsaid
        self.state[row] = State.SUBSCRIBING
        if not self._keeps:
            return unsaid
        return self._greetings.subscribe(self._callers[row].thing) + unsaid

    def _is_up(self, row: int) -> None:
        self.state[row] = _UP
        self.counts.connected += 1
        self.counts.connects += 1
        self.incoming.connected.append(row)
