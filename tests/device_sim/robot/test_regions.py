"""The day travels: missions by region, and starts by the owners' own hour."""

import numpy as np

from device_sim import census
from device_sim.robot.facts import CODE, Kind
from device_sim.robot.fleet import Fleet
from device_sim.robot.households.world import CODES
from device_sim.robot.parameters import HOUSEHOLDS
from device_sim.robot.routes import Routes
from device_sim.robot.schedule import DAY_S
from device_sim.robot.step import advance
from device_sim.robot.telling.regions import (
    Regions,
    by_country,
    starts_by_local_hour,
    under_way_by_region,
)
from device_sim.robot.telling.series import under_way
from device_sim.robot.telling.tally import Tally
from device_sim.scenario import Scenario

MONDAY = 1_767_571_200
HOUR = 3600
HOURS = 48
FLATS = Scenario.model_validate(
    {"title": "Flats", "robots": [{"family": "i7", "count": 35}, {"family": "900", "count": 15}]}
)


def lived(count: int, first: int = 0) -> tuple[Regions, Tally]:
    who = census.take(FLATS, 7, Routes.of(census.homes_of(FLATS)), first=first, count=count)
    robots = Fleet(who.specs, 7, MONDAY, population=who, habits=HOUSEHOLDS)
    regions, tally = (kind(robots, MONDAY, HOUR, HOURS) for kind in (Regions, Tally))
    for hour in range(1, HOURS + 1):
        advance(robots, MONDAY + hour * HOUR, Both(regions, tally))
    return regions, tally


class Both:
    def __init__(self, *listeners) -> None:
        self._listeners = listeners

    def take(self, facts) -> None:
        for each in self._listeners:
            each.take(facts)


REGIONS, TALLY = lived(6000)


def test_regions_add_up_to_the_world() -> None:
    series = under_way_by_region(REGIONS.moved)

    assert np.sum(list(series.values()), axis=0).tolist() == under_way(TALLY.by_kind).tolist()
    assert REGIONS.starts.sum() == TALLY.by_kind[CODE[Kind.MISSION_STARTED]].sum()


def test_shards_add_up_to_the_whole() -> None:
    parts = [lived(3000, first)[0] for first in (0, 3000)]

    assert np.array_equal(sum(each.moved for each in parts), REGIONS.moved)
    assert np.array_equal(sum(each.starts for each in parts), REGIONS.starts)


def test_mornings_travel_westward_round_the_globe() -> None:
    series = under_way_by_region(REGIONS.moved)
    second_day = {name: np.array(values[24:]) for name, values in series.items()}
    busiest = {name: int(values.argmax()) for name, values in second_day.items()}

    assert busiest["europe"] in range(7, 12)
    assert busiest["north-america"] in range(14, 20)
    night = {"asia": range(16, 20), "europe": range(1, 4), "north-america": range(7, 10)}
    for name, hours in night.items():
        assert second_day[name][list(hours)].mean() < second_day[name].max() / 3, name


def test_everywhere_robots_start_in_local_mornings_and_evenings_and_not_by_night() -> None:
    for name, counts in starts_by_local_hour(REGIONS.starts).items():
        starts = np.array(counts)
        if starts.sum() < 500:
            continue

        assert starts[8:12].sum() > 0.35 * starts.sum(), name
        assert starts[17:19].sum() > starts[14:16].sum(), name
        assert starts[:6].sum() < 0.01 * starts.sum(), name


def test_a_series_has_an_entry_for_each_bin() -> None:
    assert all(len(values) == HOURS for values in under_way_by_region(REGIONS.moved).values())


def test_countries_that_are_named_are_counted_and_no_others() -> None:
    who = census.take(FLATS, 7, Routes.of(census.homes_of(FLATS)), first=0, count=3000)
    robots = Fleet(who.specs, 7, MONDAY, population=who, habits=HOUSEHOLDS)
    two, every = (Regions(robots, MONDAY, HOUR, HOURS, names) for names in (["US", "DE"], CODES))
    advance(robots, MONDAY + DAY_S, Both(two, every))

    told = by_country(["US", "DE"], two.moved, two.starts)
    everybody = by_country(CODES, every.moved, every.starts)
    assert told == {code: everybody[code] for code in ("US", "DE")}
    assert sum(told["DE"]["starts_by_local_hour"]) > 50
    assert under_way_by_region(two.moved) == under_way_by_region(every.moved)
    assert by_country([], REGIONS.moved, REGIONS.starts) == {}
