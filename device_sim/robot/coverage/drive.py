"""A way that grows: the corners of a robot's path, each leg of it over open floor."""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from device_sim.robot.homes.geometry import Cell, Grid
from device_sim.robot.homes.ways import Ways, straightened

REACH = 3
"""Whole cells on each side of the centre's that the brush sweeps: 32 cm wide (16.1)."""


class Drive:
    """The corners driven so far; `swept` is a rough image of what they swept, for choosing."""

    def __init__(self, ways: Ways, start: Cell) -> None:
        self.ways = ways
        self.corners = [start]
        self.swept: Grid = np.zeros(ways.shape, dtype=np.bool_)

    @property
    def here(self) -> Cell:
        """Where the way has come to."""
        return self.corners[-1]

    def along(self, cells: Iterable[Cell]) -> None:
        """Drive straight to each in turn; each must be in sight of the one before."""
        for cell in cells:
            if cell != self.corners[-1]:
                self._leg(cell)

    def _leg(self, cell: Cell) -> None:
        (ax, ay), (bx, by) = self.corners[-1], cell
        self.corners.append(cell)
        if ax == bx or ay == by:
            self.swept[
                min(ax, bx) - REACH : max(ax, bx) + REACH + 1,
                min(ay, by) - REACH : max(ay, by) + REACH + 1,
            ] = True

    def to(self, goal: Cell, *, square: bool = False) -> bool:
        """Drive to a cell the shortest way; `square` prefers two legs along the walls."""
        here = self.here
        if here == goal:
            return True
        corners = ((here[0], goal[1]), (goal[0], here[1]))
        sees = self.ways.sees
        if not square and sees(here, goal):
            self.along([goal])
            return True
        for corner in corners:
            if sees(here, corner) and sees(corner, goal):
                self.along([corner, goal])
                return True
        way = self.ways.shortest(here, [goal])
        if not way:
            return False
        self.along(straightened(self.ways, way)[1:])
        return True

    def length(self) -> int:
        """Cells driven, as streets count."""
        return sum(abs(ax - bx) + abs(ay - by) for (ax, ay), (bx, by) in pairwise(self.corners))
