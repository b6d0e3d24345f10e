"""What a home does to its robot: where it sticks, how narrow it is, and how hard all in all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from device_sim.robot.homes.floor import Kind, Layout
from device_sim.robot.homes.furniture import Foot, Piece
from device_sim.robot.homes.geometry import Cell, Rect
from device_sim.robot.homes.spots import NARROW, STICKY, Spot, Trap, spots_of
from device_sim.robot.homes.ways import Steps

_CHAIR: Final = 0.010
_LOW: Final = 0.05
_CABLE: Final = 0.05
_THRESHOLD: Final = 0.02
_NARROW_DOOR: Final = 0.015
_RUG: Final = 0.015
"""[E] How much each raises the chance of a trap, beside the rest of a home."""
_REST: Final = 0.05
_USUAL_M2: Final = 50.0
_MEDIAN: Final = 0.144
"""Of the sums of all homes, so that the factor's median is 1 (17.1)."""
_LEAST, _MOST = 0.3, 3.0


@dataclass(frozen=True, slots=True)
class Traits:
    """A home as a robot feels it; `difficulty` is a factor."""

    area_m2: float
    """Of the rooms a robot can enter, furniture included."""
    rooms: int
    closed_rooms: int
    narrow_doors: int
    thresholds: int
    carpet_share: float
    cliffs: int
    chairs: int
    low_furniture: int
    cables: int
    rugs: int
    spots: Sequence[Spot]
    """Where it sticks, and where it looks over an edge."""

    @property
    def stuck_spots(self) -> Sequence[tuple[int, int]]:
        """Where it sticks, in cm from the dock."""
        return [(x, y) for x, y, trap in self.spots if trap in STICKY]

    @property
    def difficulty(self) -> float:
        """How often it traps a robot in an hour, 1 for the median of all homes [E].

        What counts is how closely the spots lie: in a large home a robot meets them more seldom.
        """
        spots = (
            _CHAIR * self.chairs
            + _LOW * self.low_furniture
            + _CABLE * self.cables
            + _THRESHOLD * self.thresholds
            + _NARROW_DOOR * self.narrow_doors
            + _RUG * self.rugs
        )
        total = _REST + spots * (_USUAL_M2 / self.area_m2)
        return min(max(total / _MEDIAN, _LEAST), _MOST)


def reached(layout: Layout, start: int) -> set[int]:
    """The rooms to which open doors lead."""
    found, waiting = {start}, [start]
    while waiting:
        here = waiting.pop()
        for door in layout.doors:
            if door.is_open and here in door.rooms:
                there = door.rooms[door.rooms[0] == here]
                if there not in found:
                    found.add(there)
                    waiting.append(there)
    return found


def traits_of(  # noqa: PLR0917  what a furnished floor is
    layout: Layout,
    enterable: set[int],
    pieces: Sequence[Piece],
    carpets: Sequence[Piece],
    cables: Sequence[Rect],
    steps: Steps,
    dock: Cell,
) -> Traits:
    """The traits of a furnished floor, of the rooms that a robot can enter."""
    inside = [part for place in sorted(enterable) for part in layout.rooms[place].parts]

    def within(rect: Rect) -> bool:
        return any(rect.meets(room) for room in inside)

    doors = [each for each in layout.doors if each.is_open and enterable >= set(each.rooms)]
    things = {
        Trap.CHAIR: [each.rect for each in pieces if each.name.endswith(("Chair", "chair"))],
        Trap.LOW_FURNITURE: [each.rect for each in pieces if each.foot is Foot.LOW],
        Trap.CABLE: list(cables),
        Trap.RUG: [each.rect for each in carpets if each.name == "Rug"],
    }
    found = {trap: [rect for rect in rects if within(rect)] for trap, rects in things.items()}
    listed = [(trap, rect) for trap, rects in found.items() for rect in rects]
    floor = sum(room.area_m2 for room in inside)
    laid = sum(each.rect.area_m2 for each in carpets if within(each.rect))
    rooms = [room for room in layout.rooms if room.kind is not Kind.STAIRS]
    return Traits(
        area_m2=floor,
        rooms=len(rooms),
        closed_rooms=len(layout.rooms) - len(enterable),
        narrow_doors=sum(each.width <= NARROW for each in doors),
        thresholds=sum(each.has_threshold for each in doors),
        carpet_share=min(laid / floor, 1.0),
        cliffs=sum(each.name == "Stairs" for each in pieces),
        chairs=len(found[Trap.CHAIR]),
        low_furniture=len(found[Trap.LOW_FURNITURE]),
        cables=len(found[Trap.CABLE]),
        rugs=len(found[Trap.RUG]),
        spots=spots_of(layout, doors, listed, steps, dock),
    )
