"""A mission as a picture: the floor plan, what was covered, the path, the dock, the errors."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from device_sim.picture import furniture
from device_sim.picture.labels import (
    RADIUS,
    TEXT,
    TITLE,
    WALL,
    Box,
    box_of,
    dot_box,
    error_labels,
    room_label,
    width_of,
)

_MARGIN: Final = 40
_LEGEND: Final = 70
_NARROWEST: Final = 640
"""The title and the legend need that much."""
_ACROSS: Final = 32
"""Centimetres a robot cleans across (16.1)."""
_STYLE: Final = f"""
text{{font:{TEXT}px system-ui,sans-serif;fill:#2b3430;
paint-order:stroke;stroke:#fbfbf9;stroke-opacity:.85;stroke-width:7;stroke-linejoin:round}}
.sheet{{fill:#fbfbf9}}.title{{font-size:{TITLE}px;fill:#1d2421}}
.name{{fill:#5d5545;stroke-width:4}}
.room{{fill:#efece4}}.tiled{{fill:#e6ebec}}.carpet{{fill:#d9d6ea;stroke:#b9b4d4;stroke-width:3}}
.wall{{stroke:#3f4743;stroke-width:{WALL};stroke-linecap:square}}
.covered{{fill:none;stroke:#35a184;stroke-opacity:.3;stroke-width:{_ACROSS};
stroke-linejoin:round;stroke-linecap:round}}
.path{{fill:none;stroke:#12705a;stroke-opacity:.75;stroke-width:2.5;stroke-linejoin:round}}
.dock{{fill:#1d2421}}.robot{{fill:#1d2421;fill-opacity:.8;stroke:#fff;stroke-width:2}}
.light{{fill:#7fe0c4}}.error{{fill:#b3261e;stroke:#fff;stroke-width:4}}
{furniture.STYLE}"""
_TILED: Final = ("Kitchen", "Bath", "Toilet")


def mission_svg(drawn: Mapping[str, Any], title: str) -> str:
    """An SVG of a mission map (`contract.maps.mission_map`), legible on light and dark pages."""
    frame = frame_of(drawn)
    box = f'viewBox="{frame.left} {frame.top} {frame.wide} {frame.tall}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {box} width="{frame.wide // 2}" role="img">',
            f"<title>{escape(title)}</title><style>{_STYLE}</style>",
            *content(drawn, title),
            "</svg>\n",
        ]
    )


def style() -> str:
    """The style sheet that `content` needs."""
    return _STYLE


def frame_of(drawn: Mapping[str, Any]) -> Box:
    """The box a mission's picture fills, title and legend included."""
    x0, y0, x1, y1 = drawn["floorPlan"]["bounds"]
    left, top = x0 - _MARGIN, -y1 - _MARGIN - _LEGEND
    width = max(x1 - x0, _NARROWEST) + 2 * _MARGIN
    return Box(left, top, left + width, -y0 + _MARGIN)


def content(drawn: Mapping[str, Any], title: str) -> list[str]:
    """The elements of a mission's picture."""
    plan = drawn["floorPlan"]
    frame = frame_of(drawn)
    x0, y0, x1, y1 = plan["bounds"]
    path = _points(drawn["path"])
    pieces = plan["furniture"]
    names = furniture.furniture_labels(pieces)
    solid = [box_of(each) for each in pieces if each["name"] != "Threshold"]
    solid += [dot_box(each) for each in drawn["errors"]]
    rooms = [room_label(each, solid) for each in plan["rooms"] if each["name"] != "Stairs"]
    taken = [*(label.box for label in rooms), *(_wall_box(each) for each in plan["walls"])]
    inside = Box(x0 + WALL, -y1 + WALL, x1 - WALL, -y0 - WALL)
    return [
        _sheet(frame),
        _title(title, x0, frame.top + 58, frame.wide - 2 * _MARGIN),
        *(_polygon(_floor(each), each) for each in plan["rooms"]),
        *(_polygon("carpet", each) for each in plan["carpets"]),
        f'<polyline class="covered" points="{path}"/>',
        *furniture.furniture_svg(pieces, [box_of(each) for each in plan["rooms"]]),
        *(_wall(each) for each in plan["walls"]),
        f'<polyline class="path" points="{path}"/>',
        *_dock(),
        *(label.svg for label in names),
        *(_dot(each) for each in drawn["errors"]),
        *(label.svg for label in rooms),
        *(label.svg for label in error_labels(drawn["errors"], inside, taken)),
        _legend(x0, frame.top + 96, drawn),
    ]


# ---------------------------------------------------------------- shapes


def _points(points: Sequence[Sequence[int]]) -> str:
    return " ".join(f"{x},{-y}" for x, y in points)


def _polygon(kind: str, shape: Mapping[str, Any]) -> str:
    return f'<polygon class="{kind}" points="{_points(shape["polygon"])}"/>'


def _floor(room: Mapping[str, Any]) -> str:
    return "tiled" if str(room["name"]).startswith(_TILED) else "room"


def _wall(wall: Sequence[int]) -> str:
    ax, ay, bx, by = wall
    return f'<line class="wall" x1="{ax}" y1="{-ay}" x2="{bx}" y2="{-by}"/>'


def _wall_box(wall: Sequence[int]) -> Box:
    ax, ay, bx, by = wall
    half = WALL / 2
    return Box(min(ax, bx) - half, -max(ay, by) - half, max(ax, bx) + half, -min(ay, by) + half)


def _dot(error: Mapping[str, Any]) -> str:
    return f'<circle class="error" cx="{error["x"]}" cy="{-error["y"]}" r="{RADIUS}"/>'


def _sheet(frame: Box) -> str:
    return (
        f'<rect class="sheet" x="{frame.left}" y="{frame.top}" width="{frame.wide}"'
        f' height="{frame.tall}" rx="16"/>'
    )


def _dock() -> list[str]:
    """The base at its wall, and the robot's place before it."""
    return [
        '<rect class="dock" x="-27" y="-17" width="12" height="34" rx="3"/>',
        '<circle class="robot" cx="0" cy="0" r="17"/>',
        '<circle class="light" cx="0" cy="0" r="6"/>',
    ]


# ---------------------------------------------------------------- words


def _title(title: str, x: float, y: float, room: float) -> str:
    size = min(TITLE, room / max(1.0, width_of(title, 1.0)))
    style = "" if size == TITLE else f' style="font-size:{size:.1f}px"'
    return f'<text class="title" x="{x}" y="{y}"{style}>{escape(title)}</text>'


def _legend(x: int, y: float, drawn: Mapping[str, Any]) -> str:
    share = round(100 * drawn["coveredRatio"])
    errors = len(drawn["errors"])
    text = f"{share} % covered, {errors} error{'' if errors == 1 else 's'}"
    dock = x + round(width_of(text)) + 40
    return (
        f'<text x="{x}" y="{y}">{text}</text>'
        f'<rect class="dock" x="{dock}" y="{y - 20}" width="32" height="22" rx="5"/>'
        f'<text x="{dock + 44}" y="{y}">dock</text>'
    )
