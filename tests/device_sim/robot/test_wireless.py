"""Wi-Fi away from the dock."""

import numpy as np
import pytest

from device_sim.robot.record import mission_record
from device_sim.robot.step import step
from device_sim.robot.telling.wireless import histogram, rssi_dbm
from tests.device_sim.robot.fleets import START, fleet, order
from tests.device_sim.robot.living import HOUR


def test_the_signal_falls_with_the_third_power_of_the_distance() -> None:
    """An access point that is heard with -45 dBm stands 3.16 m away: ten times as far, 30 less."""
    said = rssi_dbm(-45.0, np.array([0.0, 9 * 10**0.5]))

    assert said == pytest.approx([-45, -75])


def test_a_histogram_says_percent_of_the_time() -> None:
    said = histogram(np.array([-95.0, -75, -60, -41]), np.array([1.0, 1, 4, 2]))

    assert said == [12, 12, 0, 51, 25]


@pytest.mark.parametrize("dock_dbm", [-40, -58, -79])
def test_a_record_has_the_bars_of_the_way_driven(dock_dbm: int) -> None:
    robots = fleet()
    robots.wifi_dbm[:] = dock_dbm
    order(robots, 0, "start")
    step(robots, START + 9 * HOUR)

    record = mission_record(robots, 0, robots.last_logs[0])

    assert sum(record["wlBars"]) == 100
    assert [sum(each) for each in record["startEndWlBars"]] == [100, 100]
    at_dock = record["startEndWlBars"][0].index(100)
    best = max(bar for bar, share in enumerate(record["wlBars"]) if share)
    assert best <= at_dock
    assert min(bar for bar, share in enumerate(record["wlBars"]) if share) < at_dock
