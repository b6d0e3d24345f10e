"""Which versions a fleet runs over time, and how robots fare on each."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from device_sim.robot.facts import Batch, Facts, Kind
from device_sim.robot.families import BY_NUMBER
from device_sim.robot.fleet import Fleet, Ints
from device_sim.robot.software import version_mix

Mix = Mapping[str, int]
_FARES: Final = (Kind.ERROR, Kind.MISSION_ENDED)
_MOST: Final = 1 << 16
"""Pairs of a family and a version."""


@dataclass(eq=False)
class Versions:
    """A listener that counts robots by version, anew only where one was installed.

    Errors and missions that ended are counted on the version that the robot ran then.
    """

    fleet: Fleet
    mixes: list[Mix] = field(default_factory=list)
    """At each sample."""
    errors: list[Mix] = field(default_factory=list)
    """Since the last sample; so are the missions that ended."""
    missions: list[Mix] = field(default_factory=list)
    _is_new: bool = True
    _since: dict[Kind, Ints] = field(init=False)

    def __post_init__(self) -> None:
        self._since = {kind: np.zeros(_MOST, dtype=np.int64) for kind in _FARES}

    def take(self, facts: Facts) -> None:
        """Remember what moved, and who fared how."""
        for batch in facts:
            self._is_new |= batch.kind is Kind.UPDATED
            if batch.kind in self._since:
                np.add.at(self._since[batch.kind], self._pairs(batch), 1)

    def sample(self) -> None:
        """Look at the fleet as it is now."""
        self.mixes.append(version_mix(self.fleet) if self._is_new else self.mixes[-1])
        self._is_new = False
        for kind, told in zip(_FARES, (self.errors, self.missions), strict=True):
            told.append(self._named(self._since[kind]))
            self._since[kind][:] = 0

    def _pairs(self, batch: Batch) -> Ints:
        family = self.fleet.family[batch.rows].astype(np.int64)
        return family << 8 | self.fleet.version[batch.rows]

    def _named(self, counts: Ints) -> Mix:
        named: Counter[str] = Counter()
        for pair in np.flatnonzero(counts).tolist():
            versions = BY_NUMBER[pair >> 8].versions
            named[self.fleet.catalogue.name_of(pair & 0xFF, versions)] += int(counts[pair])
        return dict(named)


def by_version(shards: Sequence[Sequence[Mix]]) -> Mapping[str, Sequence[int]]:
    """Counts in each bin, of all shards together, by the versions' names."""
    names = sorted({name for mixes in shards for mix in mixes for name in mix})
    bins = list(zip(*shards, strict=True))
    return {name: [sum(mix.get(name, 0) for mix in mixes) for mixes in bins] for name in names}
