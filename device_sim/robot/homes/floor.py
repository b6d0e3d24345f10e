"""What a floor is made of: rooms, and the doors between them."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from device_sim.robot.homes.geometry import WALL, Grid, Rect


class Kind(StrEnum):
    """What a room is for; the values are the names people give on their phones."""

    LIVING = "Living room"
    KITCHEN = "Kitchen"
    HALL = "Hall"
    BEDROOM = "Bedroom"
    CHILD = "Child's room"
    GUEST = "Guest room"
    STUDY = "Study"
    BATH = "Bath"
    TOILET = "Toilet"
    STORAGE = "Storage"
    STUDIO = "Studio"
    STAIRS = "Stairs"


@dataclass(frozen=True, slots=True)
class Room:
    """One room, without its walls: a rectangle, and the nooks that open to it without a wall."""

    kind: Kind
    name: str
    rect: Rect
    nooks: tuple[Rect, ...] = ()

    @property
    def parts(self) -> tuple[Rect, ...]:
        """The rectangles it is made of, the largest first."""
        return (self.rect, *self.nooks)

    @property
    def bounds(self) -> Rect:
        """The smallest rectangle round it."""
        x0, y0, x1, y1 = zip(*self.parts, strict=True)
        return Rect(min(x0), min(y0), max(x1), max(y1))

    @property
    def area_m2(self) -> float:
        """Its floor."""
        return sum(part.area_m2 for part in self.parts)

    def cells(self, shape: tuple[int, ...], grown: int = 0) -> Grid:
        """Which cells of a floor are its own, or within so many cells of them."""
        found = np.zeros(shape, dtype=np.bool_)
        for part in self.parts:
            part.grown(grown).cut(found)[:] = True
        return found


@dataclass(frozen=True, slots=True)
class Door:
    """A gap in the wall between two rooms, by their numbers."""

    rect: Rect
    rooms: tuple[int, int]
    is_open: bool
    has_threshold: bool

    @property
    def is_upright(self) -> bool:
        """Whether its wall runs along y, so that one drives through along x."""
        return self.rect.wide == WALL

    @property
    def width(self) -> int:
        """Between the posts, in cells."""
        return max(self.rect.wide, self.rect.deep)


@dataclass(slots=True)
class Layout:
    """Rooms and doors on a floor of so many cells, outer walls included."""

    wide: int
    deep: int
    rooms: list[Room]
    doors: list[Door] = field(default_factory=list)
    front: Rect | None = None
    """The front door in its outer wall, always shut; upper floors have none."""
