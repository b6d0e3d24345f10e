"""What is on its way over one robot's bad connection, and when it arrives.

A way holds messages in flight in both directions, in the order of one TCP connection each.  What is
due while nothing gets through waits for the retransmission after the end of that; what is on its
way when the connection breaks is gone.
"""

from collections.abc import Iterator
from enum import IntEnum
from heapq import heapify, heappop, heappush
from typing import Any, Final, NamedTuple

from device_sim.network.path import ROUND_TRIPS_TO_TALK, Lane, Quality, resumes_s
from device_sim.robot.chance import Purpose, one_uniform

OUT: Final = 0
BACK: Final = 1
_NOTHING: Final = 0


class Kind(IntEnum):
    """What is in flight."""

    MESSAGE = 0
    ACKNOWLEDGEMENT = 1
    CONNECTED = 2
    LOST = 3
    BROKEN = 4
    """The moment at which a peer gives up waiting for retransmissions."""


class Flight(NamedTuple):
    """Something on its way; ordered by when it is due, and then as it was given."""

    due_s: float
    order: int
    row: int
    direction: int
    age: int
    """Which connection of the row's it belongs to."""
    kind: Kind
    what: Any
    size: int


class Way:
    """One robot's connection, both directions."""

    __slots__ = (
        "ages", "aloft", "blocked_s", "is_new", "is_silent", "is_up", "key", "lanes", "missed_s",
        "pending", "quality", "queued_bytes", "seed", "sequences", "waiting",
    )  # fmt: skip

    def __init__(self, key: int, seed: int, quality: Quality, *, age: int, is_up: bool) -> None:
        self.key, self.seed, self.quality = key, seed, quality
        self.is_up = is_up
        """Whether the real connection is there."""
        self.is_new = not is_up
        """Whether the robot has yet to hear of the connection that is there or will be."""
        self.lanes = [Lane(), Lane()]
        self.sequences = [0, 0]
        self.queued_bytes = [0, 0]
        self.pending = [0, 0]
        """Messages on their way."""
        self.aloft = [0, 0]
        """Everything on its way."""
        self.ages = [age, age]
        self.is_silent = False
        self.waiting: list[Flight] = []
        """What was due while nothing got through."""
        self.missed_s = 0.0
        """When the first of them was."""
        self.blocked_s = [0.0, 0.0]
        """When the last retransmission after a silence arrives."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is on its way."""
        return not (self.aloft[OUT] or self.aloft[BACK])

    def carry(self, direction: int, size: int, now_s: float) -> tuple[float, float]:
        """When that many bytes arrive, and how long they wait for retransmissions."""
        loss = self._draw(direction, Purpose.PATH_LOSS) if self.quality.loss else 0.0
        jitter = self._draw(direction, Purpose.PATH_JITTER) if self.quality.jitter_s else 0.0
        self.sequences[direction] += 1
        return self.lanes[direction].carry(size, now_s, self.quality, (loss, jitter))

    def is_repeated(self, direction: int) -> bool:
        """Whether the acknowledgement of the next message is lost, so that it comes twice."""
        share = self.quality.duplicates
        return bool(share) and self._draw(direction, Purpose.PATH_DUPLICATE) < share

    def talks_from_s(self, now_s: float) -> float:
        """When a connection that begins now has its subscriptions."""
        self.lanes = [Lane(), self.lanes[BACK]]
        for _ in range(ROUND_TRIPS_TO_TALK):
            now_s, _ = self.carry(OUT, _NOTHING, now_s)
            now_s, _ = self.carry(BACK, _NOTHING, now_s)
        return now_s

    def put(self, flight: Flight) -> None:
        """Count something that sets off."""
        self._count(flight, 1)

    def land(self, flight: Flight) -> None:
        """Count something that has arrived."""
        self._count(flight, -1)

    def forget(self, direction: int, age: int) -> int:
        """What is on its way is gone; how many messages that were."""
        gone = self.pending[direction]
        self.lanes[direction] = Lane()
        self.blocked_s[direction] = 0.0
        self.ages[direction] = age
        self.pending[direction] = self.aloft[direction] = self.queued_bytes[direction] = 0
        self.waiting = [each for each in self.waiting if each.direction != direction]
        return gone

    def miss(self, flight: Flight, now_s: float) -> None:
        """Nothing gets through, so this waits."""
        if not self.waiting:
            self.missed_s = now_s
        self.waiting.append(flight)

    def heal(self, now_s: float) -> list[Flight]:
        """Things get through again: what has waited, with the moment of its retransmission."""
        self.is_silent = False
        if not self.waiting:
            return []
        again_s = resumes_s(self.missed_s, now_s, self.quality.rto_s)
        waited, self.waiting = self.waiting, []
        for direction in {each.direction for each in waited}:
            self.lanes[direction].stall(again_s)
            self.blocked_s[direction] = self.lanes[direction].arrived_s
        return [each._replace(due_s=self.blocked_s[each.direction]) for each in waited]

    def is_blocked(self, flight: Flight) -> bool:
        """Whether something that set off earlier is still to come."""
        return flight.due_s < self.blocked_s[flight.direction]

    def _count(self, flight: Flight, number: int) -> None:
        self.aloft[flight.direction] += number
        if flight.kind is Kind.MESSAGE:
            self.pending[flight.direction] += number
            self.queued_bytes[flight.direction] += number * flight.size

    def _draw(self, direction: int, purpose: Purpose) -> float:
        return one_uniform(self.seed, self.key, 2 * self.sequences[direction] + direction, purpose)


class Flights:
    """Everything in flight over all ways, the soonest first."""

    def __init__(self) -> None:
        self._heap: list[Flight] = []
        self._order = 0

    def __len__(self) -> int:
        return len(self._heap)

    def next_order(self) -> int:
        """A number that is greater than all before."""
        self._order += 1
        return self._order

    def add(self, flight: Flight) -> None:
        """One more."""
        heappush(self._heap, flight)

    def due(self, now_s: float) -> Iterator[Flight]:
        """Take out what is due."""
        while self._heap and self._heap[0].due_s <= now_s:
            yield heappop(self._heap)

    def soonest_s(self) -> float:
        """When the next is due."""
        return self._heap[0].due_s if self._heap else float("inf")

    def keep(self, ways: dict[int, Way]) -> None:
        """Throw out what belongs to connections that are gone."""
        self._heap = [
            each for each in self._heap
            if each.row in ways and each.age == ways[each.row].ages[each.direction]
        ]  # fmt: skip
        heapify(self._heap)

    def in_order(self) -> list[Flight]:
        """All of them, as they will be due."""
        return sorted(self._heap)
