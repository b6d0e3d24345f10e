"""The numbers of the physics that all families share, each written once, with unit and source.

Robot reference, sections 16 and 17; [E] marks that page's estimates and [C] what was calculated
there from dumps.  What differs between families stands in `families/*.toml`.
"""

from dataclasses import dataclass
from typing import Final

TICK_S: Final = 1.0
"""The grain of simulated time: every fact happens at a whole second."""

FULL: Final = 1_000_000_000
"""A full charge in the units of the charge column; whole numbers keep sums exact."""


@dataclass(frozen=True, slots=True)
class Battery:
    """Energy as shares of a full charge (16.3)."""

    drain_scale: float = 1.0
    """Multiplies every drain; 1 is the family's own."""
    travel_share: float = 0.6
    """[E] Of the cleaning drain."""
    idle_drain: float = 0.04 / 3600
    """[E] Per second off the dock, 3 to 5 % an hour."""
    charge_knots: tuple[float, ...] = (0.80, 0.90, 1.0)
    charge_gains: tuple[float, ...] = (0.01 / 60, 0.006 / 60, 0.003 / 60)
    """[E] Per second up to each knot: 1 % a minute, then tapering; 10 to 100 % in two hours."""
    return_below: float = 0.15
    """[D] The robot goes home to recharge."""
    start_above: float = 0.15
    """[D] notReady 15 below it."""
    resume_above: float = 0.80
    """[R] Without predictive charging."""
    resume_least: float = 0.30
    """[E] With predictive charging, which otherwise waits for what the rest needs."""
    resume_reserve: float = 0.05
    """[E] Beyond what the rest needs."""
    empty_below: float = 0.06
    """[D] Error 46 off the dock."""
    dark_below: float = 0.03
    """[E] Then silence."""
    fade_per_cycle: float = 0.0005
    """[C] 80 % at 400 cycles (17.3)."""
    least_health: float = 0.5
    """[E] A weaker battery is replaced."""
    gives_out: float = 0.085
    """[E] Missions in which a battery that has lost all of its capacity would give out before its
    charge says so, by what it has lost; set so that 0.5 % of missions end with an empty one (17.2).
    """


CRUISE_MM_S: Final = 300
"""[C] 0.29 to 0.31 m/s, whenever a robot drives (16.1)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a mission takes beside driving its path once, the same for all robots."""

    turn_deg_s: int = 60
    """[C] A turn in place (16.1)."""
    bump_ms: int = 2400
    """[E] At the end of a row: the slow approach, the bump, backing off."""
    edge_bump_ms: int = 900
    """[E] Along an edge."""
    edge_bump_mm: int = 450
    """[E] Between two bumps along an edge; bumps make 265 to 1700 a run-hour [C] (17.1)."""
    back_mm: int = 1500
    """[E] How far a robot goes back over what it has just cleaned, when that was dirty or it has
    lost its line."""
    twice_below_m2: float = 8.0
    """[E] Smaller rooms get a second pass when passes are automatic."""


@dataclass(frozen=True, slots=True)
class Motion:
    """Speeds (16.1) and the ways a mission can be driven (16.2)."""

    travel_cm_s: float = CRUISE_MM_S / 10
    """Cleaning or not."""
    home_dirt: float = 0.2
    """[E] How much more or less than its family's robots one of them works, for what its people
    and their things are like; evenly spread."""
    mission_dirt: float = 0.12
    """[E] The same from mission to mission: dirt, chairs that were moved."""
    open_only: float = 0.9
    """[E] Work without edges, of that with them."""
    carpet_drain: float = 1.35
    """[E] Carpet boost, 30 to 40 % more: on carpets, or everywhere where power is strong always."""
    docking_s: tuple[int, int] = (15, 40)
    """[E] For the last 1.5 m."""
    lost_dock_s: int = 90
    """[E] Three tries."""
    spot_s: int = 180
    """[E] A spiral of a few minutes."""
    empty_region_s: int = 71
    """[D] A mission to a region that is not on the map (12.2)."""


@dataclass(frozen=True, slots=True)
class Faults:
    """Rates of a median home (17.2), all [E] unless marked; `scale` 0 makes a perfect world."""

    scale: float = 1.0
    trapped_per_s: float = 0.118 / 3600
    """Of run, on furniture, cables and rugs.  This rate and the two below stand above the page's
    (0.10, 0.02 and 0.02), which come out once the waits are left out after which a mission passes
    nothing that fits (`life.mishaps`)."""
    cliff_per_s: float = 0.045 / 3600
    """Of run, in homes with stairs."""
    jam_per_s: float = 0.036 / 3600
    """Of run; five times that with pets."""
    pet_jams: float = 5.0
    lost_per_s: float = 0.006 / 3600
    """Of run: 0.5 % of missions."""
    reboot_per_s: float = 0.02 / 86_400
    lift_per_s: float = 0.3 / 3600
    """[E] Of run; only lifts that stop the robot, the counted ones are many more."""
    lift_median_s: float = 15.0
    drop_docked_per_s: float = 0.1 / 86_400
    drop_docked_median_s: float = 30.0
    drop_run_per_s: float = 0.5 / 3600
    drop_run_median_s: float = 60.0
    drop_sigma: float = 1.0
    weak_signal: tuple[tuple[int, float], ...] = ((-60, 2.0), (-67, 2.0), (-74, 2.5), (-81, 3.0))
    """[E] Links are lost that many times as often where the signal at the dock is below those dBm,
    each step upon the one before; loss rises below -75, and below -82 no link lasts (16.5)."""
    reboot_silence_s: tuple[int, int] = (40, 60)  # [D]
    difficulty_sigma: float = 1.32
    """[C] 1.4 fits seven dumps, of which homes make 0.46; log-normal with median 1 (17.1)."""
    difficulty_most: float = 5.0
    """[E] Whoever has it worse puts the robot away; set so that 7 % of missions fail [C]."""
    helped_share: float = 0.94
    """[E] 0.6 by the page, of all; set so that 7 % of missions fail [C]."""
    helped_asleep: float = 0.3
    """[E] Of that, in the night."""
    helped_out: float = 0.75
    """[E] Of that, where everybody is at work."""
    help_median_s: float = 45 * 60
    help_latest_s: int = 85 * 60
    """[E] Whoever helps does so before the mission is dropped."""
    help_sigma: float = 0.8
    dock_not_found: float = 0.02
    """Of returns."""
    contact_lost: float = 0.003
    """Of dockings."""
    contact_median_s: float = 2 * 3600
    bin_missing: float = 0.001
    """Of starts."""
    bin_missing_mean_s: float = 10 * 60
    bin_full_run_s: int = 110 * 60
    """Of cleaning, 60 to 120 min; with pets half."""
    bin_emptied_share: float = 0.9
    """[E] Of missions after which somebody empties the bin unasked (0.6 to 1.7 a mission [C])."""
    bin_median_s: float = 3 * 3600
    """A full bin waits for a person."""
    bag_evacuations: tuple[int, int] = (30, 60)
    """A bag lasts that many [D: the vendor's 60 days]."""
    bag_median_s: float = 2 * 86_400
    evacuation_fails: float = 0.005
    home_median_s: float = 60 * 60
    """[E] Until somebody carries a robot home that stands about."""
    home_sigma: float = 1.0
    wear_per_run_s: float = 0.0015 / 3600
    """Growth of stuck and jam rates, 1 to 2 % in 10 run-hours since maintenance (17.3)."""
    maintenance_run_s: tuple[int, int] = (40 * 3600, 160 * 3600)
    """[E] Run time between two maintenances."""


@dataclass(frozen=True, slots=True)
class Habits:
    """What people do with their robots beside what a schedule says."""

    cancel_share: float = 0.0
    """Of missions that a person ends; 26 % in seven dumps [C] (17.1)."""
    wishes: bool = False
    """Whether people also start robots by hand, each household as often as it does."""
    schedules: bool = True
    """Whether schedules are followed."""
    carry: bool = False
    """Whether people take robots into their hands: lift them, carry home what stands about."""
    presence: bool = False
    """Whether people sleep, work and travel; without it somebody is always at home."""
    wish_hours: tuple[int, ...] = (
        0, 0, 0, 0, 0, 0, 1, 4, 7, 10, 10, 8, 6, 6, 4, 5, 8, 13, 12, 8, 5, 2, 1, 0,
    )  # fmt: skip
    """[E] When people start robots by hand on working days, by the local hour."""
    weekend_hours: tuple[int, ...] = (
        0, 0, 0, 0, 0, 0, 0, 1, 5, 11, 14, 13, 10, 7, 6, 7, 8, 8, 6, 4, 2, 1, 0, 0,
    )  # fmt: skip
    """[E] The same on Saturdays and Sundays."""
    weekend_wishes: float = 1.6
    """[E] How much likelier somebody starts a robot by hand on such a day than on another."""


@dataclass(frozen=True, slots=True)
class Updates:
    """How an update over the air goes; all [E] but the time without a link (17.2)."""

    needs_charge: float = 0.3
    """Of a full charge, before a robot flashes."""
    size_bytes: int = 60_000_000
    """Of an image whose job does not say."""
    bytes_per_s: tuple[int, int] = (100_000, 400_000)
    check_s: tuple[int, int] = (20, 60)
    flash_s: tuple[int, int] = (5 * 60, 15 * 60)
    """[E by the page] 5 to 15 min offline (17.2)."""
    rejected: float = 0.01
    """Of installations: no room for the image."""
    hangs: float = 0.005
    """The client never says another word; the job's or the step's timer ends it."""
    fails_check: float = 0.01
    rolled_back: float = 0.005
    """The new version does not come up, and the robot flashes back."""
    power_lost: float = 0.002
    power_out_s: tuple[int, int] = (10 * 60, 2 * 3600)
    resumes: float = 0.5
    """Of those whose power was lost: they flash again; the others give up."""


NOBODY: Final = Habits()
"""The owner's phone decides."""
HOUSEHOLDS: Final = Habits(cancel_share=0.29, wishes=True, carry=True, presence=True)
"""[C] Some missions fail before somebody would have ended them; the rest make up 26 %."""

PAUSE_EXPIRES_S: Final = 90 * 60
EVAC_S: Final = 20
EVAC_AFTER_S: Final = 5
"""A base begins 5 s after docking (10.3)."""
START_DELAY_S: Final = 2
MAP_SAVED_S: Final = 10
"""A robot with a map does not go home that soon after a stop (section 7)."""

NO_ERROR: Final = 0
WHEELS_UP_CODE: Final = 13
BIN_MISSING_CODE: Final = 14
REBOOT_CODE: Final = 15
CLIFF_CODE: Final = 6
JAM_CODE: Final = 2
BIN_CODE: Final = 36
EMPTY_CODE: Final = 46
CONTACT_CODE: Final = 104
BAG_CODE: Final = 216
"""Section 11.1."""

NOT_READY_CLIFF: Final = 1
NOT_READY_BIN_MISSING: Final = 7
NOT_READY_CHARGE: Final = 15
NOT_READY_BIN_FULL: Final = 16
"""Section 11.2, the safe set."""
NOT_READY_UPDATING: Final = 39
"""[E] Busy with itself, which the page knows of maps (11.2, low confidence); clients ask only
whether it is zero."""
