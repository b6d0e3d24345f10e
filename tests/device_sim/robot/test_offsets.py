"""Bands of clocks: exact, and named by their hours."""

import numpy as np
import pytest

from device_sim.robot.households.world import ZONES
from device_sim.robot.telling.offsets import bands, by_offset

WINTER_S, SUMMER_S = 1_767_571_200, 1_782_864_000


@pytest.mark.parametrize(
    ("zone", "at_s", "hours"),
    [
        ("Asia/Kolkata", WINTER_S, 5.5),
        ("Asia/Kathmandu", WINTER_S, 5.75),
        ("America/St_Johns", WINTER_S, -3.5),
        ("America/St_Johns", SUMMER_S, -2.5),
        ("Europe/London", WINTER_S, 0),
        ("Europe/London", SUMMER_S, 1),
    ],
)
def test_a_zone_is_in_the_band_of_its_clocks(zone: str, at_s: int, hours: float) -> None:
    offset_s, band = bands(ZONES, at_s)

    assert offset_s[band[list(ZONES.names).index(zone)]] == hours * 3600


def test_bands_ascend_and_none_is_without_a_zone() -> None:
    offset_s, band = bands(ZONES, WINTER_S)

    assert (np.diff(offset_s) > 0).all()
    assert set(band.tolist()) == set(range(offset_s.size))
    assert band.size == len(ZONES.names)


def test_a_band_is_named_by_its_hours_and_told_where_somebody_lives() -> None:
    moved = np.array([[1, 1, -1], [0, 0, 0], [2, 0, 0]])
    told = by_offset(moved, np.array([5, 0, 7]), np.array([-12_600, 0, 20_700]))

    assert told == {
        "-3.5": {"robots": 5, "missions_under_way": [1, 2, 1]},
        "5.75": {"robots": 7, "missions_under_way": [2, 2, 2]},
    }
