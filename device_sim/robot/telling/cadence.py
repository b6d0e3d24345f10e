"""Members that change as time passes, without a fact (robot reference, section 9.2).

The charge is told at each step of one percent, and a mission's minutes each minute by firmware that
tells minutes; a family's `every_s` names what it tells at regular times.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from device_sim.robot.families import BY_NUMBER
from device_sim.robot.fleet import Bools, Fleet, Ints
from device_sim.robot.life.settle import on_mission, percent
from device_sim.robot.schedule import NEVER

_TELLS_MINUTES: Final = np.array([family.tells_minutes for family in BY_NUMBER])
_SIGNAL_S: Final = np.array(
    [round(family.every_s.get("signal", 0)) for family in BY_NUMBER], dtype=np.int64
)


def tells_minutes(fleet: Fleet, rows: Ints) -> Bools:
    """Whether the firmware of rows tells the minutes of a mission."""
    result: Bools = _TELLS_MINUTES[fleet.family[rows]]
    return result


class Cadence:
    """What every robot of a fleet has told last; `due` tells what it has to tell anew."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._rows = np.arange(len(fleet))
        self._percent = percent(fleet, self._rows)
        self._minutes = self._mission_minutes()
        self._told_at = fleet.tick

    def due(self) -> Sequence[tuple[str, Ints]]:
        """Members and the rows that have to tell them, since the last call."""
        if self._fleet.tick == self._told_at:
            return ()
        self._told_at = self._fleet.tick
        now, minutes = percent(self._fleet, self._rows), self._mission_minutes()
        told = [("batPct", np.flatnonzero(now != self._percent))]
        told.append(("cleanMissionStatus", np.flatnonzero(minutes != self._minutes)))
        self._percent, self._minutes = now, minutes
        return [(member, rows) for member, rows in told if rows.size]

    def _mission_minutes(self) -> Ints:
        """Minutes of the missions under way, where they are told."""
        fleet = self._fleet
        told = tells_minutes(fleet, self._rows) & on_mission(fleet, self._rows)
        began = np.where(fleet.mission_s == NEVER, fleet.tick, fleet.mission_s)
        return np.where(told, (fleet.tick - began) // 60, 0)


def signals_due(fleet: Fleet, before_s: int, now_s: int) -> Ints:
    """The rows that tell `signal` in (before_s, now_s], at their family's pace."""
    every = np.maximum(_SIGNAL_S[fleet.family], 1)
    offset = (fleet.key % every.astype(np.uint64)).astype(np.int64)
    due = (now_s - offset) // every > (before_s - offset) // every
    return np.flatnonzero(due & (_SIGNAL_S[fleet.family] > 0))
