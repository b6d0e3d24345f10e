"""The path that covers a home: row by row through each room, and the ways home.

A home's path is planned once and shared by every robot that lives in such a home.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from device_sim.robot.floor import CELL_CM, Cell, Grid, Home, runs

_NEIGHBOURS: Final = ((1, 0), (0, 1), (-1, 0), (0, -1))
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CoveragePath:
    """A polyline from the dock through every reachable cell, in cm, the dock at the origin.

    `along_cm` is the distance driven up to each vertex, `home_cm` the shortest way home from it,
    `new_area_m2` the area covered for the first time up to it.
    """

    x_cm: Floats
    y_cm: Floats
    along_cm: Floats
    home_cm: Floats
    new_area_m2: Floats
    cells: Sequence[Cell]
    parents: dict[Cell, Cell]

    @property
    def length_cm(self) -> float:
        """The whole way."""
        return float(self.along_cm[-1])

    @property
    def area_m2(self) -> float:
        """The reachable area."""
        return float(self.new_area_m2[-1])

    def vertex_at(self, along_cm: float) -> int:
        """The last vertex passed after driving that far."""
        index = int(np.searchsorted(self.along_cm, along_cm, side="right")) - 1
        return min(max(index, 0), len(self.cells) - 1)

    def way_home(self, along_cm: float) -> list[tuple[float, float]]:
        """The polyline home from the vertex passed last."""
        cell = self.cells[self.vertex_at(along_cm)]
        origin = self.cells[0]
        way = [cell]
        while cell != origin:
            cell = self.parents[cell]
            way.append(cell)
        return [
            (float((x - origin[0]) * CELL_CM), float((y - origin[1]) * CELL_CM)) for x, y in way
        ]


@lru_cache(maxsize=256)
def plan_path(place: Home) -> CoveragePath:
    """The coverage path of a home."""
    parents, steps = _ways_home(place.open, place.dock)
    route = _route(place, steps)
    cells = np.array(route)
    fresh = np.zeros(len(route))
    fresh[list({cell: index for index, cell in reversed(list(enumerate(route)))}.values())] = 1.0
    jumps = np.abs(np.diff(cells, axis=0)).sum(axis=1) * CELL_CM
    return CoveragePath(
        x_cm=(cells[:, 0] - place.dock[0]) * float(CELL_CM),
        y_cm=(cells[:, 1] - place.dock[1]) * float(CELL_CM),
        along_cm=np.concatenate(([0.0], np.cumsum(jumps))),
        home_cm=np.array([steps[cell] * float(CELL_CM) for cell in route]),
        new_area_m2=np.cumsum(fresh) * (CELL_CM / 100) ** 2,
        cells=route,
        parents=parents,
    )


def _ways_home(is_open: Grid, dock: Cell) -> tuple[dict[Cell, Cell], dict[Cell, int]]:
    """From every reachable cell the next one on the shortest way home, and how many there are."""
    parents: dict[Cell, Cell] = {}
    steps = {dock: 0}
    queue = deque([dock])
    while queue:
        cell = queue.popleft()
        for dx, dy in _NEIGHBOURS:
            there = cell[0] + dx, cell[1] + dy
            if there not in steps and is_open[there]:
                steps[there] = steps[cell] + 1
                parents[there] = cell
                queue.append(there)
    return parents, steps


def _route(place: Home, reachable: dict[Cell, int]) -> list[Cell]:
    """Every reachable cell: each room's rows to and fro, doorways and corners as they are met."""
    left = set(reachable)
    route = [place.dock]
    left.discard(place.dock)
    for start, end in _rows(place, reachable):
        wanted = [cell for cell in _line(start, end) if cell in left]
        if not wanted:
            continue
        first, last = wanted[0], wanted[-1]
        here = route[-1]
        if abs(here[0] - last[0]) + abs(here[1] - last[1]) < abs(here[0] - first[0]) + abs(
            here[1] - first[1]
        ):
            first, last = last, first
        _drive(route, left, first, place.open)
        _drive(route, left, last, place.open)
    while left:
        _drive(route, left, _nearest(route[-1], left, place.open), place.open)
    return route


def _rows(place: Home, reachable: dict[Cell, int]) -> list[tuple[Cell, Cell]]:
    """The stretches of each room, rows along its longer side, room after room."""
    stretches: list[tuple[Cell, Cell]] = []
    for room in place.rooms:
        inside = np.zeros_like(place.open)
        inside[room.x0 : room.x1, room.y0 : room.y1] = True
        wanted = inside & place.open
        along_x = room.x1 - room.x0 >= room.y1 - room.y0
        grid = wanted.T if along_x else wanted
        for index, line in enumerate(grid):
            for start, end in runs(line):
                ends: list[Cell] = [(index, start), (index, end - 1)]
                a, b = (each[::-1] for each in ends) if along_x else ends
                if a in reachable:
                    stretches.append((a, b))
    return stretches


def _line(start: Cell, end: Cell) -> list[Cell]:
    count = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    dx = (end[0] > start[0]) - (end[0] < start[0])
    dy = (end[1] > start[1]) - (end[1] < start[1])
    return [(start[0] + dx * step, start[1] + dy * step) for step in range(count + 1)]


def _drive(route: list[Cell], left: set[Cell], goal: Cell, is_open: Grid) -> None:
    """Append the shortest way to a cell."""
    for cell in _shortest(route[-1], goal, is_open):
        route.append(cell)
        left.discard(cell)


def _shortest(start: Cell, goal: Cell, is_open: Grid) -> list[Cell]:
    if start == goal:
        return []
    for corner in ((goal[0], start[1]), (start[0], goal[1])):
        way = _line(start, corner)[1:] + _line(corner, goal)[1:]
        if all(is_open[cell] for cell in way):
            return way
    return _search(start, is_open, lambda cell: cell == goal)


def _nearest(start: Cell, wanted: set[Cell], is_open: Grid) -> Cell:
    return _search(start, is_open, lambda cell: cell in wanted)[-1]


def _search(start: Cell, is_open: Grid, found: Callable[[Cell], bool]) -> list[Cell]:
    came: dict[Cell, Cell] = {start: start}
    queue = deque([start])
    while queue:
        cell = queue.popleft()
        if found(cell):
            way = []
            while cell != start:
                way.append(cell)
                cell = came[cell]
            return way[::-1]
        for dx, dy in _NEIGHBOURS:
            there = cell[0] + dx, cell[1] + dy
            if there not in came and is_open[there]:
                came[there] = cell
                queue.append(there)
    raise AssertionError("every cell of a home's reachable part can be reached")
