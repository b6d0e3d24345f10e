"""What a fleet that nobody listens to looks like over time, from its facts and its batteries."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from device_sim.robot.facts import CODE, Facts, Kind
from device_sim.robot.fleet import Fleet, Ints
from device_sim.robot.life.settle import percent
from device_sim.robot.phases import DOCKED
from device_sim.robot.telling.cadence import tells_minutes

_SAID: Final = {
    Kind.PHASE: 1, Kind.BIN_EMPTIED: 1, Kind.DOCK_STATE: 1,  # one report
    Kind.ERROR: 1, Kind.CURED: 1, Kind.BIN_FULL: 1,          # the fact beside the report
    Kind.MISSION_ENDED: 1,                                   # its record
    Kind.LINK_BACK: 2,                                       # what was missed, and everything anew
}  # fmt: skip
"""Messages the firmware sends for each fact; facts of one second share a report."""
_PERCENTS: Final = 101
_FULL: Final = 100


def messages(by_kind: Ints) -> Ints:
    """Messages for facts that were counted, [kind, bin] to [bin]."""
    total = np.zeros(by_kind.shape[1], dtype=np.int64)
    for kind, count in _SAID.items():
        total += by_kind[CODE[kind]] * count
    return total


def under_way(by_kind: Ints) -> Ints:
    """Missions under way at the end of each bin."""
    result: Ints = np.cumsum(
        by_kind[CODE[Kind.MISSION_STARTED]] - by_kind[CODE[Kind.MISSION_ENDED]]
    )
    return result


def online(by_kind: Ints, robots: int) -> Ints:
    """Robots with a link at the end of each bin."""
    lost = by_kind[CODE[Kind.LINK_LOST]] - by_kind[CODE[Kind.LINK_BACK]]
    result: Ints = robots - np.cumsum(lost)
    return result


@dataclass(eq=False)
class Series:
    """A listener that samples batteries; most robots are docked and full, and not looked at."""

    fleet: Fleet
    ticks: list[int] = field(default_factory=list)
    """Messages for steps of one percent and for minutes, since the last sample."""
    battery: list[list[int]] = field(default_factory=list)
    """Robots by percent, 0 to 100."""
    _percent: npt.NDArray[np.int64] = field(init=False)
    _histogram: Ints = field(init=False)
    _awake: npt.NDArray[np.bool_] = field(init=False)
    """Robots whose charge may change before the next sample."""
    _counting: int = 0
    """Missions under way whose minutes are told."""

    def __post_init__(self) -> None:
        self._awake = np.ones(len(self.fleet), dtype=np.bool_)
        self._percent = percent(self.fleet, np.arange(len(self.fleet)))
        self._histogram = np.bincount(self._percent, minlength=_PERCENTS)

    def take(self, facts: Facts) -> None:
        """Remember who moved."""
        for batch in facts:
            if batch.kind is Kind.PHASE:
                self._awake[batch.rows] = True
            elif batch.kind is Kind.MISSION_STARTED:
                self._counting += int(tells_minutes(self.fleet, batch.rows).sum())
            elif batch.kind is Kind.MISSION_ENDED:
                self._counting -= int(tells_minutes(self.fleet, batch.rows).sum())

    def sample(self, every_s: int) -> None:
        """Look at the fleet as it is now."""
        rows = np.flatnonzero(self._awake)
        before, now = self._percent[rows], percent(self.fleet, rows)
        self._histogram += np.bincount(now, minlength=_PERCENTS)
        self._histogram -= np.bincount(before, minlength=_PERCENTS)
        self._percent[rows] = now
        self._awake[rows] = (now != _FULL) | ~DOCKED[self.fleet.phase[rows]]
        self.ticks.append(int(np.abs(now - before).sum()) + self._counting * (every_s // 60))
        self.battery.append(self._histogram.tolist())
