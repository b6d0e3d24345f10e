"""Where a robot may stick in a home, and why; and where it may look over an edge.

A spot is a place that a robot's body can touch: the middle of a chair or of a door, the middle of a
side of what lies or stands wide, where a robot comes to that side.
"""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import Final, NamedTuple

from device_sim.robot.homes.floor import Door, Kind, Layout
from device_sim.robot.homes.geometry import CELL_CM, Cell, Rect
from device_sim.robot.homes.ways import Steps

NARROW: Final = 15
"""Cells of a narrow door: up to 75 cm."""
_TOUCH: Final = 4
"""Cells from a side to the middle of a body that touches it."""
_APART: Final = 6
"""Cells between two spots of an edge, 30 cm."""
_FROM_CORNER: Final = 3
"""Cells of an edge at its ends where a robot in the next room would be as near."""


class Trap(IntEnum):
    """What a robot sticks on."""

    CHAIR = 0
    LOW_FURNITURE = 1
    CABLE = 2
    RUG = 3
    THRESHOLD = 4
    NARROW_DOOR = 5
    CLIFF = 6
    """The edge of stairs, which it does not stick on but stops at."""

    @property
    def word(self) -> str:
        """What files call it."""
        return self.name.lower()


STICKY: Final = tuple(trap for trap in Trap if trap is not Trap.CLIFF)
"""All but the last."""


class Spot(NamedTuple):
    """One place, in cm from the dock."""

    x_cm: int
    y_cm: int
    trap: Trap


def spots_of(
    layout: Layout, doors: Sequence[Door], things: Sequence[tuple[Trap, Rect]], steps: Steps,
    dock: Cell,
) -> tuple[Spot, ...]:  # fmt: skip
    """The spots of a floor: of `doors` that are open, of `things` in rooms, and of its stairs.

    `steps` says where a robot can stand (`Home.steps`).
    """
    found: list[tuple[Cell, Trap]] = []
    for door in doors:
        if door.has_threshold:
            found.append((_middle(door.rect), Trap.THRESHOLD))
        elif door.width <= NARROW:
            found.append((_middle(door.rect), Trap.NARROW_DOOR))
    for trap, rect in things:
        if trap is Trap.CHAIR:
            found.append((_middle(rect), trap))
        else:
            out = 0 if trap is Trap.RUG else _TOUCH
            found += [(cell, trap) for cell in _sides(rect, out, steps)]
    stairs = {n for n, room in enumerate(layout.rooms) if room.kind is Kind.STAIRS}
    for door in layout.doors:
        if stairs & set(door.rooms):
            found += [(cell, Trap.CLIFF) for cell in _edge(door.rect)]
    return tuple(
        Spot((x - dock[0]) * CELL_CM, (y - dock[1]) * CELL_CM, trap) for (x, y), trap in found
    )


def _middle(rect: Rect) -> Cell:
    x0, y0, x1, y1 = rect
    return (x0 + x1) // 2, (y0 + y1) // 2


def _sides(rect: Rect, out: int, steps: Steps) -> Iterator[Cell]:
    """The middles of the sides that a robot comes to, `out` cells before them."""
    x0, y0, x1, y1 = rect
    x, y = _middle(rect)
    for (at_x, at_y), (dx, dy) in (
        ((x0, y), (-1, 0)), ((x1 - 1, y), (1, 0)), ((x, y0), (0, -1)), ((x, y1 - 1), (0, 1)),
    ):  # fmt: skip
        before = at_x + dx * out, at_y + dy * out
        inside = 0 <= before[0] < steps.shape[0] and 0 <= before[1] < steps.shape[1]
        if inside and steps[before] >= 0:
            yield at_x, at_y


def _edge(rect: Rect) -> Iterator[Cell]:
    """Cells along the middle of an edge."""
    x, y = _middle(rect)
    if rect.wide >= rect.deep:
        for at in range(rect.x0 + _FROM_CORNER, rect.x1 - _FROM_CORNER, _APART):
            yield at, y
    else:
        for at in range(rect.y0 + _FROM_CORNER, rect.y1 - _FROM_CORNER, _APART):
            yield x, at
