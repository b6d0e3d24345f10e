"""What whoever runs robots is told of their links: what is awaited, what fails, who else is there.

Without I/O; each thing is told once, or once in a while.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from cloud_functions.contract.mqtt.rivals import Rivals
from device_sim.firmware.batches import Incoming
from device_sim.link.port import LinkCounts

SELDOM_S: Final = 10.0
AWAITED_S: Final = 5.0
"""Without any connection and any complaint, what is awaited is told after so long."""


class Watch:
    """The links of some robots."""

    def __init__(self, robots: int, urls: Sequence[str], answer_s: float) -> None:
        self._robots, self._urls, self._answer_s = robots, urls, answer_s
        self._rivals = Rivals(robots)
        self._began_s: float | None = None
        self._complaint = ""
        self._complained_s = float("-inf")
        self._is_rival_told = self._is_wait_told = False

    def look(self, incoming: Incoming, counts: LinkCounts, now_s: float) -> Iterator[str]:
        """What is to be told after an exchange."""
        self._began_s = now_s if self._began_s is None else self._began_s
        for row in incoming.lost:
            self._rivals.lost(row, now_s)
        for row in incoming.connected:
            self._rivals.up(row, now_s)
        if self._rivals.are_there and not self._is_rival_told:
            self._is_rival_told = True
            yield (
                "another run seems to hold these robots: connections end right after they came"
                " about, again and again; stop the other run, or take other robots with --seed"
            )
        if counts.complaint != self._complaint and now_s - self._complained_s > SELDOM_S:
            self._complaint, self._complained_s = counts.complaint, now_s
            yield f"not connected: {counts.complaint}"
        if self._is_waiting(counts) and now_s - self._began_s > AWAITED_S:
            self._is_wait_told = True
            yield (
                f"none of {self._robots} robots is connected: {', '.join(self._urls)} took"
                f" connections and has not answered CONNECT; each is given up after"
                f" {self._answer_s:g} s, and tried again after a pause"
            )

    def _is_waiting(self, counts: LinkCounts) -> bool:
        is_quiet = not counts.connects and not counts.complaint
        return is_quiet and bool(self._urls) and not self._is_wait_told
