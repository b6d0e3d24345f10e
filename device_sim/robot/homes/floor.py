"""What a floor is made of: rooms, and the doors between them."""

from dataclasses import dataclass, field
from enum import StrEnum

from device_sim.robot.homes.geometry import WALL, Rect


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
    """One room, without its walls."""

    kind: Kind
    name: str
    rect: Rect


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
