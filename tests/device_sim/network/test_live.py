"""The network of a run as its conditions begin and end."""

import numpy as np

from device_sim.firmware.batches import Outgoing
from device_sim.firmware.clocks import Clocks
from device_sim.link.orders import follow
from device_sim.network.conditions import Condition, Impairment
from device_sim.network.live import LiveNetwork
from tests.device_sim.network.recording_links import RecordingLinks


def test_links_and_clocks_follow_the_conditions() -> None:
    below, clocks = RecordingLinks(), Clocks(3)
    condition = Condition(is_partition=True, clock_offset_s=30)
    network = LiveNetwork(
        below, [Impairment(np.array([0, 2]), condition, 10, 20)],
        np.arange(3, dtype=np.uint64), seed=7, keep_alive_s=60,
    )  # fmt: skip

    network.advance(9, clocks)
    assert below.orders == []

    network.advance(10, clocks)
    assert below.orders == [("silence", [0, 2])]
    assert [clocks.now_s(row, 100.0) for row in range(3)] == [130, 100, 130]

    network.advance(20, clocks)
    assert below.orders[1:] == [("restore", [0, 2])]
    assert [clocks.now_s(row, 100.0) for row in range(3)] == [100, 100, 100]


def test_links_do_what_robots_and_homes_say_and_nothing_else() -> None:
    below = RecordingLinks()

    follow(below, Outgoing())
    follow(below, Outgoing(cut=[1], restore=[2, 3]))
    follow(below, Outgoing(silence=[0]))

    assert below.orders == [("cut", [1]), ("restore", [2, 3]), ("silence", [0])]
