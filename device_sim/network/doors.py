"""Which real connections are open, silent or cut, when several causes ask for it.

An order to cut or to silence comes from a robot or its home, a partition from the conditions.  The
strictest counts, and the connections below hear of changes only.
"""

from collections.abc import Callable, Iterable, Sequence

from device_sim.link.port import Links


class Doors:
    """One door a robot."""

    def __init__(self, links: Links, robots: int) -> None:
        self._links = links
        self._asked_cut = bytearray(robots)
        self._asked_silence = bytearray(robots)
        self._cut = bytearray(robots)
        self._silent = bytearray(robots)

    def is_silent(self, row: int) -> bool:
        """Whether nothing gets through, the socket being open."""
        return bool(self._silent[row])

    @property
    def shut(self) -> int:
        """How many robots nothing gets through to, sockets open or not."""
        return sum(map(int.__or__, self._cut, self._silent))

    def ask_cut(self, rows: Sequence[int]) -> None:
        """These shall be broken."""
        for row in rows:
            self._asked_cut[row] = 1

    def ask_silence(self, rows: Sequence[int]) -> None:
        """These shall be silent."""
        for row in rows:
            self._asked_silence[row] = 1

    def ask_nothing(self, rows: Sequence[int]) -> None:
        """These may be open."""
        for row in rows:
            self._asked_cut[row] = self._asked_silence[row] = 0

    def settle(self, rows: Iterable[int], is_mute: Callable[[int], bool]) -> None:
        """Tell the connections what has changed; `is_mute` knows the conditions."""
        cut: list[int] = []
        silent: list[int] = []
        restored: list[int] = []
        for row in rows:
            mute = bool(self._asked_silence[row]) or is_mute(row)
            if self._asked_cut[row]:
                if not self._cut[row]:
                    cut.append(row)
                self._cut[row] = 1
            elif mute:
                # One that is cut stays so: nothing would get through to connect with.
                if not self._silent[row] and not self._cut[row]:
                    silent.append(row)
            elif self._cut[row] or self._silent[row]:
                restored.append(row)
                self._cut[row] = 0
            self._silent[row] = mute
        for order, chosen in (
            (self._links.cut, cut), (self._links.silence, silent), (self._links.restore, restored),
        ):  # fmt: skip
            if chosen:
                order(chosen)
