"""What everything on a picture means, and how long a metre is on it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from device_sim.picture.elements import circle, moved, path, rect
from device_sim.picture.labels import Box, width_of
from device_sim.picture.rooms import DrawnRoom
from device_sim.picture.sweep import ACROSS

LETTERS: Final = 22
LINE: Final = 46
"""From one line of the legend to the next."""
_SWATCH: Final = 44
_GAP: Final = 12
_BETWEEN: Final = 34
STYLE: Final = f"""
.key{{font-size:{LETTERS}px}}.scale{{fill:none;stroke:#1d2421;stroke-width:4}}
.told{{stroke-opacity:1;stroke-width:3.5}}
.chip{{stroke:#8b8271;stroke-width:1.5}}
"""


class Sign(StrEnum):
    """What may need an explanation; the values are the words."""

    SWEPT = "swept, darker where more than once"
    FIRST = "way of the robot"
    SECOND = "second pass, across"
    EDGES = "along walls and furniture"
    UNSWEPT = "not entered"
    CARPET = "carpet or rug"
    SILL = "door sill"
    DOOR = "shut door"
    FRONT = "front door"
    STAIRS = "stairs"
    UNDER = "furniture it drives under"
    DOCK = "dock with robot"
    ERROR = "error and its code"


def signs_of(
    drawn: Mapping[str, Any], rooms: Iterable[DrawnRoom], ways: Iterable[str]
) -> set[Sign]:
    """What a mission's picture shows; `ways` are the kinds of way that are drawn."""
    plan = drawn["floorPlan"]
    names = {str(piece["name"]) for piece in plan["furniture"]}
    shown = {Sign.SWEPT, Sign.DOCK, *(_WAYS[each] for each in ways)}
    shown |= {sign for name, sign in _PIECES.items() if name in names}
    present = {
        Sign.UNSWEPT: any(room.is_left_out for room in rooms),
        Sign.CARPET: bool(plan["carpets"]),
        Sign.UNDER: any(
            each.get("passable") and each["name"] != "Threshold" for each in plan["furniture"]
        ),
        Sign.ERROR: bool(drawn["errors"]),
    }
    return shown | {sign for sign, is_there in present.items() if is_there}


_WAYS: Final = {"first": Sign.FIRST, "second": Sign.SECOND, "edges": Sign.EDGES}
_PIECES: Final = {
    "Threshold": Sign.SILL, "Door": Sign.DOOR, "Front door": Sign.FRONT, "Stairs": Sign.STAIRS,
}  # fmt: skip


class Card:
    """A legend by itself, a sign a line, that stands among pictures."""

    def __init__(self, shown: Iterable[Sign]) -> None:
        self._lines = legend_lines(shown, 0)
        self.title = "What the pictures show"

    @property
    def frame(self) -> Box:
        """The box that it fills."""
        wide = max(_wide(line[0]) for line in self._lines)
        return Box(0, 0, wide + 2 * _MARGIN, len(self._lines) * LINE + _HEAD + _MARGIN)

    def content(self) -> list[str]:
        """The elements."""
        frame = self.frame
        return [
            rect("sheet", frame, 16),
            f'<text class="title" x="{_MARGIN}" y="{_HEAD - 36}">{self.title}</text>',
            *legend_svg(self._lines, _MARGIN, _HEAD),
        ]


_MARGIN: Final = 40
_HEAD: Final = 100


def legend_lines(shown: Iterable[Sign], room: float) -> list[list[Sign]]:
    """The signs in lines no wider than that."""
    shown = set(shown)
    lines: list[list[Sign]] = []
    width = 0.0
    for sign in Sign:
        if sign not in shown:
            continue
        wide = _wide(sign)
        if not lines or width + wide > room:
            lines.append([])
            width = 0.0
        lines[-1].append(sign)
        width += wide + _BETWEEN
    return lines


def _wide(sign: Sign) -> float:
    return _SWATCH + _GAP + width_of(sign, LETTERS)


def legend_svg(lines: Sequence[Sequence[Sign]], left: float, top: float) -> list[str]:
    """The lines of a legend from there down."""
    found = []
    for number, line in enumerate(lines):
        x, y = left, top + number * LINE
        for sign in line:
            box = Box(x, y, x + _SWATCH, y + 32)
            words = f'<text class="key" x="{x + _SWATCH + _GAP:g}" y="{y + 24:g}">{sign}</text>'
            found += [*_SWATCHES[sign](box), words]
            x += _wide(sign) + _BETWEEN
    return found


def scale_svg(left: float, y: float, metres: int = 2) -> list[str]:
    """A bar of so many metres."""
    ticks = f"M{left:g} {y - 9:g}v18m0 -9h{100 * metres}m0 -9v18M{left + 100:g} {y - 5:g}v10"
    right = left + 100 * metres
    words = f'<text class="key" x="{right + 12:g}" y="{y + 8:g}">{metres} m</text>'
    return [path("scale", ticks), words]


# ---------------------------------------------------------------- swatches


_Swatch = Callable[[Box], list[str]]


def _chip(kind: str) -> _Swatch:
    return lambda box: [rect(f"{kind} chip", box, 4)]


def _bar(kind: str) -> _Swatch:
    def bar(box: Box) -> list[str]:
        y = box.middle[1]
        return [rect(kind, Box(box.left, y - 5, box.right, y + 5))]

    return bar


def _way(kind: str) -> _Swatch:
    return lambda box: [
        path(f"way {kind} told", f"M{box.left:g} {box.bottom - 8:g}h{box.wide - 10:g}l6 -6v-10")
    ]


def _swept(box: Box) -> list[str]:
    y, half = box.middle[1], ACROSS / 2
    floor = Box(box.left, y - half, box.right, y + half)
    once = path("swept", f"M{box.left:g} {y:g}h{box.wide:g}")
    across = path("swept", f"M{box.right - half:g} {y - half:g}v{ACROSS}")
    return [rect("room chip", floor, 4), once, across, across]


def _stairs(box: Box) -> list[str]:
    treads = "".join(f"M{box.left + n * 11:g} {box.top:g}v{box.tall:g}" for n in (1, 2, 3))
    return [rect("piece", box, 4), path("line", treads)]


def _dock(box: Box) -> list[str]:
    x, y = box.middle
    return moved(x + 8, y, dock_svg())


def _error(box: Box) -> list[str]:
    return [circle("error", *box.middle, 14)]


def dock_svg() -> list[str]:
    """The base at its wall, and the robot's place before it, at the origin."""
    return [
        rect("dock", Box(-27, -17, -15, 17), 3), circle("robot", 0, 0, 17),
        circle("light", 0, 0, 6),
    ]  # fmt: skip


_SWATCHES: Final[dict[Sign, _Swatch]] = {
    Sign.SWEPT: _swept, Sign.FIRST: _way("first"), Sign.SECOND: _way("second"),
    Sign.EDGES: _way("edges"), Sign.UNSWEPT: _chip("unswept"), Sign.CARPET: _chip("carpet"),
    Sign.SILL: _bar("sill"), Sign.DOOR: _bar("leaf"), Sign.FRONT: _bar("entrance"),
    Sign.STAIRS: _stairs, Sign.UNDER: _chip("over"), Sign.DOCK: _dock, Sign.ERROR: _error,
}  # fmt: skip
