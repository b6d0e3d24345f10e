"""The census: any stretch of a scenario's endless fleet, the same whoever makes it."""

import dataclasses
import itertools

import numpy as np
import pytest

from device_sim import census
from device_sim.robot.chance import key_of
from device_sim.robot.families import FAMILIES
from device_sim.robot.fleet import Fleet
from device_sim.robot.households.mix import Mix
from device_sim.robot.households.names import name_of
from device_sim.robot.households.world import CODES, ZONES
from device_sim.robot.parameters import HOUSEHOLDS, Faults
from device_sim.robot.population import Population
from device_sim.robot.report import first_report
from device_sim.robot.routes import Routes
from device_sim.robot.settings import listed, weekly
from device_sim.robot.step import advance
from device_sim.robot.telling.tally import Tally
from device_sim.scenario import Scenario, specs
from tests.device_sim.robot.fleets import DAY_S, columns

FLATS = Scenario.model_validate(
    {"title": "Flats", "robots": [{"family": "i7", "count": 35}, {"family": "900", "count": 15}]}
)
ROUTES = Routes.of(census.homes_of(FLATS))
MONDAY = 1_767_571_200


def taken(first: int, count: int, mix: Mix | None = None, seed: int = 7) -> Population:
    return census.take(FLATS, seed, ROUTES, first=first, count=count, mix=mix or Mix())


def fleet_of(who: Population, **more) -> Fleet:
    return Fleet(who.specs, 7, MONDAY, population=who, habits=HOUSEHOLDS, **more)


def arrays(who: Population) -> dict[str, np.ndarray]:
    found = {field.name: getattr(who, field.name) for field in dataclasses.fields(who)}
    return {name: each for name, each in found.items() if isinstance(each, np.ndarray)}


def test_a_stretch_is_the_robots_of_the_scenario() -> None:
    said = specs(FLATS, 7, 40, first=100)

    who = taken(100, 40)

    assert [(each.thing, each.family, each.home_seed) for each in who.specs] == [
        (each.thing, each.family, each.home_seed) for each in said
    ]
    assert who.key.tolist() == [key_of(each.thing) for each in said]
    assert who.family.tolist() == [FAMILIES[each.family].order for each in said]
    assert [ROUTES.homes[number] for number in who.home] == [each.home_seed for each in said]


@pytest.mark.parametrize("seed", [7, 20])
@pytest.mark.parametrize("count", [1, 12, 40])
def test_only_homes_that_somebody_lives_in_are_planned(count: int, seed: int) -> None:
    homes = census.homes_of(FLATS, seed, count)

    few = census.take(FLATS, seed, Routes.of(homes), first=0, count=count)

    seeds = [each.home_seed for each in taken(0, count, seed=seed).specs]
    assert homes == sorted(set(seeds))
    assert [each.home_seed for each in few.specs] == seeds
    assert [homes[number] for number in few.home] == seeds


def test_a_large_fleet_lives_in_all_homes_and_each_home_meets_all_families() -> None:
    world = Scenario.model_validate(
        {"title": "x", "fleet": {"size": 200_000}, "homes": {"different": 100}}
    )

    homes = census.homes_of(world, 7, world.size)

    who = census.take(world, 7, Routes(homes), first=0, count=40_000)
    assert homes == list(range(100))
    assert len(set(zip(who.home.tolist(), who.family.tolist(), strict=True))) == 100 * 3


@pytest.mark.parametrize(("first", "count"), [(0, 1), (5, 10), (8, 95), (99, 2), (100_000, 3)])
def test_a_stretch_of_a_stretch_is_the_same_robots(first: int, count: int) -> None:
    whole, part = taken(max(0, first - 5), count + 10), taken(first, count)
    begin = min(first, 5)

    assert list(part.specs) == list(whole.specs[begin : begin + count])
    for name, column in arrays(part).items():
        assert np.array_equal(column, arrays(whole)[name][begin : begin + count]), name


def test_nothing_is_drawn_from_places_but_a_thing_and_its_home() -> None:
    one, other = arrays(taken(0, 100)), arrays(taken(0, 100, seed=8))

    assert (one["key"] != other["key"]).all()
    assert (one["country"] != other["country"]).any()


def test_robots_bear_the_names_that_the_scenario_gives_or_their_owners() -> None:
    named = Scenario.model_validate(
        {"title": "Named", "robots": [{"family": "i7", "count": 2, "names": ["A", "B"]},
                                      {"family": "900", "count": 1}]}
    )  # fmt: skip
    who = census.take(named, 7, Routes.of(census.homes_of(named)), first=0, count=30)

    names = [spec.name for spec in who.specs]

    assert {name for name, family in zip(names, who.family, strict=True) if family == 0} <= {
        "A", "B",
    }  # fmt: skip
    for row in np.flatnonzero(who.family).tolist():
        assert names[row] in {name_of(int(who.country[row]), bits) for bits in range(60)}


def test_a_place_outside_is_refused() -> None:
    who = taken(0, 3)

    assert who.specs[-1] == who.specs[2]
    with pytest.raises(IndexError, match="has no place 3"):
        who.specs[3]


def test_a_mix_makes_the_households() -> None:
    who = taken(0, 500, Mix(countries={"JP": 1}, scheduled=0.0, age_days=0.0))

    assert {CODES[number] for number in who.country.tolist()} == {"JP"}
    assert {ZONES.names[number] for number in who.zone.tolist()} == {"Asia/Tokyo"}
    assert not who.days.any()
    assert not who.age_days.any()


def day_of(first: int, count: int) -> Tally:
    robots = fleet_of(taken(first, count), faults=Faults(scale=4))
    tally = Tally(robots, MONDAY, 3600, 25)
    advance(robots, MONDAY + DAY_S, tally)
    return tally


@pytest.mark.parametrize("shards", [2, 8])
def test_the_hash_of_a_day_does_not_depend_on_the_shards(shards: int) -> None:
    ends = range(0, 321, 320 // shards)

    parts = [day_of(first, after - first) for first, after in itertools.pairwise(ends)]

    assert sum(part.hash for part in parts) % 2**64 == day_of(0, 320).hash
    assert sum(part.by_kind.sum() for part in parts) > 1000


def test_a_robot_alone_is_its_row() -> None:
    together = fleet_of(taken(0, 32), faults=Faults(scale=10))
    advance(together, MONDAY + DAY_S, Tally(together, MONDAY, 3600, 25))
    for row in range(0, 32, 3):
        alone = fleet_of(taken(row, 1), faults=Faults(scale=10))
        advance(alone, MONDAY + DAY_S, Tally(alone, MONDAY, 3600, 25))

        assert columns(alone, 0) == columns(together, row), row


def test_a_robot_reports_where_it_lives_and_when_it_starts() -> None:
    robots = fleet_of(taken(0, 60))
    for row in range(60):
        said = first_report(robots, row)
        zone = np.array([robots.zone[row]])
        offset_s = int(ZONES.offset(zone, np.array([MONDAY]))[0])
        entries = [(int(robots.days[row]), int(robots.minute[row]))] * bool(robots.days[row])

        assert said["country"] == CODES[robots.country[row]]
        assert said["timezone"] == ZONES.names[robots.zone[row]]
        assert said["name"] == robots.specs[row].name
        assert said["softwareVer"] == robots.software_of(row)
        if "cleanSchedule" in said:
            assert said["localtimeoffset"] == offset_s // 60
            assert said["utctime"] == MONDAY
            days = {(mask, minute) for mask, minute in weekly(said["cleanSchedule"]) or ()}
            assert sum(mask for mask, _ in days) == robots.days[row]
            assert {minute for _, minute in days} == {minute for _, minute in entries}
        else:
            assert said["tz"]["events"][0]["off"] == offset_s // 60
            assert listed(said["cleanSchedule2"]) == entries
