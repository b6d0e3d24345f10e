"""The paths that cover homes, measured apart from how they were planned."""

import itertools
import math

import numpy as np
import pytest

from device_sim.robot.coverage import CoveragePath, Leg, Passes, plan_path
from device_sim.robot.homes import BODY_RADIUS_CM, CELL_CM, home
from device_sim.robot.homes.home import Home
from device_sim.robot.homes.ways import Ways

BRUSH_CM = 16
HOMES = range(40)


def samples(path: CoveragePath, every_cm: float) -> np.ndarray:
    """Points along a path in cells of the floor, from its dock's corner of the grid."""
    at = np.stack([path.x_cm, path.y_cm], axis=1)
    pieces = [at[:1]]
    for one, other in itertools.pairwise(at):
        count = math.ceil(max(np.hypot(*(other - one)), 1e-9) / every_cm)
        share = np.arange(1, count + 1)[:, None] / count
        pieces.append(one + (other - one) * share)
    return np.concatenate(pieces) / CELL_CM + np.array(path.place.dock)


def gap_cm(points: np.ndarray, place: Home) -> np.ndarray:
    """How far each point is from the nearest blocked square within reach."""
    cells = np.rint(points).astype(int)
    nearest = np.full(len(points), np.inf)
    for dx, dy in itertools.product(range(-4, 5), repeat=2):
        there = cells + np.array([dx, dy])
        is_blocked = place.blocked[there[:, 0], there[:, 1]]
        apart = np.maximum(np.abs(points - there) - 0.5, 0) * CELL_CM
        distance = np.hypot(apart[:, 0], apart[:, 1])
        nearest = np.where(is_blocked, np.minimum(nearest, distance), nearest)
    return nearest


def grown(grid: np.ndarray, radius_cm: float, inner: float) -> np.ndarray:
    """A grid grown by a disc; `inner` is how much of a cell counts as its own half width."""
    reach = int(radius_cm / CELL_CM) + 1
    padded = np.pad(grid, reach)
    result = np.zeros_like(grid)
    for dx, dy in itertools.product(range(-reach, reach + 1), repeat=2):
        apart = math.hypot(max(abs(dx) - inner, 0), max(abs(dy) - inner, 0)) * CELL_CM
        if apart < radius_cm:
            wide, deep = grid.shape
            result |= padded[reach + dx : reach + dx + wide, reach + dy : reach + dy + deep]
    return result


@pytest.mark.parametrize("seed", HOMES)
def test_one_pass_sweeps_at_least_95_percent_of_what_the_body_can_sweep(seed: int) -> None:
    place = home(seed)
    fits = ~grown(place.blocked, BODY_RADIUS_CM, 0.5)
    centres = Ways(fits).distances(place.dock) >= 0
    sweepable = grown(centres, BRUSH_CM, 0)

    driven = np.zeros_like(fits)
    points = np.rint(samples(plan_path(place).driven(Passes.ONE), 2)).astype(int)
    driven[points[:, 0], points[:, 1]] = True
    swept = grown(driven, BRUSH_CM, 0)

    assert (swept & sweepable).sum() >= 0.95 * sweepable.sum()


@pytest.mark.parametrize("passes", [Passes.ONE, Passes.TWO])
@pytest.mark.parametrize("seed", HOMES)
def test_the_body_never_is_in_a_wall_or_in_furniture(seed: int, passes: Passes) -> None:
    place = home(seed)

    gaps = gap_cm(samples(plan_path(place).driven(passes), 2), place)

    assert gaps.min() >= BODY_RADIUS_CM


@pytest.mark.parametrize("passes", list(Passes))
@pytest.mark.parametrize("seed", HOMES)
def test_a_path_begins_at_the_dock_and_never_leaps(seed: int, passes: Passes) -> None:
    path = plan_path(home(seed)).driven(passes)

    steps = np.hypot(np.diff(path.x_cm), np.diff(path.y_cm))
    assert (path.x_cm[0], path.y_cm[0]) == (0, 0)
    assert steps.max() <= 15.1
    assert (np.diff(path.new_area_m2) >= 0).all()
    assert 0 < path.home_cm.max() < path.length_cm


@pytest.mark.parametrize("seed", HOMES)
def test_a_robot_drives_at_cruise_speed_or_stands(seed: int) -> None:
    """Half a turn takes 3 s and a bump up to 3.3 s, in which it could drive so far."""
    path = plan_path(home(seed))

    steps = np.hypot(np.diff(path.x_cm), np.diff(path.y_cm))
    took = np.diff(path.along_cm)
    moves = steps > 0
    assert np.abs(took - steps)[moves].max() <= 0.1
    assert took[~moves].min() > 0
    assert took[~moves].max() <= 30 * (3 + 3.3)


@pytest.mark.parametrize("seed", range(12))
def test_a_turn_in_place_takes_a_second_for_60_degrees(seed: int) -> None:
    path = plan_path(home(seed))
    at = np.stack([path.x_cm, path.y_cm], axis=1).astype(float)
    stands = np.flatnonzero((np.diff(at, axis=0) == 0).all(axis=1))
    stands = stands[(stands > 0) & (stands < len(at) - 2)]

    before, after = at[stands] - at[stands - 1], at[stands + 2] - at[stands + 1]
    angles = [np.arctan2(each[:, 1], each[:, 0]) for each in (before, after)]
    turned = np.abs(np.rad2deg(np.angle(np.exp(1j * (angles[1] - angles[0])))))
    beyond_s = np.diff(path.along_cm)[stands] / 30 - turned / 60

    bumps_s = np.array([0, 0.9, 2.4, 3.3])
    assert np.abs(beyond_s[:, None] - bumps_s).min(axis=1).max() < 0.01


@pytest.mark.parametrize("seed", HOMES)
def test_rows_are_as_dense_as_a_robots(seed: int) -> None:
    """32 cm at a time and a third of it twice, edges and ways between: 6 to 9 m a square metre."""
    path = plan_path(home(seed)).driven(Passes.ONE)

    driven_m = np.hypot(np.diff(path.x_cm), np.diff(path.y_cm)).sum() / 100
    assert 5.5 < driven_m / path.area_m2 < 9


@pytest.mark.parametrize("seed", HOMES)
def test_the_second_pass_of_a_room_is_at_right_angles_to_the_first(seed: int) -> None:
    path = plan_path(home(seed))
    dx, dy = np.abs(np.diff(path.x_cm)), np.abs(np.diff(path.y_cm))

    for number in sorted(path.place.enterable):
        first, second = (
            (path.room[1:] == number) & (path.leg[1:] == leg) for leg in (Leg.FIRST, Leg.SECOND)
        )
        if path.place.rooms[number].area_m2 > 8:
            along_x = path.place.rooms[number].bounds.wide >= path.place.rooms[number].bounds.deep
            assert (dx[first].sum() > dy[first].sum()) == along_x
            assert (dx[second].sum() > dy[second].sum()) != along_x


@pytest.mark.parametrize("seed", HOMES)
def test_automatic_passes_clean_small_rooms_twice(seed: int) -> None:
    once, some, twice = (
        plan_path(home(seed)).driven(passes)
        for passes in (Passes.ONE, Passes.AUTOMATIC, Passes.TWO)
    )

    rooms = home(seed).rooms
    again = {int(number) for number in some.room[some.leg == Leg.SECOND]}
    assert all(rooms[number].area_m2 < 8 for number in again)
    assert not (once.leg == Leg.SECOND).any()
    assert once.length_cm <= some.length_cm <= twice.length_cm
    assert 1.6 < twice.length_cm / once.length_cm < 2
    assert once.area_m2 == pytest.approx(twice.area_m2, rel=0.03)


@pytest.mark.parametrize("seed", HOMES)
def test_the_floor_of_a_path_is_a_little_more_than_it_cleans(seed: int) -> None:
    path = plan_path(home(seed))

    assert 0.9 < path.area_m2 / path.floor_m2 < 1


def test_missions_clean_as_much_as_homes_of_the_reference_have() -> None:
    areas = sorted(plan_path(home(seed)).area_m2 for seed in range(120))

    assert 15 < areas[6] < 25
    assert 30 < areas[60] < 50  # 16.4: 20 to 60 m2 typical
    assert 60 < areas[-7] < 110


@pytest.mark.parametrize("seed", range(12))
def test_the_way_home_leads_to_the_dock_without_touching_anything(seed: int) -> None:
    place = home(seed)
    path = plan_path(place)

    for vertex in range(0, len(path.x_cm), 97):
        way = path.way_home(float(path.along_cm[vertex]))
        line = np.array(way)
        length = np.hypot(*np.diff(line, axis=0).T).sum()
        assert way[0] == (path.x_cm[vertex], path.y_cm[vertex])
        assert way[-1] == (0, 0)
        assert length == pytest.approx(path.home_cm[vertex], rel=0.12, abs=30)
        moved = np.concatenate([
            np.linspace(a, b, max(int(math.dist(a, b) / 2), 2)) for a, b in itertools.pairwise(line)
        ])  # fmt: skip
        assert gap_cm(moved / CELL_CM + np.array(place.dock), place).min() >= 14


def test_rooms_are_cleaned_in_the_order_asked_for_and_no_others() -> None:
    place = home(3)
    numbers = sorted(place.enterable)[:3]

    path = plan_path(place, tuple(numbers[::-1]))

    fresh = np.flatnonzero(np.diff(path.new_area_m2) > 0) + 1
    seen = [
        {n for n in numbers if any(_holds(p.grown(4), x, y) for p in place.rooms[n].parts)}
        for x, y in path.cells[fresh].tolist()
    ]
    assert all(seen)
    last_of = {n: max(k for k, where in enumerate(seen) if where == {n}) for n in numbers}
    assert last_of[numbers[2]] < last_of[numbers[1]] < last_of[numbers[0]]


def _holds(rect, x: int, y: int) -> bool:
    return rect.x0 <= x < rect.x1 and rect.y0 <= y < rect.y1


def test_the_same_home_has_the_same_path() -> None:
    one = plan_path.__wrapped__(home(11))
    home.cache_clear()
    other = plan_path.__wrapped__(home(11))

    assert np.array_equal(one.x_cm, other.x_cm)
    assert np.array_equal(one.along_cm, other.along_cm)
    assert np.array_equal(one.new_area_m2, other.new_area_m2)


def test_no_rooms_are_no_way() -> None:
    path = plan_path(home(3), ())

    assert (path.length_cm, path.area_m2) == (0, 0)
    assert path.way_home(0) == [(0, 0), (0, 0)]
