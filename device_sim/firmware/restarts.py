"""Rows that restart: their links go away, and come back with them.

Whoever holds the links does what `Outgoing.cut` and `Outgoing.restore` say; where nobody does, a
robot that is up again talks on as if it had connected anew.
"""

from collections.abc import Sequence

from device_sim.firmware.batches import Incoming, Outgoing
from device_sim.robot.step import Happening, Kind


class Restarts:
    """Which rows are away."""

    def __init__(self) -> None:
        self._has_link: dict[int, bool] = {}

    def __contains__(self, row: int) -> bool:
        return row in self._has_link

    def begin(self, row: int, out: Outgoing, *, has_link: bool) -> None:
        """A row goes away."""
        self._has_link[row] = has_link
        out.cut.append(row)

    def links(self, incoming: Incoming) -> None:
        """What became of the links of rows that are away."""
        for row in incoming.lost:
            if row in self._has_link:
                self._has_link[row] = False
        for row in incoming.connected:
            if row in self._has_link:
                self._has_link[row] = True

    def notice(self, happened: Sequence[Happening], out: Outgoing) -> list[int]:
        """Rows that are up and whose links were never gone."""
        still: list[int] = []
        for each in happened:
            if each.kind is Kind.LINK_BACK and each.row in self._has_link:
                out.restore.append(each.row)
                if self._has_link.pop(each.row):
                    still.append(each.row)
        return still
