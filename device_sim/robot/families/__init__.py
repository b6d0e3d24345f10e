"""Families of robots: what differs between them, one TOML file each, read once.

A fourth family is a fourth file: the physics reads its numbers, reports read its members.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from device_sim.robot.homes.spots import STICKY

_Codes = Annotated[tuple[int, ...], Field(min_length=1)]
_Positive = Annotated[float, Field(gt=0)]
_SPOTS: Final = tuple(trap.word for trap in STICKY)


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BatteryOf(_Value):
    """A family's battery (16.3)."""

    type: str
    capacity_mah: Annotated[int, Field(gt=0)]
    reported_per_mah: _Positive
    """What `estCap` counts in one mAh."""
    runtime_minutes: _Positive
    """Of cleaning at the plain power, from full to empty."""
    predictive: bool
    """Whether it resumes as soon as the charge is enough for the rest."""


class MotionOf(_Value):
    """How fast a family cleans (16.2)."""

    laps: Annotated[float, Field(ge=1, le=8)]
    """[E] How often its robots drive their path, all in all, with what they go back for."""
    sqft_per_minute: _Positive
    """What comes of it in a median home, passes being as the factory sets them."""
    two_passes: Literal["TWO", "AUTOMATIC"]
    """Whether the second of two passes is through all rooms, or through small ones only."""


class CodesOf(_Value):
    """The error codes a family can have, by cause (11.1)."""

    trapped: Mapping[str, _Codes]
    """By what a robot sticks on (`homes.spots`)."""
    lost: _Codes
    dock_not_found: _Codes
    reboot: _Codes
    pad: tuple[int, ...] = ()
    tank: tuple[int, ...] = ()

    @field_validator("trapped")
    @classmethod
    def _all_spots(cls, said: Mapping[str, Any]) -> Mapping[str, Any]:
        if set(said) != set(_SPOTS):
            raise ValueError(f"has {', '.join(said)}; each of {', '.join(_SPOTS)} has its codes")
        return said


class MembersOf(_Value):
    """Which members a family reports, by when they are told (9.2)."""

    first: tuple[str, ...]
    """Only after connecting."""
    change: tuple[str, ...]
    mission: tuple[str, ...]
    """At the end of a mission and on docking."""


class Family(_Value):
    """What differs between the families (section 1)."""

    name: str
    order: Annotated[int, Field(ge=0, le=200)]
    """Its number in a column."""
    sku: str
    versions: Annotated[tuple[str, ...], Field(min_length=1)]
    """Of its software, the newest first."""
    discovery_version: str
    blid_characters: Annotated[int, Field(ge=16, le=32)]
    has_base: bool
    """Whether it comes with an emptying base."""
    has_bin: bool
    has_map: bool
    has_pose: bool
    """Whether positions are in its reports; elsewhere they are asked for."""
    pairs_only: bool
    """Settings of a pair are taken only together (section 8)."""
    tells_minutes: bool
    """Whether mssnM and sqft of a mission are told; elsewhere times stand instead."""
    echo_s: _Positive
    """How long a setting takes until it is reported."""
    start_cycle: str
    """What the cycle of a plain start is called."""
    battery: BatteryOf
    motion: MotionOf
    codes: CodesOf
    counters: Mapping[str, Annotated[float, Field(ge=0)]]
    """Lifetime counters and their rates in a median home, per run-hour (17.1)."""
    settings: Mapping[str, Any]
    """As the factory sets them."""
    members: MembersOf
    every_s: Mapping[str, _Positive]
    constant: Mapping[str, Any]

    @property
    def software(self) -> str:
        """The newest version."""
        return self.versions[0]


def _read(path: Path) -> Family:
    said = tomllib.loads(path.read_text(encoding="utf-8"))
    return Family.model_validate({"name": path.stem, **said})


def _in_order(folder: Path) -> Mapping[str, Family]:
    found = sorted((_read(path) for path in folder.glob("*.toml")), key=lambda each: each.order)
    orders = [family.order for family in found]
    assert orders == list(range(len(found))), f"families are numbered from 0, not {orders}"
    return {family.name: family for family in found}


FAMILIES: Final = _in_order(Path(__file__).parent)
"""By name, in the order of their numbers."""
BY_NUMBER: Final = tuple(FAMILIES.values())
"""A family by its number in a column."""
