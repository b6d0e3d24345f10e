"""Rooms on a picture: their floors, what was swept of each, and which were shut."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from device_sim.picture.furniture import Polygon
from device_sim.picture.labels import Box, box_of
from device_sim.picture.sweep import swept_m2

STYLE: Final = """
.room{fill:#f4efe4}.tiled{fill:#e4ebee}
.carpet{fill:#cdc6e6;fill-opacity:.75;stroke:#a9a0cf;stroke-width:2.5}
.unswept{fill:url(#unswept)}
"""
DEFINITIONS: Final = (
    '<defs><pattern id="unswept" width="18" height="18" patternUnits="userSpaceOnUse"'
    ' patternTransform="rotate(45)"><rect width="18" height="18" fill="#e9e6df" fill-opacity=".6"/>'
    '<rect width="7" height="18" fill="#c9c3b6" fill-opacity=".8"/></pattern></defs>'
)
_TILED: Final = ("Kitchen", "Bath", "Toilet")
_NEAR: Final = 12
"""Centimetres: a door is as near as its wall is thick."""
_LEAST_M2: Final = 0.3
"""Less is what a robot sweeps through an open door in passing."""


@dataclass(frozen=True, slots=True)
class DrawnRoom:
    """A room with what a mission did to it."""

    name: str
    polygon: Polygon
    """On the picture, where y grows downwards."""
    swept_m2: float
    is_shut: bool
    """Nothing was swept and a door of it is shut."""

    @property
    def is_swept(self) -> bool:
        """Whether the robot was in it to clean."""
        return self.swept_m2 >= _LEAST_M2

    @property
    def is_stairs(self) -> bool:
        """Where no robot goes."""
        return self.name.startswith("Stairs")

    @property
    def note(self) -> str:
        """What stands below its name."""
        if self.is_swept:
            return f"{self.swept_m2:.1f} m²"
        return "door shut" if self.is_shut else "not swept"

    @property
    def is_left_out(self) -> bool:
        """Whether the robot could not, or was not to, go there."""
        return not self.is_swept and not self.is_stairs

    @property
    def floor(self) -> str:
        """How its floor is drawn."""
        return "tiled" if self.name.startswith(_TILED) else "room"


def rooms_of(drawn: Mapping[str, Any]) -> list[DrawnRoom]:
    """The rooms of a mission's map."""
    plan = drawn["floorPlan"]
    doors = [box_of(each) for each in plan["furniture"] if each["name"] == "Door"]
    return [
        DrawnRoom(
            name=str(room["name"]),
            polygon=[(x, -y) for x, y in room["polygon"]],
            swept_m2=swept,
            is_shut=swept < _LEAST_M2 and any(_touches(room, door) for door in doors),
        )
        for room, swept in zip(plan["rooms"], swept_m2(drawn), strict=True)
    ]


def _touches(room: Mapping[str, Any], door: Box) -> bool:
    """Whether a door is in one of a room's walls."""
    near = Box(door.left - _NEAR, door.top - _NEAR, door.right + _NEAR, door.bottom + _NEAR)
    corners = [(x, -y) for x, y in room["polygon"]]
    return any(
        min(ax, bx) < near.right and near.left < max(ax, bx)
        and min(ay, by) < near.bottom and near.top < max(ay, by)
        and (door.wide > door.tall) == (ay == by)
        for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True)
    )  # fmt: skip
