"""A fleet as columns: one robot is one row, and a fleet of one is the same thing.

About 330 bytes a robot: 22 columns of 8 bytes, 11 of 4 or less, and the lists of what happened.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from cloud_functions.contract.maps import FloorPlan
from device_sim.robot.chance import Purpose, key_of, uniform
from device_sim.robot.coverage import CoveragePath, plan_path
from device_sim.robot.floor import home
from device_sim.robot.parameters import FAMILIES, Battery, Family, Faults, Motion
from device_sim.robot.phases import CYCLES, PHASES, Cycle, Phase, code_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class RobotSpec:
    """What makes a robot."""

    thing: str
    family: str = "i7"
    home_seed: int = 1
    name: str = "Robot"


@dataclass(slots=True)
class MissionLog:
    """What a record needs to remember of one mission."""

    mission_id: str = ""
    started_s: float = 0.0
    initiator: str = ""
    errors: list[tuple[int, int, int]] = field(default_factory=list)
    events: list[tuple[float, str]] = field(default_factory=list)
    ended_s: float = 0.0
    done: str = ""
    number: int = 0
    minutes: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Running, paused and charging."""
    charges: int = 0
    along_cm: float = 0.0
    pause_code: int = 0
    command: dict[str, object] = field(default_factory=dict)


MAX_EVENTS: Final = 200


class Fleet:
    """The columns; `step` and `obey` change them, `report` reads them."""

    def __init__(
        self,
        specs: Sequence[RobotSpec],
        seed: int,
        now_s: float,
        *,
        battery: Battery | None = None,
        motion: Motion | None = None,
        faults: Faults | None = None,
    ) -> None:
        count = len(specs)
        self.specs = tuple(specs)
        self.seed = seed
        self.now_s = float(now_s)
        self.began_s = float(now_s)
        self.battery = battery or Battery()
        self.motion = motion or Motion()
        self.faults = faults or Faults()
        self.families: tuple[Family, ...] = tuple(FAMILIES[spec.family] for spec in specs)
        self.key = np.array([key_of(spec.thing) for spec in specs], dtype=np.uint64)
        self.has_base = np.array([family.has_base for family in self.families], dtype=np.bool_)
        self.paths: tuple[CoveragePath, ...] = tuple(
            plan_path(home(spec.home_seed)) for spec in specs
        )
        self.length_cm = np.array([path.length_cm for path in self.paths])

        self.phase = np.full(count, code_of(Phase.CHARGE), dtype=np.int8)
        self.cycle = np.zeros(count, dtype=np.int8)
        start = uniform(seed, self.key, 0, Purpose.START_CHARGE)
        self.charge = 0.85 + 0.15 * start
        self.along_cm = np.zeros(count)
        self.home_left_cm = np.zeros(count)
        self.away_cm = np.zeros(count)
        self.phase_since_s = np.full(count, self.now_s)
        self.run_s = np.zeros(count)
        self.pause_s = np.zeros(count)
        self.charge_s = np.zeros(count)
        self.bin_s = np.zeros(count)
        self.error = np.zeros(count, dtype=np.int32)
        self.not_ready = np.zeros(count, dtype=np.int32)
        self.help_at_s = np.full(count, np.inf)
        self.start_at_s = np.full(count, np.inf)
        self.life_run_s = np.zeros(count)
        self.life_area_m2 = np.zeros(count)
        self.stuck_count = np.zeros(count, dtype=np.int64)
        self.docked_s = np.zeros(count)
        self.missions = np.zeros(count, dtype=np.int64)
        self.missions_ok = np.zeros(count, dtype=np.int64)
        self.missions_cancelled = np.zeros(count, dtype=np.int64)
        self.missions_failed = np.zeros(count, dtype=np.int64)
        self.charges = np.zeros(count, dtype=np.int64)
        spread = uniform(seed, self.key, 1, Purpose.DIFFICULTY)
        self.difficulty = np.exp(self.faults.difficulty_sigma * _normal(spread))
        self.logs = [MissionLog() for _ in specs]
        self.last_logs: list[MissionLog | None] = [None] * count

    def __len__(self) -> int:
        return len(self.specs)

    @property
    def battery_percent(self) -> Ints:
        """The charge in whole percent."""
        return np.floor(np.clip(self.charge, 0.0, 1.0) * 100 + 1e-9).astype(np.int64)

    @property
    def bin_full(self) -> Bools:
        """Whether the bin must be emptied."""
        return self.bin_s >= self.faults.bin_full_after_s

    def phase_of(self, row: int) -> Phase:
        """The phase of one robot."""
        return PHASES[int(self.phase[row])]

    def cycle_of(self, row: int) -> Cycle:
        """The cycle of one robot."""
        return CYCLES[int(self.cycle[row])]

    def floor_plan(self, row: int) -> FloorPlan:
        """The home of one robot."""
        return home(self.specs[row].home_seed).plan

    def area_m2(self, row: int) -> float:
        """What the present mission has covered."""
        path = self.paths[row]
        return float(path.new_area_m2[path.vertex_at(float(self.along_cm[row]))])


def _normal(share: Floats) -> Floats:
    """Standard normal values of uniform shares, by the logistic approximation (error < 0.02)."""
    clipped = np.clip(share, 1e-9, 1 - 1e-9)
    return np.log(clipped / (1 - clipped)) / 1.702
