"""The path that covers a home: room after room, in rows, along the edges, in rows across.

A home's path is planned once and shared by every robot that lives in such a home.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from device_sim.robot.coverage.drive import Drive, Leg
from device_sim.robot.coverage.edges import drive_edges
from device_sim.robot.coverage.line import measured, new_cells
from device_sim.robot.coverage.rows import drive_rows
from device_sim.robot.homes import Home
from device_sim.robot.homes.geometry import CELL_CM, Grid
from device_sim.robot.homes.ways import straightened
from device_sim.robot.parameters import Standing

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]

_M2_PER_CELL: Final = CELL_CM * CELL_CM / 10_000
_STANDING: Final = Standing()


class Passes(IntEnum):
    """How often a mission cleans its rooms (section 8)."""

    AUTOMATIC = 0
    """Small rooms twice."""
    ONE = 1
    TWO = 2


@dataclass(frozen=True, eq=False)
class CoveragePath:
    """A polyline from the dock over the floor that is cleaned, in cm, the dock at the origin.

    `along_cm` is the time until each vertex as the distance that a robot drives in it; where it
    turns in place or bumps, the vertex stands twice, with both times.  `home_cm` is the shortest
    way home, `new_area_m2` the area cleaned for the first time so far, `cells` the nearest open
    cells, `leg` what the way to the vertex is driven for (`Leg`), `room` the room's number.
    """

    place: Home
    x_cm: Singles
    y_cm: Singles
    along_cm: Floats
    home_cm: Singles
    new_area_m2: Floats
    cells: npt.NDArray[np.int16]
    leg: npt.NDArray[np.int8]
    room: npt.NDArray[np.int8]
    rooms: tuple[int, ...] | None = None
    """Those it was asked for, or None for all."""

    @property
    def length_cm(self) -> float:
        """The whole way."""
        return float(self.along_cm[-1])

    @property
    def area_m2(self) -> float:
        """The area it cleans."""
        return float(self.new_area_m2[-1])

    @cached_property
    def floor_m2(self) -> float:
        """The free floor of its rooms that a robot can enter, with what furniture shuts out."""
        return float(np.count_nonzero(_floor_of(self.place, self.rooms))) * _M2_PER_CELL

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

    def driven(self, passes: Passes) -> "CoveragePath":
        """The part of a path through all passes that a mission drives.

        A second pass ends where it began, so that a robot may leave it out.
        """
        if passes is Passes.TWO:
            return self
        twice = np.zeros(len(self.place.rooms), dtype=np.bool_)
        if passes is Passes.AUTOMATIC:
            twice[list(_small_rooms(self.place))] = True
        kept = (self.leg != Leg.SECOND) | twice[self.room]
        lengths = np.diff(self.along_cm, prepend=0)[kept]
        areas = np.diff(self.new_area_m2, prepend=0)[kept]
        return CoveragePath(
            place=self.place,
            x_cm=self.x_cm[kept],
            y_cm=self.y_cm[kept],
            along_cm=np.rint(np.cumsum(lengths) * 10) / 10,
            home_cm=self.home_cm[kept],
            new_area_m2=np.cumsum(areas),
            cells=self.cells[kept],
            leg=self.leg[kept],
            room=self.room[kept],
            rooms=self.rooms,
        )

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
    """The path that cleans all of a home, or some of its rooms in that order, by their numbers.

    Each room in rows, then along its edges, then in rows at right angles to the first.  It takes
    about 10 ms, and a path 160 KB.
    """
    reachable = place.steps >= 0
    drive = Drive(place.ways, place.dock)
    wanted = _by_the_doors(place) if rooms is None else rooms
    for number in wanted:
        if number in place.enterable:
            drive.room = number
            _drive_room(drive, place, reachable, number)
    if rooms is not None and not (_floor_of(place, rooms) & reachable).any():
        drive = Drive(place.ways, place.dock)
    return _measured(place, drive, rooms)


def _floor_of(place: Home, rooms: tuple[int, ...] | None) -> Grid:
    """The free floor of rooms that a robot can enter, their doors included; of all for None."""
    inside = np.zeros(place.blocked.shape, dtype=np.bool_)
    for number in place.enterable if rooms is None else set(rooms) & place.enterable:
        inside |= place.floor_of(number)
    return inside & ~place.blocked


def _drive_room(drive: Drive, place: Home, reachable: Grid, number: int) -> None:
    room, floor = place.rooms[number].bounds, reachable & place.floor_of(number)
    drive.leg = Leg.FIRST
    drive_rows(drive, floor, room)
    drive.leg = Leg.EDGES
    drive_edges(drive, floor, place.blocked, room)
    drive.leg = Leg.SECOND
    begin = drive.here
    drive_rows(drive, floor, room, across=True)
    drive.to(begin)


def _measured(place: Home, drive: Drive, rooms: tuple[int, ...] | None) -> CoveragePath:
    """The path of a drive, with what is known at each vertex."""
    line = measured(drive)
    cells = np.rint(line.at).astype(np.int16)
    astray = np.flatnonzero(place.steps[cells[:, 0], cells[:, 1]] < 0)
    for vertex in astray.tolist():
        cells[vertex] = cells[vertex - 1]
    steps = place.steps[cells[:, 0], cells[:, 1]].astype(np.float32)
    at_cm = (line.at - np.array(place.dock)) * CELL_CM
    return CoveragePath(
        place=place,
        x_cm=at_cm[:, 0].astype(np.float32),
        y_cm=at_cm[:, 1].astype(np.float32),
        along_cm=np.cumsum(line.took_mm) / 10,
        home_cm=steps * CELL_CM,
        new_area_m2=new_cells(line.at, _floor_of(place, rooms)).astype(np.float64) * _M2_PER_CELL,
        cells=cells,
        leg=line.leg.astype(np.int8),
        room=line.room.astype(np.int8),
        rooms=rooms,
    )


def _small_rooms(place: Home) -> Iterable[int]:
    """The rooms that automatic passes clean twice."""
    return (
        number for number, room in enumerate(place.rooms) if room.area_m2 < _STANDING.twice_below_m2
    )


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
