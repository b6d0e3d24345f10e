"""A mission as a picture: the floor plan, what was covered, the path, the dock, the errors."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

_MARGIN: Final = 40
_LEGEND: Final = 70
_STYLE: Final = """
text{font:28px system-ui,sans-serif;fill:#56615c}.title{font-size:34px;fill:#1d2421}
.room{fill:#efede6}.carpet{fill:#dfe2f0}.furniture{fill:#c2bbab}
.wall{stroke:#49524d;stroke-width:12;stroke-linecap:square}
.covered{fill:none;stroke:#2f8f78;stroke-opacity:.22;stroke-width:30;
stroke-linejoin:round;stroke-linecap:round}
.path{fill:none;stroke:#1f6f5c;stroke-width:3;stroke-linejoin:round}
.dock{fill:#1d2421}.error{fill:#b3261e;stroke:#fff;stroke-width:4}
"""


def mission_svg(drawn: Mapping[str, Any], title: str) -> str:
    """An SVG of a mission map (`contract.maps.mission_map`), legible on light and dark pages."""
    plan = drawn["floorPlan"]
    x0, y0, x1, y1 = plan["bounds"]
    width, height = x1 - x0 + 2 * _MARGIN, y1 - y0 + 2 * _MARGIN + _LEGEND
    box = f"{x0 - _MARGIN} {-y1 - _MARGIN - _LEGEND} {width} {height}"
    path = _points(drawn["path"])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{width // 2}" role="img">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        _paper(x0 - _MARGIN, -y1 - _MARGIN - _LEGEND, width, height),
        f'<text class="title" x="{x0}" y="{-y1 - _MARGIN - 22}">{escape(title)}</text>',
        *(_polygon("room", each) for each in plan["rooms"]),
        *(_polygon("carpet", each) for each in plan["carpets"]),
        f'<polyline class="covered" points="{path}"/>',
        *(_polygon("furniture", each) for each in plan["furniture"]),
        *(_wall(each) for each in plan["walls"]),
        f'<polyline class="path" points="{path}"/>',
        *(_room_name(each) for each in plan["rooms"]),
        '<rect class="dock" x="-16" y="-12" width="32" height="24" rx="5"/>',
        *(_error(each) for each in drawn["errors"]),
        _legend(x0, -y1 - 30, drawn),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _paper(x: int, y: int, width: int, height: int) -> str:
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="16" fill="#fbfbf9"/>'


def _points(points: Sequence[Sequence[int]]) -> str:
    return " ".join(f"{x},{-y}" for x, y in points)


def _polygon(kind: str, shape: Mapping[str, Any]) -> str:
    return f'<polygon class="{kind}" points="{_points(shape["polygon"])}"/>'


def _wall(wall: Sequence[int]) -> str:
    ax, ay, bx, by = wall
    return f'<line class="wall" x1="{ax}" y1="{-ay}" x2="{bx}" y2="{-by}"/>'


def _room_name(room: Mapping[str, Any]) -> str:
    xs, ys = zip(*room["polygon"], strict=True)
    x, y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    return f'<text x="{x:g}" y="{-y:g}" text-anchor="middle">{escape(str(room["name"]))}</text>'


def _error(error: Mapping[str, Any]) -> str:
    x, y, code = error["x"], -error["y"], error["error"]
    return (
        f'<circle class="error" cx="{x}" cy="{y}" r="16"/>'
        f'<text x="{x + 24}" y="{y + 10}">error {code}</text>'
    )


def _legend(x: int, y: int, drawn: Mapping[str, Any]) -> str:
    share = round(100 * drawn["coveredRatio"])
    errors = len(drawn["errors"])
    text = f"{share} % covered, {errors} error{'' if errors == 1 else 's'}"
    return (
        f'<text x="{x}" y="{y}">{text}</text>'
        f'<rect class="dock" x="{x + 420}" y="{y - 20}" width="32" height="22" rx="5"/>'
        f'<text x="{x + 464}" y="{y}">dock</text>'
    )
