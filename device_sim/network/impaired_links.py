"""Links whose rows feel the network's conditions, round any other links.

What a robot sends waits here until it has arrived, and only then goes to the real connection; what
arrives at the real connection waits here until the robot has it.  Rows without conditions pass
through for the price of one look.  A moment is the start of an exchange: what arrives during one
counts from the next, so that no delay is shortened.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from device_sim.firmware.batches import Inbound, Incoming, Outbound
from device_sim.link.port import LinkCounts, Links
from device_sim.network.conditions import Conditions, Ints
from device_sim.network.doors import Doors
from device_sim.network.path import CLEAR
from device_sim.network.way import BACK, OUT, Flight, Flights, Kind, Way

_KEEP_ALIVES: Final = 1.5
"""After that many without a packet a broker closes (MQTT 3.1.2.10; AWS reference, section 3.3)."""
_MOST_BYTES: Final = 262_144
"""[E] What waits on one way in one direction; a message more than fits is dropped."""
_ACKNOWLEDGEMENT_BYTES: Final = 4
_FRAME_BYTES: Final = 7
"""A PUBLISH beside topic and payload: fixed header, topic length, packet identifier."""
_STALE: Final = 1024
"""Flights of connections that are gone, after which they are thrown out."""


@dataclass(slots=True)
class PathCounts:
    """Messages of rows with conditions, both directions together.

    taken + repeated = delivered + dropped + lost + those on their way.
    """

    taken: int = 0
    repeated: int = 0
    delivered: int = 0
    dropped: int = 0
    """For want of room, or because the robot was not connected."""
    lost: int = 0
    """With their connection."""
    retransmitted: int = 0
    broken: int = 0
    """Connections that waited too long for a retransmission."""


class ImpairedLinks:
    """Any links, seen through a network with conditions."""

    def __init__(
        self,
        links: Links,
        conditions: Conditions,
        keys: Sequence[int],
        *,
        seed: int,
        keep_alive_s: float,
        most_bytes: int = _MOST_BYTES,
    ) -> None:
        self.paths = PathCounts()
        self._links = links
        self._conditions = conditions
        self._keys, self._seed = keys, seed
        self._patience_s = _KEEP_ALIVES * keep_alive_s
        self._most_bytes = most_bytes
        self._ways: dict[int, Way] = {}
        self._feels = bytearray(len(conditions))
        self._talks = bytearray(len(conditions))
        self._doors = Doors(links, len(conditions))
        self._flights = Flights()
        self._stale = 0
        self._arrived: list[Flight] = []
        self._healed: list[int] = []
        self._lost: list[int] = []
        self._now_s = 0.0

    @property
    def counts(self) -> LinkCounts:
        """What has happened on the real connections so far."""
        return self._links.counts

    @property
    def out_of_reach(self) -> int:
        """Robots that are cut off, or silent behind sockets that are open."""
        return self._doors.shut

    @property
    def on_their_way(self) -> int:
        """Messages that have been sent and have not arrived."""
        return sum(sum(way.pending) for way in self._ways.values())

    def changed(self, rows: Ints) -> None:
        """Take up the conditions of rows anew."""
        for row in rows.tolist():
            quality = self._conditions.quality(row)
            if row in self._ways:
                self._ways[row].quality = quality
            elif quality != CLEAR:
                self._open_way(row)
        self._settle(rows.tolist())
        for row in rows.tolist():
            self._close_idle(row)

    def cut(self, rows: Sequence[int]) -> None:
        """Break the connections of rows at once, without goodbye, and keep them away."""
        self._doors.ask_cut(rows)
        for row in rows:
            self._lose(row)
        self._settle(rows)

    def silence(self, rows: Sequence[int]) -> None:
        """Let nothing of rows through in either direction while their sockets stay open."""
        self._doors.ask_silence(rows)
        self._settle(rows)

    def restore(self, rows: Sequence[int]) -> None:
        """Let rows that were cut or silenced connect and talk again, as conditions allow."""
        self._doors.ask_nothing(rows)
        self._settle(rows)

    def exchange(
        self, messages: Sequence[Outbound], now_s: float, timeout_s: float = 0.0
    ) -> Incoming:
        """Send, wait up to `timeout_s` or until something is due, and return what arrived."""
        self._now_s = now_s
        if not self._ways:
            return self._told(self._links.exchange(messages, now_s, timeout_s))
        self._take_in(now_s)
        feels = self._feels
        straight = [each for each in messages if not feels[each.row]]
        for message in messages:
            if feels[message.row]:
                self._send(message, now_s)
        ready = Incoming()
        self._release(now_s, straight, ready)
        told = ready.messages or ready.acknowledged or ready.connected or ready.lost or self._lost
        wait_s = 0.0 if told else min(timeout_s, self._flights.soonest_s() - now_s)
        incoming = self._links.exchange(straight, now_s, max(0.0, wait_s))
        self._hold(incoming)
        incoming.messages = ready.messages + incoming.messages
        incoming.acknowledged = ready.acknowledged + incoming.acknowledged
        incoming = self._told(incoming)
        incoming.connected = ready.connected + incoming.connected
        incoming.lost = ready.lost + incoming.lost
        return incoming

    def close(self) -> None:
        """Hand over what is still on its way to open connections, and say goodbye on all."""
        left = [
            each.what
            for each in self._flights.in_order()
            if each.direction == OUT
            and each.kind is Kind.MESSAGE
            and self._is_live(each)
            and not self._doors.is_silent(each.row)
        ]
        if left:
            self._links.exchange(left, self._now_s, 0.0)
        self._links.close()

    # ------------------------------------------------------------ the state of connections

    def _open_way(self, row: int) -> Way:
        way = Way(
            self._keys[row], self._seed, self._conditions.quality(row),
            age=self._flights.next_order(), is_up=bool(self._talks[row]),
        )  # fmt: skip
        self._ways[row] = way
        self._feels[row] = 1
        return way

    def _close_idle(self, row: int) -> None:
        """A row without conditions passes through again when nothing of it is on its way."""
        way = self._ways.get(row)
        if way is None or not way.is_idle or way.is_silent or self._arrived:
            return
        if way.quality != CLEAR:
            return
        if way.lanes[OUT].arrived_s <= self._now_s and way.lanes[BACK].arrived_s <= self._now_s:
            del self._ways[row]
            self._feels[row] = 0

    def _settle(self, rows: Sequence[int]) -> None:
        """Bring the real connections into the state that orders and conditions ask for."""
        self._doors.settle(rows, self._conditions.is_mute)
        for row in rows:
            is_silent = self._doors.is_silent(row)
            if row not in self._ways and not is_silent:
                continue
            way = self._ways.get(row) or self._open_way(row)
            if is_silent:
                way.is_silent = True
            elif way.is_silent:
                self._healed.append(row)

    def _lose(self, row: int) -> None:
        """The robot has no connection any more, and knows."""
        if self._talks[row]:
            self._talks[row] = 0
            self._lost.append(row)
        way = self._ways.get(row)
        if way is not None:
            way.is_up, way.is_new = False, True
            self._forget(way, OUT)
            self._forget(way, BACK)

    def _forget(self, way: Way, direction: int) -> None:
        self._stale += way.aloft[direction]
        self.paths.lost += way.forget(direction, self._flights.next_order())
        if self._stale > _STALE:
            self._flights.keep(self._ways)
            self._stale = 0

    def _told(self, incoming: Incoming) -> Incoming:
        """Each loss is told once, and only of robots that had been told of a connection."""
        talks = self._talks
        lost, self._lost = self._lost, []
        for row in incoming.lost:
            if talks[row]:
                talks[row] = 0
                lost.append(row)
        incoming.lost = lost
        for row in incoming.connected:
            talks[row] = 1
        return incoming

    # ------------------------------------------------------------ on the way

    def _send(self, message: Outbound, now_s: float) -> None:
        """What a robot says sets off, where it has a connection to say it on."""
        way = self._ways[message.row]
        self.paths.taken += 1
        if way.is_new or not self._talks[message.row]:
            self.paths.dropped += 1
            return
        again = bool(message.qos) and way.is_repeated(OUT)
        self._fly(_parcel(message, OUT), now_s)
        if again:
            self.paths.repeated += 1
            # Its acknowledgement is told once.
            self._fly(_parcel(message._replace(handle=0), OUT), now_s)

    def _fly(self, parcel: Flight, now_s: float) -> None:
        """It sets off on its row's lane, if there is room."""
        way, direction = self._ways[parcel.row], parcel.direction
        full = way.queued_bytes[direction] + parcel.size > self._most_bytes
        if parcel.kind is Kind.MESSAGE and way.queued_bytes[direction] and full:
            self.paths.dropped += 1
            return
        if way.is_silent:
            way.miss(self._put(parcel, now_s), now_s)
            return
        due_s, held_s = way.carry(direction, parcel.size, now_s)
        self._flights.add(self._put(parcel, due_s))
        self.paths.retransmitted += bool(held_s)
        if held_s > self._patience_s:
            end = parcel._replace(kind=Kind.BROKEN, what=None, size=0)
            self._flights.add(self._put(end, now_s + self._patience_s))

    def _put(self, parcel: Flight, due_s: float) -> Flight:
        """It belongs to the connection of now, and is counted."""
        way = self._ways[parcel.row]
        age, order = way.ages[parcel.direction], self._flights.next_order()
        flight = parcel._replace(due_s=due_s, order=order, age=age)
        way.put(flight)
        return flight

    def _release(self, now_s: float, straight: list[Outbound], ready: Incoming) -> None:
        """Everything that is due arrives: at the real connections, or at the robots."""
        later: list[Flight] = []
        waits: set[int] = set()
        for flight in self._flights.due(now_s):
            if not self._is_live(flight):
                self._stale = max(0, self._stale - 1)
                continue
            way = self._ways[flight.row]
            if way.is_silent:
                way.miss(flight, now_s)
            elif way.is_blocked(flight):
                blocked_s = way.blocked_s[flight.direction]
                self._flights.add(flight._replace(due_s=blocked_s))
            elif flight.row in waits or (
                flight.kind in (Kind.LOST, Kind.BROKEN) and flight.row in ready.connected
            ):
                # A batch tells losses first, so a loss that follows a connection is for the next.
                waits.add(flight.row)
                later.append(flight)
            else:
                way.land(flight)
                self._land(flight, way, straight, ready)
        for flight in later:
            self._flights.add(flight)

    def _is_live(self, flight: Flight) -> bool:
        way = self._ways.get(flight.row)
        return way is not None and flight.age == way.ages[flight.direction]

    def _land(
        self, flight: Flight, way: Way, straight: list[Outbound], ready: Incoming
    ) -> None:  # fmt: skip
        row = flight.row
        match flight.kind:
            case Kind.MESSAGE:
                self.paths.delivered += 1
                (straight if flight.direction == OUT else ready.messages).append(flight.what)
            case Kind.ACKNOWLEDGEMENT:
                ready.acknowledged.append(flight.what)
            case Kind.CONNECTED:
                self._talks[row] = 1
                way.is_new = not way.is_up
                ready.connected.append(row)
            case Kind.LOST:
                if self._talks[row]:
                    self._talks[row] = 0
                    ready.lost.append(row)
            case Kind.BROKEN:
                self.paths.broken += 1
                self._links.cut([row])
                self._links.restore([row])
                self._lose(row)
        self._close_idle(row)

    # ------------------------------------------------------------ at the real connections

    def _hold(self, incoming: Incoming) -> None:
        """Take out what rows with conditions have not heard yet."""
        feels = self._feels
        again = set(incoming.connected)
        for row in incoming.lost:
            if feels[row] and row in again:
                self._arrive(_sign(row, Kind.LOST))
        for pair in incoming.acknowledged:
            if feels[pair[0]]:
                self._arrive(_sign(pair[0], Kind.ACKNOWLEDGEMENT, pair))
        for row in incoming.connected:
            if feels[row]:
                self._arrive(_sign(row, Kind.CONNECTED))
        for message in incoming.messages:
            if feels[message.row]:
                self._arrive(_parcel(message, BACK))
        for row in incoming.lost:
            if feels[row] and row not in again:
                self._arrive(_sign(row, Kind.LOST))
        incoming.messages = [each for each in incoming.messages if not feels[each.row]]
        incoming.acknowledged = [each for each in incoming.acknowledged if not feels[each[0]]]
        incoming.connected = [row for row in incoming.connected if not feels[row]]
        incoming.lost = [row for row in incoming.lost if not feels[row]]

    def _arrive(self, parcel: Flight) -> None:
        self._arrived.append(parcel._replace(age=self._ways[parcel.row].ages[BACK]))

    def _take_in(self, now_s: float) -> None:
        """What has reached the real connections sets off to the robots."""
        healed, self._healed = self._healed, []
        for row in healed:
            way = self._ways.get(row)
            if way is not None and not self._doors.is_silent(row):
                for flight in way.heal(now_s):
                    self._flights.add(flight)
        arrived, self._arrived = self._arrived, []
        for each in arrived:
            if self._is_live(each):
                self._set_off(each, self._ways[each.row], now_s)
        for row in healed:
            self._close_idle(row)

    def _set_off(self, arrived: Flight, way: Way, now_s: float) -> None:
        row = arrived.row
        match arrived.kind:
            case Kind.CONNECTED:
                way.is_up, way.is_new = True, True
                self._flights.add(self._put(arrived, way.talks_from_s(now_s)))
            case Kind.LOST if way.is_up:
                way.is_up, way.is_new = False, True
                self._forget(way, OUT)
                if way.is_silent:
                    self._lose(row)  # it has waited for answers long enough
                else:
                    self._fly(arrived, now_s)
            case Kind.MESSAGE:
                self.paths.taken += 1
                again = way.is_repeated(BACK)
                self._fly(arrived, now_s)
                if again:
                    self.paths.repeated += 1
                    self._fly(arrived, now_s)
            case Kind.ACKNOWLEDGEMENT:
                self._fly(arrived, now_s)
            case _:
                pass


def _parcel(message: Inbound | Outbound, direction: int) -> Flight:
    """A message that is about to set off."""
    size = _FRAME_BYTES + len(message.topic) + len(message.payload)
    return Flight(0.0, 0, message.row, direction, 0, Kind.MESSAGE, message, size)


def _sign(row: int, kind: Kind, what: Any = None) -> Flight:
    """Something smaller than a message that is about to reach a robot."""
    return Flight(0.0, 0, row, BACK, 0, kind, what, _ACKNOWLEDGEMENT_BYTES)
