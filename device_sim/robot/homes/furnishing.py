"""Which furniture belongs to which room: one function a kind of room.

How often homes have a piece is an estimate [E] throughout.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Final

from device_sim.robot.homes.floor import Kind
from device_sim.robot.homes.furniture import HIGH_X, HIGH_Y, LOW_X, LOW_Y, Foot, Furnisher
from device_sim.robot.homes.geometry import Rect

_LOW_BEDS: Final = 0.4
"""Beds and sofas on legs that a robot of 9 cm fits under (16.1)."""
_ROOMY: Final = 5200
"""Cells of a room where a dining table finds its place: 13 square metres."""


def furnish(kind: Kind, room: Furnisher) -> None:
    """Furnish a room by its kind."""
    _RECIPES[kind](room)


def furnish_nook(kind: Kind, nook: Furnisher, back: int, present: Collection[str]) -> None:
    """Something at the back of a nook that its room wants and has not got."""
    choices = [each for each in _NOOKS.get(kind, ()) if each[0] not in present]
    name, long, deep = nook.dice.one_of(choices or _SHELF)
    along = nook.rect.wide if back <= HIGH_Y else nook.rect.deep
    if nook.dice.happens(0.8):
        nook.stand(name, min(long, along), deep, side=back, tries=3)


_SHELF: Final[Sequence[tuple[str, int, int]]] = (("Shelf", 20, 6),)
_NOOKS: Final[dict[Kind, Sequence[tuple[str, int, int]]]] = {
    Kind.BEDROOM: (("Wardrobe", 44, 12), ("Dresser", 20, 9)),
    Kind.CHILD: (("Wardrobe", 28, 12), ("Shelf", 20, 6)),
    Kind.GUEST: (("Wardrobe", 28, 12),),
    Kind.KITCHEN: (("Shelf", 24, 8), ("Fridge", 12, 12)),
    Kind.BATH: (("Washer", 12, 12), ("Shelf", 14, 6)),
    Kind.HALL: (("Shoes", 14, 6), ("Wardrobe", 20, 10)),
    Kind.LIVING: (("Shelf", 28, 6), ("Plant", 8, 8), ("Armchair", 16, 16)),
    Kind.STUDIO: (("Counter", 80, 12),),
}
"""What stands in nooks, cells long and deep [E]."""


def _living(room: Furnisher) -> None:
    dice = room.dice
    long = 2 * dice.between(17, 24)
    placed = room.stand("Sofa", long, 18, tries=10)
    if placed is not None:
        sofa, wall = placed
        if dice.happens(0.8):
            table = room.before(sofa.rect, wall, 9, 2 * dice.between(9, 12), 12)
            if dice.happens(0.8):
                room.lay("Rug", table.grown(2 * dice.between(3, 6)))
            if room.fits(table):
                room.put("Coffee table", table, dice.one_of((Foot.LEGS, Foot.SOLID, Foot.LOW)))
        board = room.stand("TV", 2 * dice.between(12, 18), 8, side=wall ^ 1, tries=5)
        if board is not None and dice.happens(0.6):
            room.cables.append(board[0].rect)
        if dice.happens(0.5):
            room.stand("Armchair", 16, 16, tries=4)
    if room.rect.wide * room.rect.deep > _ROOMY:
        _dining(room)
    for _ in range(dice.between(1, 2)):
        room.stand("Shelf", 2 * dice.between(8, 14), 6)
    if dice.happens(0.6):
        room.stand("Plant", 8, 8, tries=3)


def _dining(room: Furnisher) -> None:
    """A table on four legs in the middle, chairs drawn up to it: a robot drives between."""
    dice = room.dice
    long, deep = 2 * dice.between(13, 18), 2 * dice.between(8, 9)
    wide, high = (long, deep) if dice.happens(0.5) else (deep, long)
    table = room.float("Table", wide, high, Foot.LEGS)
    if table is None:
        return
    x0, y0, x1, y1 = table.rect
    turned = high > wide
    low, end = (y0, y1) if turned else (x0, x1)
    chairs = 2 if end - low >= 28 else 1  # noqa: PLR2004  cells, 1.4 m
    span = (end - low) // chairs
    for place in range(chairs):
        at = low + span * place + (span - 8) // 2
        out = dice.between(1, 5)
        for near in (True, False):
            if dice.happens(0.15):
                continue
            if turned:
                x = x0 - out if near else x1 + out - 8
                chair = Rect(x, at, x + 8, at + 8)
            else:
                y = y0 - out if near else y1 + out - 8
                chair = Rect(at, y, at + 8, y + 8)
            room.put("Chair", chair)


def _counter(room: Furnisher, most: int) -> None:
    """Kitchen cupboards along a wall, round a corner where they fit."""
    x0, y0, x1, y1 = room.rect
    walls = [
        (Rect(x0, y0, x1, y0 + 12), LOW_Y), (Rect(x0, y1 - 12, x1, y1), HIGH_Y),
        (Rect(x0, y0, x0 + 12, y1), LOW_X), (Rect(x1 - 12, y0, x1, y1), HIGH_X),
    ]  # fmt: skip
    free: list[tuple[int, Rect]] = []
    for rect, wall in room.dice.shuffled(walls):
        along_x = wall <= HIGH_Y
        low, high = (rect.x0, rect.x1) if along_x else (rect.y0, rect.y1)
        for door in room.keep:
            if door.meets(rect):
                a, b = (door.x0, door.x1) if along_x else (door.y0, door.y1)
                low, high = max(((low, a), (b, high)), key=lambda part: part[1] - part[0])
        high = min(high, low + most) if room.dice.happens(0.5) else high
        low = max(low, high - most)
        cut = Rect(low, rect.y0, high, rect.y1) if along_x else Rect(rect.x0, low, rect.x1, high)
        if high - low >= 24:  # noqa: PLR2004  cells, two cupboards
            free.append((high - low, cut))
    if free:
        _, best = max(free, key=lambda each: each[0])
        room.put("Counter", best)


def _kitchen(room: Furnisher) -> None:
    dice = room.dice
    _counter(room, 2 * dice.between(24, 40))
    room.stand("Fridge", 12, 12, tries=8)
    if room.rect.wide * room.rect.deep > _ROOMY * 3 // 4:
        _dining(room)
    elif dice.happens(0.6):
        room.stand("Table", 2 * dice.between(7, 9), 14, Foot.LEGS)


def _bedroom(room: Furnisher) -> None:
    dice = room.dice
    foot = Foot.LEGS if dice.happens(_LOW_BEDS) else dice.one_of((Foot.SOLID, Foot.SOLID, Foot.LOW))
    placed = room.stand("Bed", 2 * dice.between(14, 18), 41, foot, tries=12)
    if placed is not None:
        bed, wall = placed
        room.beside("Nightstand", bed.rect, wall, 8, 8)
        if dice.happens(0.4):
            room.lay("Rug", bed.rect.grown(10))
    room.stand("Wardrobe", 2 * dice.between(12, 22), 12, tries=10)
    if dice.happens(0.5):
        room.stand("Dresser", 2 * dice.between(8, 12), 9)
    if dice.happens(0.3):
        room.stand("Chair", 9, 9, tries=3)
    if dice.happens(0.25):
        room.lay("Carpet", room.rect)


def _child(room: Furnisher) -> None:
    dice = room.dice
    foot = Foot.LEGS if dice.happens(_LOW_BEDS) else Foot.SOLID
    room.stand("Bed", 40, 18, foot, turned=dice.happens(0.3), tries=10)
    room.stand("Wardrobe", 2 * dice.between(9, 14), 12, tries=8)
    _desk(room)
    if dice.happens(0.6):
        room.float("Toys", 12, 12, Foot.LOW)
    if dice.happens(0.6):
        wide, deep = 2 * dice.between(12, 16), 2 * dice.between(10, 14)
        middle_x, middle_y = (
            (room.rect.x0 + room.rect.x1) // 2, (room.rect.y0 + room.rect.y1) // 2,
        )  # fmt: skip
        room.lay("Rug", Rect(middle_x - wide // 2, middle_y - deep // 2,
                             middle_x + wide // 2, middle_y + deep // 2))  # fmt: skip


def _desk(room: Furnisher) -> None:
    """A desk on legs, a chair before it, and what hangs down behind."""
    placed = room.stand("Desk", 2 * room.dice.between(12, 16), 14, Foot.LEGS, tries=8)
    if placed is None:
        return
    desk, wall = placed
    chair = room.before(desk.rect, wall, -4, 10, 10)
    if chair.within(room.rect) and not any(chair.meets(each) for each in room.keep):
        room.put("Office chair", chair)
    if room.dice.happens(0.7):
        room.cables.append(desk.rect)


def _study(room: Furnisher) -> None:
    _desk(room)
    for _ in range(room.dice.between(1, 3)):
        room.stand("Shelf", 2 * room.dice.between(8, 12), 6)
    if room.dice.happens(0.4):
        room.stand("Sofa bed", 40, 18, tries=4)
    if room.dice.happens(0.35):
        room.lay("Carpet", room.rect)


def _guest(room: Furnisher) -> None:
    room.stand("Bed", 28, 41, Foot.LEGS if room.dice.happens(_LOW_BEDS) else Foot.SOLID, tries=10)
    room.stand("Wardrobe", 24, 12, tries=6)
    if room.dice.happens(0.5):
        room.stand("Armchair", 16, 16, tries=4)
    if room.dice.happens(0.3):
        room.lay("Carpet", room.rect)


def _bath(room: Furnisher) -> None:
    dice = room.dice
    room.stand("Toilet", 8, 13, tries=20)
    if dice.happens(0.6):
        room.stand("Bathtub", 34, 15, tries=10)
    else:
        room.stand("Shower", 18, 18, tries=10)
    room.stand("Basin", 12, 10, tries=12)
    if dice.happens(0.5):
        room.stand("Washer", 12, 12, tries=4)
    if dice.happens(0.5):
        room.float("Bath mat", 16, 10, Foot.FLAT)


def _toilet(room: Furnisher) -> None:
    room.stand("Toilet", 8, 13, tries=20)
    room.stand("Basin", 9, 7, tries=6)


def _hall(room: Furnisher) -> None:
    dice = room.dice
    for _ in range(dice.between(1, 2)):
        room.stand("Shoes", 2 * dice.between(5, 9), 6, tries=5)
    if dice.happens(0.3) and min(room.rect.wide, room.rect.deep) > 24:  # noqa: PLR2004  cells
        x0, y0, x1, y1 = room.rect.grown(-6)
        room.lay("Runner", Rect(x0 + 8 * (x1 - x0 > y1 - y0), y0 + 8 * (y1 - y0 > x1 - x0), x1, y1))


def _storage(room: Furnisher) -> None:
    for _ in range(2):
        room.stand("Shelf", 2 * room.dice.between(7, 10), 8)


def _studio(room: Furnisher) -> None:
    dice = room.dice
    _counter(room, 2 * dice.between(18, 24))
    foot = Foot.LEGS if dice.happens(_LOW_BEDS) else Foot.SOLID
    placed = room.stand("Bed", 28, 41, foot, tries=12)
    if placed is not None:
        room.beside("Nightstand", placed[0].rect, placed[1], 8, 8)
    sofa = room.stand("Sofa", 34, 17, tries=8)
    if sofa is not None:
        rug = room.before(sofa[0].rect, sofa[1], 6, 30, 20)
        room.lay("Rug", rug)
    room.stand("Table", 2 * dice.between(7, 10), 14, Foot.LEGS)
    room.stand("Wardrobe", 24, 12, tries=6)


def _stairs(room: Furnisher) -> None:
    room.put("Stairs", room.rect)


_RECIPES: Final[dict[Kind, Callable[[Furnisher], None]]] = {
    Kind.LIVING: _living,
    Kind.KITCHEN: _kitchen,
    Kind.HALL: _hall,
    Kind.BEDROOM: _bedroom,
    Kind.CHILD: _child,
    Kind.GUEST: _guest,
    Kind.STUDY: _study,
    Kind.BATH: _bath,
    Kind.TOILET: _toilet,
    Kind.STORAGE: _storage,
    Kind.STUDIO: _studio,
    Kind.STAIRS: _stairs,
}
