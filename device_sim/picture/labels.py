"""Words on a picture, each with the box it fills, so that none stands on another."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final, NamedTuple

from device_sim.plots.words import error_words

TEXT: Final = 28
TITLE: Final = 34
WALL: Final = 10
RADIUS: Final = 16
"""Of an error's dot."""
_LETTERS: Final = ((" ilj.,:'·!|", 0.34), ("ftrI²", 0.42), ("mwMW%", 1.0))
_CAPITAL, _OTHER, _BOLD = 0.78, 0.64, 1.12
"""Widths of letters as shares of their height in the widest of usual fonts; bold ones more."""
_SMALLEST: Final = 11
"""Below it a piece of furniture goes without its name."""
_PIECE: Final = 19
_LINE: Final = 1.15
"""A line's height as a share of its letters'."""
ERROR: Final = 22


class Box(NamedTuple):
    """A rectangle of the picture; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def wide(self) -> float:
        """From left to right."""
        return self.right - self.left

    @property
    def tall(self) -> float:
        """From top to bottom."""
        return self.bottom - self.top

    @property
    def middle(self) -> tuple[float, float]:
        """The centre."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def holds(self, other: "Box") -> bool:
        """Whether the other lies within."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )

    def meets(self, other: "Box") -> bool:
        """Whether the two share a place."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


class Label(NamedTuple):
    """A text, and the box that it fills; an upright one reads from below."""

    text: str
    box: Box
    size: float = TEXT
    kind: str = ""
    is_upright: bool = False

    @property
    def svg(self) -> str:
        """The element."""
        style = "" if self.size == TEXT else f' style="font-size:{self.size:g}px"'
        named = f' class="{self.kind}"' if self.kind else ""
        x, y = self.box.middle
        turn = f' transform="rotate(-90 {x:g} {y:g})"' if self.is_upright else ""
        y += 0.3 * self.size
        return f'<text{named} x="{x:g}" y="{y:g}"{turn}{style}>{escape(self.text)}</text>'


class Board:
    """A picture that words are put on: each fills a box that no other word may touch."""

    def __init__(self, inside: Box, hard: Iterable[Box] = (), soft: Iterable[Box] = ()) -> None:
        self.inside = inside
        self.hard = list(hard)
        """What no word may stand on: dots, the dock, other words."""
        self._soft = list(soft)
        """What words avoid where they can: furniture, walls."""

    def free(self, box: Box, *, clear: bool) -> bool:
        """Whether a word may stand there; `clear` of what words avoid as well."""
        return (
            self.inside.holds(box)
            and not any(box.meets(each) for each in self.hard)
            and not (clear and any(box.meets(each) for each in self._soft))
        )

    def take(self, box: Box) -> None:
        """Put a word there."""
        self.hard.append(box)


def box_of(shape: Mapping[str, Any]) -> Box:
    """The box round a shape of the map."""
    xs, ys = zip(*shape["polygon"], strict=True)
    return Box(min(xs), -max(ys), max(xs), -min(ys))


def dot_box(error: Mapping[str, Any]) -> Box:
    """The box round an error's dot."""
    x, y = error["x"], -error["y"]
    return Box(x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS)


def width_of(text: str, size: float = TEXT, *, bold: bool = False) -> float:
    """How wide a text is, rather too wide."""
    return sum(map(_letter, text)) * size * (_BOLD if bold else 1.0)


def _letter(letter: str) -> float:
    for letters, width in _LETTERS:
        if letter in letters:
            return width
    return _CAPITAL if letter.isupper() else _OTHER


def centred(
    text: str, x: float, y: float, size: float = TEXT, *, upright: bool = False, bold: bool = False
) -> Box:
    """The box of a text round its middle."""
    half, tall = width_of(text, size, bold=bold) / 2, _LINE * size / 2
    return (
        Box(x - tall, y - half, x + tall, y + half) if upright
        else Box(x - half, y - tall, x + half, y + tall)
    )  # fmt: skip


def wrapped(parts: Sequence[str], room: float, size: float = TEXT) -> list[str]:
    """Parts of a sentence in lines that are no wider than that, a part never broken."""
    lines: list[str] = []
    for part in parts:
        longer = f"{lines[-1]} · {part}" if lines else part
        if lines and width_of(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines


# ---------------------------------------------------------------- rooms


def room_labels(
    board: Board, name: str, note: str, polygon: Sequence[tuple[float, float]]
) -> list[Label]:
    """A room's name and a smaller note below it, within the room and on no other word.

    Clear of furniture rather than large; smaller where the room is narrow, or upright where it is
    high; the note gives way first, and a closet may go without its name.
    """
    box = _round(polygon)
    for note_, clear, sizes in (
        (note, True, _ROOM_SIZES[:3]), (note, False, _ROOM_SIZES), ("", False, _ROOM_SIZES),
    ):  # fmt: skip
        for size in sizes:
            for upright in (False, True) if box.tall > box.wide else (False,):
                places = _spread(box, _block(name, note_, size, upright=upright))
                place = next(
                    (
                        each for each in places
                        if _holds(polygon, each) and board.free(each, clear=clear)
                    ),
                    None,
                )  # fmt: skip
                if place is not None:
                    board.take(place)
                    return _lines(name, note_, size, place, upright=upright)
    return []


_ROOM_SIZES: Final = (TEXT, 24.0, 20.0, 17.0, 14.0)
_NOTE: Final = 0.72
"""Of a name's size."""
_AIR: Final = 4
_LEAD: Final = 1
"""Between a name and its note."""


def _block(name: str, note: str, size: float, *, upright: bool) -> tuple[float, float]:
    """How wide and tall a name and its note are together."""
    wide = max(width_of(name, size), width_of(note, _NOTE * size)) + 2 * _AIR
    tall = _LINE * size + (_LINE * _NOTE * size + _LEAD) * bool(note) + 2 * _AIR
    return (tall, wide) if upright else (wide, tall)


def _lines(name: str, note: str, size: float, box: Box, *, upright: bool) -> list[Label]:
    x, y = box.middle
    tall = _LINE * size
    rest = tall * _NOTE + _LEAD if note else 0.0
    found = []
    for text, kind, letter, off in (
        (name, "", size, -rest / 2), (note, "note", _NOTE * size, (tall + _LEAD) / 2),
    ):  # fmt: skip
        if text:
            at = (x + off, y) if upright else (x, y + off)
            place = centred(text, *at, letter, upright=upright)
            found.append(Label(text, place, round(letter, 2), kind, is_upright=upright))
    return found


def _spread(box: Box, block: tuple[float, float]) -> list[Box]:
    """Places for a block all over a box, the nearest to its middle first."""
    wide, tall = block
    x, y = box.middle
    across, down = (box.wide - wide) / 2, (box.tall - tall) / 2
    if across < 0 or down < 0:
        return []
    offsets = [
        (dx * _STEP, dy * _STEP)
        for dx in range(-int(across // _STEP), int(across // _STEP) + 1)
        for dy in range(-int(down // _STEP), int(down // _STEP) + 1)
    ]
    offsets.sort(key=lambda off: (off[0] * off[0] + off[1] * off[1], off))
    return [
        Box(x + dx - wide / 2, y + dy - tall / 2, x + dx + wide / 2, y + dy + tall / 2)
        for dx, dy in offsets
    ]


_STEP: Final = 16
"""Centimetres between places that are tried."""


def _round(polygon: Sequence[tuple[float, float]]) -> Box:
    xs, ys = zip(*polygon, strict=True)
    return Box(min(xs), min(ys), max(xs), max(ys))


def _holds(polygon: Sequence[tuple[float, float]], box: Box) -> bool:
    """Whether a box lies within a polygon: none of its sides enters it, its middle is inside."""
    x, y = box.middle
    inside = False
    for (ax, ay), (bx, by) in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        across = min(ax, bx) < box.right and box.left < max(ax, bx)
        if across and min(ay, by) < box.bottom and box.top < max(ay, by):
            return False
        if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
            inside = not inside
    return inside


# ---------------------------------------------------------------- furniture


def piece_label(name: str, box: Box) -> Label | None:
    """The name of a piece of furniture within it, lying or upright; None where it does not fit."""
    across, along = box.wide - 6, box.tall - 6
    lying = min(_PIECE, across / width_of(name, 1.0), along / _LINE)
    upright = min(_PIECE, along / width_of(name, 1.0), across / _LINE)
    size = round(max(lying, upright) - 0.05, 1)
    if size < _SMALLEST:
        return None
    is_upright = upright > lying
    place = centred(name, *box.middle, size, upright=is_upright)
    return Label(name, place, size, "name", is_upright=is_upright)


# ---------------------------------------------------------------- errors


def error_labels(board: Board, errors: Iterable[Mapping[str, Any]]) -> list[Label]:
    """What went wrong beside each dot: code and meaning, or the code alone, or no words at all.

    Which it is depends on the room that is left.
    """
    labels: list[Label] = []
    for error in errors:
        dot, code = dot_box(error), int(error["error"])
        said = f"error {error_words(code)}", f"error {code}"
        places = (
            (text, place)
            for clear, far in ((True, _NEAR), (False, _NEAR), (False, _FARTHEST))
            for text in said
            for place in _beside(dot, text, far)
            if board.free(place, clear=clear)
        )
        for text, place in itertools.islice(places, 1):
            board.take(place)
            labels.append(Label(text, place, ERROR, "wrong"))
    return labels


def _beside(dot: Box, text: str, farthest: int) -> list[Box]:
    """Right, left, above, below and the four corners; then further and further away."""
    x, y = dot.middle
    half = width_of(text, ERROR, bold=True) / 2
    across, down = RADIUS + 6 + half, RADIUS + 4 + _LINE * ERROR / 2
    steps = [(1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1)]
    return [
        centred(text, x + sx * (across + far), y + sy * (down + far), ERROR, bold=True)
        for far in range(0, farthest, 12)
        for sx, sy in steps
    ]


_NEAR, _FARTHEST = 36, 150
"""Centimetres from a dot: where its words clearly belong to it, and at most."""
