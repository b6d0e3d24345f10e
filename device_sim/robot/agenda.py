"""What the world will do to a fleet, and when: the fleet lives up to it, and lets it happen."""

from bisect import bisect_left
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from device_sim.robot.facts import Listener

if TYPE_CHECKING:
    from device_sim.robot.fleet import Fleet


class Act(Protocol):
    """Something that happens to a fleet at a second; shards get it by pickle."""

    @property
    def at_s(self) -> int:
        """Epoch seconds of simulated time."""

    def apply(self, fleet: "Fleet", listener: Listener) -> None:
        """Let it happen to the rows it concerns; the fleet has reached the second."""


class Agenda:
    """Acts in the order of their time; those of one second in the order they were given."""

    def __init__(self, acts: Iterable[Act] = ()) -> None:
        self._later = sorted(acts, key=lambda act: act.at_s)[::-1]

    def add(self, act: Act) -> None:
        """One more, after those of its second; an act that is applied may add itself again."""
        place = bisect_left(self._later, -act.at_s, key=lambda each: -each.at_s)
        self._later.insert(place, act)

    def next_until(self, until_s: int) -> Act | None:
        """The next act that is due by then, and it is no longer on the agenda."""
        if self._later and self._later[-1].at_s <= until_s:
            return self._later.pop()
        return None
