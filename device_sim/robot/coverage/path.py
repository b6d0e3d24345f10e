"""The path that covers a home: room after room, in rows and then along the edges.

A home's path is planned once and shared by every robot that lives in such a home.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from device_sim.robot.coverage.drive import Drive
from device_sim.robot.coverage.edges import drive_edges
from device_sim.robot.coverage.rows import drive_rows
from device_sim.robot.homes import Home
from device_sim.robot.homes.geometry import CELL_CM, Cell, Grid
from device_sim.robot.homes.ways import straightened

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CLEANING_RADIUS_CM: Final = 16
"""Half of what is cleaned across (16.1)."""
_PIECE_MM: Final = 150
"""Between two vertices at most."""
_CUT: Final = 2
"""Cells by which corners are cut short: a robot turns in an arc."""
_CM2_PER_CELL: Final = CELL_CM * CELL_CM
_M2_PER_CELL: Final = _CM2_PER_CELL / 10_000


@dataclass(frozen=True, eq=False)
class CoveragePath:
    """A polyline from the dock over the floor that is cleaned, in cm, the dock at the origin.

    `along_cm` is the distance driven up to each vertex, `home_cm` the shortest way home from it,
    `new_area_m2` the area cleaned for the first time up to it; `cells` are the nearest open cells.
    """

    place: Home
    x_cm: Floats
    y_cm: Floats
    along_cm: Floats
    home_cm: Floats
    new_area_m2: Floats
    cells: npt.NDArray[np.int16]

    @property
    def length_cm(self) -> float:
        """The whole way."""
        return float(self.along_cm[-1])

    @property
    def area_m2(self) -> float:
        """The area it cleans."""
        return float(self.new_area_m2[-1])

    def vertex_at(self, along_cm: float) -> int:
        """The last vertex passed after driving that far."""
        index = int(np.searchsorted(self.along_cm, along_cm, side="right")) - 1
        return min(max(index, 0), len(self.x_cm) - 1)

    def way_home(self, along_cm: float) -> list[tuple[float, float]]:
        """The polyline home from the vertex passed last."""
        vertex = self.vertex_at(along_cm)
        known = self._ways_home.get(vertex)
        if known is None:
            if len(self._ways_home) >= _MOST_WAYS:
                self._ways_home.clear()
            known = self._ways_home[vertex] = self._found_home(vertex)
        return list(known)

    @cached_property
    def _ways_home(self) -> dict[int, list[tuple[float, float]]]:
        return {}

    def _found_home(self, vertex: int) -> list[tuple[float, float]]:
        place = self.place
        x, y = self.cells[vertex].tolist()
        way = straightened(place.ways, place.ways.descend(place.steps, (x, y)))
        begin = float(self.x_cm[vertex]), float(self.y_cm[vertex])
        rest = [(float(x), float(y)) for x, y in map(place.centre_cm, way)]
        return [begin, *(rest[1:] if len(rest) > 1 else rest)]


_MOST_WAYS: Final = 64
"""Ways home that one path remembers."""


@lru_cache(maxsize=256)
def plan_path(place: Home, rooms: tuple[int, ...] | None = None) -> CoveragePath:
    """The path that cleans all of a home, or some of its rooms in that order, by their numbers."""
    reachable = place.steps >= 0
    drive = Drive(place.ways, place.dock)
    wanted = _by_the_doors(place) if rooms is None else rooms
    inside = np.full(place.steps.shape, rooms is None)
    for number in wanted:
        room = place.rooms[number].rect
        if number in place.enterable:
            room.grown(1).cut(inside)[:] = True
            drive_rows(drive, reachable, room)
            drive_edges(drive, reachable, place.blocked, room)
    if rooms is not None and not (inside & reachable).any():
        drive.corners = [place.dock]
    return _measured(place, _rounded(drive.corners, place.open), inside)


def _by_the_doors(place: Home) -> Sequence[int]:
    """Rooms in the order in which a robot comes to them, from the dock's on."""
    order: list[int] = []

    def visit(number: int) -> None:
        order.append(number)
        doors = [d for d in place.layout.doors if number in d.rooms and d.is_open]
        for door in sorted(doors, key=lambda each: (each.rect.x0, each.rect.y0)):
            there = door.rooms[door.rooms[0] == number]
            if there not in order and there in place.enterable:
                visit(there)

    visit(place.dock_room)
    return order


def _rounded(corners: Sequence[Cell], is_open: Grid) -> Floats:
    """The corners in cells, right angles cut short where the floor allows it."""
    at = np.array(corners, dtype=np.int64).reshape(-1, 2)
    if len(at) < 3:  # noqa: PLR2004  no corner
        return at.astype(np.float64)
    legs = np.diff(at, axis=0)
    lengths = np.abs(legs).sum(axis=1)
    before, after = np.sign(legs[:-1]), np.sign(legs[1:])
    straight = (np.abs(before).sum(axis=1) == 1) & (np.abs(after).sum(axis=1) == 1)
    square = straight & ((before * after).sum(axis=1) == 0)
    square &= (lengths[:-1] >= 2 * _CUT) & (lengths[1:] >= 2 * _CUT)
    within = at[1:-1] - before + after
    square &= is_open[within[:, 0], within[:, 1]]
    twice = np.repeat(at, 2, axis=0)
    cut = np.zeros_like(twice)
    cut[2:-2:2][square] = -_CUT * before[square]
    cut[3:-2:2][square] = _CUT * after[square]
    keep = np.ones(len(twice), dtype=np.bool_)
    keep[[0, -1]] = False
    keep[3:-2:2] = square
    kept = (twice + cut)[keep]
    moved = np.concatenate(([True], (np.diff(kept, axis=0) != 0).any(axis=1)))
    return kept[moved].astype(np.float64)


def _measured(place: Home, corners: Floats, inside: Grid) -> CoveragePath:
    """Vertices a short way from each other, and what is known at each."""
    points, lengths_mm = _pieces(corners)
    along_mm = np.concatenate(([0], np.cumsum(lengths_mm)))
    cells = np.rint(points).astype(np.int16)
    astray = np.flatnonzero(place.steps[cells[:, 0], cells[:, 1]] < 0)
    for vertex in astray.tolist():
        cells[vertex] = cells[vertex - 1]
    steps = place.steps[cells[:, 0], cells[:, 1]]
    return CoveragePath(
        place=place,
        x_cm=(points[:, 0] - place.dock[0]) * CELL_CM,
        y_cm=(points[:, 1] - place.dock[1]) * CELL_CM,
        along_cm=along_mm / 10,
        home_cm=steps.astype(np.float64) * CELL_CM,
        new_area_m2=_new_cells(points, inside & ~place.blocked).astype(np.float64) * _M2_PER_CELL,
        cells=cells,
    )


def _pieces(corners: Floats) -> tuple[Floats, Ints]:
    """A polyline in cells with vertices between its corners, and its pieces' whole millimetres."""
    legs = np.diff(corners, axis=0)
    legs_mm = np.sqrt((legs * legs).sum(axis=1)) * (CELL_CM * 10)
    counts = np.maximum(np.ceil(legs_mm / _PIECE_MM), 1).astype(np.int64)
    of_leg = np.repeat(np.arange(len(legs)), counts)
    first = np.cumsum(counts) - counts
    share = (np.arange(len(of_leg)) - first[of_leg] + 1) / counts[of_leg]
    points = corners[:-1][of_leg] + legs[of_leg] * share[:, None]
    lengths = np.rint(legs_mm / counts).astype(np.int64)[of_leg]
    return np.concatenate((corners[:1], points)), lengths


_DISC: Final = np.array(
    [
        (dx, dy)
        for dx in range(-3, 4)
        for dy in range(-3, 4)
        if (dx * dx + dy * dy) * _CM2_PER_CELL <= CLEANING_RADIUS_CM**2
    ]
)


def _new_cells(points: Floats, wanted: Grid) -> Ints:
    """How many of the wanted cells have been under the brush up to each point."""
    stride = wanted.shape[1]
    at = np.rint(points).astype(np.int64)
    centres = at[:, 0] * stride + at[:, 1]
    offsets = _DISC[:, 0] * stride + _DISC[:, 1]
    first = np.full(wanted.size, len(points), dtype=np.int64)
    order = np.arange(len(points))[::-1]
    first[(centres[order][:, None] + offsets).ravel()] = np.repeat(order, len(offsets))
    found = first[wanted.ravel()]
    counts = np.bincount(found, minlength=len(points) + 1)[:-1]
    return np.cumsum(counts)
