"""No cloud at all: robots that live by themselves, or with their home network only."""

import time
from collections.abc import Sequence

from device_sim.firmware.batches import Incoming, Outbound
from device_sim.link.port import LinkCounts


class NoLinks:
    """Links on which nothing ever arrives."""

    def __init__(self) -> None:
        self.counts = LinkCounts()

    def exchange(
        self,
        messages: Sequence[Outbound],  # noqa: ARG002  nobody hears them
        now_s: float,  # noqa: ARG002
        timeout_s: float = 0.0,
    ) -> Incoming:
        """Wait, and return nothing."""
        time.sleep(timeout_s)
        return Incoming()

    def cut(self, rows: Sequence[int]) -> None:
        """Nothing is to be broken."""

    def silence(self, rows: Sequence[int]) -> None:
        """Nothing speaks."""

    def restore(self, rows: Sequence[int]) -> None:
        """Nothing comes back."""

    def close(self) -> None:
        """Nobody is to be told."""
