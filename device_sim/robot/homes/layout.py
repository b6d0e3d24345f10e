"""Floors divided into rooms with doors: what is where in a flat, before it is furnished.

Rooms lie in two strips along a hall; often the living room fills a whole end of the flat.  Walls
jog, halls have an arm to the front door, living rooms reach into them (`nooks`).
Distances are drawn in decimetres, the unit builders think in here, and kept as cells.  Sizes and
shares are estimates [E] from plans of European and American flats.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from device_sim.robot.homes.dice import Dice
from device_sim.robot.homes.doors import cut_doors
from device_sim.robot.homes.floor import Kind, Layout, Room
from device_sim.robot.homes.geometry import DECIMETRE, Rect
from device_sim.robot.homes.nooks import LEAST_WIDE, WALL_DM, Draft, jogged, widened, with_arms


@dataclass(frozen=True, slots=True)
class _Size:
    """How large rooms of a kind are, in square metres."""

    least_m2: int
    most_m2: int


_SIZES: Final = {
    Kind.LIVING: _Size(15, 30),
    Kind.KITCHEN: _Size(7, 13),
    Kind.BEDROOM: _Size(10, 17),
    Kind.CHILD: _Size(8, 13),
    Kind.GUEST: _Size(8, 13),
    Kind.STUDY: _Size(7, 11),
    Kind.BATH: _Size(4, 8),
    Kind.TOILET: _Size(3, 4),
    Kind.STORAGE: _Size(3, 5),
    Kind.STAIRS: _Size(3, 4),
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
_STAIRS_SHARE: Final = 0.6
"""[E] Of homes with six rooms and more: an upper floor with a stair down, or a house's ground."""
_MANY_ROOMS: Final = 4
_ARMS: Final = 0.4
"""[E] Of halls: those with an arm to the front door between two rooms."""
_WIDENED: Final = 0.5
"""[E] Of living rooms at a hall's end: those that reach into it."""
_STRIP_ONLY: Final = (Kind.STAIRS, Kind.HALL)
"""What keeps its width and its place in a strip."""


def lay_out(dice: Dice) -> Layout:
    """A floor of rooms, all of them connected by doors."""
    share = dice.share()
    program = next(kinds for upto, kinds in _PROGRAMS if share < upto)
    rooms, wide, deep = _strips(dice, program) if program else _studio(dice)
    rooms, wide, deep = _turned(dice, rooms, wide, deep)
    layout = Layout(wide * DECIMETRE, deep * DECIMETRE, _named(rooms))
    cut_doors(dice, layout)
    return layout


# ---------------------------------------------------------------- rooms, in decimetres

_Plan = list[Draft]


def _studio(dice: Dice) -> tuple[_Plan, int, int]:
    """One room to live in, and a strip with bath and hall."""
    deep, strip, main = dice.between(40, 55), dice.between(17, 20), dice.between(34, 48)
    bath = dice.between(20, deep - 18)
    x = WALL_DM + strip + WALL_DM
    low, high = WALL_DM, WALL_DM + deep
    room = Draft(Kind.STUDIO, (Rect(x, low, x + main, high),))
    end, begin = high, low + bath + WALL_DM
    if end - begin > _KITCHENETTE and dice.happens(0.6):
        end -= dice.between(8, end - begin - 14)
        room = room.with_nook(Rect(WALL_DM, end, x, high))
        end -= WALL_DM
    rooms = [
        Draft(Kind.HALL, (Rect(WALL_DM, begin, WALL_DM + strip, end),)),
        Draft(Kind.BATH, (Rect(WALL_DM, low, WALL_DM + strip, low + bath),)),
        room,
    ]
    return rooms, x + main + WALL_DM, high + WALL_DM


_KITCHENETTE: Final = 24
"""Decimetres of a studio's hall of which some may be a nook of the room."""


def _strips(dice: Dice, program: Sequence[Kind]) -> tuple[_Plan, int, int]:
    """Rooms on both sides of a hall, the living room among them or across the end."""
    hall = dice.between(11, 16) - (len(program) < _MANY_ROOMS)
    small = 6 * (len(program) < _MANY_ROOMS)
    depths = dice.between(28, 38) - small, dice.between(26, 35) - small
    others = [kind for kind in program if kind is not Kind.KITCHEN]
    if len(program) >= _MANY_ROOMS and dice.happens(_STAIRS_SHARE):
        others.append(Kind.STAIRS)
    elif len(program) >= _MANY_ROOMS - 1 and dice.happens(_ARMS):
        others.append(Kind.HALL)
    at_end = dice.happens(0.6)
    if not at_end:
        others.append(Kind.LIVING)
    sides: tuple[list[tuple[Kind, int]], list[tuple[Kind, int]]] = ([], [])
    wanted = [(kind, _area(dice, kind, program)) for kind in others]
    kitchen = Kind.KITCHEN, _area(dice, Kind.KITCHEN, program)
    for kind, area in [kitchen, *sorted(wanted, key=lambda each: -each[1])]:
        shorter = int(_length(sides[0]) > _length(sides[1]))
        width = max(_wide(kind, hall), area * 100 // depths[shorter])
        sides[shorter].append((kind, width))
    lower, upper = (_ordered(dice, side) for side in sides)
    if not upper:
        upper = [(Kind.STORAGE, 12)]
    length = _agree(dice, lower, upper)
    low_y = WALL_DM + depths[0] + WALL_DM
    high_y = low_y + hall + WALL_DM
    top = high_y + depths[1]
    rows = (
        jogged(dice, _row(lower, WALL_DM, low_y - WALL_DM)),
        jogged(dice, _row(upper, high_y, top)),
    )
    rooms = [*rows[0], *rows[1]]
    end = WALL_DM + length
    way = Rect(WALL_DM, low_y, end, high_y - WALL_DM)
    if at_end:
        area = _area(dice, Kind.LIVING, program)
        width = min(max(LEAST_WIDE[Kind.LIVING] - small, area * 100 // (top - WALL_DM)), 70)
        start = end + WALL_DM
        living = Draft(Kind.LIVING, (Rect(start, WALL_DM, start + width, top),))
        if dice.happens(_WIDENED):
            living, way = widened(dice, living.rect, way, [row[-1].rect for row in rows])
        rooms.append(living)
        wide = start + width + WALL_DM
    else:
        wide = end + WALL_DM
        rooms, way = _shortened(rows, way)
    walked, rooms = with_arms(way, rooms)
    return [walked, *rooms], wide, top + WALL_DM


def _wide(kind: Kind, hall: int) -> int:
    """Decimetres between a room's walls at least; an arm of the hall is as wide as the hall."""
    return max(hall, 11) if kind is Kind.HALL else LEAST_WIDE[kind]


def _area(dice: Dice, kind: Kind, program: Sequence[Kind]) -> int:
    """Square metres of a room; small flats have small rooms, and a hall's arm is no room."""
    if kind is Kind.HALL:
        return 0
    size = _SIZES[kind]
    most = size.most_m2 if len(program) >= _MANY_ROOMS else (2 * size.least_m2 + size.most_m2) // 3
    return dice.between(size.least_m2, most)


def _length(side: Sequence[tuple[Kind, int]]) -> int:
    return sum(width + WALL_DM for _, width in side)


def _ordered(dice: Dice, side: Sequence[tuple[Kind, int]]) -> list[tuple[Kind, int]]:
    """Any order, but what goes with the living room at the end stands next to it."""
    mixed = dice.shuffled(side)
    return sorted(mixed, key=lambda each: {Kind.LIVING: 2, Kind.KITCHEN: 1}.get(each[0], 0))


def _agree(dice: Dice, lower: list[tuple[Kind, int]], upper: list[tuple[Kind, int]]) -> int:
    """Make both strips equally long; a much shorter one gets a store room."""
    shorter, longer = sorted((lower, upper), key=_length)
    gap = _length(longer) - _length(shorter)
    if gap > 16:  # noqa: PLR2004  decimetres, room for shelves and a wall
        shorter.insert(0, (Kind.STORAGE, min(gap - WALL_DM, dice.between(12, 18))))
    length = (_length(lower) + _length(upper)) // 2 - WALL_DM
    for side in (lower, upper):
        rest = length + WALL_DM - _length(side)
        stretchable = [
            place for place, (kind, width) in enumerate(side)
            if kind not in _STRIP_ONLY and (rest > 0 or width > LEAST_WIDE[kind])
        ] or list(range(len(side)))  # fmt: skip
        total = sum(side[place][1] for place in stretchable)
        for place in stretchable:
            kind, width = side[place]
            side[place] = kind, width + rest * width // total
        kind, width = side[stretchable[-1]]
        side[stretchable[-1]] = kind, width + length + WALL_DM - _length(side)
    return length


def _row(side: Sequence[tuple[Kind, int]], low: int, high: int) -> list[Draft]:
    """The rooms of a strip, side by side."""
    rooms, x = [], WALL_DM
    for kind, width in side:
        rooms.append(Draft(kind, (Rect(x, low, x + width, high),)))
        x += width + WALL_DM
    return rooms


def _shortened(rows: tuple[list[Draft], list[Draft]], way: Rect) -> tuple[_Plan, Rect]:
    """Let the last room of a strip reach across the hall's end, where both still have a door."""
    lower, upper = rows
    is_low = lower[-1].rect.wide < upper[-1].rect.wide
    shorter, longer = (lower[-1], upper[-1]) if is_low else (upper[-1], lower[-1])
    few = longer.rect.wide - shorter.rect.wide < 14  # noqa: PLR2004  a door and its posts
    whole = len(shorter.parts) == len(longer.parts) == 1
    if few or not whole or shorter.kind in _STRIP_ONLY or longer.kind in _STRIP_ONLY:
        return [*lower, *upper], way
    x0, y0, x1, y1 = shorter.rect
    grown = Rect(x0, y0, x1, way.y1) if is_low else Rect(x0, way.y0, x1, y1)
    rooms = [*lower, *upper]
    rooms[len(lower) - 1 if is_low else -1] = Draft(shorter.kind, (grown,))
    return rooms, Rect(way.x0, way.y0, x0 - WALL_DM, way.y1)


def _turned(dice: Dice, rooms: _Plan, wide: int, deep: int) -> tuple[_Plan, int, int]:
    """The plan mirrored or turned, or as it is."""
    if dice.happens(0.5):
        rooms = _each(rooms, lambda r: Rect(wide - r.x1, r.y0, wide - r.x0, r.y1))
    if dice.happens(0.5):
        rooms = _each(rooms, lambda r: Rect(r.x0, deep - r.y1, r.x1, deep - r.y0))
    if dice.happens(0.35):
        rooms = _each(rooms, lambda r: Rect(r.y0, r.x0, r.y1, r.x1))
        wide, deep = deep, wide
    return rooms, wide, deep


def _each(rooms: _Plan, move: Callable[[Rect], Rect]) -> _Plan:
    return [Draft(kind, tuple(move(part) for part in parts)) for kind, parts in rooms]


def _named(drafts: Sequence[Draft]) -> list[Room]:
    """Rooms in cells with the names people give; the second of a kind gets a number."""
    seen: dict[Kind, int] = {}
    named = []
    for kind, parts in drafts:
        seen[kind] = seen.get(kind, 0) + 1
        number = f" {seen[kind]}" if seen[kind] > 1 else ""
        rect, *nooks = (Rect(*(DECIMETRE * each for each in part)) for part in parts)
        named.append(Room(kind, f"{kind}{number}", rect, tuple(nooks)))
    return named
