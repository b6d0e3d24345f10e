"""What robots make of software that comes over the air: when they take it, and what it changes.

Each function takes effect at the second the fleet has reached, as those of `influence` do.
"""

from collections import Counter
from collections.abc import Mapping
from zlib import crc32

import numpy as np

from device_sim.robot.facts import Facts, Kind, Listener
from device_sim.robot.families import BY_NUMBER
from device_sim.robot.fleet import Bools, Fleet, Ints
from device_sim.robot.life.plan import plan
from device_sim.robot.life.settle import charge_at, settle
from device_sim.robot.parameters import FULL, Updates
from device_sim.robot.phases import Cycle, Phase, code_of, cycle_code
from device_sim.robot.schedule import NEVER

_CHARGE, _NONE = code_of(Phase.CHARGE), cycle_code(Cycle.NONE)


def may_update(fleet: Fleet, rows: Ints, updates: Updates) -> Bools:
    """Whether robots would flash now: idle on the dock, charged, with a link."""
    idle = (fleet.phase[rows] == _CHARGE) & (fleet.cycle[rows] == _NONE)
    idle &= (fleet.start_s[rows] == NEVER) & (fleet.link_s[rows] == 0) & ~fleet.updating[rows]
    at_s = np.maximum(fleet.since_s[rows], fleet.tick)
    result: Bools = idle & (charge_at(fleet, rows, at_s) >= int(FULL * updates.needs_charge))
    return result


def hold(fleet: Fleet, rows: Ints, *, updating: bool) -> None:
    """While held, robots refuse to start: their software is being changed."""
    fleet.updating[rows] = updating


def install(fleet: Fleet, rows: Ints, version: str, listener: Listener) -> None:
    """Robots run a version from now on, with the luck it brings.  Raises CatalogueFull."""
    number = fleet.catalogue.number_of(version, fleet.version)
    _now(fleet, rows)
    fleet.version[rows] = number
    facts = Facts()
    facts.add(Kind.UPDATED, rows, crc32(version.encode()), fleet.since_s[rows])
    plan(fleet, rows)
    listener.take(facts)


def stay(fleet: Fleet, rows: Ints, listener: Listener) -> None:
    """Installations that came to nothing: robots run what they ran."""
    _now(fleet, rows)
    facts = Facts()
    facts.add(Kind.UPDATE_FAILED, rows, 0, fleet.since_s[rows])
    plan(fleet, rows)
    listener.take(facts)


def version_mix(fleet: Fleet) -> Mapping[str, int]:
    """How many robots run each version, the most frequent first."""
    counts = np.bincount(fleet.family.astype(np.int64) << 8 | fleet.version)
    mix: Counter[str] = Counter()
    for pair in np.flatnonzero(counts).tolist():
        versions = BY_NUMBER[pair >> 8].versions
        mix[fleet.catalogue.name_of(pair & 0xFF, versions)] += int(counts[pair])
    return dict(mix.most_common())


def _now(fleet: Fleet, rows: Ints) -> None:
    settle(fleet, rows, np.maximum(fleet.since_s[rows], fleet.tick))
