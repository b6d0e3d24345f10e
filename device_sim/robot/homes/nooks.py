"""Rooms that are no rectangles: walls with a jog, halls with an arm, nooks that open to a room.

All in decimetres, before doors are cut.  How often, and how large, are estimates [E] from plans
of European and American flats.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from device_sim.robot.homes.dice import Dice
from device_sim.robot.homes.floor import Kind
from device_sim.robot.homes.geometry import Rect

WALL_DM: Final = 1
LEAST_WIDE: Final = {
    Kind.LIVING: 34, Kind.KITCHEN: 21, Kind.BEDROOM: 27, Kind.CHILD: 23, Kind.GUEST: 23,
    Kind.STUDY: 21, Kind.BATH: 17, Kind.TOILET: 10, Kind.STORAGE: 11, Kind.STAIRS: 10,
}  # fmt: skip
"""Decimetres between the walls of rooms that people can live with."""
_JOGGED: Final = (
    Kind.LIVING, Kind.KITCHEN, Kind.BEDROOM, Kind.CHILD, Kind.GUEST, Kind.STUDY, Kind.BATH,
)  # fmt: skip
"""Rooms between which a wall may have a jog."""
_JOGS: Final = 0.6
_SHALLOWEST, _DEEPEST = 5, 13
"""Decimetres of a jog: a shelf or a wardrobe fits."""
_DOORWAY: Final = 12
"""A door and its posts."""


class Draft(NamedTuple):
    """A room on the drawing board: the rectangles it is made of, the largest first."""

    kind: Kind
    parts: tuple[Rect, ...]

    @property
    def rect(self) -> Rect:
        """The largest of its rectangles."""
        return self.parts[0]

    def with_nook(self, nook: Rect) -> "Draft":
        """The room with one more part."""
        parts = sorted((*self.parts, nook), key=lambda each: -each.wide * each.deep)
        return Draft(self.kind, tuple(parts))


def jogged(dice: Dice, row: Sequence[Draft]) -> list[Draft]:
    """The rooms of a strip, some walls between two of them with a jog.

    The one room has a nook, for a wardrobe say, the other is as much smaller there; each room has
    one jog at most.
    """
    drafts = list(row)
    for place in range(len(drafts) - 1):
        left, right = drafts[place : place + 2]
        whole = len(left.parts) == len(right.parts) == 1
        if whole and left.kind in _JOGGED and right.kind in _JOGGED and dice.happens(_JOGS):
            drafts[place : place + 2] = _jog(dice, left, right)
    return drafts


def _jog(dice: Dice, left: Draft, right: Draft) -> tuple[Draft, Draft]:
    """Two rooms side by side whose wall has a jog; as they were where the smaller has no room."""
    gains_left, is_high = dice.happens(0.5), dice.happens(0.5)
    deep = left.rect.deep
    length = dice.between(9, max(deep // 2, 9))
    gaining, losing = (left, right) if gains_left else (right, left)
    spare = losing.rect.wide - WALL_DM - LEAST_WIDE[losing.kind]
    if spare < _SHALLOWEST or deep - length - WALL_DM < _DOORWAY:
        return left, right
    nook = dice.between(_SHALLOWEST, min(spare, _DEEPEST))

    def turned(rect: Rect) -> Rect:
        """Mirrored so that the left room gains at the upper end; twice is as it was."""
        x0, y0, x1, y1 = rect
        if not gains_left:
            x0, x1 = -x1, -x0
        if not is_high:
            y0, y1 = -y1, -y0
        return Rect(x0, y0, x1, y1)

    a, b = turned(gaining.rect), turned(losing.rect)
    corner = a.y1 - length
    gained = gaining.with_nook(turned(Rect(a.x1, corner, a.x1 + nook, a.y1)))
    kept = turned(Rect(b.x0 + nook, b.y0, b.x1, b.y1))
    rest = turned(Rect(b.x0, b.y0, b.x0 + nook, corner - WALL_DM))
    lost = Draft(losing.kind, (kept,)).with_nook(rest)
    return (gained, lost) if gains_left else (lost, gained)


def with_arms(hall: Rect, drafts: Sequence[Draft]) -> tuple[Draft, list[Draft]]:
    """The hall with the places kept for it in the strips as its arms, and the other rooms."""
    joined = Draft(Kind.HALL, (hall,))
    for draft in drafts:
        if draft.kind is Kind.HALL:
            x0, y0, x1, y1 = draft.rect
            arm = Rect(x0, y0, x1, hall.y0) if y0 < hall.y0 else Rect(x0, hall.y1, x1, y1)
            joined = joined.with_nook(arm)
    return joined, [draft for draft in drafts if draft.kind is not Kind.HALL]


def widened(
    dice: Dice, living: Rect, hall: Rect, beside: Sequence[Rect]
) -> tuple[Draft, Rect]:  # fmt: skip
    """The living room across the hall's end with the last of the hall as its nook, and the rest.

    The rooms beside it keep a doorway to the hall; where they are too narrow, nothing is taken.
    """
    most = min(rect.wide for rect in beside) - _DOORWAY - 2 * WALL_DM
    nook = min(dice.between(10, 24), most, hall.wide // 3)
    if nook < 8:  # noqa: PLR2004  decimetres; less is no nook
        return Draft(Kind.LIVING, (living,)), hall
    end = hall.x1 - nook
    room = Draft(Kind.LIVING, (living,)).with_nook(Rect(end, hall.y0, living.x0, hall.y1))
    return room, Rect(hall.x0, hall.y0, end - WALL_DM, hall.y1)
