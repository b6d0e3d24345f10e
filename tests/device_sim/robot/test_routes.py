"""Routes as compact arrays, and the world's influence on rows."""

import numpy as np
import pytest

from device_sim.robot.catalogue import FirmwareTraits
from device_sim.robot.coverage import Passes
from device_sim.robot.facts import CODE, Kind
from device_sim.robot.homes import home
from device_sim.robot.influence import cut_links, cut_power, wish
from device_sim.robot.parameters import Habits
from device_sim.robot.phases import Phase
from device_sim.robot.routes import SAMPLE_MM, Routes, tables_of, whole
from device_sim.robot.software import install
from device_sim.robot.step import advance, step
from device_sim.robot.telling.tally import Tally
from tests.device_sim.robot.fleets import START, fleet, lively


@pytest.mark.parametrize("passes", list(Passes))
@pytest.mark.parametrize("seed", range(6))
def test_tables_say_what_the_path_says_at_every_sample(seed: int, passes: Passes) -> None:
    route = whole(seed, passes)
    tables, routes = tables_of(route), Routes.of([seed])
    number = np.array([int(passes)])

    for sample in range(0, len(tables.home_mm), 7):
        vertex = route.vertex_at(sample * SAMPLE_MM / 10)
        along = np.array([sample * SAMPLE_MM + SAMPLE_MM - 1])
        if along[0] >= tables.length_mm:
            continue
        assert routes.way_home(number, along)[0] == route.home_cm[vertex] * 10
        assert routes.cleaned(number, along)[0] == pytest.approx(route.new_area_m2[vertex] * 1e4)
    assert routes.cleaned(number, np.array([tables.length_mm]))[0] == tables.area_cm2


def test_beyond_its_end_a_route_is_at_its_end() -> None:
    routes = Routes.of([3])
    length = int(routes.length_mm[0])

    assert routes.on_it(np.array([0, 0]), np.array([length - 5, length + 5])).tolist() == [
        length - 5, length,
    ]  # fmt: skip


def test_a_route_has_another_for_each_number_of_passes() -> None:
    routes = Routes.of([2, 5])
    some = [0, 1, routes.through(0, ["1"]), routes.through(1, ["2", "1"])]

    for number in some:
        others = [int(routes.with_passes(np.array([number]), np.array([p]))[0]) for p in Passes]
        assert others[Passes.AUTOMATIC] == number
        assert [routes.passes(other) for other in others] == list(Passes)
        assert {tuple(routes.rooms(other)) for other in others} == {tuple(routes.rooms(number))}
        assert {routes.route(other).place.seed for other in others} == {
            routes.route(number).place.seed
        }
        for other in others:
            assert routes.length_mm[other] == round(routes.route(other).length_cm * 10)
            back = routes.with_passes(np.array([other]), np.array([0]))
            assert back.tolist() == [number]


def test_rooms_in_another_order_are_another_route_and_the_same_is_shared() -> None:
    routes = Routes.of([2])

    one, other, again = (routes.through(0, rooms) for rooms in (["1", "2"], ["2", "1"], ["1", "2"]))

    assert one == again != other
    assert routes.area_cm2[one] == pytest.approx(routes.area_cm2[other], rel=0.02)
    assert routes.through(0, []) == 0
    route = routes.route(one)
    steps = np.hypot(np.diff(route.x_cm), np.diff(route.y_cm))
    assert steps.max() <= 21  # never through a wall: from cell to cell


def test_rooms_of_a_home_add_up_to_about_all_of_it() -> None:
    routes = Routes.of([4])
    rooms = home(4).plan.rooms
    parts = [routes.through(0, [room.id]) for room in rooms]

    total = sum(int(routes.area_cm2[part]) for part in parts)

    assert len(rooms) > 3
    assert 0.9 * routes.area_cm2[0] <= total <= 1.02 * routes.area_cm2[0]


# ---------------------------------------------------------------- influence


def test_a_power_cut_silences_homes_and_stops_the_charging_until_it_is_over() -> None:
    robots = fleet(3)
    step(robots, START + 10)
    tally = Tally(robots, int(START), 3600, 3)
    before = robots.charge.copy()

    cut_power(robots, np.array([0, 1]), np.array([1200, 1500]), tally)
    advance(robots, START + 700, tally)
    assert [robots.phase_of(row) for row in range(3)] == [
        Phase.CHARGING_ERROR, Phase.CHARGING_ERROR, Phase.CHARGE,
    ]  # fmt: skip
    assert (robots.link_s != 0).tolist() == [True, True, False]
    advance(robots, START + 1600, tally)

    assert {robots.phase_of(row) for row in range(3)} == {Phase.CHARGE}
    assert (robots.link_s == 0).all()
    assert tally.by_kind[CODE[Kind.LINK_BACK]].sum() == 2
    assert tally.by_kind[CODE[Kind.ERROR]].sum() == 0
    assert (robots.charge >= before).all()


def test_an_outage_that_comes_during_another_lasts_as_long_as_the_longer_one() -> None:
    robots = fleet(1)
    tally = Tally(robots, int(START), 3600, 3)
    step(robots, START + 1)
    cut_links(robots, np.array([0]), np.array([600]), tally)
    step(robots, START + 300)
    cut_links(robots, np.array([0]), np.array([60]), tally)

    happened = step(robots, START + 900)

    assert [(each.kind, each.at_s) for each in happened] == [(Kind.LINK_BACK, START + 601)]
    assert tally.by_kind[CODE[Kind.LINK_LOST]].sum() == 1


def test_wishes_come_true_at_their_second() -> None:
    robots = lively(4, habits=Habits(wishes=True, schedules=False))
    step(robots, START + 5)

    wish(robots, np.arange(4), np.full(4, int(START) + 400))
    happened = step(robots, START + 500)

    started = [each for each in happened if each.kind is Kind.MISSION_STARTED]
    assert [each.at_s for each in started] == [START + 400] * 4
    assert {log.initiator for log in robots.logs.values()} <= {"manual", "rmtApp"}


def test_bad_firmware_makes_robots_stick_more_often() -> None:
    errors = []
    for factor in (1.0, 20.0):
        robots = lively(300)
        step(robots, START + 10)
        robots.catalogue.announce(FirmwareTraits("bad", factor))
        install(robots, np.arange(300), "bad", Tally(robots, int(START), 3600, 2))
        errors.append(sum(each.kind is Kind.ERROR for each in step(robots, START + 86_400)))

    assert errors[1] > 2 * errors[0]
