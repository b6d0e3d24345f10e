"""Doors: every room has one, most of them to the hall, some are closed; and the front door."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Final

from device_sim.robot.homes.dice import Dice
from device_sim.robot.homes.floor import Door, Kind, Layout, Room
from device_sim.robot.homes.geometry import DECIMETRE, WALL, Rect

_CLOSED: Final = {
    Kind.BATH: 0.12, Kind.TOILET: 0.4, Kind.BEDROOM: 0.08, Kind.CHILD: 0.15, Kind.GUEST: 0.3,
    Kind.STUDY: 0.12, Kind.STORAGE: 0.8,
}  # fmt: skip
"""[E] Rooms behind a closed door while the robot cleans."""
_THRESHOLDS: Final = 0.3
"""[E] Homes whose doors have thresholds that a robot climbs (up to 20 mm, 16.1)."""
_THROUGH: Final = (Kind.HALL, Kind.LIVING, Kind.STUDIO)
"""Rooms that one walks through, the best first."""


_OPEN_PLANS: Final = 0.45
"""[E] Of kitchens beside the living room: those without a wall between the two."""
_UPSTAIRS: Final = 0.5
"""[E] Of floors with a stair: the upper ones, which have no front door."""


def cut_doors(dice: Dice, layout: Layout) -> None:
    """A door to a room one walks through for every room, until all are connected."""
    thresholds = dice.happens(_THRESHOLDS)
    narrow = dice.happens(0.25)
    walls = _walls(layout.rooms)
    pair = _open_plan(dice, layout, walls)
    joined = {0}
    left = list(range(1, len(layout.rooms)))
    while left:
        number, to = _next_door(layout, walls, pair, joined, left)
        gap = walls[number, to]
        left.remove(number)
        joined.add(number)
        if {number, to} == pair:
            layout.doors.append(Door(gap, (number, to), is_open=True, has_threshold=False))
            continue
        kind, other = layout.rooms[number].kind, layout.rooms[to].kind
        closed = dice.happens(_CLOSED.get(kind, 0.0)) and other in _THROUGH
        wide = kind in (Kind.LIVING, Kind.STUDIO) and dice.happens(0.5)
        _cut(dice, layout, (number, to), gap, _width(dice, narrow=narrow, wide=wide),
             is_open=not closed, threshold=thresholds and not wide)  # fmt: skip
    _open_kitchen(dice, layout, walls)
    layout.front = _front_door(dice, layout)


_Walls = Mapping[tuple[int, int], Rect]


def _walls(rooms: Sequence[Room]) -> _Walls:
    """The longest wall that each two rooms share, where a door fits in it, either way round."""
    walls: dict[tuple[int, int], Rect] = {}
    for number, to in itertools.combinations(range(len(rooms)), 2):
        gaps = [
            gap
            for one in rooms[number].parts for other in rooms[to].parts
            if (gap := _between(one, other)) is not None
        ]  # fmt: skip
        if gaps:
            longest = max(gaps, key=lambda gap: (max(gap.wide, gap.deep), gap))
            walls[number, to] = walls[to, number] = longest
    return walls


def _open_plan(dice: Dice, layout: Layout, walls: _Walls) -> set[int]:
    """The numbers of a kitchen and a living room without a wall between them, or none."""
    kinds = {room.kind: place for place, room in enumerate(layout.rooms)}
    pair = kinds.get(Kind.KITCHEN, -1), kinds.get(Kind.LIVING, -1)
    return set(pair) if pair in walls and dice.happens(_OPEN_PLANS) else set()


def _next_door(
    layout: Layout, walls: _Walls, pair: set[int], joined: set[int], left: Sequence[int]
) -> tuple[int, int]:
    """The next room, and the joined one it opens to; of an open plan first the living room."""
    best: tuple[int, int, int, int] | None = None
    for number in left:
        waits = number in pair and layout.rooms[number].kind is Kind.KITCHEN
        for to in joined:
            gap = walls.get((number, to))
            if gap is None or (waits and to not in pair):
                continue
            kind = layout.rooms[to].kind
            rank = _THROUGH.index(kind) if kind in _THROUGH else len(_THROUGH)
            rank = -1 if waits else rank
            best = min(best or (9, 0, 0, 0), (rank, -max(gap.wide, gap.deep), number, to))
    assert best is not None, "every room of a strip touches the hall or a room beside it"
    return best[2], best[3]


def _front_door(dice: Dice, layout: Layout) -> Rect | None:
    """A door in an outer wall of the hall; None on an upper floor."""
    upstairs = any(room.kind is Kind.STAIRS for room in layout.rooms)
    if upstairs and dice.happens(_UPSTAIRS):
        return None
    places: list[Rect] = []
    hall = next(room for room in layout.rooms if room.kind is Kind.HALL)
    for x0, y0, x1, y1 in hall.parts:
        sides = (
            (x0 == WALL, Rect(0, y0, WALL, y1)), (y0 == WALL, Rect(x0, 0, x1, WALL)),
            (x1 == layout.wide - WALL, Rect(x1, y0, layout.wide, y1)),
            (y1 == layout.deep - WALL, Rect(x0, y1, x1, layout.deep)),
        )  # fmt: skip
        places += [rect for is_outer, rect in sides if is_outer]
    short = [rect for rect in places if max(rect.wide, rect.deep) < _LONG_SIDE]
    return _inner(dice, dice.one_of(short or places), _FRONT)


_FRONT: Final = 9 * DECIMETRE
_LONG_SIDE: Final = 50
"""Cells; where a hall lies along the house's side, people come in at its end."""


def _inner(dice: Dice, wall: Rect, width: int) -> Rect:
    """A door's place in a wall, mostly near one of its ends."""
    length = max(wall.wide, wall.deep)
    width = min(width, (length - 2 * _POST) // DECIMETRE * DECIMETRE)
    spare = (length - width) // DECIMETRE - 2
    corner = dice.between(0, min(2, spare))
    start = dice.one_of((corner, spare - corner, dice.between(0, spare))) * DECIMETRE + DECIMETRE
    if wall.wide == WALL:
        return Rect(wall.x0, wall.y0 + start, wall.x1, wall.y0 + start + width)
    return Rect(wall.x0 + start, wall.y0, wall.x0 + start + width, wall.y1)


_POST: Final = 2
"""Cells of wall that stay beside a door."""
_NARROWEST_DOOR: Final = 14


def _between(one: Rect, other: Rect) -> Rect | None:
    """The wall that two rooms share, where a door fits in it."""
    low_x, high_x = max(one.x0, other.x0), min(one.x1, other.x1)
    low_y, high_y = max(one.y0, other.y0), min(one.y1, other.y1)
    if low_x - high_x == WALL and high_y - low_y >= _NARROWEST_DOOR + 2 * _POST:
        return Rect(high_x, low_y, low_x, high_y)
    if low_y - high_y == WALL and high_x - low_x >= _NARROWEST_DOOR + 2 * _POST:
        return Rect(low_x, high_y, high_x, low_y)
    return None


def _width(dice: Dice, *, narrow: bool, wide: bool) -> int:
    """Cells between a door's posts: 70 to 90 cm, or an opening without a door."""
    if wide:
        return DECIMETRE * dice.between(10, 16)
    return DECIMETRE * (7 if narrow else dice.between(8, 9))


def _cut(
    dice: Dice, layout: Layout, rooms: tuple[int, int], gap: Rect, width: int,
    *, is_open: bool, threshold: bool,
) -> None:  # fmt: skip
    """Cut a door into a wall; stairs are open over their width."""
    if Kind.STAIRS in (layout.rooms[rooms[0]].kind, layout.rooms[rooms[1]].kind):
        layout.doors.append(Door(gap, rooms, is_open=True, has_threshold=False))
        return
    rect = _inner(dice, gap, width)
    layout.doors.append(Door(rect, rooms, is_open=is_open, has_threshold=threshold))


def _open_kitchen(dice: Dice, layout: Layout, walls: _Walls) -> None:
    """Kitchen and living room that touch often open to each other."""
    kinds = {room.kind: place for place, room in enumerate(layout.rooms)}
    pair = kinds.get(Kind.KITCHEN, -1), kinds.get(Kind.LIVING, -1)
    joined = any(set(door.rooms) == set(pair) for door in layout.doors)
    if pair in walls and not joined and dice.happens(0.7):
        width = _width(dice, narrow=False, wide=dice.happens(0.6))
        _cut(dice, layout, pair, walls[pair], width, is_open=True, threshold=False)
