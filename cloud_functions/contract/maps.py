"""Where a robot is and what its home looks like, on the wire.

One frame for all of it: whole centimetres, the origin at the dock, x to the right, y up, angles in
degrees from -180 to 180 (robot reference, section 12.3).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

Point: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Pose:
    """One position of a watched robot."""

    x_cm: int
    y_cm: int
    theta_deg: int
    time_s: float
    mission_id: str = ""

    def on_wire(self) -> dict[str, Any]:
        """The payload of the pose topic."""
        return {
            "pose": {"theta": self.theta_deg, "point": {"x": self.x_cm, "y": self.y_cm}},
            "time": round(self.time_s, 3),
            "missionId": self.mission_id,
        }


@dataclass(frozen=True, slots=True)
class Shape:
    """A named polygon of the floor: a room, a carpet, a piece of furniture."""

    id: str
    name: str
    polygon: Sequence[Point]
    is_passable: bool = False
    """Furniture that robots drive over or between the legs of."""

    def on_wire(self) -> dict[str, Any]:
        """The object as maps carry it."""
        said = {"id": self.id, "name": self.name, "polygon": [list(p) for p in self.polygon]}
        return {**said, "passable": True} if self.is_passable else said


@dataclass(frozen=True, slots=True)
class FloorPlan:
    """A home as its robot knows it; walls are line segments (x0, y0, x1, y1)."""

    rooms: Sequence[Shape]
    walls: Sequence[tuple[int, int, int, int]]
    furniture: Sequence[Shape]
    carpets: Sequence[Shape]
    bounds: tuple[int, int, int, int]

    def on_wire(self) -> dict[str, Any]:
        """The object as maps carry it; the dock is the origin."""
        return {
            "bounds": list(self.bounds),
            "rooms": [shape.on_wire() for shape in self.rooms],
            "walls": [list(wall) for wall in self.walls],
            "furniture": [shape.on_wire() for shape in self.furniture],
            "carpets": [shape.on_wire() for shape in self.carpets],
            "dock": {"x": 0, "y": 0},
        }


def mission_map(
    plan: FloorPlan,
    path: Sequence[Point],
    errors: Sequence[tuple[int, int, int]],
    covered_ratio: float,
) -> dict[str, Any]:
    """A mission's map: the plan, the path driven, errors as (x, y, code), the share covered."""
    return {
        "floorPlan": plan.on_wire(),
        "path": [list(point) for point in path],
        "errors": [{"x": x, "y": y, "error": code} for x, y, code in errors],
        "coveredRatio": round(covered_ratio, 4),
    }
