"""One home from its seed: laid out, furnished, with a dock, and where a robot can stand in it.

A cell of 5 cm is open when the robot's body fits with its centre there: nothing is blocked within
three cells on any side, so that the body (17 cm radius) keeps half a centimetre from everything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from cloud_functions.contract.maps import FloorPlan
from device_sim.robot.homes.dice import Dice
from device_sim.robot.homes.floor import Kind, Layout, Room
from device_sim.robot.homes.furnishing import furnish, furnish_nook
from device_sim.robot.homes.furniture import HIGH_X, HIGH_Y, LOW_X, LOW_Y, Foot, Furnisher, Piece
from device_sim.robot.homes.geometry import CELL_CM, WALL, Cell, Grid, Rect
from device_sim.robot.homes.layout import lay_out
from device_sim.robot.homes.on_wire import floor_plan
from device_sim.robot.homes.traits import Traits, reached, traits_of
from device_sim.robot.homes.ways import Steps, Ways

_BODY: Final = 3
"""Cells between the centre's and the nearest blocked one."""
_BASE: Final = 2
"""Cells a base is deep; the robot's centre stands `_BODY + 1` cells before it."""
_DOOR_DEPTH: Final = 16
"""Cells before a door that stay free."""
_WIDEST_DOOR: Final = 32
_OPENING: Final = 9
"""Cells that stay free where a wall is missing."""
_MATS: Final = 0.7
"""[E] Of front doors: those with a mat inside."""
_MAT: Final = 9
"""Cells it is deep."""
_LEAST_SHARE: Final = 0.2
"""Of an open room's cells that a robot must reach, or it is unfurnished again."""
_DOCK_KINDS: Final = (Kind.LIVING, Kind.STUDIO, Kind.HALL, Kind.KITCHEN, Kind.STUDY)


@dataclass(frozen=True, eq=False)
class Home:
    """One home; `blocked`, `open` and `steps` are indexed [x, y]; the dock stands at `dock`.

    `steps` says how far it is home from each cell, -1 where a robot cannot come.
    """

    seed: int
    layout: Layout
    pieces: Sequence[Piece]
    carpets: Sequence[Piece]
    cables: Sequence[Rect]
    blocked: Grid
    open: Grid
    dock: Cell
    dock_room: int
    ways: Ways
    steps: Steps

    @property
    def rooms(self) -> Sequence[Room]:
        """The rooms, in the order of the plan's."""
        return self.layout.rooms

    @cached_property
    def enterable(self) -> set[int]:
        """The numbers of the rooms a robot can enter."""
        without = {n for n, room in enumerate(self.rooms) if room.kind is Kind.STAIRS}
        return reached(self.layout, self.dock_room) - without

    @cached_property
    def traits(self) -> Traits:
        """What the home does to its robot."""
        return traits_of(
            self.layout, self.enterable, self.pieces, self.carpets, self.cables, self.steps,
            self.dock,
        )  # fmt: skip

    @cached_property
    def plan(self) -> FloorPlan:
        """The home as its robot knows it."""
        return floor_plan(self.layout, self.pieces, self.carpets, self.dock)

    def floor_of(self, number: int) -> Grid:
        """A room's cells and those beside them, so that rooms meet in their doors."""
        return self.rooms[number].cells(self.blocked.shape, 1)

    def centre_cm(self, cell: Cell) -> tuple[int, int]:
        """A cell's centre in the frame of the dock."""
        return (cell[0] - self.dock[0]) * CELL_CM, (cell[1] - self.dock[1]) * CELL_CM


@lru_cache(maxsize=256)
def home(seed: int) -> Home:
    """The home of that seed, always the same."""
    dice = Dice(seed)
    layout = lay_out(dice)
    keep = [_kept_free(layout, place) for place in range(len(layout.rooms))]
    dock_room, dock = _place_dock(dice, layout, keep)
    base = Rect(dock[0] - _BODY - 2, dock[1] - 3, dock[0] - _BODY, dock[1] + 4)
    keep[dock_room].append(Rect(base.x0, dock[1] - 11, dock[0] + 24, dock[1] + 12))
    furnished = [
        _furnished(dice, room, free) for room, free in zip(layout.rooms, keep, strict=True)
    ]
    if layout.front is not None and dice.happens(_MATS):
        hall = next(n for n, room in enumerate(layout.rooms) if room.kind is Kind.HALL)
        furnished[hall].carpets.append(Piece("Doormat", _mat(layout, layout.front), Foot.FLAT))
    return _assembled(seed, layout, furnished, Piece("Dock", base), dock, dock_room)


def _kept_free(layout: Layout, number: int) -> list[Rect]:
    """Where nothing may stand in a room: before its doors, and where its nooks open."""
    room = layout.rooms[number]
    kept = [_before(door.rect) for door in layout.doors if number in door.rooms]
    if room.kind is Kind.HALL and layout.front is not None:
        kept.append(_before(layout.front))
    return kept + [_opening(room.rect, nook, _OPENING)[0] for nook in room.nooks]


def _furnished(dice: Dice, room: Room, keep: Sequence[Rect]) -> Furnisher:
    """A room with its furniture, that of its nooks included."""
    furnisher = Furnisher(dice, room.rect, [] if room.kind is Kind.STAIRS else keep)
    furnish(room.kind, furnisher)
    for nook in room.nooks:
        opening, back = _opening(room.rect, nook, 1)
        others = [each for each in keep if each.meets(nook) and not each.meets(opening)]
        inside = Furnisher(dice, nook, others)
        furnish_nook(room.kind, inside, back, {piece.name for piece in furnisher.pieces})
        furnisher.pieces += inside.pieces
    return furnisher


def _opening(rect: Rect, nook: Rect, deep: int) -> tuple[Rect, int]:
    """The floor on both sides of where a nook opens, and the nook's wall opposite."""
    x0, y0 = max(rect.x0, nook.x0), max(rect.y0, nook.y0)
    x1, y1 = min(rect.x1, nook.x1), min(rect.y1, nook.y1)
    if x0 == x1:
        back = HIGH_X if nook.x0 == x0 else LOW_X
        return Rect(x0 - deep, y0, x0 + deep, y1), back
    back = HIGH_Y if nook.y0 == y0 else LOW_Y
    return Rect(x0, y0 - deep, x1, y0 + deep), back


def _mat(layout: Layout, front: Rect) -> Rect:
    """The mat inside the front door."""
    x0, y0, x1, y1 = front
    if front.wide == WALL:
        return Rect(WALL, y0, WALL + _MAT, y1) if x0 == 0 else Rect(x0 - _MAT, y0, x0, y1)
    is_low = y1 < layout.deep
    return Rect(x0, WALL, x1, WALL + _MAT) if is_low else Rect(x0, y0 - _MAT, x1, y0)


def difficulty_of(seeds: Sequence[int]) -> npt.NDArray[np.float32]:
    """How often each home traps a robot, as a factor with median 1 over homes (17.1)."""
    return np.array([home(seed).traits.difficulty for seed in seeds], dtype=np.float32)


def _before(door: Rect) -> Rect:
    """The floor on both sides of a door that nothing may stand on; less where a wall is missing."""
    x0, y0, x1, y1 = door
    deep = _DOOR_DEPTH if max(door.wide, door.deep) <= _WIDEST_DOOR else _OPENING
    if door.wide == WALL:
        return Rect(x0 - deep, y0 - 1, x1 + deep, y1 + 1)
    return Rect(x0 - 1, y0 - deep, x1 + 1, y1 + deep)


def _place_dock(dice: Dice, layout: Layout, keep: Sequence[Sequence[Rect]]) -> tuple[int, Cell]:
    """A room, and the cell where the robot docks: its base at the wall of low x, free in front."""
    order = {kind: rank for rank, kind in enumerate(_DOCK_KINDS)}
    rooms = sorted(
        range(len(layout.rooms)),
        key=lambda n: (order.get(layout.rooms[n].kind, len(order)), n),
    )
    if dice.happens(0.4):
        rooms.sort(key=lambda n: layout.rooms[n].kind is not Kind.HALL)
    for side, front in ((11, 26), (7, 18)):
        for number in rooms:
            x0, y0, x1, y1 = layout.rooms[number].rect
            if layout.rooms[number].kind is Kind.STAIRS or x1 - x0 < front:
                continue
            free = [
                y for y in range(y0 + side, y1 - side)
                if not any(
                    Rect(x0, y - side, x0 + front, y + side + 1).meets(door)
                    for door in keep[number]
                )
            ]  # fmt: skip
            if free:
                return number, (x0 + _BASE + _BODY, dice.one_of(free))
    raise AssertionError("some room has half a metre of wall without a door")


def _assembled(  # noqa: PLR0917  all that a home is made of
    seed: int, layout: Layout, furnished: Sequence[Furnisher], base: Piece, dock: Cell,
    dock_room: int,
) -> Home:  # fmt: skip
    """The home; a room whose furniture shuts its robot out loses it, or else those beside it."""
    bare: set[int] = set()
    while True:
        kept = [each for place, each in enumerate(furnished) if place not in bare]
        standing = [piece for room in kept for piece in room.pieces]
        pieces = [piece for piece in standing if piece.foot is not Foot.FLAT]
        flat = [piece for piece in standing if piece.foot is Foot.FLAT]
        pieces += [Piece("Door", door.rect) for door in layout.doors if not door.is_open]
        pieces.append(base)
        blocked = _blocked(layout, pieces)
        is_open = ~_near(blocked)
        ways = Ways(is_open)
        made = Home(
            seed=seed, layout=layout, pieces=pieces,
            carpets=[piece for room in furnished for piece in room.carpets] + flat,
            cables=[rect for room in kept for rect in room.cables],
            blocked=blocked, open=is_open, dock=dock, dock_room=dock_room,
            ways=ways, steps=ways.distances(dock),
        )  # fmt: skip
        shut = {
            place for place in made.enterable
            if layout.rooms[place].rect.cut(made.steps >= 0).mean() < _LEAST_SHARE
        }  # fmt: skip
        beside = {n for door in layout.doors if shut & set(door.rooms) for n in door.rooms}
        if (shut | beside) <= bare:
            return made
        bare |= shut if not shut <= bare else beside


def _blocked(layout: Layout, pieces: Sequence[Piece]) -> Grid:
    """Everything that stands: all but the rooms and the doors between them."""
    blocked = np.ones((layout.wide, layout.deep), dtype=np.bool_)
    for room in layout.rooms:
        for part in room.parts:
            part.cut(blocked)[:] = False
    for door in layout.doors:
        door.rect.cut(blocked)[:] = False
    for piece in pieces:
        for solid in piece.solids:
            solid.cut(blocked)[:] = True
    return blocked


def _near(blocked: Grid) -> Grid:
    """Cells from which something blocked is within the body's reach."""
    near = blocked.copy()
    for step in range(1, _BODY + 1):
        near[step:] |= blocked[:-step]
        near[:-step] |= blocked[step:]
    wide = near.copy()
    for step in range(1, _BODY + 1):
        wide[:, step:] |= near[:, :-step]
        wide[:, :-step] |= near[:, step:]
    return wide
