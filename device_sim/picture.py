"""A mission as a picture: the floor plan, what was covered, the path, the dock, the errors."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final, NamedTuple

_MARGIN: Final = 40
_LEGEND: Final = 70
_NARROWEST: Final = 640
"""The title and the legend need that much."""
_TEXT: Final = 28
_TITLE: Final = 34
_WALL: Final = 12
_LETTER: Final = 0.56
"""The width of a letter as a share of its height, rather too wide than too narrow."""
_STYLE: Final = f"""
text{{font:{_TEXT}px system-ui,sans-serif;fill:#3c4742;
paint-order:stroke;stroke:#fbfbf9;stroke-width:7;stroke-linejoin:round}}
.title{{font-size:{_TITLE}px;fill:#1d2421}}
.room{{fill:#efede6}}.carpet{{fill:#dfe2f0}}.furniture{{fill:#c2bbab}}
.wall{{stroke:#49524d;stroke-width:{_WALL};stroke-linecap:square}}
.covered{{fill:none;stroke:#2f8f78;stroke-opacity:.22;stroke-width:30;
stroke-linejoin:round;stroke-linecap:round}}
.path{{fill:none;stroke:#1f6f5c;stroke-width:3;stroke-linejoin:round}}
.dock{{fill:#1d2421}}.error{{fill:#b3261e;stroke:#fff;stroke-width:4}}
"""
_RADIUS: Final = 16
"""Of an error's dot."""


class Box(NamedTuple):
    """A rectangle of the picture; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

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


def mission_svg(drawn: Mapping[str, Any], title: str) -> str:
    """An SVG of a mission map (`contract.maps.mission_map`), legible on light and dark pages."""
    plan = drawn["floorPlan"]
    x0, y0, x1, y1 = plan["bounds"]
    left, top = x0 - _MARGIN, -y1 - _MARGIN - _LEGEND
    width = max(x1 - x0, _NARROWEST) + 2 * _MARGIN
    height = y1 - y0 + 2 * _MARGIN + _LEGEND
    path = _points(drawn["path"])
    rooms = [_room_label(each) for each in plan["rooms"]]
    taken = [*(label.box for label in rooms), *(_wall_box(each) for each in plan["walls"])]
    inside = Box(x0 + _WALL, -y1 + _WALL, x1 - _WALL, -y0 - _WALL)
    box = f'viewBox="{left} {top} {width} {height}" width="{width // 2}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="16" fill="#fbfbf9"/>',
        _title(title, x0, top + 58, width - 2 * _MARGIN),
        *(_polygon("room", each) for each in plan["rooms"]),
        *(_polygon("carpet", each) for each in plan["carpets"]),
        f'<polyline class="covered" points="{path}"/>',
        *(_polygon("furniture", each) for each in plan["furniture"]),
        *(_wall(each) for each in plan["walls"]),
        f'<polyline class="path" points="{path}"/>',
        '<rect class="dock" x="-16" y="-12" width="32" height="24" rx="5"/>',
        *(_dot(each) for each in drawn["errors"]),
        *(label.svg for label in rooms),
        *(label.svg for label in _error_labels(drawn["errors"], inside, taken)),
        _legend(x0, top + 96, drawn),
        "</svg>\n",
    ]
    return "\n".join(parts)


# ---------------------------------------------------------------- shapes


def _points(points: Sequence[Sequence[int]]) -> str:
    return " ".join(f"{x},{-y}" for x, y in points)


def _polygon(kind: str, shape: Mapping[str, Any]) -> str:
    return f'<polygon class="{kind}" points="{_points(shape["polygon"])}"/>'


def _wall(wall: Sequence[int]) -> str:
    ax, ay, bx, by = wall
    return f'<line class="wall" x1="{ax}" y1="{-ay}" x2="{bx}" y2="{-by}"/>'


def _wall_box(wall: Sequence[int]) -> Box:
    ax, ay, bx, by = wall
    half = _WALL / 2
    return Box(min(ax, bx) - half, -max(ay, by) - half, max(ax, bx) + half, -min(ay, by) + half)


def _dot(error: Mapping[str, Any]) -> str:
    return f'<circle class="error" cx="{error["x"]}" cy="{-error["y"]}" r="{_RADIUS}"/>'


# ---------------------------------------------------------------- words


class Label(NamedTuple):
    """A text, and the box that it fills."""

    text: str
    box: Box
    size: float = _TEXT

    @property
    def svg(self) -> str:
        """The element."""
        style = "" if self.size == _TEXT else f' style="font-size:{self.size:g}px"'
        x, y = self.box.left, self.box.bottom - 0.25 * self.size
        return f'<text x="{x:g}" y="{y:g}"{style}>{escape(self.text)}</text>'


def _width(text: str, size: float = _TEXT) -> float:
    return len(text) * _LETTER * size


def _box(text: str, centre_x: float, centre_y: float, size: float = _TEXT) -> Box:
    half, tall = _width(text, size) / 2, 1.1 * size / 2
    return Box(centre_x - half, centre_y - tall, centre_x + half, centre_y + tall)


def _room_label(room: Mapping[str, Any]) -> Label:
    """The name in the middle of its room, smaller where the room is narrow."""
    xs, ys = zip(*room["polygon"], strict=True)
    text = str(room["name"])
    size = min(_TEXT, (max(xs) - min(xs) - 2 * _WALL) / max(1.0, _width(text, 1.0)))
    return Label(text, _box(text, (min(xs) + max(xs)) / 2, -(min(ys) + max(ys)) / 2, size), size)


def _error_labels(
    errors: Iterable[Mapping[str, Any]], inside: Box, taken: Iterable[Box]
) -> list[Label]:
    """A label beside each dot: within the house, and on nothing else where there is room."""
    dots = [
        Box(e["x"] - _RADIUS, -e["y"] - _RADIUS, e["x"] + _RADIUS, -e["y"] + _RADIUS)
        for e in errors
    ]
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


def _beside(dot: Box, text: str) -> list[Box]:
    """Right, left, above, below, and the four corners."""
    x, y = (dot.left + dot.right) / 2, (dot.top + dot.bottom) / 2
    across, down = _RADIUS + 6 + _width(text) / 2, _RADIUS + 4 + 1.1 * _TEXT / 2
    steps = [(1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1)]
    return [_box(text, x + sx * across, y + sy * down) for sx, sy in steps]


def _pushed(box: Box, inside: Box) -> Box:
    """The box moved to where the walls hold it."""
    x = min(0.0, inside.right - box.right) + max(0.0, inside.left - box.left)
    y = min(0.0, inside.bottom - box.bottom) + max(0.0, inside.top - box.top)
    return Box(box.left + x, box.top + y, box.right + x, box.bottom + y)


def _title(title: str, x: float, y: float, room: float) -> str:
    size = min(_TITLE, room / max(1.0, _width(title, 1.0)))
    style = "" if size == _TITLE else f' style="font-size:{size:.1f}px"'
    return f'<text class="title" x="{x}" y="{y}"{style}>{escape(title)}</text>'


def _legend(x: int, y: int, drawn: Mapping[str, Any]) -> str:
    share = round(100 * drawn["coveredRatio"])
    errors = len(drawn["errors"])
    text = f"{share} % covered, {errors} error{'' if errors == 1 else 's'}"
    dock = x + round(_width(text)) + 40
    return (
        f'<text x="{x}" y="{y}">{text}</text>'
        f'<rect class="dock" x="{dock}" y="{y - 20}" width="32" height="22" rx="5"/>'
        f'<text x="{dock + 44}" y="{y}">dock</text>'
    )
