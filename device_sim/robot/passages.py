"""Where routes pass what a robot sticks on: each time its body comes to a spot of its home.

A passage is one place of a route, where the body is nearest the spot; a spot has one for each time
the route comes by.
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from device_sim.robot.coverage import CoveragePath
from device_sim.robot.homes.geometry import CELL_CM
from device_sim.robot.homes.spots import STICKY, Trap

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
NOTHING: Final = -1
"""No passage."""
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
    near = np.full((wide, deep), NOTHING, dtype=np.int16)
    x = (said[:, 0] // CELL_CM + place.dock[0])[:, None] + _DISC[:, 0]
    y = (said[:, 1] // CELL_CM + place.dock[1])[:, None] + _DISC[:, 1]
    near[x.clip(0, wide - 1), y.clip(0, deep - 1)] = np.arange(len(spots))[:, None]
    at_x = np.rint(route.x_cm / CELL_CM).astype(np.int64) + place.dock[0]
    at_y = np.rint(route.y_cm / CELL_CM).astype(np.int64) + place.dock[1]
    spot = near[at_x, at_y]
    changes = np.flatnonzero(np.diff(spot)) + 1
    first = np.concatenate(([0], changes))
    last = np.concatenate((changes, [len(spot)])) - 1
    passed = spot[first] != NOTHING
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

    def after(
        self, snare: Snare, number: npt.NDArray[np.integer], place_mm: Ints
    ) -> tuple[Ints, npt.NDArray[np.int8]]:
        """The next passage beyond a place of each route, NOTHING without one, and its trap."""
        keys, traps = self._keys[snare], self._traps[snare]
        if not len(keys):
            return np.full(place_mm.size, NOTHING), np.zeros(place_mm.size, dtype=np.int8)
        route = number.astype(np.int64) << _SHIFT
        index = np.searchsorted(keys, route + place_mm, side="right")
        inside = np.minimum(index, len(keys) - 1)
        along = keys[inside] - route
        known = (index == inside) & (along < 1 << _SHIFT)
        return np.where(known, along, NOTHING), traps[inside]
