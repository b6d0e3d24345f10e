"""Households by the million: shares as they were asked for, and the same alone as together."""

import dataclasses

import numpy as np
import pytest

from device_sim.robot.chance import keys_of
from device_sim.robot.families import BY_NUMBER
from device_sim.robot.households.draw import Households, draw
from device_sim.robot.households.mix import RANGES, Mix
from device_sim.robot.households.traits import NO_BASE, PETS, WORKING
from device_sim.robot.households.world import CODES, REGION_OF, ZONE_COUNTRY

MANY = 200_000
KEYS = keys_of("robot-", np.arange(1_000_000, 1_000_000 + MANY), 7)
FAMILY = (np.arange(MANY) % len(BY_NUMBER)).astype(np.uint8)
HOUSEHOLDS = draw(7, KEYS, FAMILY, Mix())


def drawn(**shares) -> Households:
    return draw(7, KEYS, FAMILY, Mix(**shares))


def share(of: np.ndarray) -> float:
    return float(np.mean(of))


def test_two_and_a_half_million_robots_live_in_every_country_and_two_fifths_in_north_america() -> (
    None
):
    keys = keys_of("robot-", np.arange(10_000_000, 12_400_000), 8)

    country = draw(3, keys, np.zeros(len(keys), dtype=np.uint8), Mix()).country

    counts = np.bincount(country, minlength=len(CODES))
    assert (counts > 0).all()
    assert counts[REGION_OF == 0].sum() / len(keys) == pytest.approx(0.40, abs=0.002)
    assert counts[CODES.index("JP")] / len(keys) == pytest.approx(0.092, abs=0.002)


def test_a_robot_lives_in_a_zone_of_its_country() -> None:
    assert np.array_equal(ZONE_COUNTRY[HOUSEHOLDS.zone], HOUSEHOLDS.country)


def test_the_world_can_be_moved_and_countries_can_be_chosen() -> None:
    moved = drawn(north_america=0.1)
    chosen = drawn(countries={"DE": 3, "AT": 1, "CH": 0})

    assert share(REGION_OF[moved.country] == 0) == pytest.approx(0.1, abs=0.005)
    assert {CODES[number] for number in set(chosen.country.tolist())} == {"DE", "AT"}
    assert share(chosen.country == CODES.index("DE")) == pytest.approx(0.75, abs=0.005)


@pytest.mark.parametrize(
    ("name", "bit"),
    [("pets", PETS), ("no_base", NO_BASE), ("working", WORKING)],
)
def test_traits_have_their_shares(name: str, bit: int) -> None:
    for wanted in (0.0, 0.3, 1.0):
        found = drawn(**{name: wanted}).traits & bit

        assert share(found != 0) == pytest.approx(wanted, abs=0.005)


def test_schedules_begin_in_local_mornings_and_early_evenings() -> None:
    has = HOUSEHOLDS.days > 0
    hour = HOUSEHOLDS.minute[has] // 60
    counts = np.bincount(hour, minlength=24)

    assert share(has) == pytest.approx(0.6, abs=0.005)
    assert counts[8:14].sum() > 0.6 * hour.size
    assert counts[17] > 1.5 * max(counts[15], counts[19])
    assert counts[:7].sum() == counts[20:].sum() == 0
    assert share(HOUSEHOLDS.minute[has] % 60 == 0) == pytest.approx(0.5, abs=0.01)
    assert set((HOUSEHOLDS.minute[has] % 60).tolist()) == set(range(60))


def test_who_works_lets_it_run_on_working_days_while_nobody_is_there() -> None:
    has = HOUSEHOLDS.days > 0
    works = (HOUSEHOLDS.traits & WORKING) != 0
    weekdays = HOUSEHOLDS.days == 0b0111110
    early = HOUSEHOLDS.minute < 11 * 60

    assert share(weekdays[has & works]) > 1.5 * share(weekdays[has & ~works])
    assert share(early[has & works]) > share(early[has & ~works]) + 0.05


def test_wishes_and_holidays_differ_by_household_and_have_their_mean() -> None:
    assert share(HOUSEHOLDS.wish / 256) == pytest.approx(0.7, abs=0.02)
    assert share(HOUSEHOLDS.away / 255) == pytest.approx(0.04, abs=0.003)
    assert len(set(HOUSEHOLDS.wish.tolist())) > 80
    assert drawn(wishes=0.0).wish.max() == 0


def test_signals_are_spread_and_some_docks_stand_badly() -> None:
    good = drawn(bad_wifi=0.0).wifi_dbm.astype(int)

    assert good.mean() == pytest.approx(-45, abs=0.2)
    assert good.std() == pytest.approx(8, abs=0.2)
    assert share(good < -70) < 0.002
    assert 0.012 < share(HOUSEHOLDS.wifi_dbm < -70) < 0.025
    assert HOUSEHOLDS.wifi_dbm.min() >= -90


def test_ages_are_of_a_fleet_that_grew() -> None:
    ages = HOUSEHOLDS.age_days.astype(int)

    assert ages.mean() == pytest.approx(700, abs=20)
    assert share(ages < 365) > 2 * share((ages > 1000) & (ages < 1365))
    assert ages.max() <= 3650
    assert drawn(age_days=0.0).age_days.max() == 0


def test_most_robots_run_the_newest_version_that_their_family_has() -> None:
    for number, family in enumerate(BY_NUMBER):
        versions = HOUSEHOLDS.version[number == FAMILY]
        counts = np.bincount(versions, minlength=len(family.versions))

        assert len(counts) == len(family.versions)
        assert counts[0] / len(versions) == pytest.approx(0.6, abs=0.01)
        assert (np.diff(counts) < 0).all()


@pytest.mark.parametrize(("newest", "version"), [(1.0, {0}), (0.0, {1, 2})])
def test_all_or_none_may_run_the_newest_version(newest: float, version: set[int]) -> None:
    found = drawn(newest_firmware=newest).version[FAMILY == 0]

    assert set(found.tolist()) == version


def test_a_robot_alone_is_drawn_as_its_row() -> None:
    for row in (0, 17, MANY - 1):
        alone = draw(7, KEYS[row : row + 1], FAMILY[row : row + 1], Mix())

        assert [column[0] for column in alone] == [column[row] for column in HOUSEHOLDS]


def test_another_seed_is_another_world() -> None:
    other = draw(8, KEYS, FAMILY, Mix())

    assert share(other.country == HOUSEHOLDS.country) < 0.3


def test_columns_are_as_small_as_a_population_wants_them() -> None:
    assert sum(column.itemsize for column in HOUSEHOLDS) == 13


@pytest.mark.parametrize("name", sorted(RANGES))
def test_a_number_out_of_its_range_is_refused_with_its_name(name: str) -> None:
    least, most = RANGES[name]
    for wrong in (least - 0.01, most + 0.01, float("nan")):
        with pytest.raises(ValueError, match=f"{name} is .*allowed is"):
            Mix(**{name: wrong})
    assert Mix(**{name: least}) != Mix(**{name: most})


@pytest.mark.parametrize(
    ("countries", "said"),
    [({"XX": 1.0}, "XX is not known"), ({"DE": -1.0}, "DE is -1.0"), ({}, "at least one"),
     ({"DE": 0.0}, "at least one"), ({"DE": float("inf")}, "DE is inf")],
)  # fmt: skip
def test_wrong_countries_are_refused(countries: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Mix(countries=countries)


def test_every_number_has_a_range() -> None:
    assert {field.name for field in dataclasses.fields(Mix)} - {"countries"} == set(RANGES)
