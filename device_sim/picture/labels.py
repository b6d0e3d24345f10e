"""Words on a picture, each with the box it fills, so that none stands on another."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final, NamedTuple

TEXT: Final = 28
TITLE: Final = 34
WALL: Final = 10
RADIUS: Final = 16
"""Of an error's dot."""
_LETTER: Final = 0.56
"""The width of a letter as a share of its height, rather too wide than too narrow."""
_SMALLEST: Final = 11
"""Below it a piece of furniture goes without its name."""
_PIECE: Final = 19


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
        x, y = self.box.left, self.box.bottom - 0.25 * self.size
        turn = ""
        if self.is_upright:
            x, y = self.box.right - 0.25 * self.size, self.box.bottom
            turn = f' transform="rotate(-90 {x:g} {y:g})"'
        return f'<text{named} x="{x:g}" y="{y:g}"{turn}{style}>{escape(self.text)}</text>'


def box_of(shape: Mapping[str, Any]) -> Box:
    """The box round a shape of the map."""
    xs, ys = zip(*shape["polygon"], strict=True)
    return Box(min(xs), -max(ys), max(xs), -min(ys))


def dot_box(error: Mapping[str, Any]) -> Box:
    """The box round an error's dot."""
    x, y = error["x"], -error["y"]
    return Box(x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS)


def width_of(text: str, size: float = TEXT) -> float:
    """How wide a text is, rather too wide."""
    return len(text) * _LETTER * size


def room_label(room: Mapping[str, Any], full: Sequence[Box] = ()) -> Label:
    """The name in its room, smaller where the room is narrow; beside furniture where it can."""
    box = box_of(room)
    text = str(room["name"])
    size = min(TEXT, (box.wide - 2 * WALL) / max(1.0, width_of(text, 1.0)))
    x, y = box.middle
    places = [_box(text, x + dx * box.wide, y + dy * box.tall, size) for dx, dy in _PLACES]
    free = [
        place for place in places
        if box.holds(place) and not any(place.meets(each) for each in full)
    ]  # fmt: skip
    return Label(text, next(iter(free), places[0]), size)


_PLACES: Final = ((0, 0), *((dx / 10, dy / 10) for dy in (0, 1, -1, 2, -2, 3, -3, 4, -4)
                            for dx in (0, 1, -1, 2, -2)))  # fmt: skip


def piece_label(name: str, box: Box) -> Label | None:
    """The name of a piece of furniture within it, lying or upright; None where it does not fit."""
    across, along = box.wide - 6, box.tall - 6
    lying = min(_PIECE, across / width_of(name, 1.0), along / 1.1)
    upright = min(_PIECE, along / width_of(name, 1.0), across / 1.1)
    size = round(max(lying, upright), 1)
    if size < _SMALLEST:
        return None
    x, y = box.middle
    if lying >= upright:
        return Label(name, _box(name, x, y, size), size, "name")
    half, tall = width_of(name, size) / 2, 1.1 * size / 2
    return Label(name, Box(x - tall, y - half, x + tall, y + half), size, "name", is_upright=True)


def error_labels(
    errors: Iterable[Mapping[str, Any]], inside: Box, taken: Iterable[Box]
) -> list[Label]:
    """A label beside each dot: within the house, and on nothing else where there is room."""
    errors = list(errors)
    dots = [dot_box(each) for each in errors]
    full = [*taken, *dots]
    labels: list[Label] = []
    for error, dot in zip(errors, dots, strict=True):
        text = f"error {error['error']}"
        places = [place for place in _beside(dot, text) if inside.holds(place)]
        free = [place for place in places if not any(place.meets(box) for box in full)]
        chosen = next(iter([*free, *places]), _pushed(_beside(dot, text)[0], inside))
        full.append(chosen)
        labels.append(Label(text, chosen))
    return labels


def _box(text: str, centre_x: float, centre_y: float, size: float = TEXT) -> Box:
    half, tall = width_of(text, size) / 2, 1.1 * size / 2
    return Box(centre_x - half, centre_y - tall, centre_x + half, centre_y + tall)


def _beside(dot: Box, text: str) -> list[Box]:
    """Right, left, above, below, and the four corners."""
    x, y = dot.middle
    across, down = RADIUS + 6 + width_of(text) / 2, RADIUS + 4 + 1.1 * TEXT / 2
    steps = [(1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1)]
    return [_box(text, x + sx * across, y + sy * down) for sx, sy in steps]


def _pushed(box: Box, inside: Box) -> Box:
    """The box moved to where the walls hold it."""
    x = min(0.0, inside.right - box.right) + max(0.0, inside.left - box.left)
    y = min(0.0, inside.bottom - box.bottom) + max(0.0, inside.top - box.top)
    return Box(box.left + x, box.top + y, box.right + x, box.bottom + y)
