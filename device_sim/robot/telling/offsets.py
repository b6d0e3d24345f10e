"""Missions by what the clocks show: one band for each hour that homes are before or after UTC."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from device_sim.robot.facts import Batch, Facts, Kind
from device_sim.robot.fleet import Fleet, Ints

WESTMOST_H: Final = -12
EASTMOST_H: Final = 14
_BANDS: Final = EASTMOST_H - WESTMOST_H + 1
_HOUR_S: Final = 3600


@dataclass(eq=False)
class Offsets:
    """A listener that counts missions by band; the counts of shards may be added.

    A band is the whole hours of a zone's offset when the run began, half hours being cut off.
    """

    fleet: Fleet
    began_s: int
    bin_s: int
    bins: int
    moved: Ints = field(init=False)
    """[band, bin of time]: missions that began less those that ended."""
    robots: Ints = field(init=False)
    """[band]: how many live there."""
    _band: npt.NDArray[np.int64] = field(init=False)
    """[zone]."""

    def __post_init__(self) -> None:
        zones = self.fleet.zones
        every = np.arange(len(zones.names))
        offset_s = zones.offset(every, np.full(every.size, self.began_s))
        self._band = np.clip(offset_s // _HOUR_S, WESTMOST_H, EASTMOST_H) - WESTMOST_H
        self.moved = np.zeros((_BANDS, self.bins), dtype=np.int64)
        self.robots = np.bincount(self._band[self.fleet.zone], minlength=_BANDS)

    def take(self, facts: Facts) -> None:
        """Hear the facts of one round."""
        for batch in facts:
            if batch.kind is Kind.MISSION_STARTED:
                self._move(batch, 1)
            elif batch.kind is Kind.MISSION_ENDED:
                self._move(batch, -1)

    def _move(self, batch: Batch, by: int) -> None:
        place = np.minimum((batch.at_s - self.began_s - 1) // self.bin_s, self.bins - 1)
        flat = self._band[self.fleet.zone[batch.rows]] * self.bins + place
        counts = np.bincount(flat, minlength=_BANDS * self.bins)
        self.moved += by * counts.reshape(_BANDS, self.bins)


def by_offset(moved: Ints, robots: Ints) -> Mapping[str, Mapping[str, int | Sequence[int]]]:
    """For each band where robots live: how many, and missions under way at the end of each bin."""
    under_way = np.cumsum(moved, axis=1)
    return {
        str(band + WESTMOST_H): {
            "robots": int(robots[band]),
            "missions_under_way": under_way[band].tolist(),
        }
        for band in np.flatnonzero(robots).tolist()
    }
