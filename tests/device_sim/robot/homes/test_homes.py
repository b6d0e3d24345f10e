"""Homes from seeds: plausible floors in which a robot can live."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_sim.robot.homes import CELL_CM, difficulty_of, home
from device_sim.robot.homes.dice import Dice
from device_sim.robot.homes.floor import Door, Kind, Layout
from device_sim.robot.homes.geometry import WALL, Rect
from device_sim.robot.homes.home import Home
from device_sim.robot.homes.layout import lay_out

SEEDS = st.integers(0, 2**40)
MANY = range(150)
LARGEST_PLAN = 12_000
"""Bytes; with 4,000 points of a path a map stays well below MQTT's 128 KB."""


@given(SEEDS)
@settings(max_examples=60)
def test_rooms_lie_beside_each_other_within_the_outer_walls(seed: int) -> None:
    layout = lay_out(Dice(seed))
    inner = Rect(WALL, WALL, layout.wide - WALL, layout.deep - WALL)

    parts = [part for room in layout.rooms for part in room.parts]
    assert all(part.within(inner) for part in parts)
    assert not any(one.meets(other) for one, other in itertools.combinations(parts, 2))
    covered = sum(part.wide * part.deep for part in parts)
    assert covered > 0.85 * inner.wide * inner.deep  # the rest are walls


@given(SEEDS)
@settings(max_examples=60)
def test_rooms_have_sizes_people_live_with(seed: int) -> None:
    rooms = lay_out(Dice(seed)).rooms
    kinds = [room.kind for room in rooms]

    assert kinds.count(Kind.BATH) == 1
    assert kinds.count(Kind.HALL) == 1
    assert (Kind.STUDIO in kinds) != (Kind.LIVING in kinds)
    assert len({room.name for room in rooms}) == len(rooms)
    assert 18 <= sum(room.area_m2 for room in rooms) <= 160
    for room in rooms:
        least = 0.85 if room.kind in (Kind.TOILET, Kind.STAIRS, Kind.STORAGE) else 1.0
        assert min(room.rect.wide, room.rect.deep) * CELL_CM >= 100 * least, room
        assert all(min(nook.wide, nook.deep) * CELL_CM >= 50 for nook in room.nooks), room


@given(SEEDS)
@settings(max_examples=60)
def test_walls_stand_between_rooms_and_none_between_a_room_and_its_nooks(seed: int) -> None:
    layout = lay_out(Dice(seed))

    for number, room in enumerate(layout.rooms):
        touching = [nook for nook in room.nooks if nook.grown(1).meets(room.rect)]
        assert len(touching) == len(room.nooks)
        for other in layout.rooms[number + 1 :]:
            for one, two in itertools.product(room.parts, other.parts):
                assert not one.grown(WALL - 1).meets(two), (room, other)


@given(SEEDS)
@settings(max_examples=60)
def test_the_front_door_is_in_an_outer_wall_of_the_hall(seed: int) -> None:
    layout = lay_out(Dice(seed))

    if layout.front is None:
        assert Kind.STAIRS in {room.kind for room in layout.rooms}
        return
    front, house = layout.front, Rect(0, 0, layout.wide, layout.deep)
    hall = next(room for room in layout.rooms if room.kind is Kind.HALL)
    assert 70 <= max(front.wide, front.deep) * CELL_CM <= 100
    assert front.within(house)
    assert not front.within(house.grown(-1))
    assert any(front.grown(1).meets(part) for part in hall.parts)


def test_homes_have_the_shapes_of_real_ones() -> None:
    layouts = [lay_out(Dice(seed)) for seed in range(400)]

    bent = sum(any(room.nooks for room in layout.rooms) for layout in layouts)
    halls = sum(bool(layout.rooms[0].nooks) for layout in layouts)
    open_plans = sum(
        any(door.width * CELL_CM > 160 for door in layout.doors if joins_kitchen(layout, door))
        for layout in layouts
    )
    assert 0.4 < bent / len(layouts) < 0.9
    assert 0.1 < halls / len(layouts) < 0.5
    assert 0.1 < open_plans / len(layouts) < 0.5
    assert sum(layout.front is not None for layout in layouts) > 0.9 * len(layouts)


def joins_kitchen(layout: Layout, door: Door) -> bool:
    """Whether a door is between kitchen and living room."""
    return {layout.rooms[n].kind for n in door.rooms} == {Kind.KITCHEN, Kind.LIVING}


@given(SEEDS)
@settings(max_examples=60)
def test_doors_join_all_rooms_and_are_as_wide_as_doors_are(seed: int) -> None:
    layout = lay_out(Dice(seed))
    joined, grows = {0}, True
    while grows:
        more = {n for door in layout.doors if joined & set(door.rooms) for n in door.rooms}
        grows = not more <= joined
        joined |= more

    assert joined == set(range(len(layout.rooms)))
    for door in layout.doors:
        stairs = Kind.STAIRS in {layout.rooms[place].kind for place in door.rooms}
        assert stairs or joins_kitchen(layout, door) or 70 <= door.width * CELL_CM <= 160
        assert min(door.rect.wide, door.rect.deep) == WALL
        assert not any(door.rect.meets(part) for room in layout.rooms for part in room.parts)
        for place in door.rooms:
            assert any(door.rect.grown(1).meets(part) for part in layout.rooms[place].parts)


@pytest.mark.parametrize("seed", MANY)
def test_a_robot_reaches_every_room_with_an_open_door_and_no_other(seed: int) -> None:
    place = home(seed)

    for number, room in enumerate(place.rooms):
        reached = (room.rect.cut(place.steps) >= 0).mean()
        assert (reached > 0.15) == (number in place.enterable), room


@pytest.mark.parametrize("seed", MANY)
def test_the_dock_stands_at_a_wall_and_is_free_in_front(seed: int) -> None:
    place = home(seed)
    x, y = place.dock
    room = place.rooms[place.dock_room].rect

    assert place.steps[place.dock] == 0
    assert x - room.x0 == 5
    assert place.blocked[x - 4, y]
    before = place.blocked[x - 3 : x + 12, y - 6 : y + 7]
    assert not before.any()


@pytest.mark.parametrize("seed", MANY)
def test_what_stands_in_a_home_stands_in_one_of_its_rooms(seed: int) -> None:
    place = home(seed)

    for piece in [*place.pieces, *place.carpets]:
        where = [part for room in place.rooms for part in room.parts]
        where += [door.rect for door in place.layout.doors]
        assert any(piece.rect.within(rect) for rect in where), piece
    firm = [p.rect for p in place.pieces if p.name not in ("Chair", "Office chair", "Door")]
    under = {p.rect for p in place.pieces if p.name in ("Table", "Desk")}
    for one, other in itertools.combinations(firm, 2):
        assert not one.meets(other) or {one, other} & under, (one, other)


@pytest.mark.parametrize("seed", MANY)
def test_a_plan_lies_within_its_bounds_and_fits_into_a_message(seed: int) -> None:
    plan = home(seed).plan
    x0, y0, x1, y1 = plan.bounds

    shapes = [*plan.rooms, *plan.furniture, *plan.carpets]
    points = [point for shape in shapes for point in shape.polygon]
    points += [(x, y) for wall in plan.walls for x, y in (wall[:2], wall[2:])]
    assert all(x0 <= x <= x1 and y0 <= y <= y1 for x, y in points)
    assert len({shape.id for shape in shapes if shape.id}) == len(shapes)
    assert all(ax == bx or ay == by for ax, ay, bx, by in plan.walls)
    assert len(json.dumps(plan.on_wire())) < LARGEST_PLAN


def test_the_same_seed_is_the_same_home_and_another_is_another() -> None:
    def picture(place: Home) -> str:
        return json.dumps(place.plan.on_wire())

    pictures = []
    for seed in range(200):
        first = picture(home(seed))
        home.cache_clear()
        assert picture(home(seed)) == first
        pictures.append(first)

    assert len(set(pictures)) == len(pictures)


def test_homes_are_of_very_different_sizes() -> None:
    areas = sorted(home(seed).traits.area_m2 for seed in range(400))

    assert areas[20] < 30
    assert 40 < areas[200] < 65
    assert areas[-8] > 85


# ---------------------------------------------------------------- traits


def test_homes_differ_in_what_they_do_to_a_robot_and_the_median_is_one() -> None:
    factors = difficulty_of(range(600))

    assert factors.dtype == np.float32
    assert np.median(factors) == pytest.approx(1, abs=0.1)
    assert np.std(np.log(factors)) == pytest.approx(0.5, abs=0.1)
    assert factors.min() < 0.4
    assert factors.max() > 2


def test_traits_say_what_the_plan_shows() -> None:
    for seed in range(60):
        place, traits = home(seed), home(seed).traits
        names = [shape.name for shape in place.plan.furniture]
        assert traits.cliffs == names.count("Stairs")
        assert traits.closed_rooms <= names.count("Door") + traits.cliffs
        assert traits.thresholds <= names.count("Threshold")
        assert 0 <= traits.carpet_share <= 1
        x0, y0, x1, y1 = place.plan.bounds
        assert all(x0 <= x <= x1 and y0 <= y <= y1 for x, y in traits.stuck_spots)
        told = traits.chairs + traits.low_furniture + traits.cables + traits.rugs
        told += traits.thresholds + traits.narrow_doors
        assert told or not traits.stuck_spots
