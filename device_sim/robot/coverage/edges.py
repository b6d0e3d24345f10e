"""Along walls and round furniture: the last pass of a room, for what its rows left over."""

from collections.abc import Iterable
from typing import Final

import numpy as np

from device_sim.robot.coverage.drive import REACH, Drive
from device_sim.robot.homes.geometry import Cell, Grid, Rect, runs_of_rows

_LEAST_GAIN: Final = 12
"""Cells of new floor, 300 cm2, for which a robot goes round something."""
_Stroke = tuple[Cell, Cell]


def drive_edges(drive: Drive, reachable: Grid, blocked: Grid, room: Rect) -> None:
    """Drive along every wall of a room and round what stands in it, where that cleans something."""
    fresh = ~(drive.swept | blocked)
    chains = [
        chain for chain in _chains(_strokes(drive.ways.is_open, reachable, room))
        if _gain(fresh, chain) >= _LEAST_GAIN
    ]  # fmt: skip
    while chains:
        here = drive.here
        number, at = min(
            ((n, k) for n, chain in enumerate(chains) for k in _entries(chain)),
            key=lambda each: _distance(chains[each[0]][each[1]], here),
        )
        chain = chains.pop(number)
        if _is_closed(chain):
            chain = [*chain[at:], *chain[:at], chain[at]]
        elif at:
            chain = chain[::-1]
        if drive.to(chain[0]):
            for cell in chain[1:]:
                drive.to(cell)


def _strokes(is_open: Grid, reachable: Grid, room: Rect) -> list[_Stroke]:
    """Straight stretches of cells with something blocked on one side."""
    rect = room.grown(1)
    inside = rect.cut(reachable)
    x0, y0, x1, y1 = rect
    found: list[_Stroke] = []
    for step in (-1, 1):
        shut = inside & ~is_open[x0 + step : x1 + step, y0:y1]
        found += [((x + x0, a + y0), (x + x0, b - 1 + y0)) for x, a, b in runs_of_rows(shut)]
        shut = inside & ~is_open[x0:x1, y0 + step : y1 + step]
        found += [((a + x0, y + y0), (b - 1 + x0, y + y0)) for y, a, b in runs_of_rows(shut.T)]
    return [each for each in found if each[0] != each[1]]


def _chains(strokes: Iterable[_Stroke]) -> list[list[Cell]]:
    """Strokes whose ends touch, one after the other."""
    left = dict.fromkeys(strokes)
    at: dict[Cell, list[_Stroke]] = {}
    for stroke in left:
        for end in stroke:
            at.setdefault(end, []).append(stroke)
    chains = []
    while left:
        stroke = next(iter(left))
        del left[stroke]
        chain = list(stroke)
        for _ in range(2):
            while (following := _following(at, left, chain[-1])) is not None:
                del left[following]
                chain += following if _near(following[0], chain[-1]) else following[::-1]
            chain.reverse()
        chains.append(chain)
    return chains


def _following(
    at: dict[Cell, list[_Stroke]], left: dict[_Stroke, None], end: Cell
) -> _Stroke | None:
    x, y = end
    for dx, dy in _AROUND:
        for stroke in at.get((x + dx, y + dy), ()):
            if stroke in left:
                return stroke
    return None


_AROUND: Final = (
    (0, 0), (1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1),
)  # fmt: skip


def _near(one: Cell, other: Cell) -> bool:
    return abs(one[0] - other[0]) <= 1 and abs(one[1] - other[1]) <= 1


def _distance(one: Cell, other: Cell) -> int:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _is_closed(chain: list[Cell]) -> bool:
    return len(chain) > 2 and _near(chain[0], chain[-1])  # noqa: PLR2004  a stroke is no loop


def _entries(chain: list[Cell]) -> Iterable[int]:
    return range(len(chain)) if _is_closed(chain) else (0, len(chain) - 1)


def _gain(fresh: Grid, chain: list[Cell]) -> int:
    """Cells of new floor along a chain."""
    gain = 0
    for (ax, ay), (bx, by) in zip(chain[::2], chain[1::2], strict=True):
        gain += int(np.count_nonzero(fresh[
            min(ax, bx) - REACH : max(ax, bx) + REACH + 1,
            min(ay, by) - REACH : max(ay, by) + REACH + 1,
        ]))  # fmt: skip
        if gain >= _LEAST_GAIN:
            break
    return gain
