"""Waves over open floor."""

import itertools
from collections import deque

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_sim.robot.homes.ways import Ways, straightened, turns

SIDES = st.integers(4, 14)


@st.composite
def floors(draw) -> tuple[np.ndarray, tuple[int, int]]:
    """A floor with its edge closed, and an open cell of it."""
    wide, deep = draw(SIDES), draw(SIDES)
    bits = draw(st.lists(st.integers(0, 3), min_size=wide * deep, max_size=wide * deep))
    grid = np.zeros((wide + 2, deep + 2), dtype=bool)
    grid[1:-1, 1:-1] = np.array(bits).reshape(wide, deep) > 0
    start = draw(st.integers(1, wide)), draw(st.integers(1, deep))
    grid[start] = True
    return grid, start


def distances(grid: np.ndarray, start: tuple[int, int]) -> np.ndarray:
    """Cell by cell, four neighbours and eight by turns."""
    steps = np.full(grid.shape, -1)
    steps[start] = 0
    queue = deque([start])
    while queue:
        x, y = queue.popleft()
        reach = 1 if steps[x, y] % 2 == 0 else 2
        for dx, dy in itertools.product((-1, 0, 1), repeat=2):
            there = x + dx, y + dy
            if abs(dx) + abs(dy) <= reach and grid[there] and steps[there] < 0:
                steps[there] = steps[x, y] + 1
                queue.append(there)
    return steps


@given(floors())
def test_distances_are_those_of_a_search_cell_by_cell(drawn) -> None:
    grid, start = drawn

    assert np.array_equal(Ways(grid).distances(start), distances(grid, start))


@given(floors(), st.data())
def test_the_shortest_way_is_as_long_as_the_distance_and_passes_open_cells(drawn, data) -> None:
    grid, start = drawn
    ways = Ways(grid)
    steps = ways.distances(start)
    goal = data.draw(st.sampled_from([tuple(each) for each in np.argwhere(grid).tolist()]))

    way = ways.shortest(start, [goal])

    assert len(way) == steps[goal] + 1
    if way:
        assert (way[0], way[-1]) == (start, goal)
        assert all(grid[cell] for cell in way)
        assert all(
            max(abs(ax - bx), abs(ay - by)) == 1 for (ax, ay), (bx, by) in itertools.pairwise(way)
        )


@given(floors(), st.data())
def test_a_robot_descends_to_where_the_distances_begin(drawn, data) -> None:
    grid, start = drawn
    ways = Ways(grid)
    steps = ways.distances(start)
    goal = data.draw(st.sampled_from([tuple(each) for each in np.argwhere(steps >= 0).tolist()]))

    way = ways.descend(steps, goal)

    assert (way[0], way[-1]) == (goal, start)
    assert [steps[cell] for cell in way] == list(range(steps[goal], -1, -1))


def test_sight_ends_at_a_blocked_cell() -> None:
    grid = np.ones((9, 9), dtype=bool)
    grid[4, 4] = False
    ways = Ways(grid)

    assert ways.sees((1, 1), (7, 2))
    assert ways.sees((1, 1), (1, 7))
    assert not ways.sees((1, 1), (7, 7))
    assert not ways.sees((4, 1), (4, 7))
    assert not ways.sees((1, 4), (7, 4))


def test_a_straightened_way_is_seen_from_corner_to_corner() -> None:
    grid = np.ones((20, 20), dtype=bool)
    grid[8, :15] = False
    ways = Ways(grid)

    way = straightened(ways, ways.shortest((2, 2), [(15, 2)]))

    assert (way[0], way[-1]) == ((2, 2), (15, 2))
    assert all(ways.sees(a, b) for a, b in itertools.pairwise(way))
    assert len(way) < 8


@pytest.mark.parametrize(
    ("way", "corners"),
    [
        ([(0, 0)], [(0, 0)]),
        ([(0, 0), (1, 0), (2, 0)], [(0, 0), (2, 0)]),
        ([(0, 0), (1, 0), (1, 1), (1, 2)], [(0, 0), (1, 0), (1, 2)]),
    ],
)
def test_a_way_is_told_by_its_turns(way, corners) -> None:
    assert turns(way) == corners
