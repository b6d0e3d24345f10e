"""What a robot swept: its strokes on the picture, and the floor that has been under its brush."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Point = Sequence[int]
Grid = npt.NDArray[np.bool_]

ACROSS: Final = 32
"""Centimetres a robot cleans across (16.1)."""
_CELL: Final = 5
"""Centimetres of the grid on which floor is counted."""


def strokes(path: Sequence[Point]) -> list[list[Point]]:
    """A path in pieces that never turn back, so that where they lie on each other it shows."""
    found: list[list[Point]] = []
    way = (0, 0)
    for here, there in pairwise(path):
        leg = there[0] - here[0], there[1] - here[1]
        if not found or way == (0, 0) or way[0] * leg[0] + way[1] * leg[1] < 0:
            found.append([here])
            way = leg
        found[-1].append(there)
    return found


def line(points: Sequence[Point]) -> str:
    """A polyline as the shortest data of a path; y grows downwards there."""
    (x, y), *rest = points
    said = [f"M{x} {-y}"]
    for there_x, there_y in rest:
        dx, dy = there_x - x, y - there_y
        said.append(f"h{dx}" if not dy else f"v{dy}" if not dx else f"l{dx} {dy}")
        x, y = there_x, there_y
    return "".join(said)


def swept_m2(drawn: Mapping[str, Any]) -> list[float]:
    """The floor swept of each room of a mission's map, in the order of its rooms."""
    plan = drawn["floorPlan"]
    x0, y0, x1, y1 = plan["bounds"]
    swept = _swept(drawn["path"], (x0, y0), (-(-(x1 - x0) // _CELL), -(-(y1 - y0) // _CELL)))
    for piece in plan["furniture"]:
        if not piece.get("passable"):
            swept &= ~_inside(piece["polygon"], (x0, y0), swept.shape)
    return [
        float(np.count_nonzero(swept & _inside(room["polygon"], (x0, y0), swept.shape)))
        * (_CELL * _CELL / 10_000)
        for room in plan["rooms"]
    ]


def _swept(path: Sequence[Point], origin: Point, shape: tuple[int, int]) -> Grid:
    """The cells whose middle has been under the brush."""
    wide, deep = shape
    reach = ACROSS // 2 // _CELL + 1
    driven = np.zeros((wide + 2 * reach, deep + 2 * reach), dtype=np.bool_)
    for at in _close(path):
        cells = np.floor((at - np.array(origin)) / _CELL).astype(np.int64)
        here = ((cells >= 0) & (cells < (wide, deep))).all(axis=1)
        driven[cells[here, 0] + reach, cells[here, 1] + reach] = True
    swept = np.zeros(shape, dtype=np.bool_)
    for dx in range(-reach, reach + 1):
        for dy in range(-reach, reach + 1):
            if (dx * dx + dy * dy) * _CELL * _CELL <= (ACROSS / 2) ** 2:
                swept |= driven[reach + dx : reach + dx + wide, reach + dy : reach + dy + deep]
    return swept


def _close(path: Sequence[Point]) -> Iterator[npt.NDArray[np.float64]]:
    """The points of a path, a cell apart at most."""
    points = np.array(path, dtype=np.float64).reshape(-1, 2)
    yield points
    if len(points) > 1:
        legs = np.diff(points, axis=0)
        counts = np.maximum(np.ceil(np.abs(legs).max(axis=1) / _CELL), 1).astype(np.int64)
        of_leg = np.repeat(np.arange(len(legs)), counts)
        first = np.cumsum(counts) - counts
        share = (np.arange(len(of_leg)) - first[of_leg]) / counts[of_leg]
        yield points[:-1][of_leg] + legs[of_leg] * share[:, None]


def _inside(polygon: Iterable[Point], origin: Point, shape: tuple[int, ...]) -> Grid:
    """The cells whose middle lies within a polygon."""
    corners = [(x - origin[0], y - origin[1]) for x, y in polygon]
    xs = (np.arange(shape[0]) + 0.5) * _CELL
    ys = (np.arange(shape[1]) + 0.5) * _CELL
    inside = np.zeros(shape, dtype=np.bool_)
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if ay != by:
            between = (ay > ys) != (by > ys)
            crossing = ax + (ys - ay) * (bx - ax) / (by - ay)
            inside ^= between[None, :] & (xs[:, None] < crossing[None, :])
    return inside
