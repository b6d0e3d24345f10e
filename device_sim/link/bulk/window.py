"""QoS 1 messages of many rows: which are on their way, which wait, which go out again.

At most the broker's Receive Maximum of a row's messages are on their way, and never more than our
own maximum; the rest wait in a queue with a limit.  Only messages under way take memory: they stand
in one dictionary by row and packet id together.
"""

from array import array
from collections import deque
from collections.abc import Sequence
from typing import Final

from device_sim.link.bulk.packets import SUBSCRIBE_ID, Encode, again

MOST_ON_THEIR_WAY: Final = 100
"""Of one connection: AWS IoT's limit (AWS reference, section 8.1)."""
MOST_WAITING: Final = 400
"""Of one row."""
_LAST_ID: Final = SUBSCRIBE_ID - 1


class Window:
    """The messages under way of every row."""

    def __init__(self, rows: int, encode: Encode) -> None:
        self._encode = encode
        self._next_id = array("H", [1]) * rows
        self._count = array("H", [0]) * rows
        self._maximum = array("H", [MOST_ON_THEIR_WAY]) * rows
        self._under_way: dict[int, tuple[bytes, int]] = {}
        """Packet and handle by row and packet id."""
        self._waiting: dict[int, deque[tuple[bytes, bytes, int]]] = {}
        """Topic, payload and handle."""
        self._again: dict[int, deque[bytes]] = {}
        """Packets of an earlier connection that this one has not taken yet."""

    def __len__(self) -> int:
        """All the messages on their way."""
        return len(self._under_way)

    def count(self, row: int) -> int:
        """A row's messages on their way."""
        return self._count[row]

    def send(self, row: int, topic: bytes, payload: bytes, handle: int) -> bytes | None:
        """The packet to send now; empty when the message waits, None when too many do."""
        if self._count[row] >= self._maximum[row]:
            queue = self._waiting.setdefault(row, deque())
            if len(queue) >= MOST_WAITING:
                return None
            queue.append((topic, payload, handle))
            return b""
        return self._launch(row, topic, payload, handle)

    def acknowledged(self, row: int, packet_id: int) -> int | None:
        """The handle of a message that has arrived; None for one of an earlier connection."""
        entry = self._under_way.pop(row << 16 | packet_id, None)
        if entry is None:
            return None
        self._count[row] -= 1
        return entry[1]

    def acknowledged_each(self, rows: Sequence[int], keys: Sequence[int]) -> list[tuple[int, int]]:
        """Rows and handles of messages that have arrived, one of a row, each by row and packet id.

        A message whose handle is 0 is not among them, nor one of an earlier connection.
        """
        pop, count = self._under_way.pop, self._count
        arrived = []
        for row, key in zip(rows, keys, strict=True):
            entry = pop(key, None)
            if entry is None:
                continue
            count[row] -= 1
            if entry[1]:
                arrived.append((row, entry[1]))
        return arrived

    @property
    def has_more(self) -> bool:
        """Whether messages of some row wait to go out, or to go out again."""
        return bool(self._again or self._waiting)

    def refill(self, row: int) -> bytes:
        """What waited and may go out now: first what goes out again, then what is new."""
        if row not in self._again and row not in self._waiting:
            return b""
        packets, maximum = [], self._maximum[row]
        again_ = self._again.get(row, ())
        while again_ and self._count[row] - len(again_) < maximum:
            packets.append(again_.popleft())
        if not again_:
            self._again.pop(row, None)
        queue = self._waiting.get(row, ())
        while queue and self._count[row] < maximum:
            packets.append(self._launch(row, *queue.popleft()))
        if not queue:
            self._waiting.pop(row, None)
        return b"".join(packets)

    def resume(self, row: int, receive_maximum: int, *, session_present: bool) -> bytes:
        """What to send first on a new connection.

        The same messages with DUP where the broker still has the session, as new ones where it
        has not, in their old order and no more of them than it takes at once.
        """
        self._maximum[row] = min(receive_maximum, MOST_ON_THEIR_WAY)
        packets = (self._under_way[key][0] for key in self._keys(row))
        self._again[row] = deque(map(again, packets) if session_present else packets)
        return self.refill(row)

    def forget(self, row: int) -> None:
        """The row's session is over: its messages are dropped."""
        for key in self._keys(row):
            del self._under_way[key]
        self._count[row] = 0
        self._again.pop(row, None)
        self._waiting.pop(row, None)

    def _launch(self, row: int, topic: bytes, payload: bytes, handle: int) -> bytes:
        under_way, first = self._under_way, row << 16
        packet_id = self._next_id[row]
        while first | packet_id in under_way:
            packet_id = packet_id % _LAST_ID + 1
        self._next_id[row] = packet_id % _LAST_ID + 1
        packet = self._encode(topic, payload, packet_id)
        under_way[first | packet_id] = packet, handle
        self._count[row] += 1
        return packet

    def _keys(self, row: int) -> list[int]:
        """Where a row's messages on their way stand, the oldest first."""
        keys: list[int] = []
        packet_id = self._next_id[row]
        while len(keys) < self._count[row]:
            packet_id = packet_id - 1 or _LAST_ID
            if row << 16 | packet_id in self._under_way:
                keys.append(row << 16 | packet_id)
        return keys[::-1]
