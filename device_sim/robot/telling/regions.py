"""How a day travels round the globe: missions by region, and starts by the owners' own hour.

A fleet that lives in a few countries is told by country, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from device_sim.robot.facts import Batch, Facts, Kind
from device_sim.robot.fleet import Fleet, Ints
from device_sim.robot.households.world import CODES, REGION_OF, REGIONS
from device_sim.robot.schedule import DAY_S

_HOURS: Final = 24
_ELSEWHERE: Final = 255
"""The part of countries that are not told apart."""


@dataclass(eq=False)
class Regions:
    """A listener that counts missions by part of the world; the counts of shards may be added.

    Parts are the world's regions, and then the countries that are named.
    """

    fleet: Fleet
    began_s: int
    bin_s: int
    bins: int
    countries: Sequence[str] = ()
    moved: Ints = field(init=False)
    """[part, bin of time]: missions that began less those that ended."""
    starts: Ints = field(init=False)
    """[part, local hour]: missions that began."""
    _parts: Sequence[npt.NDArray[np.uint8]] = field(init=False)
    """Of each country: its region, and its place after them if it is named."""

    def __post_init__(self) -> None:
        parts = len(REGIONS) + len(self.countries)
        named = np.full(len(CODES), _ELSEWHERE, dtype=np.uint8)
        named[[CODES.index(code) for code in self.countries]] = range(len(REGIONS), parts)
        self._parts = (REGION_OF, named) if self.countries else (REGION_OF,)
        self.moved = np.zeros((parts, self.bins), dtype=np.int64)
        self.starts = np.zeros((parts, _HOURS), dtype=np.int64)

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
        self._count(self.moved, batch, place, by)

    def _started(self, batch: Batch) -> None:
        zone = self.fleet.zone[batch.rows]
        local_s = batch.at_s + self.fleet.zones.offset(zone, batch.at_s)
        self._count(self.starts, batch, local_s % DAY_S // 3600, 1)

    def _count(self, counts: Ints, batch: Batch, place: Ints, by: int) -> None:
        for part_of in self._parts:
            part = part_of[self.fleet.country[batch.rows]].astype(np.int64)
            here = part < len(counts)
            flat = part[here] * counts.shape[1] + place[here]
            counts += by * np.bincount(flat, minlength=counts.size).reshape(counts.shape)


def under_way_by_region(moved: Ints) -> Mapping[str, Sequence[int]]:
    """Missions under way at the end of each bin, by region; `moved` is that of `Regions`."""
    under_way = np.cumsum(moved[: len(REGIONS)], axis=1)
    return dict(zip(REGIONS, under_way.tolist(), strict=True))


def starts_by_local_hour(starts: Ints) -> Mapping[str, Sequence[int]]:
    """Missions that began by the hour of the owner's clock, by region."""
    return dict(zip(REGIONS, starts[: len(REGIONS)].tolist(), strict=True))


def by_country(
    countries: Sequence[str], moved: Ints, starts: Ints
) -> Mapping[str, Mapping[str, Sequence[int]]]:
    """Both of each country that was named; `moved` and `starts` are those of `Regions`."""
    under_way = np.cumsum(moved[len(REGIONS) :], axis=1)
    return {
        code: {"missions_under_way": of_time, "starts_by_local_hour": of_hour}
        for code, of_time, of_hour in zip(
            countries, under_way.tolist(), starts[len(REGIONS) :].tolist(), strict=True
        )
    }
