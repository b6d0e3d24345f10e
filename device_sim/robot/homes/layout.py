"""Floors divided into rooms with doors: what is where in a flat, before it is furnished.

Rooms lie in two strips along a hall; often the living room fills a whole end of the flat.
Distances are drawn in decimetres, the unit builders think in here, and kept as cells.  Sizes and
shares are estimates [E] from plans of European and American flats.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from device_sim.robot.homes.dice import Dice
from device_sim.robot.homes.doors import cut_doors
from device_sim.robot.homes.floor import Kind, Layout, Room
from device_sim.robot.homes.geometry import DECIMETRE, Rect


@dataclass(frozen=True, slots=True)
class _Size:
    """How large rooms of a kind are: square metres, and decimetres they are wide at least."""

    least_m2: int
    most_m2: int
    least_wide: int


_SIZES: Final = {
    Kind.LIVING: _Size(15, 30, 34),
    Kind.KITCHEN: _Size(7, 13, 21),
    Kind.BEDROOM: _Size(10, 17, 27),
    Kind.CHILD: _Size(8, 13, 23),
    Kind.GUEST: _Size(8, 13, 23),
    Kind.STUDY: _Size(7, 11, 21),
    Kind.BATH: _Size(4, 8, 17),
    Kind.TOILET: _Size(3, 4, 10),
    Kind.STORAGE: _Size(3, 5, 11),
    Kind.STAIRS: _Size(3, 4, 10),
}
_PROGRAMS: Final[Sequence[tuple[float, Sequence[Kind]]]] = (
    (0.24, ()),
    (0.70, (Kind.KITCHEN, Kind.BEDROOM, Kind.BATH)),
    (0.79, (Kind.KITCHEN, Kind.BEDROOM, Kind.CHILD, Kind.BATH)),
    (0.88, (Kind.KITCHEN, Kind.BEDROOM, Kind.STUDY, Kind.BATH)),
    (0.94, (Kind.KITCHEN, Kind.BEDROOM, Kind.CHILD, Kind.STUDY, Kind.BATH)),
    (0.97, (Kind.KITCHEN, Kind.BEDROOM, Kind.CHILD, Kind.GUEST, Kind.BATH, Kind.TOILET)),
    (
        1.0,
        (Kind.KITCHEN, Kind.BEDROOM, Kind.CHILD, Kind.CHILD, Kind.STUDY, Kind.BATH, Kind.TOILET),
    ),
)
"""Shares of homes by the rooms beside living room and hall, each the sum up to it; the first are
studios [E]."""
_STAIRS_SHARE: Final = 0.45
"""[E] Of homes with five rooms and more: an upper floor with a stair down, or a house's ground."""
_MANY_ROOMS: Final = 4
_WALL_DM: Final = 1


def lay_out(dice: Dice) -> Layout:
    """A floor of rooms, all of them connected by doors."""
    share = dice.share()
    program = next(kinds for upto, kinds in _PROGRAMS if share < upto)
    rooms, wide, deep = _strips(dice, program) if program else _studio(dice)
    rooms, wide, deep = _turned(dice, rooms, wide, deep)
    layout = Layout(
        wide * DECIMETRE, deep * DECIMETRE,
        [Room(kind, "", Rect(*(DECIMETRE * each for each in rect))) for kind, rect in rooms],
    )  # fmt: skip
    layout.rooms = _named(layout.rooms)
    cut_doors(dice, layout)
    return layout


# ---------------------------------------------------------------- rooms, in decimetres

_Plan = list[tuple[Kind, Rect]]


def _studio(dice: Dice) -> tuple[_Plan, int, int]:
    """One room to live in, and a strip with bath and hall."""
    deep, strip, main = dice.between(40, 55), dice.between(17, 20), dice.between(34, 48)
    bath = dice.between(20, deep - 18)
    x = _WALL_DM + strip + _WALL_DM
    low, high = _WALL_DM, _WALL_DM + deep
    rooms = [
        (Kind.HALL, Rect(_WALL_DM, low + bath + _WALL_DM, _WALL_DM + strip, high)),
        (Kind.BATH, Rect(_WALL_DM, low, _WALL_DM + strip, low + bath)),
        (Kind.STUDIO, Rect(x, low, x + main, high)),
    ]
    return rooms, x + main + _WALL_DM, high + _WALL_DM


def _strips(dice: Dice, program: Sequence[Kind]) -> tuple[_Plan, int, int]:
    """Rooms on both sides of a hall, the living room among them or across the end."""
    hall = dice.between(11, 16) - (len(program) < _MANY_ROOMS)
    small = 6 * (len(program) < _MANY_ROOMS)
    depths = dice.between(28, 38) - small, dice.between(26, 35) - small
    others = [kind for kind in program if kind is not Kind.KITCHEN]
    if len(program) > _MANY_ROOMS and dice.happens(_STAIRS_SHARE):
        others.append(Kind.STAIRS)
    at_end = dice.happens(0.6)
    if not at_end:
        others.append(Kind.LIVING)
    sides: tuple[list[tuple[Kind, int]], list[tuple[Kind, int]]] = ([], [])
    wanted = [(kind, _area(dice, kind, program)) for kind in others]
    kitchen = Kind.KITCHEN, _area(dice, Kind.KITCHEN, program)
    for kind, area in [kitchen, *sorted(wanted, key=lambda each: -each[1])]:
        shorter = int(_length(sides[0]) > _length(sides[1]))
        width = max(_SIZES[kind].least_wide, area * 100 // depths[shorter])
        sides[shorter].append((kind, width))
    lower, upper = (_ordered(dice, side) for side in sides)
    if not upper:
        upper = [(Kind.STORAGE, 12)]
    length = _agree(dice, lower, upper)
    low_y = _WALL_DM + depths[0] + _WALL_DM
    high_y = low_y + hall + _WALL_DM
    top = high_y + depths[1]
    rooms = _row(lower, _WALL_DM, low_y - _WALL_DM) + _row(upper, high_y, top)
    end = _WALL_DM + length
    if at_end:
        size = _SIZES[Kind.LIVING]
        across = top - _WALL_DM
        area = _area(dice, Kind.LIVING, program)
        width = min(max(size.least_wide - small, area * 100 // across), 70)
        start = end + _WALL_DM
        rooms.append((Kind.LIVING, Rect(start, _WALL_DM, start + width, top)))
        wide = start + width + _WALL_DM
    else:
        wide = end + _WALL_DM
        rooms, end = _shortened(rooms, lower, upper, low_y, high_y, end)
    rooms.insert(0, (Kind.HALL, Rect(_WALL_DM, low_y, end, high_y - _WALL_DM)))
    return rooms, wide, top + _WALL_DM


def _area(dice: Dice, kind: Kind, program: Sequence[Kind]) -> int:
    """Square metres of a room; small flats have small rooms."""
    size = _SIZES[kind]
    most = size.most_m2 if len(program) >= _MANY_ROOMS else (2 * size.least_m2 + size.most_m2) // 3
    return dice.between(size.least_m2, most)


def _length(side: Sequence[tuple[Kind, int]]) -> int:
    return sum(width + _WALL_DM for _, width in side)


def _ordered(dice: Dice, side: Sequence[tuple[Kind, int]]) -> list[tuple[Kind, int]]:
    """Any order, but what goes with the living room at the end stands next to it."""
    mixed = dice.shuffled(side)
    return sorted(mixed, key=lambda each: {Kind.LIVING: 2, Kind.KITCHEN: 1}.get(each[0], 0))


def _agree(dice: Dice, lower: list[tuple[Kind, int]], upper: list[tuple[Kind, int]]) -> int:
    """Make both strips equally long; a much shorter one gets a store room."""
    shorter, longer = sorted((lower, upper), key=_length)
    gap = _length(longer) - _length(shorter)
    if gap > 16:  # noqa: PLR2004  decimetres, room for shelves and a wall
        shorter.insert(0, (Kind.STORAGE, min(gap - _WALL_DM, dice.between(12, 18))))
    length = (_length(lower) + _length(upper)) // 2 - _WALL_DM
    for side in (lower, upper):
        rest = length + _WALL_DM - _length(side)
        stretchable = [
            place for place, (kind, width) in enumerate(side)
            if kind is not Kind.STAIRS and (rest > 0 or width > _SIZES[kind].least_wide)
        ] or list(range(len(side)))  # fmt: skip
        total = sum(side[place][1] for place in stretchable)
        for place in stretchable:
            kind, width = side[place]
            side[place] = kind, width + rest * width // total
        kind, width = side[stretchable[-1]]
        side[stretchable[-1]] = kind, width + length + _WALL_DM - _length(side)
    return length


def _row(side: Sequence[tuple[Kind, int]], low: int, high: int) -> _Plan:
    """The rooms of a strip, side by side."""
    rooms, x = [], _WALL_DM
    for kind, width in side:
        rooms.append((kind, Rect(x, low, x + width, high)))
        x += width + _WALL_DM
    return rooms


def _shortened(  # noqa: PLR0917  two strips and where they lie
    rooms: _Plan,
    lower: Sequence[tuple[Kind, int]],
    upper: Sequence[tuple[Kind, int]],
    low_y: int,
    high_y: int,
    end: int,
) -> tuple[_Plan, int]:
    """Let the last room of a strip reach across the hall's end, where both still have a door."""
    last, other = lower[-1][1], upper[-1][1]
    if last == other:
        return rooms, end
    place = len(lower) - 1 if last < other else len(rooms) - 1
    kind, rect = rooms[place]
    hall_end = rect.x0 - _WALL_DM
    if kind is Kind.STAIRS or abs(last - other) < 14:  # noqa: PLR2004  a door and its posts
        return rooms, end
    grown = (
        Rect(rect.x0, rect.y0, rect.x1, high_y - _WALL_DM)
        if place < len(lower)
        else Rect(rect.x0, low_y, rect.x1, rect.y1)
    )
    return [*rooms[:place], (kind, grown), *rooms[place + 1 :]], hall_end


def _turned(dice: Dice, rooms: _Plan, wide: int, deep: int) -> tuple[_Plan, int, int]:
    """The plan mirrored or turned, or as it is."""
    if dice.happens(0.5):
        rooms = [(k, Rect(wide - r.x1, r.y0, wide - r.x0, r.y1)) for k, r in rooms]
    if dice.happens(0.5):
        rooms = [(k, Rect(r.x0, deep - r.y1, r.x1, deep - r.y0)) for k, r in rooms]
    if dice.happens(0.35):
        rooms = [(k, Rect(r.y0, r.x0, r.y1, r.x1)) for k, r in rooms]
        wide, deep = deep, wide
    return rooms, wide, deep


def _named(rooms: Sequence[Room]) -> list[Room]:
    """Rooms with the names people give; the second of a kind gets a number."""
    seen: dict[Kind, int] = {}
    named = []
    for room in rooms:
        seen[room.kind] = seen.get(room.kind, 0) + 1
        number = f" {seen[room.kind]}" if seen[room.kind] > 1 else ""
        named.append(Room(room.kind, f"{room.kind}{number}", room.rect))
    return named
