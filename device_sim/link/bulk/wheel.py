"""One timer for each row, in a wheel of ticks.

A timer is an entry in a slot, and a column says which slot it is: setting the timer anew leaves the
old entry behind, which says nothing when its slot comes.  A timer beyond the wheel's turn stands in
the last slot of the turn and is put on from there.
"""

from array import array
from collections.abc import Iterator
from typing import Final

SLOTS: Final = 1024
_NOWHERE: Final = -1


class Wheel:
    """When each row is due, in ticks; 6 bytes a row, and 4 for each timer set."""

    def __init__(self, rows: int, slots: int = SLOTS) -> None:
        self._due = array("i", [0]) * rows
        self._place = array("h", [_NOWHERE]) * rows
        self._slots = [array("i") for _ in range(slots)]
        self.tick = 0
        """The last tick that has been turned past."""

    def set(self, row: int, tick: int) -> None:
        """The row is due at a tick, the next at the earliest, and at no other any more."""
        size = len(self._slots)
        self._due[row] = tick = max(tick, self.tick + 1)
        place = min(tick, self.tick + size - 1) % size
        self._place[row] = place
        self._slots[place].append(row)

    def clear(self, row: int) -> None:
        """The row is not due."""
        self._place[row] = _NOWHERE

    def turn(self, tick: int) -> Iterator[int]:
        """The rows that are due up to and with a tick, each once."""
        size = len(self._slots)
        self.tick = max(self.tick, tick - size)  # after a long pause one whole turn finds all
        while self.tick < tick:
            self.tick += 1
            place = self.tick % size
            if not self._slots[place]:
                continue
            rows, self._slots[place] = self._slots[place], array("i")
            for row in rows:
                if self._place[row] != place:
                    continue
                self._place[row] = _NOWHERE
                if self._due[row] <= self.tick:
                    yield row
                else:
                    self.set(row, self._due[row])
