"""The outline of rectangles that touch, as one polygon with right angles."""

from collections.abc import Sequence

from device_sim.robot.homes.geometry import Cell, Rect


def outline(parts: Sequence[Rect]) -> list[Cell]:
    """The corners of their union against the clock, from its lowest left one on.

    The parts hang together by their sides and leave no hole between them.
    """
    after = _sides(parts)
    first = min(after, key=lambda corner: (corner[1], corner[0]))
    corners, here = [first], after[first]
    while here != first:
        corners.append(here)
        here = after[here]
    return [
        here
        for before, here, following in zip(
            [corners[-1], *corners], corners, [*corners[1:], first], strict=False
        )
        if not (before[0] == here[0] == following[0] or before[1] == here[1] == following[1])
    ]


def _sides(parts: Sequence[Rect]) -> dict[Cell, Cell]:
    """From each corner to the next along the outline, the inside to the left."""
    xs = sorted({x for part in parts for x in (part.x0, part.x1)})
    ys = sorted({y for part in parts for y in (part.y0, part.y1)})
    inside = {
        (column, row)
        for column, x in enumerate(xs[:-1])
        for row, y in enumerate(ys[:-1])
        if any(part.x0 <= x < part.x1 and part.y0 <= y < part.y1 for part in parts)
    }
    return {
        start: end
        for column, row in inside
        for (dx, dy), start, end in _around(Rect(xs[column], ys[row], xs[column + 1], ys[row + 1]))
        if (column + dx, row + dy) not in inside
    }


def _around(rect: Rect) -> Sequence[tuple[Cell, Cell, Cell]]:
    """Its sides: which way the neighbour lies, and from where to where."""
    x0, y0, x1, y1 = rect
    return (
        ((0, -1), (x0, y0), (x1, y0)), ((1, 0), (x1, y0), (x1, y1)),
        ((0, 1), (x1, y1), (x0, y1)), ((-1, 0), (x0, y1), (x0, y0)),
    )  # fmt: skip
