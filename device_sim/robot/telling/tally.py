"""Counts what happens to a fleet that nobody listens to, and hashes it."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from device_sim.robot.facts import CODE, KINDS, Facts, Kind, hash_of
from device_sim.robot.fleet import RESULTS, Fleet

_MASK = (1 << 64) - 1
_CODES = 1024


@dataclass(eq=False)
class Tally:
    """A listener that adds up: facts by kind and bin of time, results, errors, and the hash.

    A bin holds what happens after its beginning, up to and with its end; so is what others count.
    """

    fleet: Fleet
    began_s: int
    bin_s: int
    bins: int
    hash: int = 0
    by_kind: npt.NDArray[np.int64] = field(init=False)
    """[kind, bin of time]."""
    results: npt.NDArray[np.int64] = field(init=False)
    errors: npt.NDArray[np.int64] = field(init=False)
    """[bin of time, error code]."""

    def __post_init__(self) -> None:
        self.by_kind = np.zeros((len(KINDS), self.bins), dtype=np.int64)
        self.results = np.zeros(len(RESULTS), dtype=np.int64)
        self.errors = np.zeros((self.bins, _CODES), dtype=np.int64)

    def take(self, facts: Facts) -> None:
        """Hear the facts of one round."""
        for batch in facts:
            self.hash = (self.hash + hash_of(self.fleet, batch)) & _MASK
            place = np.minimum((batch.at_s - self.began_s - 1) // self.bin_s, self.bins - 1)
            self.by_kind[CODE[batch.kind]] += np.bincount(place, minlength=self.bins)
            if batch.kind is Kind.MISSION_ENDED:
                self.results += np.bincount(batch.values, minlength=len(RESULTS))
            elif batch.kind in (Kind.ERROR, Kind.BIN_FULL):
                np.add.at(self.errors, (place, np.minimum(batch.values, _CODES - 1)), 1)
