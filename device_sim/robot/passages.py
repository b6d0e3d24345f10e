"""Where routes pass what a robot sticks on: each time its body comes to a spot of its home.

A passage is one place of a route, where the body is nearest the spot; a spot has one for each time
the route comes by.  Robots drive a route to and fro, so what is ahead may be behind them.
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from device_sim.robot.coverage import CoveragePath
from device_sim.robot.homes.geometry import CELL_CM
from device_sim.robot.homes.spots import STICKY, Trap
from device_sim.robot.schedule import NEVER

Ints = npt.NDArray[np.int64]

REACH_CM: Final = 40
"""[E] From the body's middle to a spot that it can stick on: its radius, and half a chair."""
_CELLS: Final = REACH_CM // CELL_CM
_DISC: Final = np.array(
    [
        (dx, dy)
        for dx in range(-_CELLS, _CELLS + 1)
        for dy in range(-_CELLS, _CELLS + 1)
        if dx * dx + dy * dy <= _CELLS * _CELLS
    ]
)
_NOTHING: Final = -1
_SHIFT: Final = 32
"""A passage's number: its route above those bits, its place in millimetres below."""


class Snare(IntEnum):
    """What a robot may meet at a passage."""

    TRAPPED = 0
    JAM = 1
    CLIFF = 2


_AT: Final[Mapping[Snare, Sequence[Trap]]] = {
    Snare.TRAPPED: STICKY,
    Snare.JAM: [Trap.CABLE, Trap.RUG],
    Snare.CLIFF: [Trap.CLIFF],
}


class Passages(NamedTuple):
    """The passages of one route, in their order along it."""

    along_mm: npt.NDArray[np.int32]
    trap: npt.NDArray[np.int8]


def passages_of(route: CoveragePath) -> Passages:
    """Where a route passes spots of its home."""
    place, spots = route.place, route.place.traits.spots
    if not spots:
        return Passages(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int8))
    said = np.array(spots, dtype=np.int64)
    wide, deep = place.blocked.shape
    near = np.full((wide, deep), _NOTHING, dtype=np.int16)
    x = (said[:, 0] // CELL_CM + place.dock[0])[:, None] + _DISC[:, 0]
    y = (said[:, 1] // CELL_CM + place.dock[1])[:, None] + _DISC[:, 1]
    near[x.clip(0, wide - 1), y.clip(0, deep - 1)] = np.arange(len(spots))[:, None]
    at_x = np.rint(route.x_cm / CELL_CM).astype(np.int64) + place.dock[0]
    at_y = np.rint(route.y_cm / CELL_CM).astype(np.int64) + place.dock[1]
    spot = near[at_x, at_y]
    changes = np.flatnonzero(np.diff(spot)) + 1
    first = np.concatenate(([0], changes))
    last = np.concatenate((changes, [len(spot)])) - 1
    passed = spot[first] != _NOTHING
    vertex = ((first + last) // 2)[passed]
    return Passages(
        np.rint(route.along_cm[vertex] * 10).astype(np.int32),
        said[spot[vertex], 2].astype(np.int8),
    )


class PassageTable:
    """The passages of many routes by their numbers."""

    def __init__(self) -> None:
        self._keys = {snare: np.zeros(0, dtype=np.int64) for snare in Snare}
        self._traps = {snare: np.zeros(0, dtype=np.int8) for snare in Snare}

    def append(self, first: int, made: Sequence[Passages]) -> None:
        """Add those of routes with numbers from `first` on."""
        sizes = [len(each.along_mm) for each in made]
        number = np.repeat(np.arange(first, first + len(made)), sizes)
        along = np.concatenate([each.along_mm for each in made]).astype(np.int64)
        trap = np.concatenate([each.trap for each in made])
        key = number << _SHIFT | along
        for snare, traps in _AT.items():
            fits = np.isin(trap, traps)
            self._keys[snare] = np.append(self._keys[snare], key[fits])
            self._traps[snare] = np.append(self._traps[snare], trap[fits])

    def ahead(
        self, snare: Snare, number: npt.NDArray[np.integer], along_mm: Ints, length_mm: Ints
    ) -> tuple[Ints, npt.NDArray[np.int8]]:
        """How far rows have driven when they next meet a snare, NEVER without one, and its trap.

        `along_mm` counts all that was driven of a route so long, to and fro.
        """
        length = np.maximum(length_mm, 1)
        leg = along_mm // length
        place = along_mm - leg * length
        back = leg % 2 == 1
        here = np.where(back, length - place, place)
        found, which = self._next(snare, number, here, back)
        turned, then = self._next(snare, number, np.where(back, _BEFORE, length + 1), ~back)
        missed = found < 0
        at = np.where(missed, turned, found)
        on_leg = leg + missed
        forth = np.where(on_leg % 2 == 1, length - at, at)
        return (
            np.where(at < 0, NEVER, on_leg * length + forth),
            np.where(missed, then, which),
        )

    def _next(
        self,
        snare: Snare,
        number: npt.NDArray[np.integer],
        place: Ints,
        back: npt.NDArray[np.bool_],
    ) -> tuple[Ints, npt.NDArray[np.int8]]:
        """The passage after a place, or before it for those who come back; -1 for none."""
        keys, traps = self._keys[snare], self._traps[snare]
        if not len(keys):
            return np.full(place.size, _NOTHING), np.zeros(place.size, dtype=np.int8)
        route = number.astype(np.int64) << _SHIFT
        wanted = route + place
        before = np.searchsorted(keys, wanted) - 1
        index = np.where(back, before, np.searchsorted(keys, wanted, side="right"))
        inside = index.clip(0, len(keys) - 1)
        along = keys[inside] - route
        known = (index == inside) & (along >= 0) & (along < 1 << _SHIFT)
        return np.where(known, along, _NOTHING), traps[inside]


_BEFORE: Final = -1
"""A place before a route's beginning."""
