"""How installations go, settled by chance for many robots at once.

Robots that follow the jobs of a cloud and fleets that live without one ask here, so that the same
can happen to both.
"""

from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np

from device_sim.robot.chance import Floats, Keys, Purpose, uniform
from device_sim.robot.fleet import Bools, Ints
from device_sim.robot.parameters import Updates


class Outcome(StrEnum):
    """What becomes of an installation; the first ones are tried for first."""

    REJECTED = "rejected"
    HANGS = "hangs"
    FAILS_CHECK = "fails its check"
    ROLLED_BACK = "rolled back"
    POWER_LOST = "power lost"
    INSTALLED = "installed"


OUTCOMES: Final = tuple(Outcome)
OUTCOME_CODE: Final = {outcome: code for code, outcome in enumerate(OUTCOMES)}


class Courses(NamedTuple):
    """One entry a robot in each; times are simulated seconds."""

    outcome: Ints
    """Places in OUTCOMES."""
    download_s: Ints
    check_s: Ints
    flash_s: Ints
    power_out_s: Ints
    resumes: Bools
    """Whether it flashes again after the power was lost."""


def courses(
    seed: int, keys: Keys, tick: int, updates: Updates, size_bytes: int | None = None
) -> Courses:
    """How one piece of work goes on robots: the same tick, the same way."""

    def drawn(use: int) -> Floats:
        return uniform(seed, keys, tick + use, Purpose.UPDATE_TIME)

    def between(span: tuple[int, int], use: int) -> Ints:
        least, most = span
        return least + (drawn(use) * (most - least)).astype(np.int64)

    size = size_bytes or updates.size_bytes
    return Courses(
        outcome=_outcomes(uniform(seed, keys, tick, Purpose.UPDATE_OUTCOME), updates),
        download_s=np.maximum(1, size // np.maximum(1, between(updates.bytes_per_s, 0))),
        check_s=between(updates.check_s, 1),
        flash_s=between(updates.flash_s, 2),
        power_out_s=between(updates.power_out_s, 3),
        resumes=drawn(4) < updates.resumes,
    )


def _outcomes(share: Floats, updates: Updates) -> Ints:
    of = (
        updates.rejected,
        updates.hangs,
        updates.fails_check,
        updates.rolled_back,
        updates.power_lost,
    )
    return np.searchsorted(np.cumsum(of), share, side="right")
