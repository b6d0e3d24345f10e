"""Which rows are to be looked at when: a heap, so that those that wait cost nothing."""

import heapq


class Alarms:
    """Of one clock; a row may have many, and looking at one in vain does no harm."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int]] = []

    def set(self, at_s: float, row: int) -> None:
        """Look at a row then."""
        heapq.heappush(self._heap, (at_s, row))

    def due(self, now_s: float) -> list[int]:
        """Rows whose time has come, earliest first; each is told once."""
        rows: list[int] = []
        while self._heap and self._heap[0][0] <= now_s:
            rows.append(heapq.heappop(self._heap)[1])
        return rows
