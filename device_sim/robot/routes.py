"""The ways through homes as compact arrays, shared by all robots that drive them.

A route is a home's whole coverage path, or the part of it that cleans some of its rooms.  What the
physics needs of it is its length, its area, and two tables along it, one entry a metre: the way
home from there and the area cleaned so far.  About 8 bytes a metre, 2.5 KB a home.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from device_sim.robot.coverage import CoveragePath, plan_path
from device_sim.robot.homes import home

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
Factors = npt.NDArray[np.float32]

SAMPLE_MM: Final = 1000
MAX_ROUTES: Final = 65_536
_CM2_PER_M2: Final = 10_000

Route = CoveragePath
"""A polyline in cm, the dock at the origin; one point when its rooms are not on the map."""


@lru_cache(maxsize=256)
def whole(home_seed: int) -> Route:
    """The route through all of a home."""
    return plan_path(home(home_seed))


@lru_cache(maxsize=256)
def _of_rooms(home_seed: int, rooms: tuple[str, ...]) -> Route:
    """The route that cleans these rooms of a home, in their order, and the ways between."""
    place = home(home_seed)
    numbers = {room.id: number for number, room in enumerate(place.plan.rooms)}
    return plan_path(place, tuple(numbers[each] for each in rooms if each in numbers))


@dataclass(frozen=True, slots=True)
class Tables:
    """One route as whole numbers."""

    length_mm: int
    area_cm2: int
    home_mm: Small
    done_cm2: Small
    difficulty: float
    """How often its home traps a robot, 1 for a median home (17.1)."""


def tables_of(route: Route) -> Tables:
    """A route's length and area, the way home and the area along it, one entry a metre."""
    marks = np.arange(0, route.length_cm + 1e-9, SAMPLE_MM / 10)
    places = np.searchsorted(route.along_cm, marks, side="right") - 1
    return Tables(
        round(route.length_cm * 10),
        round(route.area_m2 * _CM2_PER_M2),
        np.rint(route.home_cm[places] * 10).astype(np.int32),
        np.rint(route.new_area_m2[places] * _CM2_PER_M2).astype(np.int32),
        route.place.traits.difficulty,
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
    difficulty: Factors = field(init=False)
    """Of each route's home."""
    _known: dict[tuple[int, tuple[str, ...]], int] = field(default_factory=dict)
    _rooms: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.length_mm = np.zeros(0, dtype=np.int64)
        self.area_cm2 = np.zeros(0, dtype=np.int64)
        self.first = np.zeros(0, dtype=np.int64)
        self.home_mm = np.zeros(0, dtype=np.int32)
        self.done_cm2 = np.zeros(0, dtype=np.int32)
        self.difficulty = np.zeros(0, dtype=np.float32)

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
        hard = np.array([each.difficulty for each in made], dtype=np.float32)
        self.difficulty = np.append(self.difficulty, hard)
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
