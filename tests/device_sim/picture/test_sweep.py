"""What a path swept of each room."""

import numpy as np
import pytest

from cloud_functions.contract.maps import FloorPlan, Shape, mission_map
from device_sim.picture.sweep import line, strokes, swept_m2
from device_sim.robot.coverage import plan_path
from device_sim.robot.homes import home

ROOM = Shape("1", "Hall", [(0, 0), (400, 0), (400, 300), (0, 300)])
OTHER = Shape("2", "Bath", [(410, 0), (600, 0), (600, 300), (410, 300)])


def swept(path, furniture=()) -> list[float]:
    plan = FloorPlan(
        rooms=[ROOM, OTHER], walls=[], furniture=furniture, carpets=[], bounds=(0, 0, 600, 300)
    )
    return swept_m2(mission_map(plan, path, (), 1.0))


def test_a_stroke_sweeps_32_cm_across() -> None:
    hall, bath = swept([(50, 150), (350, 150)])

    assert hall == pytest.approx(3.0 * 0.32 + 0.08, rel=0.12)
    assert bath == 0


def test_floor_counts_once_and_what_stands_on_it_not_at_all() -> None:
    once = swept([(50, 150), (350, 150)])[0]
    sofa = Shape("f1", "Sofa", [(150, 100), (250, 100), (250, 200), (150, 200)])

    assert swept([(50, 150), (350, 150), (50, 150)])[0] == pytest.approx(once)
    assert swept([(50, 150), (350, 150)], [sofa])[0] == pytest.approx(once - 0.32, abs=0.06)


def test_a_path_of_one_point_or_none_sweeps_hardly_anything() -> None:
    assert swept([]) == [0, 0]
    assert swept([(100, 100)])[0] < 0.1


@pytest.mark.parametrize("seed", range(12))
def test_rooms_together_have_what_the_path_says(seed: int) -> None:
    place = home(seed)
    path = plan_path(place)
    points = np.stack((path.x_cm, path.y_cm), axis=1).astype(int).tolist()

    rooms = swept_m2(mission_map(place.plan, points, (), 1.0))

    assert sum(rooms) == pytest.approx(path.area_m2, rel=0.04)


def test_a_path_is_cut_where_it_turns_back_and_not_at_a_corner() -> None:
    corner = [(0, 0), (100, 0), (100, 80), (150, 80)]

    assert strokes(corner) == [corner]
    assert strokes([(0, 0), (100, 0), (100, 20), (0, 20)]) == [
        [(0, 0), (100, 0), (100, 20)], [(100, 20), (0, 20)],
    ]  # fmt: skip
    assert strokes([(0, 0)]) == []
    assert strokes([(0, 0), (0, 0), (50, 0)])[-1][-1] == (50, 0)


def test_a_line_is_told_in_steps_with_y_downwards() -> None:
    assert line([(5, 5), (15, 5), (15, 0), (10, 10)]) == "M5 -5h10v5l-5 -10"
