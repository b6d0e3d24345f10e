"""A way that grows: the corners of a robot's path, each leg of it over open floor."""

from collections.abc import Iterable
from enum import IntEnum
from typing import Final

import numpy as np

from device_sim.robot.homes.geometry import Cell, Grid
from device_sim.robot.homes.ways import Ways, straightened

REACH: Final = 3
"""Whole cells on each side of the centre's that the brush sweeps: 32 cm wide (16.1)."""


class Leg(IntEnum):
    """What a robot drives a leg for, the way to where that begins included."""

    FIRST = 0
    """Rows of the first pass."""
    EDGES = 1
    SECOND = 2
    """Rows of the second pass, and the way back to where it began."""


class Drive:
    """The corners driven so far; `swept` is a rough image of what they swept, for choosing.

    Beside each corner stand what it was driven for, the room, and whether the robot bumps there.
    """

    def __init__(self, ways: Ways, start: Cell) -> None:
        self.ways = ways
        self.corners = [start]
        self.legs = [Leg.FIRST]
        self.rooms = [0]
        self.bumps = [False]
        self.leg = Leg.FIRST
        self.room = 0
        self.swept: Grid = np.zeros(ways.shape, dtype=np.bool_)
        shut = ~ways.is_open
        self._shut_x = np.cumsum(shut, axis=0, dtype=np.int16)
        self._shut_y = np.cumsum(shut, axis=1, dtype=np.int16)

    @property
    def here(self) -> Cell:
        """Where the way has come to."""
        return self.corners[-1]

    def along(self, cells: Iterable[Cell], *, bumps: bool = False) -> None:
        """Drive straight to each in turn; each must be in sight of the one before."""
        for cell in cells:
            if cell != self.corners[-1]:
                self._leg(cell, bumps=bumps)

    def _leg(self, cell: Cell, *, bumps: bool) -> None:
        (ax, ay), (bx, by) = self.corners[-1], cell
        self.corners.append(cell)
        self.legs.append(self.leg)
        self.rooms.append(self.room)
        self.bumps.append(bumps)
        if self.leg is not Leg.SECOND and (ax == bx or ay == by):
            self.swept[
                min(ax, bx) - REACH : max(ax, bx) + REACH + 1,
                min(ay, by) - REACH : max(ay, by) + REACH + 1,
            ] = True

    def to(self, goal: Cell, *, square: bool = False) -> bool:
        """Drive to a cell the shortest way; `square` prefers two legs along the walls."""
        here = self.here
        if here == goal:
            return True
        if not square and self._sees(here, goal):
            self.along([goal])
            return True
        for corner in ((here[0], goal[1]), (goal[0], here[1])):
            if self._sees(here, corner) and self._sees(corner, goal):
                self.along([corner, goal])
                return True
        way = self.ways.shortest(here, [goal])
        if not way:
            return False
        self.along(straightened(self.ways, way)[1:])
        return True

    def _sees(self, one: Cell, other: Cell) -> bool:
        """Whether a straight line is open; along a wall, how many shut cells lie before each."""
        if one[0] == other[0]:
            shut = self._shut_y
        elif one[1] == other[1]:
            shut = self._shut_x
        else:
            return self.ways.sees(one, other)
        is_open = self.ways.is_open
        return bool(shut[one] == shut[other] and is_open[one] and is_open[other])
