"""Homes and the paths that cover them."""

import itertools

import numpy as np
import pytest

from device_sim.robot.coverage import plan_path
from device_sim.robot.floor import CELL_CM, home


@pytest.mark.parametrize("seed", range(25))
def test_a_homes_path_covers_what_can_be_reached_and_passes_no_wall(seed: int) -> None:
    place = home(seed)
    path = plan_path(place)

    visited = set(path.cells)
    reachable = {place.dock} | set(path.parents)
    assert visited == reachable
    assert len(reachable) >= 0.9 * place.open.sum()
    for (ax, ay), (bx, by) in itertools.pairwise(path.cells):
        assert abs(ax - bx) + abs(ay - by) == 1
        around = place.blocked[bx - 1 : bx + 2, by - 1 : by + 2]
        assert not around.any()
    assert np.allclose(np.diff(path.along_cm), CELL_CM)
    assert path.home_cm.max() < path.length_cm
