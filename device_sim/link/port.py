"""What a link is to whoever runs robots: every connection of some robots, one exchange at a time.

Firmware, the run and the network's faults know this and nothing else of MQTT.  One contract suite
(`tests/device_sim/link/`) runs over every adapter.
"""

import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from cloud_functions.contract.mqtt.packets import Version
from device_sim.firmware.batches import Incoming, Outbound
from device_sim.firmware.reconnect import Backoff


@dataclass(frozen=True, slots=True)
class Caller:
    """One robot as its link knows it; its row is its place in the sequence."""

    thing: str
    key: int
    """What its chance is drawn from."""
    will: tuple[str, bytes]
    """Topic and payload."""


class LinkRefused(Exception):
    """These links cannot be made as asked; the message says what is wrong and what is allowed."""


class Tls(Protocol):
    """How things prove who they are, and whom they trust."""

    def __call__(self, thing: str) -> ssl.SSLContext:
        """A thing's context, with its certificate where it has one."""

    def files(self, thing: str) -> tuple[Path, Path, Path | None]:
        """The same as certificate, key and CA in files; without a CA the system's are trusted."""


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """Where robots connect and how."""

    urls: Sequence[str]
    """`mqtt://host:port` or `mqtts://host:port` of each broker; robots are spread by their key."""
    seed: int = 7
    version: Version = Version.V5
    clean_start: bool = True
    session_expiry_s: int = 3600
    """How long a broker keeps a session that is not clean; MQTT 5, AWS IoT's default."""
    keep_alive_s: int = 60
    credentials: Callable[[str], tuple[str, str]] | None = None
    """User name and password of a thing."""
    tls: Tls | None = None
    """What `mqtts` needs."""
    backoff: Backoff = field(default_factory=Backoff)
    sources: Sequence[str] = ()
    """Local addresses that connections come from in turn; none is the system's choice."""
    answer_s: float = 10.0
    """What a broker may take from a connection to a subscription in force, each try anew."""
    connects_at_once: int = 64
    """Connections on their way at a time to one listener: Mosquitto's backlog is 100."""

    def url_of(self, caller: Caller) -> str:
        """The broker a robot belongs to."""
        return self.urls[caller.key % len(self.urls)]


@dataclass(slots=True)
class LinkCounts:
    """What has happened so far."""

    connected: int = 0
    """Robots whose subscriptions are in force now."""
    connects: int = 0
    losses: int = 0
    sent: int = 0
    received: int = 0
    complaint: str = ""
    """Why a connection last failed to come about, empty when none did."""


TOO_LONG: Final = "connecting took too long"
"""Said of a try that was given up after `answer_s`."""


class Links(Protocol):
    """The connections of some robots; they are opened, and opened again, by `exchange`."""

    @property
    def counts(self) -> LinkCounts:
        """What has happened so far."""

    def exchange(
        self, messages: Sequence[Outbound], now_s: float, timeout_s: float = 0.0
    ) -> Incoming:
        """Send, wait up to `timeout_s` for something to arrive, and return what did.

        A message of a robot without connection is dropped: the firmware says it again.
        """

    def cut(self, rows: Sequence[int]) -> None:
        """Break the connections of rows at once, without goodbye, and keep them away."""

    def silence(self, rows: Sequence[int]) -> None:
        """Let nothing of rows through in either direction while their sockets stay open."""

    def restore(self, rows: Sequence[int]) -> None:
        """Let rows that were cut or silenced connect and talk again."""

    def close(self) -> None:
        """Say goodbye on every connection; a will is said first, since nobody else will."""
