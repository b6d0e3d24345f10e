"""Rectangles of a floor's grid, and the grid's measures."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

CELL_CM: Final = 5
BODY_RADIUS_CM: Final = 17
"""Reference 16.1: 338 to 353 mm across."""
WALL: Final = 2
"""Cells a wall is thick: 10 cm."""
DECIMETRE: Final = 2
"""Cells."""

Grid = npt.NDArray[np.bool_]
Cell = tuple[int, int]


class Rect(NamedTuple):
    """A rectangle of cells, its right and upper ends exclusive."""

    x0: int
    y0: int
    x1: int
    y1: int

    @property
    def wide(self) -> int:
        """Along x."""
        return self.x1 - self.x0

    @property
    def deep(self) -> int:
        """Along y."""
        return self.y1 - self.y0

    @property
    def area_m2(self) -> float:
        """The floor it covers."""
        return self.wide * self.deep * (CELL_CM * CELL_CM / 10_000)

    def grown(self, by: int) -> "Rect":
        """Larger on every side, or smaller."""
        return Rect(self.x0 - by, self.y0 - by, self.x1 + by, self.y1 + by)

    def meets(self, other: "Rect") -> bool:
        """Whether the two share a cell."""
        return (
            self.x0 < other.x1 and other.x0 < self.x1 and self.y0 < other.y1 and other.y0 < self.y1
        )

    def within(self, other: "Rect") -> bool:
        """Whether it lies in the other."""
        return (
            self.x0 >= other.x0
            and self.y0 >= other.y0
            and self.x1 <= other.x1
            and self.y1 <= other.y1
        )

    def cut(self, grid: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """The part of a grid that it covers, to be read or set."""
        return grid[self.x0 : self.x1, self.y0 : self.y1]


def runs(line: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where a line is true: pairs of start and exclusive end."""
    padded = np.zeros(len(line) + 2, dtype=np.int8)
    padded[1:-1] = line
    edges = np.flatnonzero(np.diff(padded)).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def runs_of_rows(grid: npt.NDArray[np.bool_]) -> list[tuple[int, int, int]]:
    """Where the rows of a grid are true: row, start and exclusive end, row after row."""
    padded = np.zeros((grid.shape[0], grid.shape[1] + 2), dtype=np.int8)
    padded[:, 1:-1] = grid
    row, edge = np.nonzero(np.diff(padded, axis=1))
    return list(zip(row[::2].tolist(), edge[::2].tolist(), edge[1::2].tolist(), strict=True))
