"""Which phase a robot may enter next (robot reference, section 10.3).

A robot is in one phase and has one task: none, a mission (clean, quick, spot, train), or an errand
(dock, evac).  Facts move it on: an owner's command, the battery running low, the wheels losing
grip.  Every legal move is a row of TRANSITIONS; what is not there is refused.  The rule that is
easy to break: `stop` with a mission is a paused mission, `stop` without one is a robot that stands
about.  A move from a mission to another task ends the mission.
"""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt


class Phase(StrEnum):
    """What a robot does; the words are the robot's own (section 10.2)."""

    CHARGE = "charge"
    RUN = "run"
    STOP = "stop"
    STUCK = "stuck"
    HOME_ASKED = "hmUsrDock"
    HOME_MID_MISSION = "hmMidMsn"
    HOME_DONE = "hmPostMsn"
    EVAC = "evac"
    CHARGING_ERROR = "chargingerror"


class Cycle(StrEnum):
    """What the owner asked for."""

    NONE = "none"
    CLEAN = "clean"
    TRAIN = "train"
    EVAC = "evac"
    DOCK = "dock"
    QUICK = "quick"
    SPOT = "spot"


class Task(IntEnum):
    """What kind of thing a cycle is."""

    NONE = 0
    MISSION = 1
    ERRAND = 2


class Fact(IntEnum):
    """What moves a robot from phase to phase."""

    STARTED = 0
    PAUSED = 1
    RESUMED = 2
    STOPPED = 3
    DOCK_ASKED = 4
    BATTERY_LOW = 5
    AREA_DONE = 6
    ARRIVED = 7
    CHARGED = 8
    TRAPPED = 9
    FREED = 10
    EXPIRED = 11
    EVAC_ASKED = 12
    EVAC_DONE = 13
    BATTERY_EMPTY = 14
    BIN_FULL = 15
    BIN_TO_BASE = 16
    """The bin is full and there is a base to empty it."""
    LIFTED = 17
    PUT_BACK = 18
    DOCK_NOT_FOUND = 19
    CONTACT_LOST = 20
    CONTACT_BACK = 21
    CARRIED_HOME = 22
    REBOOTED = 23
    WENT_DARK = 24
    """The battery is so empty that nothing answers."""


State = tuple[Phase, Task]
"""A phase, and what the robot is on."""

_REST, _MISSION, _ERRAND = Task.NONE, Task.MISSION, Task.ERRAND


def _driving(task: Task) -> dict[Fact, State]:
    """What may happen to any robot that drives."""
    return {
        Fact.PAUSED: (Phase.STOP, task if task is _MISSION else _REST),
        Fact.STOPPED: (Phase.STOP, _REST),
        Fact.TRAPPED: (Phase.STUCK, task),
        Fact.BATTERY_EMPTY: (Phase.STUCK, task),
        Fact.LIFTED: (Phase.STOP, task if task is _MISSION else _REST),
        Fact.REBOOTED: (Phase.STOP, _REST),
        Fact.CARRIED_HOME: (Phase.CHARGE, _REST),
    }


def _going_home(task: Task, after: Task) -> dict[Fact, State]:
    return {
        **_driving(task),
        Fact.ARRIVED: (Phase.CHARGE, after),
        Fact.DOCK_NOT_FOUND: (Phase.STUCK, task),
    }


TRANSITIONS: Final[Mapping[State, Mapping[Fact, State]]] = {
    (Phase.CHARGE, _REST): {
        Fact.STARTED: (Phase.RUN, _MISSION),
        Fact.EVAC_ASKED: (Phase.EVAC, _ERRAND),
        Fact.CONTACT_LOST: (Phase.CHARGING_ERROR, _REST),
        Fact.REBOOTED: (Phase.CHARGE, _REST),
    },
    (Phase.CHARGE, _MISSION): {
        Fact.CHARGED: (Phase.RUN, _MISSION),
        Fact.RESUMED: (Phase.RUN, _MISSION),
        Fact.STARTED: (Phase.RUN, _MISSION),
        Fact.STOPPED: (Phase.CHARGE, _REST),
        Fact.DOCK_ASKED: (Phase.CHARGE, _REST),
        Fact.EVAC_ASKED: (Phase.EVAC, _MISSION),
        Fact.CONTACT_LOST: (Phase.CHARGING_ERROR, _MISSION),
        Fact.REBOOTED: (Phase.CHARGE, _REST),
    },
    (Phase.RUN, _MISSION): {
        **_driving(_MISSION),
        Fact.BATTERY_LOW: (Phase.HOME_MID_MISSION, _MISSION),
        Fact.BIN_TO_BASE: (Phase.HOME_MID_MISSION, _MISSION),
        Fact.AREA_DONE: (Phase.HOME_DONE, _MISSION),
        Fact.BIN_FULL: (Phase.HOME_DONE, _MISSION),
    },
    (Phase.STOP, _MISSION): {
        Fact.RESUMED: (Phase.RUN, _MISSION),
        Fact.STARTED: (Phase.RUN, _MISSION),
        Fact.PUT_BACK: (Phase.RUN, _MISSION),
        Fact.STOPPED: (Phase.STOP, _REST),
        Fact.DOCK_ASKED: (Phase.HOME_ASKED, _MISSION),
        Fact.EXPIRED: (Phase.STOP, _REST),
        Fact.BATTERY_EMPTY: (Phase.STUCK, _MISSION),
        Fact.REBOOTED: (Phase.STOP, _REST),
        Fact.CARRIED_HOME: (Phase.CHARGE, _REST),
    },
    (Phase.STOP, _REST): {
        Fact.STARTED: (Phase.RUN, _MISSION),
        Fact.STOPPED: (Phase.STOP, _REST),
        Fact.DOCK_ASKED: (Phase.HOME_ASKED, _ERRAND),
        Fact.BATTERY_EMPTY: (Phase.STUCK, _REST),
        Fact.REBOOTED: (Phase.STOP, _REST),
        Fact.CARRIED_HOME: (Phase.CHARGE, _REST),
    },
    (Phase.HOME_MID_MISSION, _MISSION): _going_home(_MISSION, _MISSION),
    (Phase.HOME_DONE, _MISSION): _going_home(_MISSION, _REST),
    (Phase.HOME_ASKED, _MISSION): _going_home(_MISSION, _REST),
    (Phase.HOME_ASKED, _ERRAND): _going_home(_ERRAND, _REST),
    (Phase.STUCK, _MISSION): {
        Fact.FREED: (Phase.RUN, _MISSION),
        Fact.RESUMED: (Phase.RUN, _MISSION),
        Fact.STARTED: (Phase.RUN, _MISSION),
        Fact.STOPPED: (Phase.STOP, _REST),
        Fact.EXPIRED: (Phase.STOP, _REST),
        Fact.WENT_DARK: (Phase.STUCK, _REST),
        Fact.REBOOTED: (Phase.STOP, _REST),
        Fact.CARRIED_HOME: (Phase.CHARGE, _REST),
    },
    (Phase.STUCK, _ERRAND): {
        Fact.FREED: (Phase.HOME_ASKED, _ERRAND),
        Fact.STOPPED: (Phase.STOP, _REST),
        Fact.EXPIRED: (Phase.STOP, _REST),
        Fact.WENT_DARK: (Phase.STUCK, _REST),
        Fact.REBOOTED: (Phase.STOP, _REST),
        Fact.CARRIED_HOME: (Phase.CHARGE, _REST),
    },
    (Phase.STUCK, _REST): {
        Fact.STOPPED: (Phase.STOP, _REST),
        Fact.WENT_DARK: (Phase.STUCK, _REST),
        Fact.REBOOTED: (Phase.STOP, _REST),
        Fact.CARRIED_HOME: (Phase.CHARGE, _REST),
    },
    (Phase.EVAC, _ERRAND): {
        Fact.EVAC_DONE: (Phase.CHARGE, _REST),
        Fact.STOPPED: (Phase.CHARGE, _REST),
        Fact.REBOOTED: (Phase.CHARGE, _REST),
    },
    (Phase.EVAC, _MISSION): {
        Fact.EVAC_DONE: (Phase.CHARGE, _MISSION),
        Fact.STOPPED: (Phase.CHARGE, _REST),
        Fact.REBOOTED: (Phase.CHARGE, _REST),
    },
    (Phase.CHARGING_ERROR, _REST): {
        Fact.CONTACT_BACK: (Phase.CHARGE, _REST),
        Fact.STARTED: (Phase.RUN, _MISSION),
        Fact.REBOOTED: (Phase.CHARGING_ERROR, _REST),
    },
    (Phase.CHARGING_ERROR, _MISSION): {
        Fact.CONTACT_BACK: (Phase.CHARGE, _MISSION),
        Fact.STOPPED: (Phase.CHARGING_ERROR, _REST),
        Fact.EXPIRED: (Phase.CHARGING_ERROR, _REST),
        Fact.REBOOTED: (Phase.CHARGING_ERROR, _REST),
    },
}


class IllegalTransition(Exception):
    """The move is not in the table."""


def next_state(state: State, fact: Fact) -> State:
    """The state that follows, or IllegalTransition."""
    try:
        return TRANSITIONS[state][fact]
    except KeyError:
        raise IllegalTransition(f"{fact.name} while {state[0]}") from None


PHASES: Final = tuple(Phase)
CYCLES: Final = tuple(Cycle)
REFUSED: Final = -1
_TASKS: Final = {
    Cycle.NONE: _REST,
    Cycle.DOCK: _ERRAND,
    Cycle.EVAC: _ERRAND,
}
TASK_OF: Final = np.array([_TASKS.get(cycle, _MISSION) for cycle in CYCLES], dtype=np.int8)
"""The task of a cycle, by its number."""


def code_of(phase: Phase) -> int:
    """The number of a phase in a column."""
    return PHASES.index(phase)


def cycle_code(cycle: Cycle) -> int:
    """The number of a cycle in a column."""
    return CYCLES.index(cycle)


def _table() -> npt.NDArray[np.int8]:
    """The same moves for arrays: [phase, task, fact] to phase * 3 + task, or REFUSED."""
    table = np.full((len(PHASES), len(Task), len(Fact)), REFUSED, dtype=np.int8)
    for (phase, task), moves in TRANSITIONS.items():
        for fact, (after, task_after) in moves.items():
            table[code_of(phase), task, fact] = code_of(after) * len(Task) + task_after
    return table


NEXT: Final = _table()


def among(*phases: Phase) -> npt.NDArray[np.bool_]:
    """Whether a phase, by its number, is one of these."""
    return np.array([phase in phases for phase in PHASES])


RUNNING: Final = among(Phase.RUN)
HOMING: Final = among(Phase.HOME_ASKED, Phase.HOME_MID_MISSION, Phase.HOME_DONE)
DRIVING: Final = RUNNING | HOMING
DOCKED: Final = among(Phase.CHARGE, Phase.EVAC, Phase.CHARGING_ERROR)
CHARGING: Final = among(Phase.CHARGE, Phase.EVAC)
STANDING: Final = among(Phase.STOP, Phase.STUCK)
