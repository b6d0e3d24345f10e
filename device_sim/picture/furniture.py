"""Furniture as floor plans draw it, seen from above, its back to the wall it stands at."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from device_sim.picture.elements import circle, oval, rect, segment
from device_sim.picture.labels import Board, Box, Label, box_of, piece_label

STYLE: Final = """
.piece{fill:#d8d0bf;stroke:#8b8271;stroke-width:2}
.part{fill:#e9e3d6;stroke:#8b8271;stroke-width:1.5}
.line{fill:none;stroke:#8b8271;stroke-width:2}
.over{fill:#d8d0bf;fill-opacity:.35;stroke:#8b8271;stroke-width:2;stroke-dasharray:7 5}
.leg{fill:#6d6555}
.china{fill:#fff;stroke:#8c979c;stroke-width:2}
.plant{fill:#9dbb8b;stroke:#5f7f50;stroke-width:2}
.sill{fill:#b9a98a}
.leaf{fill:#a0672e}
"""

Polygon = Sequence[tuple[float, float]]
"""The corners of a room on the picture, its walls along x and y."""
_Draw = Callable[[Box, str], list[str]]


def furniture_svg(pieces: Sequence[Mapping[str, Any]], rooms: Sequence[Polygon]) -> list[str]:
    """The drawings of all pieces, those one drives under first."""
    ordered = sorted(pieces, key=lambda each: not each.get("passable", False))
    return [line for each in ordered for line in _drawn(each, rooms)]


def furniture_labels(pieces: Sequence[Mapping[str, Any]], board: Board) -> list[Label]:
    """The names of the pieces that have room for them, where no other word stands."""
    found: list[Label] = []
    for piece in pieces:
        if piece["name"] in _NAMELESS:
            continue
        label = piece_label(str(piece["name"]), box_of(piece))
        if label is not None and board.free(label.box, clear=False):
            board.take(label.box)
            found.append(label)
    return found


_NAMELESS: Final = (
    "Threshold", "Door", "Front door", "Chair", "Office chair", "Dock", "Toys", "Plant",
    "Nightstand",
)  # fmt: skip


def _drawn(piece: Mapping[str, Any], rooms: Sequence[Polygon]) -> list[str]:
    name, box = str(piece["name"]), box_of(piece)
    draw = _DRAWINGS.get(name)
    if piece.get("passable") and name != "Threshold":
        return _on_legs(box, name)
    if draw is None:
        return [rect("piece", box, 3)]
    return draw(box, _back(box, rooms, has_head=name in _HEADED))


_HEADED: Final = ("Bed", "Toilet")
"""Pieces with their back at a short side, whichever stands at a wall."""


def _back(box: Box, rooms: Sequence[Polygon], *, has_head: bool = False) -> str:
    """The side of a piece that is at a wall, or nearest to one: n, s, w or e."""
    x, y = box.middle
    for room in rooms:
        walls = list(zip(room, [*room[1:], room[0]], strict=True))
        across = [ax for (ax, ay), (bx, by) in walls if ax == bx and (ay > y) != (by > y)]
        down = [ay for (ax, ay), (bx, by) in walls if ay == by and (ax > x) != (bx > x)]
        if sum(at < x for at in across) % 2:
            gaps = {
                "n": box.top - max(at for at in down if at <= y),
                "s": min(at for at in down if at > y) - box.bottom,
                "w": box.left - max(at for at in across if at <= x),
                "e": min(at for at in across if at > x) - box.right,
            }
            long = "ns" if box.wide >= box.tall else "we"
            sides = [side for side in gaps if side not in long] if has_head else list(gaps)
            return min(sides, key=lambda side: (gaps[side], side not in long))
    return "n"


def _part(box: Box, back: str, along: tuple[float, float], across: tuple[float, float]) -> Box:
    """A part of a piece, as shares along its back and away from it."""
    (a, b), (c, d) = along, across
    if back in "ns":
        left, right = box.left + a * box.wide, box.left + b * box.wide
        if back == "n":
            return Box(left, box.top + c * box.tall, right, box.top + d * box.tall)
        return Box(left, box.bottom - d * box.tall, right, box.bottom - c * box.tall)
    top, bottom = box.top + a * box.tall, box.top + b * box.tall
    if back == "w":
        return Box(box.left + c * box.wide, top, box.left + d * box.wide, bottom)
    return Box(box.right - d * box.wide, top, box.right - c * box.wide, bottom)


# ---------------------------------------------------------------- pieces


def _on_legs(box: Box, _name: str) -> list[str]:
    legs = [
        Box(x, y, x + 5, y + 5)
        for x in (box.left, box.right - 5) for y in (box.top, box.bottom - 5)
    ]  # fmt: skip
    return [rect("over", box, 4), *(rect("leg", leg) for leg in legs)]


def _bed(box: Box, back: str) -> list[str]:
    broad = box.wide if back in "ns" else box.tall
    sides = ((0.08, 0.46), (0.54, 0.92)) if broad > 110 else ((0.12, 0.88),)  # noqa: PLR2004  cm
    pillows = [rect("part", _part(box, back, side, (0.04, 0.2)), 6) for side in sides]
    blanket = _part(box, back, (0.0, 1.0), (0.27, 1.0))
    return [rect("piece", box, 5), *pillows, rect("part", blanket, 4)]


def _sofa(box: Box, back: str) -> list[str]:
    long = box.wide if back in "ns" else box.tall
    arm = min(14 / long, 0.2)
    seats = 3 if long > 190 else 2 if long > 100 else 1  # noqa: PLR2004  cm
    span = (1 - 2 * arm) / seats
    parts = [
        rect("part", _part(box, back, (arm + n * span, arm + (n + 1) * span), (0.26, 0.97)), 6)
        for n in range(seats)
    ]
    return [rect("piece", box, 9), *parts]


def _chair(box: Box, back: str) -> list[str]:
    return [rect("piece", box, 7), rect("part", _part(box, back, (0.15, 0.85), (0.2, 0.9)), 6)]


def _office_chair(box: Box, _back: str) -> list[str]:
    seat = Box(box.left + 9, box.top + 9, box.right - 9, box.bottom - 9)
    return [oval("piece", box), oval("part", seat)]


def _counter(box: Box, back: str) -> list[str]:
    long = box.wide if back in "ns" else box.tall
    step = 60 / long
    fronts = [
        rect("line", _part(box, back, (n * step, min((n + 1) * step, 1.0)), (0, 1)))
        for n in range(int(long // 60) + (long % 60 > 0))
    ]
    sink = _part(box, back, (0.5 * step, 0.5 * step + 45 / long), (0.25, 0.8))
    hob = [
        oval("line", _part(box, back, (1 - a * step, 1 - (a - 0.3) * step), (c, c + 0.28)))
        for a in (0.85, 0.5) for c in (0.18, 0.54)
    ]  # fmt: skip
    return [rect("piece", box), *fronts, rect("china", sink, 6), *hob]


def _wardrobe(box: Box, back: str) -> list[str]:
    front = _part(box, back, (0.0, 1.0), (0.88, 1.0))
    x, y = box.middle
    rail = (
        segment("line", box.left + 8, y, box.right - 8, y) if back in "ns"
        else segment("line", x, box.top + 8, x, box.bottom - 8)
    )  # fmt: skip
    return [rect("piece", box), rail, rect("part", front)]


def _toilet(box: Box, back: str) -> list[str]:
    return [
        rect("china", _part(box, back, (0.0, 1.0), (0.0, 0.3)), 4),
        oval("china", _part(box, back, (0.06, 0.94), (0.28, 1.0))),
    ]


def _basin(box: Box, back: str) -> list[str]:
    return [rect("china", box, 8), oval("china", _part(box, back, (0.15, 0.85), (0.3, 0.9)))]


def _tub(box: Box, _back: str) -> list[str]:
    inner = Box(box.left + 8, box.top + 8, box.right - 8, box.bottom - 8)
    return [rect("china", box, 6), rect("china", inner, 24)]


def _shower(box: Box, _back: str) -> list[str]:
    return [
        rect("china", box, 2),
        segment("line", box.left, box.top, box.right, box.bottom),
        segment("line", box.left, box.bottom, box.right, box.top),
    ]


def _washer(box: Box, _back: str) -> list[str]:
    x, y = box.middle
    return [rect("china", box, 3), circle("china", x, y, 19)]


def _plant(box: Box, _back: str) -> list[str]:
    x, y = box.middle
    return [
        *(oval("plant", Box(x + dx - 11, y + dy - 11, x + dx + 11, y + dy + 11))
          for dx, dy in ((-9, 0), (9, 0), (0, -9), (0, 9))),
        circle("plant", x, y, 7),
    ]  # fmt: skip


def _stairs(box: Box, _back: str) -> list[str]:
    upright = box.tall >= box.wide
    count = int(max(box.wide, box.tall) // 27)
    step = max(box.wide, box.tall) / count
    treads = [
        segment("line", box.left, box.top + n * step, box.right, box.top + n * step) if upright
        else segment("line", box.left + n * step, box.top, box.left + n * step, box.bottom)
        for n in range(1, count)
    ]  # fmt: skip
    return [rect("piece", box), *treads]


def _toys(box: Box, _back: str) -> list[str]:
    return [
        rect("piece", Box(box.left + 5, box.top + 8, box.left + 27, box.top + 30), 3),
        rect("part", Box(box.left + 32, box.top + 4, box.left + 52, box.top + 24), 3),
        oval("plant", Box(box.left + 22, box.top + 34, box.left + 44, box.top + 56)),
    ]


def _sill(box: Box, _back: str) -> list[str]:
    return [rect("sill", box)]


def _leaf(box: Box, _back: str) -> list[str]:
    return [rect("leaf", box)]


def _nothing(_box: Box, _back: str) -> list[str]:
    return []


_DRAWINGS: Final[dict[str, _Draw]] = {
    "Bed": _bed, "Sofa": _sofa, "Sofa bed": _sofa, "Armchair": _sofa, "Chair": _chair,
    "Office chair": _office_chair, "Counter": _counter, "Wardrobe": _wardrobe,
    "Toilet": _toilet, "Basin": _basin, "Bathtub": _tub, "Shower": _shower, "Washer": _washer,
    "Plant": _plant, "Stairs": _stairs, "Toys": _toys, "Threshold": _sill, "Door": _leaf,
    "Front door": _leaf,
    "Dock": _nothing,
}  # fmt: skip
