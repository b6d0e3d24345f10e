"""How a day travels round the globe: missions by region, and starts by the owners' own hour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from device_sim.robot.facts import Batch, Facts, Kind
from device_sim.robot.fleet import Fleet, Ints
from device_sim.robot.households.world import REGION_OF, REGIONS
from device_sim.robot.schedule import DAY_S

_HOURS: Final = 24


@dataclass(eq=False)
class Regions:
    """A listener that counts missions by region; the counts of shards may be added."""

    fleet: Fleet
    began_s: int
    bin_s: int
    bins: int
    moved: Ints = field(init=False)
    """[region, bin of time]: missions that began less those that ended."""
    starts: Ints = field(init=False)
    """[region, local hour]: missions that began."""

    def __post_init__(self) -> None:
        self.moved = np.zeros((len(REGIONS), self.bins), dtype=np.int64)
        self.starts = np.zeros((len(REGIONS), _HOURS), dtype=np.int64)

    def take(self, facts: Facts) -> None:
        """Hear the facts of one round."""
        for batch in facts:
            if batch.kind is Kind.MISSION_STARTED:
                self._moved(batch, 1)
                self._started(batch)
            elif batch.kind is Kind.MISSION_ENDED:
                self._moved(batch, -1)

    def _moved(self, batch: Batch, by: int) -> None:
        place = np.minimum((batch.at_s - self.began_s - 1) // self.bin_s, self.bins - 1)
        self.moved += by * _counts(self._regions(batch), place, self.bins)

    def _started(self, batch: Batch) -> None:
        zone = self.fleet.zone[batch.rows]
        local_s = batch.at_s + self.fleet.zones.offset(zone, batch.at_s)
        self.starts += _counts(self._regions(batch), local_s % DAY_S // 3600, _HOURS)

    def _regions(self, batch: Batch) -> Ints:
        return REGION_OF[self.fleet.country[batch.rows]].astype(np.int64)


def _counts(region: Ints, place: Ints, places: int) -> Ints:
    flat = np.bincount(region * places + place, minlength=len(REGIONS) * places)
    return flat.reshape(len(REGIONS), places)


def under_way_by_region(moved: Ints) -> Mapping[str, Sequence[int]]:
    """Missions under way at the end of each bin, by region; `moved` is that of `Regions`."""
    return dict(zip(REGIONS, np.cumsum(moved, axis=1).tolist(), strict=True))


def starts_by_local_hour(starts: Ints) -> Mapping[str, Sequence[int]]:
    """Missions that began by the hour of the owner's clock, by region."""
    return dict(zip(REGIONS, starts.tolist(), strict=True))
