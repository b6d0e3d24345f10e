"""Draws households: a pure function of seed and thing, for any number of robots at once."""

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from device_sim.robot.chance import Floats, Keys, Purpose, uniform
from device_sim.robot.exact import exponential, normal
from device_sim.robot.families import BY_NUMBER
from device_sim.robot.households.mix import Mix
from device_sim.robot.households.traits import NO_BASE, PETS, WORKING
from device_sim.robot.households.world import (
    CODES,
    COUNTRY_SHARES,
    NORTH_AMERICA,
    REGION_OF,
    ZONE_COUNTRY,
    ZONE_SHARES,
)

Ints = npt.NDArray[np.int64]

_OLDEST_DAYS: Final = 3650
"""[E] Then it is thrown away."""
_WEAKEST_DBM, _STRONGEST_DBM = -90, -20
"""The noise floor (16.5), and right beside the router."""
_LIKELIEST: Final = 240
"""Of 256: even the keenest owners forget."""

_EVERY_DAY, _WORKING_DAYS, _WEEKEND, _SATURDAY = 0b1111111, 0b0111110, 0b1000001, 0b1000000
_DAYS: Final = (_EVERY_DAY, _WORKING_DAYS, 0b0101010, 0b1010100, 0b0010010, _WEEKEND, _SATURDAY)
_DAYS_AT_HOME: Final = (30, 16, 18, 10, 14, 6, 6)
_DAYS_WORKING: Final = (24, 34, 18, 8, 10, 3, 3)
"""[E] Which days schedules have: three of them mean Monday, Wednesday and Friday."""
_HOURS_AT_HOME: Final = (
    0, 0, 0, 0, 0, 0, 0, 2, 6, 18, 20, 15, 9, 11, 5, 3, 4, 11, 5, 1, 0, 0, 0, 0,
)  # fmt: skip
_HOURS_WORKING: Final = (
    0, 0, 0, 0, 0, 0, 0, 2, 13, 25, 19, 12, 7, 8, 4, 2, 2, 8, 4, 1, 0, 0, 0, 0,
)  # fmt: skip
"""[E] Which hours schedules have: 9 to 13 and 17 in the dumps (16.4)."""
_MINUTES: Final = (0, 30, 15, 45)
_MINUTES_WEIGH: Final = (50, 22, 10, 8, 10)
"""[E] Schedules have round minutes; a tenth has any."""
_OLDER_SHARE: Final = 2 / 3
"""[E] Of the robots that are behind a version: they run the next one."""


class _Of(IntEnum):
    """Draws of a household, by their tick."""

    PETS = 0
    SCHEDULED = 2
    DAYS = 3
    HOUR = 4
    MINUTE = 5
    WISHES = 6
    AGE = 7
    VERSION = 8
    ANY_MINUTE = 9
    PLACE = 10
    WORKING = 11
    AWAY = 12
    NO_BASE = 13
    BAD_WIFI = 14


class Households(NamedTuple):
    """The columns of a population that a household decides."""

    country: npt.NDArray[np.uint8]
    zone: npt.NDArray[np.uint16]
    days: npt.NDArray[np.uint8]
    minute: npt.NDArray[np.uint16]
    wish: npt.NDArray[np.uint8]
    away: npt.NDArray[np.uint8]
    traits: npt.NDArray[np.uint8]
    wifi_dbm: npt.NDArray[np.int8]
    age_days: npt.NDArray[np.uint16]
    version: npt.NDArray[np.uint8]


def draw(seed: int, key: Keys, family: npt.NDArray[np.uint8], mix: Mix) -> Households:
    """The households of robots; which families those are is known."""

    def drawn(of: _Of) -> Floats:
        return uniform(seed, key, int(of), Purpose.HABIT)

    zone = _pick(drawn(_Of.PLACE), place_shares(mix))
    working = drawn(_Of.WORKING) < mix.working
    traits = np.where(working, WORKING, 0)
    for bit, of, share in (
        (PETS, _Of.PETS, mix.pets),
        (NO_BASE, _Of.NO_BASE, mix.no_base),
    ):
        traits |= np.where(drawn(of) < share, bit, 0)
    days, minute = _schedules(drawn, working)
    wish = 256.0 * mix.wishes * (0.5 + drawn(_Of.WISHES))
    return Households(
        country=ZONE_COUNTRY[zone],
        zone=zone.astype(np.uint16),
        days=np.where(drawn(_Of.SCHEDULED) < mix.scheduled, days, 0).astype(np.uint8),
        minute=minute.astype(np.uint16),
        wish=np.minimum(wish, _LIKELIEST).astype(np.uint8),
        away=np.minimum(255.0 * mix.away * 2.0 * drawn(_Of.AWAY), 255.0).astype(np.uint8),
        traits=traits.astype(np.uint8),
        wifi_dbm=wifi(seed, key, mix),
        age_days=np.minimum(mix.age_days * exponential(drawn(_Of.AGE)), _OLDEST_DAYS).astype(
            np.uint16
        ),
        version=_versions(drawn(_Of.VERSION), family, mix.newest_firmware),
    )


def wifi(seed: int, key: Keys, mix: Mix) -> npt.NDArray[np.int8]:
    """Signal at the dock: normal between homes (16.5), with a tail of docks in bad places."""
    spread = normal(uniform(seed, key, 0, Purpose.SIGNAL)) * mix.wifi_spread_db
    far = uniform(seed, key, int(_Of.BAD_WIFI), Purpose.HABIT) < mix.bad_wifi
    dbm = mix.wifi_dbm + spread - np.where(far, mix.bad_wifi_db, 0.0)
    return np.rint(np.clip(dbm, _WEAKEST_DBM, _STRONGEST_DBM)).astype(np.int8)


def _pick(share: Floats, weights: Sequence[float]) -> Ints:
    """The number of a weight for each share of their sum; one of weight 0 is never taken."""
    ends = np.cumsum(weights)
    found = np.searchsorted(ends, share * float(ends[-1]), side="right")
    return np.minimum(found, int(np.flatnonzero(weights)[-1]))


def place_shares(mix: Mix) -> Sequence[float]:
    """How many robots live in each zone, by its number."""
    if mix.countries is not None:
        weights = [mix.countries.get(code, 0.0) for code in CODES]
    else:
        here = [int(region) == NORTH_AMERICA for region in REGION_OF]
        total = sum(share for share, inside in zip(COUNTRY_SHARES, here, strict=True) if inside)
        rest = sum(COUNTRY_SHARES) - total
        weights = [
            share / total * mix.north_america if inside else share / rest * (1 - mix.north_america)
            for share, inside in zip(COUNTRY_SHARES, here, strict=True)
        ]
    return [
        weights[int(number)] * share
        for number, share in zip(ZONE_COUNTRY, ZONE_SHARES, strict=True)
    ]


def _schedules(drawn: Callable[[_Of], Floats], working: npt.NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Days and minute of each schedule: those who are out in the day let it run meanwhile."""
    share = drawn(_Of.DAYS)
    days = np.where(working, _pick(share, _DAYS_WORKING), _pick(share, _DAYS_AT_HOME))
    share = drawn(_Of.HOUR)
    hour = np.where(working, _pick(share, _HOURS_WORKING), _pick(share, _HOURS_AT_HOME))
    round_ones = np.array([*_MINUTES, 0])[kind := _pick(drawn(_Of.MINUTE), _MINUTES_WEIGH)]
    any_one = (drawn(_Of.ANY_MINUTE) * 60).astype(np.int64)
    return np.array(_DAYS)[days], hour * 60 + np.where(kind < len(_MINUTES), round_ones, any_one)


def _versions(share: Floats, family: npt.NDArray[np.uint8], newest: float) -> npt.NDArray[np.uint8]:
    """Versions of software, 0 the newest."""
    result = np.zeros(len(share), dtype=np.uint8)
    for number, each in enumerate(BY_NUMBER):
        weights, left = [newest], 1.0 - newest
        for _ in each.versions[1:-1]:
            weights.append(left * _OLDER_SHARE)
            left -= weights[-1]
        weights += [left] * (len(each.versions) > 1)
        rows = np.flatnonzero(family == number)
        result[rows] = _pick(share[rows], weights if any(weights) else [1.0])
    return result
