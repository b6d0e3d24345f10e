"""The numbers of the physics, each written once, with its unit and its source.

Robot reference, sections 16 and 17; [E] marks that page's estimates.
"""

from dataclasses import dataclass
from typing import Final

TICK_S: Final = 1.0
"""The step of simulated time."""


@dataclass(frozen=True, slots=True)
class Battery:
    """Energy as shares of a full charge (16.3)."""

    clean_drain: float = 1.0 / (81 * 60)
    """Per second of cleaning; 81 minutes to about 15 %, an i3's first leg."""
    travel_share: float = 0.6  # [E] of the cleaning drain
    idle_drain: float = 0.04 / 3600  # [E] off the dock, 3 to 5 % an hour
    charge_gain: float = 0.01 / 60  # [E] linear, 1 % a minute
    return_below: float = 0.15
    start_above: float = 0.15
    resume_above: float = 0.80
    empty_below: float = 0.06


@dataclass(frozen=True, slots=True)
class Motion:
    """Speeds (16.1, 16.2)."""

    cleaning_cm_s: float = 15.0
    """[E] Half the cruise speed of 30 cm/s: turns, edges and dirt returns."""
    travel_cm_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Faults:
    """Rates (17.2) [E]; `scale` 0 makes a perfect world."""

    scale: float = 1.0
    trapped_per_s: float = 0.10 / 3600
    cliff_share: float = 0.15
    difficulty_sigma: float = 1.4  # fit to seven dumps (17.1)
    helped_share: float = 0.6
    help_median_s: float = 45 * 60
    help_sigma: float = 0.8
    bin_full_after_s: float = 90 * 60
    """Of cleaning, without a base."""


PAUSE_EXPIRES_S: Final = 90 * 60
EVAC_S: Final = 20.0
START_DELAY_S: Final = 2.0
TRAP_CODES: Final = (4, 5, 1, 3, 9, 16, 33)
CLIFF_CODE: Final = 6
BIN_CODE: Final = 36
EMPTY_CODE: Final = 46


@dataclass(frozen=True, slots=True)
class Family:
    """What differs between the families (section 1)."""

    name: str
    sku: str
    software: str
    battery_type: str
    capacity_mah: int
    has_base: bool
    has_pose: bool
    pairs_only: bool
    """Settings of a pair are taken only together (section 8)."""


FAMILIES: Final = {
    "900": Family("900", "R980020", "v2.4.6-3", "lith", 3300, False, True, False),
    "i7": Family(
        "i7", "i755020", "lewis+22.52.10+2024-07-18-4c2b5b+Firmware-Production",
        "F12432712", 2490, True, False, True,
    ),
}  # fmt: skip
