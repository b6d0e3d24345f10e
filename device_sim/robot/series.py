"""What a fleet that nobody listens to looks like over time: sampled at the end of each block."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from device_sim.robot.cadence import tells_minutes
from device_sim.robot.facts import CODE, Kind
from device_sim.robot.fleet import Fleet
from device_sim.robot.phases import DOCKED, TASK_OF, Task
from device_sim.robot.settle import percent

Ints = npt.NDArray[np.int64]

_SAID: Final = {
    Kind.PHASE: 1, Kind.BIN_EMPTIED: 1, Kind.DOCK_STATE: 1,  # one report
    Kind.ERROR: 1, Kind.CURED: 1, Kind.BIN_FULL: 1,          # the fact beside the report
    Kind.MISSION_ENDED: 1,                                   # its record
    Kind.LINK_BACK: 2,                                       # what was missed, and everything anew
}  # fmt: skip
"""Messages the firmware sends for each fact; facts of one second share a report."""


def messages(by_kind: Ints) -> Ints:
    """Messages for facts that were counted, [kind, bin] to [bin]."""
    total = np.zeros(by_kind.shape[1], dtype=np.int64)
    for kind, count in _SAID.items():
        total += by_kind[CODE[kind]] * count
    return total


@dataclass(eq=False)
class Series:
    """Samples of one fleet; most robots stand on their docks, full, and are not looked at."""

    fleet: Fleet
    under_way: list[int] = field(default_factory=list)
    online: list[int] = field(default_factory=list)
    ticks: list[int] = field(default_factory=list)
    """Messages for steps of one percent and for minutes, since the last sample."""
    battery: list[list[int]] = field(default_factory=list)
    """Robots by percent, 0 to 100."""
    _percent: npt.NDArray[np.int16] = field(init=False)
    _quiet: npt.NDArray[np.bool_] = field(init=False)
    _seen_s: Ints = field(init=False)

    def __post_init__(self) -> None:
        count = len(self.fleet)
        self._percent = percent(self.fleet, np.arange(count)).astype(np.int16)
        self._quiet = np.zeros(count, dtype=np.bool_)
        self._seen_s = self.fleet.since_s.copy()

    def sample(self, every_s: int) -> None:
        """Look at the fleet as it is now."""
        fleet = self.fleet
        busy = TASK_OF[fleet.cycle] == Task.MISSION
        self.under_way.append(int(busy.sum()))
        self.online.append(int((fleet.link_s == 0).sum()))
        awake = np.flatnonzero(~self._quiet | (fleet.since_s != self._seen_s))
        now = percent(fleet, awake).astype(np.int16)
        steps = int(np.abs(now - self._percent[awake]).sum())
        minutes = int((busy & tells_minutes(fleet)).sum()) * (every_s // 60)
        self.ticks.append(steps + minutes)
        self._percent[awake] = now
        self._quiet[awake] = (now == 100) & DOCKED[fleet.phase[awake]]  # noqa: PLR2004  full
        self._seen_s[awake] = fleet.since_s[awake]
        self.battery.append(np.bincount(self._percent, minlength=101).tolist())
