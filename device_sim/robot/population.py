"""Who the robots of a fleet are: what stays true of them, as columns.

About 29 bytes a robot.  `of_specs` makes the columns of robots that are listed one by one; a
scenario of millions draws its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from device_sim.robot.chance import Keys, Purpose, key_of, uniform
from device_sim.robot.exact import log_normal
from device_sim.robot.families import FAMILIES
from device_sim.robot.households.draw import wifi
from device_sim.robot.households.mix import Mix
from device_sim.robot.households.world import PLAIN_COUNTRY
from device_sim.robot.parameters import Faults
from device_sim.robot.routes import Routes
from device_sim.robot.schedule import UTC, Zones


@dataclass(frozen=True, slots=True)
class RobotSpec:
    """What makes a robot."""

    thing: str
    family: str = "i7"
    home_seed: int = 1
    name: str = "Robot"


@dataclass(frozen=True, eq=False)
class Population:
    """One entry a robot in each column, and the tables they point into."""

    specs: Sequence[RobotSpec]
    routes: Routes
    zones: Zones
    key: Keys
    family: npt.NDArray[np.uint8]
    """The family's number."""
    home: npt.NDArray[np.int32]
    """The number of the home in `routes.homes`."""
    country: npt.NDArray[np.uint8]
    """The country's number in `households.world.CODES`."""
    zone: npt.NDArray[np.uint16]
    days: npt.NDArray[np.uint8]
    """The schedule's days, bit 0 for Sunday; 0 for none."""
    minute: npt.NDArray[np.uint16]
    """The schedule's minute of the day."""
    wish: npt.NDArray[np.uint8]
    """How likely somebody starts it by hand on a day, in 256ths."""
    away: npt.NDArray[np.uint8]
    """The share of days on which its people are on holiday, in 255ths."""
    traits: npt.NDArray[np.uint8]
    """Bits of `households.traits`."""
    wifi_dbm: npt.NDArray[np.int8]
    """At the dock."""
    age_days: npt.NDArray[np.uint16]
    version: npt.NDArray[np.uint8]
    """Which of its family's versions of software it runs, 0 the newest; see `catalogue`."""
    difficulty: npt.NDArray[np.float32]
    """How often its people and their things trap a robot, 1 for the median; the fleet multiplies
    it by what the home's floor does (17.1)."""

    def __len__(self) -> int:
        return len(self.key)


def difficulty(seed: int, key: Keys, faults: Faults) -> npt.NDArray[np.float32]:
    """A household's part: log-normal with median 1, cut off where people give up (17.1).

    What its home does comes upon it (`Routes.difficulty`).
    """
    share = uniform(seed, key, 1, Purpose.DIFFICULTY)
    drawn = log_normal(share, 1.0, faults.difficulty_sigma)
    return np.minimum(drawn, faults.difficulty_most).astype(np.float32)


def of_specs(
    specs: Sequence[RobotSpec], seed: int, faults: Faults, zones: Zones = UTC
) -> Population:
    """New robots in plain homes, without schedules, in the first zone."""
    count = len(specs)
    key = np.array([key_of(spec.thing) for spec in specs], dtype=np.uint64)
    homes = sorted({spec.home_seed for spec in specs})
    place = {home_seed: number for number, home_seed in enumerate(homes)}
    return Population(
        specs=specs,
        routes=Routes.of(homes),
        zones=zones,
        key=key,
        family=np.array([FAMILIES[spec.family].order for spec in specs], dtype=np.uint8),
        home=np.array([place[spec.home_seed] for spec in specs], dtype=np.int32),
        country=np.full(count, PLAIN_COUNTRY, dtype=np.uint8),
        zone=np.zeros(count, dtype=np.uint16),
        days=np.zeros(count, dtype=np.uint8),
        minute=np.zeros(count, dtype=np.uint16),
        wish=np.zeros(count, dtype=np.uint8),
        away=np.zeros(count, dtype=np.uint8),
        traits=np.zeros(count, dtype=np.uint8),
        wifi_dbm=wifi(seed, key, Mix(bad_wifi=0)),
        age_days=np.zeros(count, dtype=np.uint16),
        version=np.zeros(count, dtype=np.uint8),
        difficulty=difficulty(seed, key, faults),
    )
