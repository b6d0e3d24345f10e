"""Which error a robot tells: a code of its family's list for the cause (robot reference, 11.1)."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from device_sim.robot.chance import Purpose, uniform
from device_sim.robot.families import BY_NUMBER
from device_sim.robot.fleet import Fleet, Ints
from device_sim.robot.homes.spots import STICKY
from device_sim.robot.parameters import JAM_CODE


class Choices(NamedTuple):
    """Lists of codes as a table: [list, place], and how many each has."""

    codes: Ints
    sizes: Ints


def _choices(lists: Sequence[Sequence[int]]) -> Choices:
    width = max(len(each) for each in lists)
    table = np.array([[*each, *[0] * (width - len(each))] for each in lists], dtype=np.int64)
    return Choices(table, np.array([len(each) for each in lists], dtype=np.int64))


LOST: Final = _choices([family.codes.lost for family in BY_NUMBER])
DOCK_NOT_FOUND: Final = _choices([family.codes.dock_not_found for family in BY_NUMBER])
JAM: Final = _choices(
    [(*family.codes.pad, *family.codes.tank) or (JAM_CODE,) for family in BY_NUMBER]
)
"""A mop has a pad and a tank where others have brushes."""
_TRAPPED: Final = _choices(
    [family.codes.trapped[trap.word] for family in BY_NUMBER for trap in STICKY]
)


def pick(fleet: Fleet, rows: Ints, table: Choices) -> Ints:
    """A code of its family's list for each row."""
    return _pick(fleet, rows, table, fleet.family[rows].astype(np.int64))


def pick_trapped(fleet: Fleet, rows: Ints, trap: npt.NDArray[np.int8]) -> Ints:
    """A code for what each row sticks on."""
    line = fleet.family[rows].astype(np.int64) * len(STICKY) + trap
    return _pick(fleet, rows, _TRAPPED, line)


def _pick(fleet: Fleet, rows: Ints, table: Choices, line: Ints) -> Ints:
    share = uniform(fleet.seed, fleet.key[rows], fleet.since_s[rows], Purpose.CODE)
    result: Ints = table.codes[line, (share * table.sizes[line]).astype(np.int64)]
    return result
