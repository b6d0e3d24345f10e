"""What robots say happened: kinds, batches of facts, and the hash of a run.

The hash is the sum modulo 2^64 of one 64-bit hash for each fact, so that neither the order nor the
shards matter.  A fact is hashed with its robot's key, its second, its kind and value, and the
robot's charge and way along its route, all of them whole numbers.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from device_sim.robot.chance import Keys, Purpose, hashed, mixed

Ints = npt.NDArray[np.int64]


class Kind(StrEnum):
    """What a robot says happened."""

    PHASE = "phase"
    ERROR = "error"
    CURED = "cured"
    BIN_FULL = "bin_full"
    MISSION_ENDED = "mission_ended"
    MISSION_STARTED = "mission_started"
    START_MISSED = "start_missed"
    """A scheduled start that could not be; the value is the reason as notReady tells it, 0 busy."""
    BIN_EMPTIED = "bin_emptied"
    LINK_LOST = "link_lost"
    """Wi-Fi; the value is how many seconds it will last."""
    LINK_BACK = "link_back"
    REBOOTED = "rebooted"
    DOCK_STATE = "dock_state"
    MAINTAINED = "maintained"
    UPDATED = "updated"
    """Other software runs; the value is the CRC-32 of its name."""
    UPDATE_FAILED = "update_failed"


KINDS: Final = tuple(Kind)
CODE: Final = {kind: code for code, kind in enumerate(KINDS)}

_VALUE: Final = np.uint64(0xD6E8FEB86659FD93)
_CHARGE: Final = np.uint64(0xA0761D6478BD642F)
_ALONG: Final = np.uint64(0xE7037ED1A0B428DB)


class Happening(NamedTuple):
    """One thing that happened to one robot, at a moment of simulated time."""

    row: int
    kind: Kind
    value: int
    at_s: float


class Batch(NamedTuple):
    """Facts of one kind; `values` stands beside `rows`, and so does `at_s`."""

    kind: Kind
    rows: Ints
    values: Ints
    at_s: Ints


class Facts:
    """The facts of one round, in the order they were told."""

    def __init__(self) -> None:
        self._batches: list[Batch] = []

    def __iter__(self) -> Iterator[Batch]:
        return iter(self._batches)

    def add(self, kind: Kind, rows: Ints, values: Ints | int, at_s: Ints) -> None:
        """Tell a fact of each of the rows."""
        if rows.size:
            told = np.broadcast_to(np.asarray(values, dtype=np.int64), rows.shape)
            self._batches.append(Batch(kind, rows, told, at_s))


class States(Protocol):
    """The columns that go into a hash."""

    key: Keys
    charge: npt.NDArray[np.int32]
    along_mm: npt.NDArray[np.int32]


class Listener(Protocol):
    """Who is told of each round's facts, the columns still being as the facts left them."""

    def take(self, facts: Facts) -> None:
        """Hear the facts of one round."""


def hash_of(states: States, batch: Batch) -> int:
    """The sum of the facts' hashes, modulo 2^64."""
    rows = batch.rows
    value = hashed(CODE[batch.kind], states.key[rows], batch.at_s, Purpose.FACT)
    value ^= batch.values.astype(np.uint64) * _VALUE
    value += states.charge[rows].astype(np.uint64) * _CHARGE
    value ^= states.along_mm[rows].astype(np.uint64) * _ALONG
    return int(mixed(value).sum(dtype=np.uint64))
