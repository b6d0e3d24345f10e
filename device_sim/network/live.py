"""The network of a fleet that is running: its links and its robots' clocks, as conditions change.

When conditions begin and end is simulated time; what they do to messages takes real time.
"""

from collections.abc import Sequence

import numpy as np

from device_sim.firmware.clocks import Clocks
from device_sim.link.port import Links
from device_sim.network.conditions import Impairment, Timeline
from device_sim.network.impaired_links import ImpairedLinks
from device_sim.robot.chance import Keys
from device_sim.robot.fleet import Fleet


def unimpaired(_fleet: Fleet) -> Sequence[Impairment]:
    """A network as good as loopback is."""
    return ()


class LiveNetwork:
    """Any links, seen through the network of a scenario."""

    def __init__(
        self,
        links: Links,
        impairments: Sequence[Impairment],
        keys: Keys,
        *,
        seed: int,
        keep_alive_s: float,
    ) -> None:
        self._timeline = Timeline(impairments, len(keys))
        self.links = ImpairedLinks(
            links, self._timeline.conditions, keys.tolist(), seed=seed, keep_alive_s=keep_alive_s
        )

    def advance(self, sim_now_s: float, clocks: Clocks) -> None:
        """Let begin and end what does by now."""
        changed = self._timeline.advance(sim_now_s)
        if changed.size:
            self.links.changed(changed)
            offsets_s = np.asarray(self._timeline.conditions.clock_offset_s[changed])
            clocks.put_wrong(changed.tolist(), offsets_s)
