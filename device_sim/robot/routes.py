"""The ways through homes as compact arrays, shared by all robots that drive them.

A route is a home's whole coverage path, or the one that cleans some of its rooms, with as many
passes as a mission makes.  What the physics needs of it is its length, its area, and two tables
along it, one entry for two metres at cruise speed: the way home from there and the area cleaned so
far; and where it passes what a robot sticks on (`passages`).  Time is told as that way, so an
entry is 6.7 s.  About 4 bytes a metre, 9 KB a home, and 1 KB for each hundred passages.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from device_sim.robot.coverage import CoveragePath, Passes, plan_path
from device_sim.robot.homes import home
from device_sim.robot.passages import Passages, PassageTable, passages_of

Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
Factors = npt.NDArray[np.float32]

SAMPLE_MM: Final = 2000
MAX_ROUTES: Final = 65_536
_CM2_PER_M2: Final = 10_000

Route = CoveragePath
"""A polyline in cm, the dock at the origin; one point when its rooms are not on the map."""


@lru_cache(maxsize=64)
def whole(home_seed: int, passes: Passes = Passes.AUTOMATIC) -> Route:
    """The route through all of a home."""
    return plan_path(home(home_seed)).driven(passes)


@lru_cache(maxsize=64)
def _of_rooms(home_seed: int, rooms: tuple[str, ...], passes: Passes) -> Route:
    """The route that cleans these rooms of a home, in their order, and the ways between."""
    place = home(home_seed)
    numbers = {room.id: number for number, room in enumerate(place.plan.rooms)}
    wanted = tuple(numbers[each] for each in rooms if each in numbers)
    return plan_path(place, wanted).driven(passes)


@dataclass(frozen=True, slots=True)
class Tables:
    """One route as whole numbers."""

    length_mm: int
    area_cm2: int
    home_mm: Small
    done_cm2: Small
    difficulty: float
    """How often its home traps a robot, 1 for a median home (17.1)."""
    carpet_share: float
    """Of its home's floor."""
    passages: Passages
    """Where it passes what a robot sticks on."""


def tables_of(route: Route) -> Tables:
    """A route's length and area, and the way home and the area along it."""
    marks = np.arange(0, route.length_cm + 1e-9, SAMPLE_MM / 10)
    places = np.searchsorted(route.along_cm, marks, side="right") - 1
    return Tables(
        round(route.length_cm * 10),
        round(route.area_m2 * _CM2_PER_M2),
        np.rint(route.home_cm[places] * 10).astype(np.int32),
        np.rint(route.new_area_m2[places] * _CM2_PER_M2).astype(np.int32),
        route.place.traits.difficulty,
        route.place.traits.carpet_share,
        passages_of(route),
    )


def tables_of_home(home_seed: int) -> Sequence[Tables]:
    """The whole home's, for each number of passes."""
    path = plan_path(home(home_seed))
    return [tables_of(path.driven(passes)) for passes in Passes]


@dataclass(eq=False)
class Routes:
    """Every route of a fleet by number.

    The first ones are the whole homes with automatic passes, then with one, then with two; then
    come routes through rooms, the three of each together.
    """

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
    carpet_share: Factors = field(init=False)
    """Of each route's home."""
    passages: PassageTable = field(init=False)
    _known: dict[tuple[int, tuple[str, ...]], int] = field(default_factory=dict)
    _rooms: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.length_mm = np.zeros(0, dtype=np.int64)
        self.area_cm2 = np.zeros(0, dtype=np.int64)
        self.first = np.zeros(0, dtype=np.int64)
        self.home_mm = np.zeros(0, dtype=np.int32)
        self.done_cm2 = np.zeros(0, dtype=np.int32)
        self.difficulty = np.zeros(0, dtype=np.float32)
        self.carpet_share = np.zeros(0, dtype=np.float32)
        self.passages = PassageTable()

    @classmethod
    def of(cls, homes: Sequence[int], tables: Sequence[Sequence[Tables]] | None = None) -> "Routes":
        """The whole routes of these homes; `tables` when somebody has made them already."""
        routes = cls(homes)
        made = [tables_of_home(seed) for seed in homes] if tables is None else tables
        routes._append([each[passes] for passes in Passes for each in made])
        return routes

    def _append(self, made: Sequence[Tables]) -> None:
        sizes = [len(each.home_mm) for each in made]
        self.passages.append(len(self.length_mm), [each.passages for each in made])
        carpets = np.array([each.carpet_share for each in made], dtype=np.float32)
        self.carpet_share = np.append(self.carpet_share, carpets)
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
            self._known[wanted] = self._whole + len(Passes) * len(self._rooms)
            self._rooms.append(wanted)
            seed = self.homes[home_number]
            self._append([tables_of(_of_rooms(seed, tuple(rooms), each)) for each in Passes])
        return self._known[wanted]

    @property
    def _whole(self) -> int:
        """How many routes are whole homes."""
        return len(Passes) * len(self.homes)

    def with_passes(self, number: Ints | Small, passes: Ints) -> Ints:
        """The numbers of the routes through the same rooms with so many passes (`Passes`)."""
        kinds, homes = len(Passes), len(self.homes)
        of_rooms = number - (number - self._whole) % kinds + passes
        return np.where(number < self._whole, number % homes + passes * homes, of_rooms)

    def passes(self, number: int) -> Passes:
        """The passes of a route."""
        if number < self._whole:
            return Passes(number // len(self.homes))
        return Passes((number - self._whole) % len(Passes))

    def route(self, number: int) -> Route:
        """The polyline of a route."""
        home_number, rooms = self._told(number)
        seed, passes = self.homes[home_number], self.passes(number)
        return _of_rooms(seed, rooms, passes) if rooms else whole(seed, passes)

    def rooms(self, number: int) -> Sequence[str]:
        """The rooms of a route; none for the whole home."""
        return self._told(number)[1]

    def _told(self, number: int) -> tuple[int, tuple[str, ...]]:
        """The home's number and the rooms of a route."""
        if number < self._whole:
            return number % len(self.homes), ()
        return self._rooms[(number - self._whole) // len(Passes)]

    def _entry(self, number: Ints | Small, place_mm: Ints) -> Ints:
        entry: Ints = self.first[number] + self.on_it(number, place_mm) // SAMPLE_MM
        return entry

    def on_it(self, number: Ints | Small, place_mm: Ints) -> Ints:
        """A place that is on the route: its end for what lies beyond it."""
        place: Ints = np.minimum(place_mm, self.length_mm[number])
        return place

    def way_home(self, number: Ints | Small, place_mm: Ints) -> Ints:
        """Millimetres to the dock from a place on the route."""
        return self.home_mm[self._entry(number, place_mm)].astype(np.int64)

    def cleaned(self, number: Ints | Small, place_mm: Ints) -> Ints:
        """Square centimetres cleaned until a place on the route was reached."""
        end = place_mm >= self.length_mm[number]
        entry = self._entry(number, np.where(end, 0, place_mm))
        return np.where(end, self.area_cm2[number], self.done_cm2[entry])
