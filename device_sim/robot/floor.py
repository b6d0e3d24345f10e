"""Homes, made from a seed: rooms with doors, walls, furniture, carpets, and a dock at a wall.

A home is a grid of 20 cm cells.  A cell is open when the robot's body (17 cm radius) fits with its
centre there: it and its eight neighbours are free of walls and furniture.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from cloud_functions.contract.maps import FloorPlan, Shape
from device_sim.robot.chance import Purpose, one_uniform

CELL_CM: Final = 20
BODY_RADIUS_CM: Final = 17
_MIN_SIDE, _MAX_SIDE = 14, 22
"""Sides of a room in cells: 2.8 to 4.4 m."""
_DOOR: Final = 6
"""Cells of a doorway, 1.2 m between the frames."""
_NAMES: Final = ("Living room", "Kitchen", "Hall", "Bedroom", "Study", "Bath")
_FURNITURE: Final = ("Sofa", "Table", "Shelf", "Bed", "Desk", "Chest")

Grid = npt.NDArray[np.bool_]
Cell = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Room:
    """A rectangle of cells, its right and upper ends exclusive."""

    name: str
    x0: int
    y0: int
    x1: int
    y1: int


@dataclass(frozen=True, eq=False)
class Home:
    """One home; `blocked` and `open` are indexed [x, y]; the dock stands at `dock`."""

    seed: int
    rooms: Sequence[Room]
    blocked: Grid
    open: Grid
    dock: Cell
    plan: FloorPlan

    def centre_cm(self, cell: Cell) -> tuple[int, int]:
        """A cell's centre in the frame of the dock."""
        return (cell[0] - self.dock[0]) * CELL_CM, (cell[1] - self.dock[1]) * CELL_CM


class _Dice:
    """Draws in their order for the making of one home."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._draw = 0

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        self._draw += 1
        share = one_uniform(self._seed, self._draw, 0, Purpose.HOME)
        return low + int(share * (high - low + 1))


@lru_cache(maxsize=256)
def home(seed: int) -> Home:
    """The home of that seed, always the same."""
    dice = _Dice(seed)
    columns, rows = ((2, 1), (2, 2), (3, 1), (3, 2))[dice.between(0, 3)]
    xs = _edges(dice, columns)
    ys = _edges(dice, rows)
    blocked = np.zeros((xs[-1] + 1, ys[-1] + 1), dtype=np.bool_)
    for x in xs:
        blocked[x, :] = True
    for y in ys:
        blocked[:, y] = True
    rooms = [
        Room(_NAMES[index], xs[c] + 1, ys[r] + 1, xs[c + 1], ys[r + 1])
        for index, (r, c) in enumerate((r, c) for r in range(rows) for c in range(columns))
    ]
    _cut_doors(dice, blocked, xs, ys)
    walls = blocked.copy()
    dock = (rooms[0].x0 + 1, rooms[0].y0 + 3)
    furniture = [piece for room in rooms for piece in _furnish(dice, room, blocked, dock)]
    carpets = [_carpet(dice, room) for room in rooms[::2]]
    is_open = _open(blocked)
    return Home(seed, rooms, blocked, is_open, dock, _plan(rooms, walls, furniture, carpets, dock))


def _edges(dice: _Dice, count: int) -> list[int]:
    edges = [0]
    for _ in range(count):
        edges.append(edges[-1] + dice.between(_MIN_SIDE, _MAX_SIDE) + 1)
    return edges


def _cut_doors(dice: _Dice, blocked: Grid, xs: list[int], ys: list[int]) -> None:
    """A doorway in every wall between two rooms, so that all of the home is one."""
    for r in range(len(ys) - 1):
        for x in xs[1:-1]:
            start = dice.between(ys[r] + 2, ys[r + 1] - _DOOR - 1)
            blocked[x, start : start + _DOOR] = False
    for c in range(len(xs) - 1):
        for y in ys[1:-1]:
            start = dice.between(xs[c] + 2, xs[c + 1] - _DOOR - 1)
            blocked[start : start + _DOOR, y] = False


def _furnish(
    dice: _Dice, room: Room, blocked: Grid, dock: Cell
) -> list[tuple[str, int, int, int, int]]:
    """One to three pieces in the middle of a room, away from doors and from the dock."""
    pieces: list[tuple[str, int, int, int, int]] = []
    for _ in range(dice.between(1, 3)):
        wide, deep = dice.between(2, 5), dice.between(2, 4)
        x = dice.between(room.x0 + 3, max(room.x0 + 3, room.x1 - wide - 3))
        y = dice.between(room.y0 + 3, max(room.y0 + 3, room.y1 - deep - 3))
        near = abs(x - dock[0]) < wide + 4 and abs(y - dock[1]) < deep + 4
        if near or blocked[x - 2 : x + wide + 2, y - 2 : y + deep + 2].any():
            continue
        blocked[x : x + wide, y : y + deep] = True
        pieces.append((_FURNITURE[dice.between(0, 5)], x, y, x + wide, y + deep))
    return pieces


def _carpet(dice: _Dice, room: Room) -> tuple[str, int, int, int, int]:
    x, y = dice.between(room.x0 + 1, room.x0 + 4), dice.between(room.y0 + 1, room.y0 + 4)
    return "Carpet", x, y, room.x1 - dice.between(1, 4), room.y1 - dice.between(1, 4)


def _open(blocked: Grid) -> Grid:
    """Cells where the body fits: no blocked cell among the nine around."""
    near = blocked.copy()
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            near |= np.roll(np.roll(blocked, dx, axis=0), dy, axis=1)
    return ~near


def _plan(
    rooms: Sequence[Room],
    walls: Grid,
    furniture: Sequence[tuple[str, int, int, int, int]],
    carpets: Sequence[tuple[str, int, int, int, int]],
    dock: Cell,
) -> FloorPlan:
    def corner(x: int, y: int) -> tuple[int, int]:
        half = CELL_CM // 2
        return (x - dock[0]) * CELL_CM - half, (y - dock[1]) * CELL_CM - half

    def shape(  # noqa: PLR0917  two names and a rectangle
        identifier: str, name: str, x0: int, y0: int, x1: int, y1: int
    ) -> Shape:
        corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
        return Shape(identifier, name, tuple(corner(*each) for each in corners))

    low, high = corner(0, 0), corner(*walls.shape)
    return FloorPlan(
        rooms=[
            shape(str(index), room.name, room.x0, room.y0, room.x1, room.y1)
            for index, room in enumerate(rooms, 1)
        ],
        walls=_segments(walls, dock),
        furniture=[shape(f"f{index}", *piece) for index, piece in enumerate(furniture, 1)],
        carpets=[shape(f"c{index}", *piece) for index, piece in enumerate(carpets, 1)],
        bounds=(*low, *high),
    )


def _segments(walls: Grid, dock: Cell) -> list[tuple[int, int, int, int]]:
    """Runs of wall cells of two or more, as lines through their centres."""
    lines: list[tuple[int, int, int, int]] = []
    for grid, turned in ((walls, False), (walls.T, True)):
        for index, line in enumerate(grid):
            for start, end in runs(line):
                if end - start > 1:
                    ends = ((index, start), (index, end - 1))
                    (ax, ay), (bx, by) = (e[::-1] if turned else e for e in ends)
                    lines.append(
                        (
                            (ax - dock[0]) * CELL_CM,
                            (ay - dock[1]) * CELL_CM,
                            (bx - dock[0]) * CELL_CM,
                            (by - dock[1]) * CELL_CM,
                        )
                    )
    return lines


def runs(line: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where a line is true: pairs of start and exclusive end."""
    padded = np.concatenate(([False], line, [False])).astype(np.int8)
    edges = np.flatnonzero(np.diff(padded))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
