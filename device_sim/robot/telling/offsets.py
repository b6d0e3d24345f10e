"""Missions by what the clocks show: one band for each offset that homes are before or after UTC."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from device_sim.robot.facts import Batch, Facts, Kind
from device_sim.robot.fleet import Fleet, Ints
from device_sim.robot.schedule import Zones

_HOUR_S: Final = 3600


def bands(zones: Zones, at_s: int) -> tuple[Ints, Ints]:
    """The offsets in seconds that clocks have at a moment, ascending, and each zone's place."""
    every = np.arange(len(zones.names))
    offset_s, band = np.unique(
        zones.offset(every, np.full(every.size, at_s)), return_inverse=True
    )  # fmt: skip
    return offset_s.astype(np.int64), band.astype(np.int64)


@dataclass(eq=False)
class Offsets:
    """A listener that counts missions by band; the counts of shards may be added.

    Who lives in a band stays in it, even if the clock is changed later.
    """

    fleet: Fleet
    began_s: int
    bin_s: int
    bins: int
    clocks_s: int
    """When the clocks were looked at."""
    moved: Ints = field(init=False)
    """[band, bin of time]: missions that began less those that ended."""
    robots: Ints = field(init=False)
    """[band]: how many live there."""
    offset_s: Ints = field(init=False)
    """[band]: how far its clocks are ahead of UTC."""
    _band: npt.NDArray[np.int64] = field(init=False)
    """[zone]."""

    def __post_init__(self) -> None:
        self.offset_s, self._band = bands(self.fleet.zones, self.clocks_s)
        self.moved = np.zeros((self.offset_s.size, self.bins), dtype=np.int64)
        self.robots = np.bincount(self._band[self.fleet.zone], minlength=self.offset_s.size)

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
        counts = np.bincount(flat, minlength=self.moved.size)
        self.moved += by * counts.reshape(self.moved.shape)


def by_offset(
    moved: Ints, robots: Ints, offset_s: Ints
) -> Mapping[str, Mapping[str, int | Sequence[int]]]:
    """For each band where robots live: how many, and missions under way at the end of each bin.

    A band is named by the hours of its clocks before UTC: "-3.5", "0", "5.75".
    """
    under_way = np.cumsum(moved, axis=1)
    return {
        f"{int(offset_s[band]) / _HOUR_S:g}": {
            "robots": int(robots[band]),
            "missions_under_way": under_way[band].tolist(),
        }
        for band in np.flatnonzero(robots).tolist()
    }
