"""Which phase a robot may enter next (robot reference, section 10.3).

A robot is in one phase, and either has a cycle (it was asked for something that is not over) or
has none.  Facts move it on: an owner's command, the battery running low, the wheels losing grip.
Every legal move is a row of TRANSITIONS; what is not there is refused.  The rule that is easy to
break: `stop` with a cycle is a paused mission, `stop` without one is a robot that stands about.
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


State = tuple[Phase, bool]
"""A phase, and whether the robot has a cycle."""

_LEAVE: Final[Mapping[Fact, State]] = {
    Fact.PAUSED: (Phase.STOP, True),
    Fact.STOPPED: (Phase.STOP, False),
    Fact.TRAPPED: (Phase.STUCK, True),
    Fact.BATTERY_EMPTY: (Phase.STUCK, True),
}
"""What may happen to any robot that drives."""

TRANSITIONS: Final[Mapping[State, Mapping[Fact, State]]] = {
    (Phase.CHARGE, False): {
        Fact.STARTED: (Phase.RUN, True),
        Fact.EVAC_ASKED: (Phase.EVAC, True),
    },
    (Phase.CHARGE, True): {
        Fact.CHARGED: (Phase.RUN, True),
        Fact.RESUMED: (Phase.RUN, True),
        Fact.STOPPED: (Phase.CHARGE, False),
        Fact.DOCK_ASKED: (Phase.CHARGE, False),
    },
    (Phase.RUN, True): {
        **_LEAVE,
        Fact.BATTERY_LOW: (Phase.HOME_MID_MISSION, True),
        Fact.AREA_DONE: (Phase.HOME_DONE, True),
        Fact.BIN_FULL: (Phase.HOME_DONE, True),
    },
    (Phase.STOP, True): {
        Fact.RESUMED: (Phase.RUN, True),
        Fact.STARTED: (Phase.RUN, True),
        Fact.STOPPED: (Phase.STOP, False),
        Fact.DOCK_ASKED: (Phase.HOME_ASKED, True),
        Fact.EXPIRED: (Phase.STOP, False),
        Fact.BATTERY_EMPTY: (Phase.STUCK, True),
    },
    (Phase.STOP, False): {
        Fact.STARTED: (Phase.RUN, True),
        Fact.STOPPED: (Phase.STOP, False),
        Fact.DOCK_ASKED: (Phase.HOME_ASKED, True),
    },
    (Phase.HOME_MID_MISSION, True): {**_LEAVE, Fact.ARRIVED: (Phase.CHARGE, True)},
    (Phase.HOME_DONE, True): {**_LEAVE, Fact.ARRIVED: (Phase.CHARGE, False)},
    (Phase.HOME_ASKED, True): {**_LEAVE, Fact.ARRIVED: (Phase.CHARGE, False)},
    (Phase.STUCK, True): {
        Fact.FREED: (Phase.RUN, True),
        Fact.STOPPED: (Phase.STOP, False),
        Fact.EXPIRED: (Phase.STOP, False),
    },
    (Phase.EVAC, True): {Fact.EVAC_DONE: (Phase.CHARGE, False)},
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


def code_of(phase: Phase) -> int:
    """The number of a phase in a column."""
    return PHASES.index(phase)


def _table() -> npt.NDArray[np.int8]:
    """The same moves for arrays: [phase, has a cycle, fact] to phase * 2 + cycle, or REFUSED."""
    table = np.full((len(PHASES), 2, len(Fact)), REFUSED, dtype=np.int8)
    for (phase, busy), moves in TRANSITIONS.items():
        for fact, (after, still_busy) in moves.items():
            table[code_of(phase), int(busy), fact] = code_of(after) * 2 + still_busy
    return table


NEXT: Final = _table()
