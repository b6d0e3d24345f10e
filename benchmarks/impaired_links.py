"""What a network with conditions costs: `python -m benchmarks.impaired_links`.

The links below do nothing, so everything counted is the wrapper's.  Ratios are of one run.
"""

import time
from collections.abc import Sequence
from typing import Final

import numpy as np

from device_sim.firmware.batches import Inbound, Incoming, Outbound
from device_sim.link.port import LinkCounts, Links
from device_sim.network.conditions import Condition, Conditions
from device_sim.network.impaired_links import ImpairedLinks

_ROBOTS: Final = 15_000
_ROUNDS: Final = 20
_PAYLOAD: Final = b"x" * 200


class EchoLinks:
    """Whatever is sent comes back."""

    def __init__(self) -> None:
        self.counts = LinkCounts()
        self._coming = Incoming(connected=list(range(_ROBOTS)))

    def exchange(
        self,
        messages: Sequence[Outbound],
        now_s: float,
        timeout_s: float = 0.0,
    ) -> Incoming:
        """The messages, as they would be heard."""
        coming, self._coming = self._coming, Incoming()
        coming.messages = [Inbound(each.row, each.topic, each.payload) for each in messages]
        return coming

    def cut(self, rows: Sequence[int]) -> None:
        """Nothing."""

    def silence(self, rows: Sequence[int]) -> None:
        """Nothing."""

    def restore(self, rows: Sequence[int]) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def seconds(links: Links) -> float:
    """CPU seconds for every robot to say something in each of some rounds."""
    messages = [Outbound(row, f"robofleet/{row}/fact", _PAYLOAD) for row in range(_ROBOTS)]
    links.exchange([], 0.0)
    links.exchange([], 1.0)
    began_s = time.process_time()
    for number in range(_ROUNDS):
        links.exchange(messages, 10.0 + number)
    return time.process_time() - began_s


def impaired(share: float) -> ImpairedLinks:
    """Links of which a share has a delay, a little loss and some jitter."""
    conditions = Conditions(_ROBOTS)
    links = ImpairedLinks(
        EchoLinks(), conditions, list(range(_ROBOTS)), seed=7, keep_alive_s=60.0
    )  # fmt: skip
    links.exchange([], 0.0)
    rows = np.arange(round(_ROBOTS * share))
    conditions.apply(rows, Condition(delay_s=0.1, jitter_s=0.05, loss=0.01))
    links.changed(rows)
    return links


def main() -> None:
    """Print a line for each share."""
    bare_s = seconds(EchoLinks())
    print(f"{_ROBOTS} robots, {_ROUNDS} rounds of one message each and its echo")
    print(f"bare              {bare_s:7.3f} s")
    for share in (0.0, 0.01, 0.1, 1.0):
        took_s = seconds(impaired(share))
        each_us = (took_s - bare_s) / (_ROBOTS * _ROUNDS) * 1e6
        print(
            f"{share:6.0%} impaired   {took_s:7.3f} s, {took_s / bare_s:5.1f} x, {each_us:6.2f} us"
        )


if __name__ == "__main__":
    main()
