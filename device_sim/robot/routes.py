"""The ways through homes as compact arrays, shared by all robots that drive them.

A route is a home's whole coverage path, or the part of it that cleans some of its rooms.  What the
physics needs of it is its length, its area, and two tables along it, one entry a metre: the way
home from there and the area cleaned so far.  About 8 bytes a metre, 2.5 KB a home.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from cloud_functions.contract.maps import FloorPlan, Point
from device_sim.robot.coverage import CoveragePath, plan_path
from device_sim.robot.floor import Cell, home

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

SAMPLE_MM: Final = 1000
MAX_ROUTES: Final = 65_536
_CM2_PER_M2: Final = 10_000


@dataclass(frozen=True, eq=False)
class Route:
    """A polyline in cm, the dock at the origin; empty when its rooms are not on the map.

    `place` is the vertex of the home's path behind each vertex, for the way home.
    """

    path: CoveragePath
    x_cm: Floats
    y_cm: Floats
    along_cm: Floats
    home_cm: Floats
    area_m2: Floats
    place: Ints

    @property
    def length_cm(self) -> float:
        """The whole way."""
        return float(self.along_cm[-1])

    def vertex_at(self, along_cm: float) -> int:
        """The last vertex passed after driving that far."""
        index = int(np.searchsorted(self.along_cm, along_cm, side="right")) - 1
        return min(max(index, 0), len(self.x_cm) - 1)

    def way_home(self, along_cm: float) -> list[tuple[float, float]]:
        """The polyline home from the vertex passed last."""
        place = int(self.place[self.vertex_at(along_cm)])
        return self.path.way_home(float(self.path.along_cm[place]))


@lru_cache(maxsize=4096)
def whole(home_seed: int) -> Route:
    """The route through all of a home."""
    path = plan_path(home(home_seed))
    return Route(
        path, path.x_cm, path.y_cm, path.along_cm, path.home_cm, path.new_area_m2,
        np.arange(len(path.x_cm)),
    )  # fmt: skip


def _rooms_of(plan: FloorPlan, x_cm: Floats, y_cm: Floats) -> Ints:
    """The place in `plan.rooms` of the room each point lies in, -1 for none."""
    found = np.full(len(x_cm), -1, dtype=np.int64)
    for index, room in enumerate(plan.rooms):
        found[(found < 0) & _inside(room.polygon, x_cm, y_cm)] = index
    return found


def _inside(polygon: Sequence[Point], x_cm: Floats, y_cm: Floats) -> npt.NDArray[np.bool_]:
    """Whether each point lies in a polygon, by counting the edges to its right."""
    inside = np.zeros(len(x_cm), dtype=np.bool_)
    for (ax, ay), (bx, by) in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        if ay == by:
            continue
        between = (y_cm >= min(ay, by)) & (y_cm < max(ay, by))
        crossing = ax + (y_cm - ay) * ((bx - ax) / (by - ay))
        inside ^= between & (x_cm < crossing)
    return inside


@lru_cache(maxsize=1024)
def _of_rooms(home_seed: int, rooms: tuple[str, ...]) -> Route:
    """The part of a home's route that cleans these rooms, in their order, and the ways between."""
    all_of_it = whole(home_seed)
    plan = home(home_seed).plan
    numbers = {room.id: index for index, room in enumerate(plan.rooms)}
    room_of = _rooms_of(plan, all_of_it.x_cm, all_of_it.y_cm)
    first = {cell: index for index, cell in reversed(list(enumerate(all_of_it.path.cells)))}
    places = [0]
    fresh = [0.0]
    gains = np.diff(all_of_it.area_m2, prepend=0.0)
    for name in rooms:
        wanted = np.flatnonzero((room_of == numbers.get(name, -2)) & (gains > 0))
        for place in wanted.tolist():
            for between in _between(all_of_it.path, first, places[-1], place):
                places.append(between)
                fresh.append(0.0)
            fresh[-1] += float(gains[place])
    chosen = np.array(places)
    x_cm, y_cm = all_of_it.x_cm[chosen], all_of_it.y_cm[chosen]
    steps = np.sqrt(np.diff(x_cm) ** 2 + np.diff(y_cm) ** 2)
    along = np.concatenate(([0.0], np.cumsum(steps)))
    return Route(
        all_of_it.path, x_cm, y_cm, along, all_of_it.home_cm[chosen], np.cumsum(fresh), chosen,
    )  # fmt: skip


def _between(path: CoveragePath, first: Mapping[Cell, int], start: int, goal: int) -> list[int]:
    """Vertices from one to another: the next one, or along the ways home to where they meet."""
    if goal == start + 1:
        return [goal]
    there = _home_cells(path, start)
    back = _home_cells(path, goal)
    while len(there) > 1 and len(back) > 1 and there[-2] == back[-2]:
        there.pop()
        back.pop()
    return [*(first[cell] for cell in there[1:]), *(first[cell] for cell in back[-2::-1])]


def _home_cells(path: CoveragePath, place: int) -> list[Cell]:
    cell = path.cells[place]
    way = [cell]
    while cell != path.cells[0]:
        cell = path.parents[cell]
        way.append(cell)
    return way


@dataclass(frozen=True, slots=True)
class Tables:
    """One route as whole numbers."""

    length_mm: int
    area_cm2: int
    home_mm: Small
    done_cm2: Small


def tables_of(route: Route) -> Tables:
    """A route's length and area, and both along it, one entry a metre."""
    marks = np.arange(0, route.length_cm + 1e-9, SAMPLE_MM / 10)
    places = np.searchsorted(route.along_cm, marks, side="right") - 1
    return Tables(
        round(route.length_cm * 10),
        round(float(route.area_m2[-1]) * _CM2_PER_M2),
        np.rint(route.home_cm[places] * 10).astype(np.int32),
        np.rint(route.area_m2[places] * _CM2_PER_M2).astype(np.int32),
    )


@dataclass(eq=False)
class Routes:
    """Every route of a fleet by number; the first ones are the whole homes."""

    homes: Sequence[int]
    """The seeds of the homes."""
    length_mm: Ints = field(init=False)
    area_cm2: Ints = field(init=False)
    first: Ints = field(init=False)
    """Where a route's entries begin in the two tables."""
    home_mm: Small = field(init=False)
    done_cm2: Small = field(init=False)
    _known: dict[tuple[int, tuple[str, ...]], int] = field(default_factory=dict)
    _rooms: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.length_mm = np.zeros(0, dtype=np.int64)
        self.area_cm2 = np.zeros(0, dtype=np.int64)
        self.first = np.zeros(0, dtype=np.int64)
        self.home_mm = np.zeros(0, dtype=np.int32)
        self.done_cm2 = np.zeros(0, dtype=np.int32)

    @classmethod
    def of(cls, homes: Sequence[int], tables: Sequence[Tables] | None = None) -> "Routes":
        """The whole routes of these homes; `tables` when somebody has made them already."""
        routes = cls(homes)
        made = [tables_of(whole(seed)) for seed in homes] if tables is None else tables
        routes._append(made)
        routes._rooms = [(number, ()) for number in range(len(homes))]
        return routes

    def _append(self, made: Sequence[Tables]) -> None:
        sizes = [len(each.home_mm) for each in made]
        starts = len(self.home_mm) + np.cumsum([0, *sizes[:-1]])
        self.length_mm = np.append(self.length_mm, [each.length_mm for each in made])
        self.area_cm2 = np.append(self.area_cm2, [each.area_cm2 for each in made])
        self.first = np.append(self.first, starts).astype(np.int64)
        self.home_mm = np.concatenate([self.home_mm, *(each.home_mm for each in made)])
        self.done_cm2 = np.concatenate([self.done_cm2, *(each.done_cm2 for each in made)])

    def through(self, home_number: int, rooms: Sequence[str]) -> int:
        """The number of the route through these rooms of a home; without rooms, all of it.

        Past MAX_ROUTES different ones it is the whole home.
        """
        wanted = (home_number, tuple(rooms))
        if not rooms:
            return home_number
        if wanted not in self._known:
            if len(self._rooms) >= MAX_ROUTES:
                return home_number
            self._known[wanted] = len(self._rooms)
            self._rooms.append(wanted)
            self._append([tables_of(_of_rooms(self.homes[home_number], tuple(rooms)))])
        return self._known[wanted]

    def route(self, number: int) -> Route:
        """The polyline of a route."""
        home_number, rooms = self._rooms[number]
        seed = self.homes[home_number]
        return _of_rooms(seed, rooms) if rooms else whole(seed)

    def rooms(self, number: int) -> Sequence[str]:
        """The rooms of a route; none for the whole home."""
        return self._rooms[number][1]

    def _entry(self, number: Ints | Small, along_mm: Ints) -> Ints:
        entry: Ints = self.first[number] + self.folded(number, along_mm) // SAMPLE_MM
        return entry

    def folded(self, number: Ints | Small, along_mm: Ints) -> Ints:
        """The place on the route of a robot that drives it to and fro: a second pass comes back."""
        length = np.maximum(self.length_mm[number], 1)
        rest = along_mm % (2 * length)
        place: Ints = np.minimum(rest, 2 * length - rest)
        return np.minimum(place, self.length_mm[number])

    def way_home(self, number: Ints | Small, along_mm: Ints) -> Ints:
        """Millimetres to the dock from the place reached."""
        return self.home_mm[self._entry(number, along_mm)].astype(np.int64)

    def cleaned(self, number: Ints | Small, along_mm: Ints) -> Ints:
        """Square centimetres cleaned on the way so far."""
        end = along_mm >= self.length_mm[number]
        entry = self._entry(number, np.where(end, 0, along_mm))
        return np.where(end, self.area_cm2[number], self.done_cm2[entry])
