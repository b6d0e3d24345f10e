"""When executions run out of time, the soonest first."""

import heapq
from collections.abc import Iterable
from typing import Final, TypeAlias

Attempt: TypeAlias = tuple[str, str, int]
"""Job id, thing, execution number."""
_SLACK: Final = 1_000


class Alarms:
    """A heap; an alarm is not taken back, whoever wakes up looks whether it still holds.

    Updates set alarms that replace others, so the heap is built anew when it has grown to twice
    what it had to hold.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, Attempt]] = []
        self._tidy_at = _SLACK

    def set(self, until_s: float, attempt: Attempt) -> None:
        """Wake up at this time."""
        heapq.heappush(self._heap, (until_s, attempt))

    @property
    def is_untidy(self) -> bool:
        """Whether most alarms may be for nothing."""
        return len(self._heap) > self._tidy_at

    def tidy(self, wanted: Iterable[tuple[float, Attempt]]) -> None:
        """Hold these alarms and no others."""
        self._heap = list(wanted)
        heapq.heapify(self._heap)
        self._tidy_at = 2 * len(self._heap) + _SLACK

    def next_due(self, now_s: float) -> Attempt | None:
        """Who has to wake up by now, one at a time; None when nobody has."""
        if not self._heap or self._heap[0][0] > now_s:
            return None
        return heapq.heappop(self._heap)[1]
