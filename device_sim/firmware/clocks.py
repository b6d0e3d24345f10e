"""Each robot's idea of cloud time: its own clock, put right by what the cloud says.

A robot's clock may run ahead or behind, and one that has been without power begins at zero.  What
the cloud says has a timestamp in whole seconds.  A message may have been on its way for long, so
alone it proves only that it is no earlier than that; an answer also says that it was no later when
the question was asked, so it sets the clock (as Cristian's algorithm does).  A robot whose clock
has jumped knows that it has, and leaves commands alone until an answer has come.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_WHOLE_SECOND_S: Final = 1.0
"""A timestamp is cut to whole seconds."""
_ASK_AGAIN_S: Final = 10.0


class Clocks:
    """One clock a robot; about 24 bytes each."""

    def __init__(self, robots: int) -> None:
        self._ahead_s = np.zeros(robots)
        """Of this computer's clock."""
        self._offset_s = np.zeros(robots)
        self._asked_s = np.full(robots, -np.inf)
        self._unsure: set[int] = set()

    def now_s(self, row: int, now_s: float) -> float:
        """What a robot takes for cloud time."""
        return now_s + float(self._ahead_s[row])

    def is_sure(self, row: int) -> bool:
        """Whether a robot's clock has been put right since it last jumped."""
        return row not in self._unsure

    def put_wrong(self, rows: Sequence[int], offsets_s: npt.NDArray[np.float64]) -> None:
        """Clocks run that far ahead from now on; those that do already are left alone."""
        for row, offset_s in zip(rows, offsets_s.tolist(), strict=True):
            if offset_s != self._offset_s[row]:
                self._offset_s[row] = self._ahead_s[row] = offset_s
                self._doubt(row)

    def restart(self, row: int, now_s: float) -> None:
        """A robot that was without power begins to count at zero."""
        self._ahead_s[row] = -now_s
        self._doubt(row)

    def asks(self, row: int, now_s: float) -> None:
        """A robot has asked the cloud something whose answer has the time."""
        self._asked_s[row] = now_s

    def to_ask(self, now_s: float) -> list[int]:
        """Rows that do not know the time and have not asked for it lately."""
        return [row for row in self._unsure if now_s - self._asked_s[row] > _ASK_AGAIN_S]

    def answered(
        self, row: int, timestamp: Any, now_s: float, asked_s: float | None = None
    ) -> None:
        """The cloud has answered; without a moment of asking it is that of `asks`."""
        if not _is_time(timestamp):
            return
        since_s = now_s - (self._asked_s[row] if asked_s is None else asked_s)
        latest_s = timestamp + _WHOLE_SECOND_S + since_s
        self._ahead_s[row] = min(max(self.now_s(row, now_s), timestamp), latest_s) - now_s
        self._unsure.discard(row)

    def heard(self, row: int, timestamp: Any, now_s: float) -> None:
        """The cloud has said something unasked."""
        if _is_time(timestamp):
            self._ahead_s[row] = max(self.now_s(row, now_s), timestamp) - now_s

    def _doubt(self, row: int) -> None:
        self._unsure.add(row)
        self._asked_s[row] = -np.inf


def _is_time(timestamp: Any) -> bool:
    return isinstance(timestamp, int) and not isinstance(timestamp, bool) and timestamp > 0
