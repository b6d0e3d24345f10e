"""What may befall a robot at any time, how often, and where it then happens.

A mishap is drawn by a wait without memory.  Most of them happen then; a trap, a jam or a cliff lies
in the robot's way: it happens at the next place of the route where the robot's body comes to a spot
of its home that fits (`Routes.passages`), and a robot that passes none any more in its mission
is not trapped then.  Nothing of the kind lies on ways home and out again: they keep clear of spots.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from device_sim.robot.fleet import Fleet, Floats, Ints
from device_sim.robot.households.traits import PETS
from device_sim.robot.life.codes import JAM, pick, pick_trapped
from device_sim.robot.life.settle import on_route
from device_sim.robot.parameters import CLIFF_CODE, Faults
from device_sim.robot.passages import NOTHING, Snare
from device_sim.robot.phases import DRIVING, RUNNING
from device_sim.robot.returns import driven_mm


class Mishap(IntEnum):
    """What a mishap can be, in the order of the rows of `mishap_rates`."""

    TRAPPED = 0
    CLIFF = 1
    JAM = 2
    LOST = 3
    LIFTED = 4
    LINK = 5
    REBOOT = 6


SNARES: Final[Mapping[Mishap, Snare]] = {
    Mishap.TRAPPED: Snare.TRAPPED,
    Mishap.CLIFF: Snare.CLIFF,
    Mishap.JAM: Snare.JAM,
}
"""Those that lie in a robot's way."""


def mishap_rates(fleet: Fleet, rows: Ints) -> Floats:
    """[mishap, row]: how often each happens, a second (17.2), scaled by home and wear (17.3)."""
    faults, phase = fleet.faults, fleet.phase[rows]
    rates = np.zeros((len(Mishap), rows.size))
    if not faults.scale:
        return rates
    online = fleet.link_s[rows] == 0
    driving = DRIVING[phase]
    drops = np.where(driving, faults.drop_run_per_s, faults.drop_docked_per_s) * online
    rates[Mishap.LINK] = drops * _weakness(fleet.wifi_dbm[rows], faults)
    rates[Mishap.REBOOT] = faults.reboot_per_s * online
    out = np.flatnonzero(driving)
    if out.size:
        away = rows[out]
        hard = fleet.difficulty[away].astype(np.float64)
        hard *= fleet.catalogue.error_factor[fleet.version[away]]
        soft = np.sqrt(hard)
        unserviced = (fleet.life_run_s[away] - fleet.maintained_s[away]).astype(np.float64)
        wear = 1.0 + faults.wear_per_run_s * unserviced
        pets = np.where((fleet.traits[away] & PETS) != 0, faults.pet_jams, 1.0)
        running = RUNNING[phase[out]]
        rates[Mishap.TRAPPED, out] = faults.trapped_per_s * hard * wear * running
        rates[Mishap.CLIFF, out] = faults.cliff_per_s * soft * running
        rates[Mishap.JAM, out] = faults.jam_per_s * soft * wear * pets * running
        rates[Mishap.LOST, out] = faults.lost_per_s * soft
        rates[Mishap.LIFTED, out] = faults.lift_per_s * soft * fleet.habits.carry
    return rates * faults.scale


def _weakness(dbm: npt.NDArray[np.int8], faults: Faults) -> Floats:
    """How many times as often links are lost, by the signal at the dock."""
    factor = np.ones(256)
    for below, times in faults.weak_signal:
        factor[: below + 128] *= times
    result: Floats = factor[dbm.astype(np.int64) + 128]
    return result


def lay_snare(fleet: Fleet, rows: Ints, mishap: Mishap) -> None:
    """Let a mishap wait for rows at the next place that fits, if their missions come by one."""
    route = fleet.route[rows]
    farthest_mm = on_route(fleet, rows, fleet.along_mm[rows]).farthest_mm
    place_mm, trap = fleet.routes.passages.after(SNARES[mishap], route, farthest_mm)
    at_mm = driven_mm(place_mm, fleet.stretch_mm[rows].astype(np.int64))
    met = np.flatnonzero((place_mm != NOTHING) & (at_mm < fleet.work_mm[rows]))
    caught = rows[met]
    if mishap is Mishap.TRAPPED:
        code = pick_trapped(fleet, caught, trap[met])
    elif mishap is Mishap.JAM:
        code = pick(fleet, caught, JAM)
    else:
        code = np.full(caught.size, CLIFF_CODE)
    fleet.snare_mm[caught] = at_mm[met]
    fleet.snare_code[caught] = code
