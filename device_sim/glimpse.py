"""How a live fleet is doing at a moment: small enough to cross processes; parts add up."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from device_sim.robot.phases import PHASES
from device_sim.run import Run

MOST_SHOWN: Final = 20
"""Robots that are shown one by one."""


@dataclass(slots=True)
class Glimpse:
    """Counts of a fleet or a part of it, and its first robots."""

    robots: int = 0
    connected: int = 0
    out_of_reach: int = 0
    """Without power, internet or network, though a socket may be open."""
    losses: int = 0
    sent: int = 0
    received: int = 0
    obeyed: int = 0
    """Commands."""
    phases: Counter[str] = field(default_factory=Counter)
    first: Sequence[Mapping[str, Any]] = ()
    """States of the first robots, with their names."""


def glimpse_of(run: Run) -> Glimpse:
    """How a run is doing now."""
    counts, fleet = run.links.counts, run.fleet
    present = np.bincount(fleet.phase, minlength=len(PHASES))
    return Glimpse(
        robots=len(fleet),
        connected=counts.connected,
        out_of_reach=run.links.out_of_reach,
        losses=counts.losses,
        sent=counts.sent,
        received=counts.received,
        obeyed=run.firmware.obeyed,
        phases=Counter(
            {phase.value: int(n) for phase, n in zip(PHASES, present, strict=True) if n}
        ),
        first=[
            {**run.firmware.state_of(row), "name": fleet.specs[row].name}
            for row in range(min(len(fleet), MOST_SHOWN))
        ],
    )


def together(parts: Sequence[Glimpse]) -> Glimpse:
    """The parts of a fleet as one."""
    whole = Glimpse()
    for part in parts:
        for name in ("robots", "connected", "out_of_reach", "losses", "sent", "received", "obeyed"):
            setattr(whole, name, getattr(whole, name) + getattr(part, name))
        whole.phases += part.phases
        whole.first = [*whole.first, *part.first][:MOST_SHOWN]
    return whole
