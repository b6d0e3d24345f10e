"""Which cell a thing lives in, and what a cell asks of its store.

A cell is a broker with its cloud worker; things are spread over cells by name (design, decision
10).  Every look-up of a shadow, session or outbox asks here, with one cell as with many.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol
from zlib import crc32


def cell_of(thing: str, cells: int = 1) -> int:
    """The number of the cell, 0 to cells - 1, the same in every process and on every day."""
    return 0 if cells == 1 else crc32(thing.encode()) % cells


class Space(StrEnum):
    """What is kept apart in a cell's store; each room has its own keys in its own spaces."""

    SHADOWS = "shadows"
    OUTBOX = "outbox"
    WAITING = "waiting"
    SESSIONS = "sessions"
    QUEUES = "queues"
    RETAINED = "retained"
    JOBS = "jobs"
    EXECUTIONS = "executions"
    PROVISIONING = "provisioning"
    FLEET_INDEX = "fleet_index"
    WILLS = "wills"


class Write(NamedTuple):
    """Bytes to store under a key; `raw` None forgets what was there."""

    space: Space
    key: bytes
    raw: bytes | None


class CellStore(Protocol):
    """Bytes by key, for the one process of a cell."""

    def get(self, space: Space, key: bytes) -> bytes | None:
        """The stored bytes, or None."""

    def scan(self, space: Space, prefix: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """What is stored under keys that begin with the prefix, in their order."""

    def commit(self, writes: Sequence[Write]) -> None:
        """All of it in one transaction, durable on return; of two for one key the last wins."""
