"""Whether somebody else connects under the same client ids, by how connections end, without I/O.

A broker ends a client's connection when another connects under its id (MQTT-3.1.4-2).  In MQTT 5 it
may say so, with reason 142; some brokers never do, and in 3.1.1 none can.  Then two clients show by
their lives: both come back, so each lives only as long as the other's pause.
"""

from array import array
from typing import Final

SHORT_LIFE_S: Final = 5.0
"""A life that somebody ended; a pause before coming back is shorter, and so is a queue of many."""
LIVES: Final = 3
"""Short lives in a row that are no accident any more."""
_MANY: Final = 3
_MOST_COUNTED: Final = 255


class Rivals:
    """The clients of one process, by row; 9 bytes each."""

    def __init__(self, rows: int) -> None:
        self._since_s = array("d", [float("-inf")]) * rows
        self._short = bytearray(rows)
        self.contested = 0
        """Rows whose last lives were all short."""

    @property
    def are_there(self) -> bool:
        """Whether enough rows are contested; one alone may have trouble of its own."""
        return self.contested >= min(_MANY, max(1, len(self._short)))

    def up(self, row: int, now_s: float) -> None:
        """A row is connected."""
        self._since_s[row] = now_s

    def lost(self, row: int, now_s: float) -> None:
        """It no longer is."""
        was_contested = self._short[row] >= LIVES
        if now_s - self._since_s[row] < SHORT_LIFE_S:
            self._short[row] = min(_MOST_COUNTED, self._short[row] + 1)
        else:
            self._short[row] = 0
        self.contested += (self._short[row] >= LIVES) - was_contested
