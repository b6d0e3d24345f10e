"""What a load run counted, and whether the sums add up."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from load.taps import Fate


@dataclass(slots=True)
class Ledger:
    """Counts of one process; those of several are added."""

    robots: int = 0
    connected: int = 0
    """Robots connected when the load ended."""
    away: int = 0
    """Robots that a restart, an empty battery or their home's internet kept away at the end."""
    contested: int = 0
    """Robots whose connections ended right after they came about, again and again."""
    connects: int = 0
    losses: int = 0
    owners: int = 0
    owners_without: int = 0
    """Owners who found no robot that was nobody's."""
    phone_losses: int = 0
    """WebSockets of phones that were lost and opened again."""
    messages_sent: int = 0
    messages_received: int = 0
    reports_sent: int = 0
    accepted: int = 0
    rejected: int = 0
    timed_out: int = 0
    taps: int = 0
    taps_seen: int = 0
    taps_refused: int = 0
    taps_failed: int = 0
    taps_expired: int = 0
    taps_late: int = 0
    taps_superseded: int = 0
    taps_offline: int = 0
    taps_silent: int = 0
    taps_lost: int = 0

    def add(self, other: "Ledger") -> None:
        """Add another process's counts."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))

    def settle(self, fate: Fate) -> None:
        """Count the end of a tap."""
        name = f"taps_{fate}"
        setattr(self, name, getattr(self, name) + 1)

    def fates(self) -> dict[Fate, int]:
        """How many taps ended in which way."""
        return {fate: getattr(self, f"taps_{fate}") for fate in Fate}

    @property
    def open_taps(self) -> int:
        """Taps whose fate is not known yet."""
        return self.taps - sum(self.fates().values())

    def imbalances(self) -> list[str]:
        """What does not add up, in words; empty when all does."""
        answered = self.accepted + self.rejected + self.timed_out
        complaints = []
        if self.reports_sent != answered:
            complaints.append(
                f"{self.reports_sent} reports sent, {answered} accepted, rejected or timed out"
            )
        if self.open_taps:
            known = self.taps - self.open_taps
            complaints.append(f"{self.taps} taps, the fate of {known} is known")
        if self.taps_lost:
            complaints.append(
                f"{self.taps_lost} taps lost: the robot was connected and did not answer"
            )
        if not self.reports_sent:
            complaints.append("no robot reported anything")
        if self.owners_without:
            complaints.append(
                f"{self.owners_without} owners found no robot to pair with: every robot is"
                " somebody's, or none was registered in time"
            )
        elif self.taps < self.owners:
            complaints.append(f"{self.owners} owners tapped only {self.taps} times")
        if self.contested:
            complaints.append(
                f"another run seems to hold {self.contested} of these robots: stop it, or take"
                " others with --seed"
            )
        if self.connected + self.away < self.robots:
            away = f", {self.away} away" if self.away else ""
            complaints.append(
                f"{self.connected} of {self.robots} robots connected{away} at the end"
            )
        return complaints

    def as_json(self) -> dict[str, Any]:
        """The counts by name."""
        return asdict(self)


PROCESS = Ledger()
"""What this process counted."""


def total(parts: Iterable[Mapping[str, int]]) -> Ledger:
    """The sum of what processes reported."""
    whole = Ledger()
    for part in parts:
        whole.add(Ledger(**part))
    return whole
