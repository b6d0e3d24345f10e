"""Where robots live: countries, regions and zones as data."""

import math
from zoneinfo import available_timezones

import numpy as np
import pytest

from device_sim.robot.households.names import name_of
from device_sim.robot.households.world import (
    CODES,
    COUNTRY_SHARES,
    NORTH_AMERICA,
    PLAIN_COUNTRY,
    REGION_OF,
    REGIONS,
    ZONE_COUNTRY,
    ZONE_SHARES,
    ZONES,
)


def test_there_are_more_than_a_hundred_countries_on_six_continents() -> None:
    assert len(CODES) > 100
    assert all(len(code) == 2 and code.isupper() for code in CODES)
    assert len(set(CODES)) == len(CODES)
    assert sorted(REGIONS) == ["africa", "asia", "europe", "north-america", "oceania",
                               "south-america"]  # fmt: skip
    assert set(REGION_OF.tolist()) == set(range(6))


def test_numbers_that_others_hold_mean_what_they_say() -> None:
    assert CODES[PLAIN_COUNTRY] == "US"
    assert REGIONS[NORTH_AMERICA] == "north-america"


def test_every_zone_is_one_that_the_world_knows_and_stands_once() -> None:
    assert set(ZONES.names) <= available_timezones()
    assert len(set(ZONES.names)) == len(ZONES.names)
    assert ZONES.names[-1] == "Etc/UTC"


def test_the_zones_of_a_country_share_its_robots() -> None:
    for number, code in enumerate(CODES):
        shares = [ZONE_SHARES[zone] for zone in np.flatnonzero(number == ZONE_COUNTRY).tolist()]

        assert math.fsum(shares) == pytest.approx(1.0), code


def test_about_two_fifths_live_in_north_america_and_none_is_too_small_to_be_met() -> None:
    total = math.fsum(COUNTRY_SHARES)
    here = math.fsum(
        share for share, region in zip(COUNTRY_SHARES, REGION_OF, strict=True) if region == 0
    )

    assert 0.38 <= here / total <= 0.42
    assert min(COUNTRY_SHARES) / total > 2e-5  # some in 2.4 million for certain


def test_robots_are_called_as_people_speak() -> None:
    names = {code: {name_of(number, bits) for bits in range(60)}
             for number, code in enumerate(CODES)}  # fmt: skip

    assert "Wohnzimmer" in names["AT"]
    assert "Kitchen" in names["US"]
    assert not names["JP"] & names["US"]
    assert all(len(name) <= 40 and name.isascii() for each in names.values() for name in each)
