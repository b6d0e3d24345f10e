"""Whom something concerns does not depend on who else is asked."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim import census, scenario
from device_sim.robot.households.world import CODES, REGION_OF, REGIONS, ZONES
from device_sim.robot.routes import Routes
from device_sim.scenarios.who import Who, rows_of, thing_name

SEED = 7


class People:
    """Columns of robots that live all over the world."""

    def __init__(self, keys: np.ndarray) -> None:
        self.key = keys
        self.family = (keys % np.uint64(3)).astype(np.uint8)
        self.country = (keys % np.uint64(len(CODES))).astype(np.uint8)
        self.zone = (keys % np.uint64(len(ZONES.names))).astype(np.uint16)
        self.zones = ZONES


KEYS = np.arange(20_000, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
WORLD = People(KEYS)


def test_nothing_said_is_everybody() -> None:
    assert rows_of(Who(), WORLD, SEED).tolist() == list(range(20_000))


@given(st.floats(0.001, 0.999), st.integers(0, 9), st.lists(st.integers(0, 20_000), max_size=3))
def test_a_share_of_shards_is_the_share_of_all(share: float, draw: int, cuts: list[int]) -> None:
    who = Who(share=share, draw=draw, region="europe")
    edges = [0, *sorted(cuts), 20_000]

    apart = np.concatenate([
        first + rows_of(who, People(KEYS[first:last]), SEED)
        for first, last in itertools.pairwise(edges)
    ])  # fmt: skip

    assert apart.tolist() == rows_of(who, WORLD, SEED).tolist()


def test_a_share_is_about_that_many_and_another_draw_chooses_others() -> None:
    one = set(rows_of(Who(share=0.3), WORLD, SEED).tolist())
    again = set(rows_of(Who(share=0.3), WORLD, SEED).tolist())
    other = set(rows_of(Who(share=0.3, draw=1), WORLD, SEED).tolist())

    assert one == again
    assert 5700 < len(one) < 6300
    assert 1600 < len(one & other) < 2000


def test_a_smaller_share_lies_within_a_larger_one() -> None:
    small = set(rows_of(Who(share=0.1), WORLD, SEED).tolist())

    assert small < set(rows_of(Who(share=0.2), WORLD, SEED).tolist())


def test_places_and_families_are_found() -> None:
    for who, column, number in (
        (Who(country="DE"), WORLD.country, CODES.index("DE")),
        (Who(family="i7"), WORLD.family, 0),
        (Who(zone="Asia/Tokyo"), WORLD.zone, list(ZONES.names).index("Asia/Tokyo")),
        (Who(region="asia"), REGION_OF[WORLD.country], REGIONS.index("asia")),
    ):
        rows = rows_of(who, WORLD, SEED)

        assert rows.size
        assert rows.tolist() == np.flatnonzero(column == number).tolist(), who


def test_all_that_is_said_must_hold() -> None:
    both = rows_of(Who(region="europe", family="i7"), WORLD, SEED)

    apart = [rows_of(who, WORLD, SEED) for who in (Who(region="europe"), Who(family="i7"))]
    assert both.tolist() == np.intersect1d(*apart).tolist()
    assert rows_of(Who(region="europe", country="US"), WORLD, SEED).size == 0


@pytest.mark.parametrize("place", [0, 17, 49])
def test_one_robot_is_found_by_its_place_and_by_its_name(place: int) -> None:
    block = scenario.load("apartment-block")
    routes = Routes.of(census.homes_of(block))
    taken = census.take(block, SEED, routes, first=10, count=40)

    by_place = rows_of(Who(robot=place), taken, SEED).tolist()
    by_name = rows_of(Who(robot=thing_name(SEED, place)), taken, SEED).tolist()

    assert by_place == by_name == ([place - 10] if place >= 10 else [])
