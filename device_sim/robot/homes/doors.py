"""Doors: every room has one, most of them to the hall, and some are closed."""

from collections.abc import Sequence
from typing import Final

from device_sim.robot.homes.dice import Dice
from device_sim.robot.homes.floor import Door, Kind, Layout
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


def cut_doors(dice: Dice, layout: Layout) -> None:
    """A door to a room one walks through for every room, until all are connected."""
    thresholds = dice.happens(_THRESHOLDS)
    narrow = dice.happens(0.25)
    joined = {0}
    left = list(range(1, len(layout.rooms)))
    while left:
        number, to, gap = _next_door(layout, joined, left)
        kind, other = layout.rooms[number].kind, layout.rooms[to].kind
        left.remove(number)
        joined.add(number)
        closed = dice.happens(_CLOSED.get(kind, 0.0)) and other in _THROUGH
        wide = kind in (Kind.LIVING, Kind.STUDIO) and dice.happens(0.5)
        _cut(dice, layout, (number, to), gap, _width(dice, narrow=narrow, wide=wide),
             is_open=not closed, threshold=thresholds and not wide)  # fmt: skip
    _open_kitchen(dice, layout)


def _next_door(layout: Layout, joined: set[int], left: Sequence[int]) -> tuple[int, int, Rect]:
    """The next room, the joined one it opens to, and the wall between them."""
    best: tuple[int, int, int, int] | None = None
    walls: dict[tuple[int, int], Rect] = {}
    for number in left:
        for to in joined:
            gap = _between(layout.rooms[number].rect, layout.rooms[to].rect)
            if gap is None:
                continue
            walls[number, to] = gap
            kind = layout.rooms[to].kind
            rank = _THROUGH.index(kind) if kind in _THROUGH else len(_THROUGH)
            length = max(gap.wide, gap.deep)
            best = min(best or (9, 0, 0, 0), (rank, -length, number, to))
    assert best is not None, "every room of a strip touches the hall or a room beside it"
    number, to = best[2], best[3]
    return number, to, walls[number, to]


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
    """Cut a door into a wall, mostly near one of its ends; stairs are open over their width."""
    length = max(gap.wide, gap.deep)
    if Kind.STAIRS in (layout.rooms[rooms[0]].kind, layout.rooms[rooms[1]].kind):
        layout.doors.append(Door(gap, rooms, is_open=True, has_threshold=False))
        return
    width = min(width, (length - 2 * _POST) // DECIMETRE * DECIMETRE)
    spare = (length - width) // DECIMETRE - 2
    corner = dice.between(0, min(2, spare))
    start = dice.one_of((corner, spare - corner, dice.between(0, spare))) * DECIMETRE + DECIMETRE
    if gap.wide == WALL:
        rect = Rect(gap.x0, gap.y0 + start, gap.x1, gap.y0 + start + width)
    else:
        rect = Rect(gap.x0 + start, gap.y0, gap.x0 + start + width, gap.y1)
    layout.doors.append(Door(rect, rooms, is_open=is_open, has_threshold=threshold))


def _open_kitchen(dice: Dice, layout: Layout) -> None:
    """Kitchen and living room that touch often open to each other."""
    kinds = {room.kind: place for place, room in enumerate(layout.rooms)}
    if Kind.KITCHEN not in kinds or Kind.LIVING not in kinds:
        return
    pair = kinds[Kind.KITCHEN], kinds[Kind.LIVING]
    gap = _between(*(layout.rooms[place].rect for place in pair))
    joined = any(set(door.rooms) == set(pair) for door in layout.doors)
    if gap is not None and not joined and dice.happens(0.7):
        width = _width(dice, narrow=False, wide=dice.happens(0.6))
        _cut(dice, layout, pair, gap, width, is_open=True, threshold=False)
