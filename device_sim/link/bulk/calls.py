"""Who may call a broker now: rows whose time has come, so many at once to each listener.

A broker's backlog is short (Mosquitto's is 100), and a fleet that was cut off together must not
return together: attempts are drawn with back-off and full jitter, and those that are due stand in
line for a free place.
"""

from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from device_sim.firmware.reconnect import pause_s
from device_sim.link.port import Caller, LinkOptions

_MOST_COUNTED = 255


class Calls:
    """The attempts of all rows, without time: whoever holds the clock says what is due."""

    def __init__(self, callers: Sequence[Caller], options: LinkOptions) -> None:
        self._callers = callers
        self._options = options
        count = len(options.urls)
        self._listener = array("H", [caller.key % count for caller in callers])
        self._attempt = bytearray(len(callers))
        self._is_under_way = bytearray(len(callers))
        self._lines: list[deque[int]] = [deque() for _ in range(count)]
        self._under_way = [0] * count

    def listener(self, row: int) -> int:
        """The place of a row's broker among the addresses."""
        return self._listener[row]

    def line_up(self, rows: Iterable[int]) -> None:
        """Rows whose next attempt is due."""
        for row in rows:
            self._lines[self._listener[row]].append(row)

    def take(self) -> Iterator[int]:
        """The rows that may call now."""
        for place, line in enumerate(self._lines):
            free = self._options.connects_at_once - self._under_way[place]
            for _ in range(min(free, len(line))):
                yield line.popleft()

    def begun(self, row: int) -> None:
        """A connection of a row is under way."""
        if not self._is_under_way[row]:
            self._is_under_way[row] = 1
            self._under_way[self._listener[row]] += 1

    def over(self, row: int) -> None:
        """It is no longer under way: it came about, or it did not."""
        if self._is_under_way[row]:
            self._is_under_way[row] = 0
            self._under_way[self._listener[row]] -= 1

    def came_about(self, row: int) -> None:
        """A row is up, and its attempts are counted anew."""
        self.over(row)
        self._attempt[row] = 0

    def pause_s(self, row: int) -> float:
        """Seconds until the next attempt of a row that has no connection; each is one more."""
        self._attempt[row] = attempt = min(self._attempt[row] + 1, _MOST_COUNTED)
        key = self._callers[row].key
        return pause_s(self._options.seed, key, attempt, self._options.backoff)
