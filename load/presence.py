"""Which robots of a shard have a connection, and which have a good reason not to, without I/O.

A robot that restarts or is out of power is away; one whose home has no internet is silent behind a
socket that is open, so that neither its broker nor its owner can know.
"""

from collections.abc import Collection, Sequence
from typing import Final

from device_sim.firmware.batches import Incoming, Outgoing

_NEVER: Final = float("-inf")
_STILL: Final = float("inf")


class Presence:
    """The robots of a shard, by row."""

    def __init__(self, things: Sequence[str]) -> None:
        self._row = {thing: row for row, thing in enumerate(things)}
        self._up: set[int] = set()
        self._excused: set[int] = set()
        self._silent_until_s: dict[int, float] = {}

    @property
    def things(self) -> Collection[str]:
        """Their names."""
        return self._row.keys()

    @property
    def silent(self) -> list[int]:
        """Rows that nothing gets through to now."""
        return [row for row, until_s in self._silent_until_s.items() if until_s == _STILL]

    @property
    def away(self) -> int:
        """Robots without a connection that their own trouble took, and that are not back yet."""
        return len(self._excused - self._up)

    def heard(self, incoming: Incoming) -> None:
        """Connections were lost and came about, in that order."""
        self._up.difference_update(incoming.lost)
        self._up.update(incoming.connected)
        self._excused.difference_update(incoming.connected)

    def ordered(self, outgoing: Outgoing, now_s: float) -> None:
        """Robots and their homes have asked something of the links."""
        self._excused.update(outgoing.cut, outgoing.silence)
        self._silent_until_s.update(dict.fromkeys(outgoing.silence, _STILL))
        self._excused.difference_update(self._up.intersection(outgoing.restore))
        for row in outgoing.restore:
            if self._silent_until_s.get(row) == _STILL:
                self._silent_until_s[row] = now_s

    def was_silent(self, thing: str, since_s: float) -> bool:
        """Whether nothing got through to a robot of this shard, now or at some time since."""
        row = self._row.get(thing)
        return row is not None and self._silent_until_s.get(row, _NEVER) >= since_s
