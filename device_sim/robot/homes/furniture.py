"""What stands in rooms: pieces along walls and in the middle, each where it belongs.

A piece is a rectangle with what of it stands on the floor: all of it, four legs, or nothing.
Sizes are those of shops, in cells of 5 cm.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from device_sim.robot.homes.dice import Dice
from device_sim.robot.homes.geometry import Rect

LOW_Y, HIGH_Y, LOW_X, HIGH_X = range(4)
"""The walls of a room; the one opposite has the last bit turned."""
_GAP: Final = 9
"""Cells between pieces that do not touch: a person passes sideways, and so does a robot."""


class Foot(StrEnum):
    """How a piece stands, and why a robot may stick there."""

    SOLID = "solid"
    LEGS = "legs"
    LOW = "low"
    """Hardly any room beneath: the robot turns away, or wedges itself."""
    FLAT = "flat"
    """Nothing that stops a robot."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of furniture, or what lies on the floor."""

    name: str
    rect: Rect
    foot: Foot = Foot.SOLID

    @property
    def is_passable(self) -> bool:
        """Whether the robot drives over it or between its legs."""
        return self.foot in (Foot.LEGS, Foot.FLAT)

    @property
    def solids(self) -> Sequence[Rect]:
        """What of it the robot cannot drive through."""
        if self.foot in (Foot.SOLID, Foot.LOW):
            return (self.rect,)
        if self.foot is Foot.FLAT:
            return ()
        x0, y0, x1, y1 = self.rect
        return (
            Rect(x0, y0, x0 + 1, y0 + 1), Rect(x1 - 1, y0, x1, y0 + 1),
            Rect(x0, y1 - 1, x0 + 1, y1), Rect(x1 - 1, y1 - 1, x1, y1),
        )  # fmt: skip


@dataclass(slots=True)
class Furnisher:
    """A room that is being furnished; `keep` stays free: doors, and the dock."""

    dice: Dice
    rect: Rect
    keep: Sequence[Rect]
    pieces: list[Piece] = field(default_factory=list)
    carpets: list[Piece] = field(default_factory=list)
    cables: list[Rect] = field(default_factory=list)
    _taken: list[Rect] = field(default_factory=list)

    def stand(
        self, name: str, long: int, deep: int, foot: Foot = Foot.SOLID, *,
        side: int | None = None, tries: int = 6, turned: bool = False,
    ) -> tuple[Piece, int] | None:  # fmt: skip
        """A piece with its back to a wall, and which wall."""
        for _ in range(tries):
            wall = self.dice.between(0, 3) if side is None else side
            along, across = (deep, long) if turned else (long, deep)
            rect = self._at_wall(wall, along, across)
            if rect is not None and self._is_free(rect):
                return self.put(name, rect, foot), wall
        return None

    def _at_wall(self, wall: int, along: int, across: int) -> Rect | None:
        x0, y0, x1, y1 = self.rect
        room = (x1 - x0 if wall <= HIGH_Y else y1 - y0) - along
        if room < 0 or across > (y1 - y0 if wall <= HIGH_Y else x1 - x0):
            return None
        start = self.dice.between(0, room // 2) * 2
        if start < _GAP:
            start = 0
        if room - start < _GAP:
            start = room
        if wall == LOW_Y:
            return Rect(x0 + start, y0, x0 + start + along, y0 + across)
        if wall == HIGH_Y:
            return Rect(x0 + start, y1 - across, x0 + start + along, y1)
        if wall == LOW_X:
            return Rect(x0, y0 + start, x0 + across, y0 + start + along)
        return Rect(x1 - across, y0 + start, x1, y0 + start + along)

    def beside(self, name: str, other: Rect, wall: int, long: int, deep: int) -> None:
        """A small piece at the same wall, touching another one, on a side that is free."""
        x0, y0, x1, y1 = other
        if wall <= HIGH_Y:
            low, high = (y0, y0 + deep) if wall == LOW_Y else (y1 - deep, y1)
            places = [Rect(x0 - long, low, x0, high), Rect(x1, low, x1 + long, high)]
        else:
            low, high = (x0, x0 + deep) if wall == LOW_X else (x1 - deep, x1)
            places = [Rect(low, y0 - long, high, y0), Rect(low, y1, high, y1 + long)]
        for place in places:
            inside = place.within(self.rect) and not any(place.meets(each) for each in self.keep)
            near = place.grown(_GAP - 1)
            if inside and not any(near.meets(each) for each in self._taken if each != other):
                self.put(name, place)

    def float(self, name: str, wide: int, deep: int, foot: Foot) -> Piece | None:
        """A piece in the middle of the room."""
        x0, y0, x1, y1 = self.rect.grown(-_GAP - 3)
        for _ in range(6):
            x = self.dice.between(x0, x1 - wide)
            y = self.dice.between(y0, y1 - deep)
            rect = Rect(x, y, x + wide, y + deep)
            if rect.within(self.rect.grown(-_GAP)) and self._is_free(rect):
                return self.put(name, rect, foot)
        return None

    def _is_free(self, rect: Rect) -> bool:
        near = rect.grown(_GAP)
        return not any(rect.meets(each) for each in self.keep) and not any(
            near.meets(each) for each in self._taken
        )

    def fits(self, rect: Rect) -> bool:
        """Whether a piece may stand there, close to others."""
        return (
            rect.within(self.rect)
            and not any(rect.meets(each) for each in self.keep)
            and not any(rect.meets(each) for each in self._taken)
        )

    def put(self, name: str, rect: Rect, foot: Foot = Foot.SOLID) -> Piece:
        """Take the place."""
        piece = Piece(name, rect, foot)
        self.pieces.append(piece)
        self._taken.append(rect)
        return piece

    def lay(self, name: str, rect: Rect) -> None:
        """A carpet, cut off at the walls; one that fills the room fills its nooks as well."""
        x0, y0, x1, y1 = self.rect
        cut = Rect(max(rect.x0, x0), max(rect.y0, y0), min(rect.x1, x1), min(rect.y1, y1))
        self.carpets.append(Piece(name, cut, Foot.FLAT))

    def before(self, rect: Rect, wall: int, gap: int, long: int, deep: int) -> Rect:
        """A place in front of a piece that stands at a wall, in the middle of its length."""
        x0, y0, x1, y1 = rect
        if wall <= HIGH_Y:
            x = (x0 + x1 - long) // 2
            y = y1 + gap if wall == LOW_Y else y0 - gap - deep
            return Rect(x, y, x + long, y + deep)
        y = (y0 + y1 - long) // 2
        x = x1 + gap if wall == LOW_X else x0 - gap - deep
        return Rect(x, y, x + deep, y + long)
