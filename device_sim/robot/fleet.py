"""A fleet as columns: one robot is one row, and a fleet of one is the same thing.

A row holds a robot as it was at `since_s`; until its next fact, at `next_s`, everything else is an
exact function of the time that has passed, in whole numbers, so that a sleeping robot costs
nothing and how a span is cut into calls changes nothing.  About 213 bytes a robot with who it is;
the few things that are not columns (logs, own schedules) exist for robots that need them.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from cloud_functions.contract.maps import FloorPlan
from device_sim.robot.agenda import Agenda
from device_sim.robot.catalogue import Catalogue
from device_sim.robot.chance import Keys, Purpose, uniform
from device_sim.robot.chronicle import MissionLog
from device_sim.robot.families import BY_NUMBER, Family
from device_sim.robot.homes import home
from device_sim.robot.households.traits import NO_BASE
from device_sim.robot.parameters import (
    FULL,
    NOBODY,
    PAUSE_EXPIRES_S,
    Battery,
    Faults,
    Habits,
    Motion,
)
from device_sim.robot.phases import CYCLES, PHASES, Cycle, Phase, code_of
from device_sim.robot.population import Population, RobotSpec, of_specs
from device_sim.robot.returns import NEVER_MM
from device_sim.robot.routes import Route
from device_sim.robot.schedule import NEVER, UTC, Zones

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

__all__ = ["INITIATORS", "Fleet", "MissionLog", "RobotSpec"]

INITIATORS: Final = (
    "none", "manual", "schedule", "localApp", "rmtApp", "cloud", "alexa", "google", "siri",
    "ifttt", "dockBtn", "team", "rmtAuto", "loclAuto", "",
)  # fmt: skip
"""Who asked for a mission (section 7), by their number in a column."""

SETTING_BITS: Final = (
    "carpetBoost", "vacHigh", "noAutoPasses", "twoPass", "openOnly", "binPause", "schedHold",
    "evacAllowed",
)  # fmt: skip
"""Settings that change what a robot does, bit by bit in a column (section 8)."""
SETTING_BIT: Final[Mapping[str, int]] = {name: 1 << n for n, name in enumerate(SETTING_BITS)}

RESULTS: Final = ("", "ok", "cncl", "stuck", "full", "bat", "inc")
"""How a mission ended (section 15), by its number."""


class Fleet:
    """The columns; `step` and `obey` change them, `report` reads them."""

    def __init__(
        self,
        specs: Sequence[RobotSpec],
        seed: int,
        now_s: float,
        *,
        population: Population | None = None,
        battery: Battery | None = None,
        motion: Motion | None = None,
        faults: Faults | None = None,
        habits: Habits = NOBODY,
        zones: Zones = UTC,
        catalogue: Catalogue | None = None,
    ) -> None:
        self.seed = seed
        self.battery = battery or Battery()
        self.motion = motion or Motion()
        self.faults = faults or Faults()
        self.habits = habits
        self.catalogue = catalogue or Catalogue()
        who = population or of_specs(specs, seed, self.faults, zones)
        count = len(who)
        self.now_s = float(int(now_s))
        self.began_s = self.now_s
        self.agenda = Agenda()
        began = int(now_s)
        self.specs: Sequence[RobotSpec] = who.specs
        self.zones = who.zones
        self.routes = who.routes

        # who it is, 29 bytes
        self.key: Keys = who.key
        self.family = who.family
        self.home = who.home
        self.country = who.country
        self.zone = who.zone.copy()
        self.days = who.days.copy() if habits.schedules else np.zeros(count, dtype=np.uint8)
        self.minute = who.minute.copy()
        self.wish = who.wish.copy()
        self.away = who.away.copy()
        self.traits = who.traits
        self.wifi_dbm = who.wifi_dbm
        self.age_days = who.age_days
        self.version = who.version.copy()
        hard = who.difficulty * who.routes.difficulty[who.home]
        self.difficulty = np.minimum(hard, np.float32(self.faults.difficulty_most))

        # what it is doing, 10 bytes
        self.phase = np.full(count, code_of(Phase.CHARGE), dtype=np.int8)
        self.cycle = np.zeros(count, dtype=np.int8)
        self.initiator = np.zeros(count, dtype=np.int8)
        self.wanted_cycle = np.zeros(count, dtype=np.int8)
        self.wanted_initiator = np.zeros(count, dtype=np.int8)
        self.settings = _settings(who.family)  # bits
        self.error = np.zeros(count, dtype=np.int16)
        self.updating = np.zeros(count, dtype=np.bool_)  # its software is being changed
        # when, 64 bytes
        self.since_s = np.full(count, began, dtype=np.int64)  # what the row's values hold for
        self.phase_since_s = np.full(count, began, dtype=np.int64)
        self.next_s = np.full(count, began, dtype=np.int64)  # its next fact
        self.mission_s = np.full(count, NEVER, dtype=np.int64)  # its mission began
        self.start_s = np.full(count, NEVER, dtype=np.int64)  # a start that was asked for
        self.schedule_s = np.full(count, began - 1, dtype=np.int64)
        self.wish_s = np.full(count, began - 1, dtype=np.int64)
        self.link_s = np.zeros(count, dtype=np.int64)  # its lost link is back; 0 with a link
        self.due = np.full(count, _LOOK, dtype=np.int8)  # what the next fact is

        # where and how full, 41 bytes
        start = uniform(seed, self.key, 0, Purpose.START_CHARGE)
        self.charge = (FULL * (0.85 + 0.15 * start)).astype(np.int32)
        self.drain = np.zeros(count, dtype=np.int32)  # of a full charge, a second of cleaning
        self.along_mm = np.zeros(count, dtype=np.int32)  # of its mission's whole way
        self.left_mm = np.zeros(count, dtype=np.int32)  # homing: to the dock; else: to its place
        self.work_mm = np.zeros(count, dtype=np.int32)  # its mission's whole way
        self.speed_mm_s = np.zeros(count, dtype=np.int16)
        self.stretch_mm = np.full(count, NEVER_MM, dtype=np.int32)  # until it goes back a little
        self.snare_mm = np.zeros(count, dtype=np.int32)  # where a mishap waits for it; 0 for none
        self.snare_code = np.zeros(count, dtype=np.int16)
        self.route = who.home.copy()
        self.wanted_route = who.home.copy()
        # this mission, 18 bytes
        self.area_cm2 = np.zeros(count, dtype=np.int32)  # cleaned when it ended
        self.run_s = np.zeros(count, dtype=np.int32)
        self.pause_s = np.zeros(count, dtype=np.int32)
        self.charge_s = np.zeros(count, dtype=np.int32)
        self.recharges = np.zeros(count, dtype=np.uint8)
        self.result = np.zeros(count, dtype=np.int8)
        # its life, 54 bytes
        self.life_run_s = np.zeros(count, dtype=np.int32)
        self.life_area_dm2 = np.zeros(count, dtype=np.int32)
        self.docked_s = np.zeros(count, dtype=np.int32)
        self.powered_s = np.zeros(count, dtype=np.int32)  # before this run
        self.bin_s = np.zeros(count, dtype=np.int32)  # of cleaning since it was emptied
        self.used = np.zeros(count, dtype=np.int64)  # charge drawn from the battery, ever
        self.maintained_s = np.zeros(count, dtype=np.int32)  # life_run_s then
        self.missions = np.zeros(count, dtype=np.uint16)
        self.missions_ok = np.zeros(count, dtype=np.uint16)
        self.missions_cancelled = np.zeros(count, dtype=np.uint16)
        self.missions_failed = np.zeros(count, dtype=np.uint16)
        self.stuck_count = np.zeros(count, dtype=np.uint16)
        self.lifts = np.zeros(count, dtype=np.uint16)
        self.dockings = np.zeros(count, dtype=np.uint16)
        self.evacuations = np.zeros(count, dtype=np.uint16)
        self.bag = np.zeros(count, dtype=np.uint8)  # evacuations since a new one
        self.dock_fault = np.zeros(count, dtype=np.uint16)
        self.reboots = np.zeros(count, dtype=np.uint8)

        self.soonest_s = began
        """No row's next fact is earlier."""
        self.own_schedules: dict[int, Sequence[tuple[int, int]]] = {}
        """Day masks and minutes of robots whose days differ."""

        self.addresses: dict[int, int] = {}
        """IPv4 addresses of robots that others reach on their home network."""
        self.logs: dict[int, MissionLog] = {}
        """Missions under way, of robots that somebody listens to."""
        self.last_logs: dict[int, MissionLog] = {}
        """Missions that ended last."""
        self.pauses: dict[int, list[int]] = {}
        """The codes of their last ten interruptions, newest first."""
        self.commands: dict[int, Mapping[str, object]] = {}
        """Starts with parameters that have not begun."""
        self.starts_away: set[int] = set()
        """Those of them that were not on the dock."""
        self.wanted_passes: dict[int, tuple[bool, bool]] = {}
        """noAutoPasses and twoPass of starts that say so themselves."""
        _grow_old(self)

    def __len__(self) -> int:
        return len(self.key)

    @property
    def bytes_per_robot(self) -> int:
        """What the columns take."""
        columns = (each for each in vars(self).values() if isinstance(each, np.ndarray))
        return sum(column.itemsize for column in columns if len(column) == len(self))

    @property
    def families(self) -> "FamilyOf":
        """The family of a row."""
        return FamilyOf(self)

    @property
    def tick(self) -> int:
        """The second up to which the fleet has lived."""
        return int(self.now_s)

    def has_base_of(self, rows: Ints) -> Bools:
        """Whether an emptying base stands at home."""
        without = (self.traits[rows] & NO_BASE) != 0
        result: Bools = _HAS_BASE[self.family[rows]] & ~without
        return result

    def is_set(self, rows: Ints, name: str) -> Bools:
        """Whether a setting is on."""
        result: Bools = (self.settings[rows] & SETTING_BIT[name]) != 0
        return result

    def phase_of(self, row: int) -> Phase:
        """The phase of one robot."""
        return PHASES[int(self.phase[row])]

    def cycle_of(self, row: int) -> Cycle:
        """The cycle of one robot."""
        return CYCLES[int(self.cycle[row])]

    def software_of(self, row: int) -> str:
        """The version one robot runs."""
        return self.catalogue.name_of(int(self.version[row]), self.families[row].versions)

    def log(self, row: int) -> MissionLog:
        """The mission under way, or the one that was; an empty one before the first."""
        return self.logs.get(row) or self.last_logs.get(row) or _NO_MISSION

    def floor_plan(self, row: int) -> FloorPlan:
        """The home of one robot."""
        return home(self.routes.homes[int(self.home[row])]).plan

    def path(self, row: int) -> Route:
        """The route of one robot's mission."""
        return self.routes.route(int(self.route[row]))

    def pause_expires_s(self, row: int) -> int:
        """When a paused mission is dropped."""
        return int(self.phase_since_s[row]) + PAUSE_EXPIRES_S


class FamilyOf(Sequence[Family]):
    """Each row's family."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def __len__(self) -> int:
        return len(self._fleet)

    def __getitem__(self, row: int) -> Family:  # type: ignore[override]  # rows, not slices
        return BY_NUMBER[int(self._fleet.family[row])]


_NO_MISSION: Final = MissionLog()
_LOOK: Final = 64
"""Nothing happens, but what comes next is planned."""
_HAS_BASE: Final = np.array([family.has_base for family in BY_NUMBER])
_FACTORY: Final = np.array(
    [
        sum(bit for name, bit in SETTING_BIT.items() if family.settings.get(name))
        for family in BY_NUMBER
    ],
    dtype=np.uint8,
)


def _settings(family: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return _FACTORY[family]


def _grow_old(fleet: Fleet) -> None:
    """What a robot has behind it that is not new: its counters, and a battery that has faded.

    1.2 missions a day [C] of 45 minutes [D] (16.4), ended as the dumps say (17.1).
    """
    days = fleet.age_days.astype(np.int64)
    if not days.any():
        return
    share = uniform(fleet.seed, fleet.key, 0, Purpose.AGE)
    missions = (days * (0.6 + 1.2 * share)).astype(np.int64).clip(max=60_000)
    fleet.missions[:] = missions
    fleet.missions_cancelled[:] = missions * 26 // 100
    fleet.missions_failed[:] = missions * 7 // 100
    fleet.missions_ok[:] = missions - missions * 26 // 100 - missions * 7 // 100
    run_s = missions * 45 * 60
    fleet.life_run_s[:] = run_s
    fleet.life_area_dm2[:] = missions * 30 * 100
    fleet.powered_s[:] = (days * 86_400).clip(max=2_000_000_000)
    fleet.docked_s[:] = ((days * 86_400).clip(max=2_000_000_000) - run_s).clip(min=0)
    fleet.stuck_count[:] = (run_s // 18_000).clip(max=60_000)
    fleet.dockings[:] = (missions * 11 // 10).clip(max=60_000)
    fleet.evacuations[:] = np.where(fleet.has_base_of(np.arange(len(fleet))), missions, 0)
    fleet.used[:] = missions * (FULL * 6 // 10) % (400 * FULL)
    fleet.maintained_s[:] = run_s - run_s % (100 * 3600)
    fleet.bag[:] = missions % 30
