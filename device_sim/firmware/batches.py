"""What goes into a firmware step and what comes out: batches over rows."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Inbound(NamedTuple):
    """A message that reached a robot."""

    row: int
    topic: str
    payload: bytes


class Outbound(NamedTuple):
    """A message a robot sends; `handle` comes back in `acknowledged` at QoS 1, 0 otherwise."""

    row: int
    topic: str
    payload: bytes
    qos: int = 0
    handle: int = 0


@dataclass(slots=True)
class Incoming:
    """Everything that happened to the links since the last step."""

    messages: list[Inbound] = field(default_factory=list)
    acknowledged: list[tuple[int, int]] = field(default_factory=list)
    """Pairs of row and handle."""
    connected: list[int] = field(default_factory=list)
    """Rows whose subscriptions are in force."""
    lost: list[int] = field(default_factory=list)
    home: list[Inbound] = field(default_factory=list)
    """What clients on the home network said."""
    home_connected: list[int] = field(default_factory=list)
    home_lost: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Outgoing:
    """Everything the robots want of their links now."""

    messages: list[Outbound] = field(default_factory=list)
    missions: list[tuple[int, dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    """Row, record and map of missions that have just ended, for who draws pictures."""
    cut: list[int] = field(default_factory=list)
    """Rows that restart: their connections break without goodbye and stay away."""
    silence: list[int] = field(default_factory=list)
    """Rows whose homes have no internet: nothing gets through, and no socket closes."""
    restore: list[int] = field(default_factory=list)
    """Rows that are up again and may connect."""
    home: list[Outbound] = field(default_factory=list)
    """What clients on the home network hear."""
    gone: list[int] = field(default_factory=list)
    """Rows that have just fallen silent: no Wi-Fi, a restart, an empty battery."""
    back: list[int] = field(default_factory=list)
