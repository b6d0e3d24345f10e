"""A mission as a picture: the floor plan, what was swept, the way, the dock, the errors."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from device_sim.picture import furniture, legend, rooms
from device_sim.picture.elements import circle, path, polygon, rect, segment
from device_sim.picture.labels import (
    RADIUS,
    TEXT,
    TITLE,
    WALL,
    Board,
    Box,
    Label,
    box_of,
    dot_box,
    error_labels,
    room_labels,
    width_of,
    wrapped,
)
from device_sim.picture.sweep import ACROSS, Point, line, strokes

_MARGIN: Final = 40
_NARROWEST: Final = 640
"""The title and the legend need that much."""
_FACTS: Final = 24
_FACT_LINE: Final = 32
_SCALE: Final = 52
"""The height of the scale bar's line."""
_STYLE: Final = f"""
text{{font:{TEXT}px system-ui,sans-serif;fill:#222a27;
paint-order:stroke;stroke:#fdfdfb;stroke-opacity:.8;stroke-width:6;stroke-linejoin:round}}
.sheet{{fill:#fdfdfb}}.title{{font-size:{TITLE}px;font-weight:600;fill:#1d2421}}
.fact{{font-size:{_FACTS}px;fill:#4b5550}}
.on{{text-anchor:middle}}.name{{fill:#5d5545;stroke-width:3}}.note{{fill:#4b5550;stroke-width:5}}
.wrong{{fill:#8c1d18;font-weight:600}}
.wall{{stroke:#3a423e;stroke-width:{WALL};stroke-linecap:square}}.gap{{fill:#f4efe4}}
.swept{{fill:none;stroke:#1f9c86;stroke-opacity:.2;stroke-width:{ACROSS};
stroke-linejoin:round}}
.way{{fill:none;stroke-opacity:.55;stroke-width:2;stroke-linejoin:round}}
.first{{stroke:#0b5f50}}.second{{stroke:#2a5f9e}}.edges{{stroke:#9a5b00}}
.entrance{{fill:#a0672e;stroke:#5b3a17;stroke-width:2}}.arrow{{fill:#a0672e}}
.dock{{fill:#1d2421}}.robot{{fill:#1d2421;fill-opacity:.8;stroke:#fff;stroke-width:2}}
.light{{fill:#7fe0c4}}.error{{fill:#b3261e;stroke:#fff;stroke-width:4}}
{rooms.STYLE}{furniture.STYLE}{legend.STYLE}"""


@dataclass(frozen=True, slots=True)
class Way:
    """A part of the way a robot drove: `kind` is first (pass), second or edges."""

    kind: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Picture:
    """A mission's map with what is said of it; without `ways` all of its path is a first pass."""

    drawn: Mapping[str, Any]
    title: str
    facts: Sequence[str] = ()
    ways: Sequence[Way] = ()
    has_legend: bool = False

    @property
    def frame(self) -> Box:
        """The box that it fills, title, scale and legend included."""
        x0, y0, x1, y1 = self.drawn["floorPlan"]["bounds"]
        width = max(x1 - x0, _NARROWEST)
        head = TITLE + 30 + len(self._facts) * _FACT_LINE
        foot = _SCALE + (len(self._legend(width)) * legend.LINE if self.has_legend else 0)
        return Box(
            x0 - _MARGIN, -y1 - _MARGIN - head, x0 + width + _MARGIN, -y0 + _MARGIN + foot
        )  # fmt: skip

    @property
    def _facts(self) -> list[str]:
        x0, _, x1, _ = self.drawn["floorPlan"]["bounds"]
        return wrapped(self.facts, max(x1 - x0, _NARROWEST), _FACTS)

    def signs(self) -> set[legend.Sign]:
        """What a legend has to explain."""
        kinds = {way.kind for way in self.ways} or {"first"}
        return legend.signs_of(self.drawn, rooms.rooms_of(self.drawn), kinds)

    def _legend(self, width: float) -> list[list[legend.Sign]]:
        return legend.legend_lines(self.signs(), width) if self.has_legend else []

    def labels(self) -> list[Label]:
        """The words on the plan, none on another one."""
        return _labels(self.drawn, rooms.rooms_of(self.drawn))

    def content(self) -> list[str]:
        """The elements of the picture."""
        drawn, plan, frame = self.drawn, self.drawn["floorPlan"], self.frame
        x0, y0, x1, y1 = plan["bounds"]
        found = rooms.rooms_of(drawn)
        ways = self.ways or [Way("first", drawn["path"])]
        words = _labels(drawn, found)
        top = frame.top + _MARGIN - 10
        lowest = -y0 + _MARGIN
        return [
            rect("sheet", frame, 16),
            _title(self.title, x0, top + TITLE, frame.wide - 2 * _MARGIN),
            *(
                f'<text class="fact" x="{x0}" y="{top + TITLE + (n + 1) * _FACT_LINE:g}">'
                f"{escape(text)}</text>"
                for n, text in enumerate(self._facts)
            ),
            rect("gap", Box(x0, -y1, x1, -y0)),
            *(polygon(room.floor, room.polygon) for room in found),
            *(polygon("carpet", _flipped(each)) for each in plan["carpets"]),
            *(polygon("unswept", room.polygon) for room in found if room.is_left_out),
            *_swept(ways),
            *furniture.furniture_svg(_inside(plan["furniture"]), [room.polygon for room in found]),
            *(_wall(each) for each in plan["walls"]),
            *_entrance(plan),
            *(path(f"way {way.kind}", line(way.points)) for way in ways),
            *legend.dock_svg(),
            *(_dot(each) for each in drawn["errors"]),
            '<g class="on">', *(label.svg for label in words), "</g>",
            *legend.scale_svg(x0, lowest),
            *legend.legend_svg(self._legend(frame.wide - 2 * _MARGIN), x0, lowest + _SCALE / 2),
        ]  # fmt: skip


def mission_svg(drawn: Mapping[str, Any], title: str, facts: Sequence[str] = ()) -> str:
    """An SVG of a mission map (`contract.maps.mission_map`), legible on light and dark pages."""
    share = f"{round(100 * drawn['coveredRatio'])} % covered"
    count = len(drawn["errors"])
    said = facts or (share, f"{count} error{'' if count == 1 else 's'}")
    picture = Picture(drawn, title, said, has_legend=True)
    frame = picture.frame
    box = f'viewBox="{frame.left:g} {frame.top:g} {frame.wide:g} {frame.tall:g}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {box} width="{frame.wide / 2:g}" role="img">',
            f"<title>{escape(title)}</title><style>{_STYLE}</style>{rooms.DEFINITIONS}",
            *picture.content(),
            "</svg>\n",
        ]
    )


def style() -> str:
    """The style sheet and the patterns that `Picture.content` needs."""
    return f"<style>{_STYLE}</style>{rooms.DEFINITIONS}"


# ---------------------------------------------------------------- shapes


def _swept(ways: Iterable[Way]) -> list[str]:
    """Each stroke by itself, so that those lying on each other are darker."""
    return [path("swept", line(stroke)) for way in ways for stroke in strokes(way.points)]


def _flipped(shape: Mapping[str, Any]) -> list[tuple[float, float]]:
    return [(x, -y) for x, y in shape["polygon"]]


def _inside(pieces: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [each for each in pieces if each["name"] != "Front door"]


def _entrance(plan: Mapping[str, Any]) -> list[str]:
    """The front door in its wall, and an arrow from outside."""
    left, _, _, high = plan["bounds"]
    found = []
    for door in [box_of(each) for each in plan["furniture"] if each["name"] == "Front door"]:
        x, y = door.middle
        if door.wide > door.tall:
            x, y, turn = (x, door.top, 0) if door.top <= -high else (x, door.bottom, 180)
        else:
            x, y, turn = (door.left, y, 270) if door.left <= left else (door.right, y, 90)
        arrow = path("arrow", "M0 -5l-11 -17h22z", f"translate({x:g} {y:g}) rotate({turn})")
        found += [rect("entrance", door), arrow]
    return found


def _wall(wall: Sequence[int]) -> str:
    ax, ay, bx, by = wall
    return segment("wall", ax, -ay, bx, -by)


def _wall_box(wall: Sequence[int]) -> Box:
    ax, ay, bx, by = wall
    half = WALL / 2
    return Box(min(ax, bx) - half, -max(ay, by) - half, max(ax, bx) + half, -min(ay, by) + half)


def _dot(error: Mapping[str, Any]) -> str:
    return circle("error", error["x"], -error["y"], RADIUS)


# ---------------------------------------------------------------- words


_DOCK: Final = Box(-30, -20, 20, 20)


def _labels(drawn: Mapping[str, Any], found: Sequence[rooms.DrawnRoom]) -> list[Label]:
    """Names of rooms, then errors, then furniture as far as there is room for its names."""
    plan = drawn["floorPlan"]
    x0, y0, x1, y1 = plan["bounds"]
    inside = Box(x0 + WALL, -y1 + WALL, x1 - WALL, -y0 - WALL)
    dots = [dot_box(each) for each in drawn["errors"]]
    soft = [box_of(each) for each in plan["furniture"] if each["name"] not in _FLAT]
    soft += [_wall_box(each) for each in plan["walls"]]
    board = Board(inside, [_DOCK, *dots], soft)
    labels: list[Label] = []
    for room in sorted(found, key=lambda each: -len(each.polygon)):
        if not room.is_stairs:
            labels += room_labels(board, room.name, room.note, room.polygon)
    labels += error_labels(board, drawn["errors"])
    return labels + furniture.furniture_labels(plan["furniture"], board)


_FLAT: Final = ("Threshold", "Door", "Front door", "Dock")


def _title(title: str, x: float, y: float, room: float) -> str:
    size = min(TITLE, room / max(1.0, width_of(title, 1.0, bold=True)))
    style = "" if size == TITLE else f' style="font-size:{size:.1f}px"'
    return f'<text class="title" x="{x:g}" y="{y:g}"{style}>{escape(title)}</text>'
