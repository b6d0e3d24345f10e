"""A drive as a line of vertices: a short way from each other, and what it takes to each.

Time is told as the way that a robot drives in it at its cruise speed.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from device_sim.robot.coverage.drive import Drive, Leg
from device_sim.robot.homes.geometry import CELL_CM, Grid
from device_sim.robot.parameters import CRUISE_MM_S, Standing

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

CLEANING_RADIUS_CM: Final = 16
"""Half of what is cleaned across (16.1)."""
_PIECE_MM: Final = 150
"""Between two vertices at most."""
_CUT: Final = 2
"""Cells by which corners are cut short: a robot turns in an arc."""
_STANDING: Final = Standing()
_HALF_TURN: Final = 3.141592653589793
_STRAIGHT_DEG: Final = 0.5


class Line(NamedTuple):
    """Vertices in cells; one where the robot stands comes twice.

    `took_mm` is what each took from the one before it.
    """

    at: Floats
    took_mm: Ints
    leg: Ints
    room: Ints


def measured(drive: Drive) -> Line:
    """The line of a drive."""
    corners = _rounded(drive)
    points, lengths_mm, of_leg = _pieces(corners.at)
    leg, room = corners.leg[of_leg], corners.room[of_leg]
    stands_mm = _stands_mm(corners, points, lengths_mm, of_leg)
    vertex = np.repeat(np.arange(len(points)), 1 + (stands_mm > 0))
    again = np.concatenate(([False], vertex[1:] == vertex[:-1]))
    # a stand belongs to what comes after it, so that it is left out with that
    following = np.minimum(vertex + again, len(points) - 1)
    took_mm = np.where(again, stands_mm[vertex], lengths_mm[vertex])
    return Line(points[vertex], took_mm, leg[following], room[following])


class _Corners(NamedTuple):
    """The corners of a path in cells, and what is known of the way to each."""

    at: Floats
    leg: Ints
    room: Ints
    bumps: Bools


def _rounded(drive: Drive) -> _Corners:
    """The corners, right angles cut short where the floor allows it and nothing is bumped."""
    at = np.array(drive.corners, dtype=np.int64).reshape(-1, 2)
    said = np.array([drive.legs, drive.rooms, drive.bumps], dtype=np.int64)
    if len(at) < 3:  # noqa: PLR2004  no corner
        return _Corners(at.astype(np.float64), said[0], said[1], said[2] > 0)
    legs = np.diff(at, axis=0)
    lengths = np.abs(legs).sum(axis=1)
    before, after = np.sign(legs[:-1]), np.sign(legs[1:])
    straight = (np.abs(before).sum(axis=1) == 1) & (np.abs(after).sum(axis=1) == 1)
    square = straight & ((before * after).sum(axis=1) == 0)
    square &= (lengths[:-1] >= 2 * _CUT) & (lengths[1:] >= 2 * _CUT)
    square &= said[0, 1:-1] == said[0, 2:]  # where a pass begins, another may go on
    within = at[1:-1] - before + after
    square &= drive.ways.is_open[within[:, 0], within[:, 1]]
    twice = np.repeat(at, 2, axis=0)
    told = np.repeat(said, 2, axis=1)
    cut = np.zeros_like(twice)
    cut[2:-2:2][square] = -_CUT * before[square]
    cut[3:-2:2][square] = _CUT * after[square]
    told[2, 3:-2:2] = 0
    keep = np.ones(len(twice), dtype=np.bool_)
    keep[[0, -1]] = False
    keep[3:-2:2] = square
    kept, told = (twice + cut)[keep], told[:, keep]
    moved = np.concatenate(([True], (np.diff(kept, axis=0) != 0).any(axis=1)))
    return _Corners(kept[moved].astype(np.float64), told[0, moved], told[1, moved],
                    told[2, moved] > 0)  # fmt: skip


def _pieces(corners: Floats) -> tuple[Floats, Ints, Ints]:
    """A polyline in cells with vertices between its corners.

    For each vertex the whole millimetres to it and the number of the corner it lies before.
    """
    legs = np.diff(corners, axis=0)
    legs_mm = np.sqrt((legs * legs).sum(axis=1)) * (CELL_CM * 10)
    counts = np.maximum(np.ceil(legs_mm / _PIECE_MM), 1).astype(np.int64)
    of_leg = np.repeat(np.arange(len(legs)), counts)
    first = np.cumsum(counts) - counts
    share = (np.arange(len(of_leg)) - first[of_leg] + 1) / counts[of_leg]
    points = corners[:-1][of_leg] + legs[of_leg] * share[:, None]
    lengths = np.rint(legs_mm / counts).astype(np.int64)[of_leg]
    zero = np.zeros(1, dtype=np.int64)
    return (
        np.concatenate((corners[:1], points)),
        np.concatenate((zero, lengths)),
        np.concatenate((zero, of_leg + 1)),
    )


def _stands_mm(corners: _Corners, points: Floats, lengths_mm: Ints, of_leg: Ints) -> Ints:
    """How long a robot stands at each vertex, as the way it drives in that time."""
    stands = np.zeros(len(points), dtype=np.int64)
    if len(points) > 1:
        ways = np.diff(points, axis=0)
        turns = _turn_deg(ways[:-1], ways[1:])
        stands[1:-1] = np.rint(turns * (CRUISE_MM_S / _STANDING.turn_deg_s))
    ends = np.flatnonzero(np.diff(of_leg, append=len(corners.at)))
    stands[ends] += corners.bumps * (_STANDING.bump_ms * CRUISE_MM_S // 1000)
    edges_mm = np.where(corners.leg[of_leg] == Leg.EDGES, lengths_mm, 0)
    beside = np.cumsum(edges_mm) // _STANDING.edge_bump_mm
    bumped = np.diff(beside, prepend=0) > 0
    return stands + bumped * (_STANDING.edge_bump_ms * CRUISE_MM_S // 1000)


def _turn_deg(before: Floats, after: Floats) -> Floats:
    """The angles between ways, within a fiftieth of a degree; none for less than half a degree.

    By a polynomial of Hastings, since an arc cosine differs from machine to machine.
    """
    product = before[:, 0] * after[:, 0] + before[:, 1] * after[:, 1]
    squares = (before * before).sum(axis=1) * (after * after).sum(axis=1)
    cosine = product / np.sqrt(squares)
    size = np.minimum(np.abs(cosine), 1.0)
    angle = np.sqrt(1.0 - size) * (
        1.5707288 + size * (-0.2121144 + size * (0.0742610 - size * 0.0187293))
    )
    angle = np.where(cosine < 0, _HALF_TURN - angle, angle) * (180.0 / _HALF_TURN)
    return np.where(angle < _STRAIGHT_DEG, 0.0, angle)


_DISC: Final = np.array(
    [
        (dx, dy)
        for dx in range(-3, 4)
        for dy in range(-3, 4)
        if (dx * dx + dy * dy) * CELL_CM**2 <= CLEANING_RADIUS_CM**2
    ]
)


def new_cells(points: Floats, wanted: Grid) -> Ints:
    """How many of the wanted cells have been under the brush up to each point."""
    stride = wanted.shape[1]
    at = np.rint(points).astype(np.int64)
    centres = at[:, 0] * stride + at[:, 1]
    offsets = _DISC[:, 0] * stride + _DISC[:, 1]
    first = np.full(wanted.size, len(points), dtype=np.int64)
    order = np.arange(len(points))[::-1]
    first[(centres[order][:, None] + offsets).ravel()] = np.repeat(order, len(offsets))
    found = first[wanted.ravel()]
    counts = np.bincount(found, minlength=len(points) + 1)[:-1]
    return np.cumsum(counts)
