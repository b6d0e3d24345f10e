"""What is said to reach nobody reaches nobody, whatever the luck."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim import census
from device_sim.robot.families import FAMILIES
from device_sim.robot.households.world import CODES, REGIONS, ZONES
from device_sim.robot.population import Population
from device_sim.robot.routes import Routes
from device_sim.scenarios.model import Scenario
from device_sim.scenarios.reach import Reach
from device_sim.scenarios.who import Who, rows_of

ROUTES = Routes.of([0])
IBERIA = Scenario.model_validate(
    {
        "title": "x", "fleet": {"size": 40_000, "families": {"i7": 3, "900": 1}},
        "homes": {"different": 1}, "households": {"countries": {"ES": 3, "PT": 1}},
    }
)  # fmt: skip


def people(seed: int, size: int) -> Population:
    mix = IBERIA.households.mix
    return census.take(IBERIA, seed, ROUTES, first=0, count=size, mix=mix)


FLEETS = [(seed, people(seed, 500)) for seed in (7, 8)]


@given(
    st.builds(
        Who,
        share=st.sampled_from([1.0, 0.5, 0.001]),
        country=st.none() | st.sampled_from(["ES", "PT", *CODES[:3]]),
        zone=st.none() | st.sampled_from(["Europe/Madrid", "Atlantic/Azores", *ZONES.names[:2]]),
        region=st.none() | st.sampled_from(REGIONS),
        family=st.none() | st.sampled_from(list(FAMILIES)),
    )
)
def test_nobody_is_nobody_and_somebody_may_be_meant(who: Who) -> None:
    reach = Reach(IBERIA, 500)

    none = reach.nobody(who)

    if none is not None:
        assert not any(rows_of(who, each, seed).size for seed, each in FLEETS)
    assert (none is not None) == (reach.expected(who) == 0)


@pytest.mark.parametrize("who", [
    Who(), Who(share=0.1), Who(country="PT"), Who(zone="Atlantic/Canary"),
    Who(family="900", share=0.5), Who(region="europe", country="ES", family="i7"),
])  # fmt: skip
def test_about_as_many_are_meant_as_is_said(who: Who) -> None:
    meant = rows_of(who, people(7, 40_000), 7).size

    said = Reach(IBERIA, 40_000).expected(who)
    assert abs(meant - said) < 4 * np.sqrt(said) + 1


@pytest.mark.parametrize("place", [0, 3, 499])
def test_a_robot_is_known_by_its_place_and_name_and_by_what_it_is(place: int) -> None:
    seed, fleet = FLEETS[0]
    name, country = fleet.specs[place].thing, CODES[int(fleet.country[place])]
    other = "PT" if country == "ES" else "ES"
    reach = Reach(IBERIA, 500)

    for robot in (place, name):
        assert reach.nobody(Who(robot=robot, country=country)) is None
        assert rows_of(Who(robot=robot, country=country), fleet, seed).tolist() == [place]
        none = reach.nobody(Who(robot=robot, country=other))
        assert none is not None
        assert country in none.allowed


def test_a_smaller_fleet_has_fewer_robots_and_families() -> None:
    name = people(7, 500).specs[400].thing

    assert Reach(IBERIA, 500).nobody(Who(robot=name)) is None
    assert Reach(IBERIA, 300).nobody(Who(robot=name)) is not None
    assert Reach(IBERIA, 1).families == ["i7"]
    assert Reach(IBERIA, 4).families == ["i7", "900"]
