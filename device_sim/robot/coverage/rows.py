"""Row by row through a room, to and fro, region by region: the order in which rows are driven."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from device_sim.robot.coverage.drive import Drive
from device_sim.robot.homes.geometry import Cell, Grid, Rect, runs

SPACING: Final = 4
"""[E] Cells between two rows at most: 20 cm, so that what is swept overlaps by a third (16.2)."""
_SHORTEST: Final = 3
"""Cells of a row that is worth turning for; edges reach the others."""


class Row(NamedTuple):
    """A stretch of a row, its ends included; `number` counts the rows of the room."""

    number: int
    across: int
    start: int
    end: int


def drive_rows(drive: Drive, reachable: Grid, room: Rect, *, across: bool = False) -> None:
    """Drive the rows of a room along its longer side, or across, from wherever the robot is."""
    along_x = (room.wide >= room.deep) != across
    inside = room.grown(1).cut(reachable)
    grid = inside.T if along_x else inside
    first = (room.y0 - 1, room.x0 - 1) if along_x else (room.x0 - 1, room.y0 - 1)
    left = _rows(grid)
    if not left:
        return

    def cell(across: int, along: int) -> Cell:
        across, along = across + first[0], along + first[1]
        return (along, across) if along_x else (across, along)

    def place(at: Cell) -> tuple[int, int]:
        x, y = at
        return (y - first[0], x - first[1]) if along_x else (x - first[0], y - first[1])

    for row, forward in _order(left, place(drive.here)):
        ends = cell(row.across, row.start), cell(row.across, row.end)
        start, end = ends if forward else ends[::-1]
        if drive.to(start, square=True):
            drive.along([end], bumps=True)


def _rows(grid: Grid) -> list[Row]:
    """Rows from the first to the last that fits between the walls, evenly spaced."""
    used = np.flatnonzero(grid[1:-1].any(axis=1)) + 1
    if not used.size:
        return []
    low, high = int(used[0]), int(used[-1])
    count = max(-(-(high - low) // SPACING), 1)
    places = sorted({low + (high - low) * number // count for number in range(count + 1)})
    return [
        Row(number, across, start, end - 1)
        for number, across in enumerate(places)
        for start, end in runs(grid[across])
        if end - start >= _SHORTEST
    ]


def _order(rows: Sequence[Row], here: tuple[int, int]) -> Iterator[tuple[Row, bool]]:
    """Each row and whether it is driven forward.

    From a row on to one beside it that touches it, in the same direction as long as there is one;
    then back over what was passed; then to the nearest that is left.
    """
    left: dict[int, list[Row]] = {}
    for row in rows:
        left.setdefault(row.number, []).append(row)
    last = max(left)
    outer = [row for number in (0, last) for row in left.get(number, [])] or list(rows)
    row = min(outer, key=lambda each: _distance(each, here))
    heading = 1 if row.number <= last // 2 else -1
    while True:
        left[row.number].remove(row)
        forward = abs(here[1] - row.start) <= abs(here[1] - row.end)
        yield row, forward
        here = row.across, row.end if forward else row.start
        for turn in (heading, -heading):
            beside = [each for each in left.get(row.number + turn, []) if _touch(row, each)]
            if beside:
                heading = turn
                break
        else:
            beside = [each for others in left.values() for each in others]
            if not beside:
                return
        row = min(beside, key=lambda each: _distance(each, here))


def _touch(one: Row, other: Row) -> bool:
    return one.start <= other.end and other.start <= one.end


def _distance(row: Row, here: tuple[int, int]) -> int:
    return abs(row.across - here[0]) + min(abs(row.start - here[1]), abs(row.end - here[1]))
