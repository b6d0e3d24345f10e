"""One stretch of a fleet, lived from its run-up to its end, and what it adds to the result."""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from device_sim import census
from device_sim.counted import Counted
from device_sim.network.impairments import partition_acts
from device_sim.robot.agenda import Act, Agenda
from device_sim.robot.executions import Executions, Total, alone
from device_sim.robot.facts import Facts
from device_sim.robot.fleet import Fleet
from device_sim.robot.parameters import HOUSEHOLDS, Faults, Habits
from device_sim.robot.routes import Routes
from device_sim.robot.step import advance
from device_sim.robot.telling.offsets import Offsets
from device_sim.robot.telling.regions import Regions
from device_sim.robot.telling.series import Series
from device_sim.robot.telling.tally import Tally
from device_sim.robot.telling.versions import Versions
from device_sim.scenario import Scenario
from device_sim.scenarios.acts import Stage, acts_of
from device_sim.scenarios.model import START_S
from device_sim.scenarios.who import rows_of

BLOCK_S: Final = 300
"""The grain of the series, and how often a child tells how far it is."""
RUN_UP_S: Final = 6 * 3600
"""Robots live that long before they are counted, so that a day begins with missions under way.

Robots that lie empty off their docks are fewer than they would be after days (16.3)."""
RUN_UP: Final = RUN_UP_S // BLOCK_S
"""Blocks."""
_LOOK_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class DryRunOptions:
    """What to run; `speed` 0 is as fast as possible, else simulated seconds a second."""

    scenario: Scenario
    seed: int = 7
    robots: int = 1000
    hours: float = 24.0
    processes: int = 1
    start_s: int = START_S
    speed: float = 0.0
    faults: Faults = field(default_factory=Faults)
    habits: Habits = HOUSEHOLDS
    acts: Sequence[Act] = ()
    """What happens beside the scenario's own steps."""

    @property
    def span_s(self) -> int:
        """Simulated seconds."""
        return round(self.hours * 3600)

    @property
    def end_s(self) -> int:
        """Epoch seconds."""
        return self.start_s + self.span_s

    @property
    def blocks(self) -> int:
        """Blocks of the series, the last one perhaps shorter."""
        return -(-self.span_s // BLOCK_S)


@dataclass(frozen=True, slots=True)
class Shard:
    """A stretch of the fleet."""

    first: int
    count: int


class Stopped(Exception):
    """Somebody has asked for the end."""


def never() -> bool:
    """Nobody asks for the end."""
    return False


def live(
    options: DryRunOptions,
    shard: Shard,
    routes: Routes,
    tell: Callable[[int], None],
    *,
    total: Total = alone,
    is_over: Callable[[], bool] = never,
) -> Counted:
    """Run one shard to its end, or until `is_over` or `total` says that it is over (Stopped).

    `tell` hears the blocks done, `total` sums what rollouts have counted over all shards, and
    `is_over` is asked after each round of facts; blocks that were begun are not counted.
    """
    population = census.take(
        options.scenario,
        options.seed,
        routes,
        first=shard.first,
        count=shard.count,
        mix=options.scenario.households.mix,
    )
    first_s = options.start_s - RUN_UP_S
    fleet = Fleet(
        population.specs, options.seed, first_s,
        population=population, faults=options.faults, habits=options.habits,
    )  # fmt: skip
    acts = _happens(options, fleet, Stage(fleet.zones, options.start_s, options.seed, total=total))
    fleet.agenda = Agenda([*acts, *options.acts])
    watch = _Watch(options, fleet, is_over)
    began_s = time.monotonic()
    with contextlib.suppress(Stopped):
        for block in range(RUN_UP + options.blocks):
            if block == RUN_UP:
                began_s = time.monotonic()
            advance(fleet, min(first_s + (block + 1) * BLOCK_S, options.end_s), watch)
            watch.sample()
            tell(block + 1)
            if is_over():
                break
            if options.speed and block >= RUN_UP:
                _wait_until(began_s + (block + 1 - RUN_UP) * BLOCK_S / options.speed, is_over)
    releases = [each for each in acts if isinstance(each, Executions)]
    return watch.counted(sorted(releases, key=lambda each: each.rollout.at_s))


def _wait_until(moment_s: float, is_over: Callable[[], bool]) -> None:
    """Wait for a moment of this computer's clock.  Raises Stopped."""
    while (left_s := moment_s - time.monotonic()) > 0:
        if is_over():
            raise Stopped
        time.sleep(min(left_s, _LOOK_S))


class _Watch:
    """Listens to a fleet in a dry run, and adds up what the result is made of."""

    def __init__(self, options: DryRunOptions, fleet: Fleet, is_over: Callable[[], bool]) -> None:
        first_s, blocks = options.start_s - RUN_UP_S, RUN_UP + options.blocks
        self._fleet = fleet
        self._is_over = is_over
        self._before = Tally(fleet, first_s, BLOCK_S, RUN_UP)
        self._day = Tally(fleet, options.start_s, BLOCK_S, options.blocks)
        self._series = Series(fleet)
        self._regions = Regions(fleet, first_s, BLOCK_S, blocks, options.scenario.few_countries)
        self._offsets = Offsets(fleet, first_s, BLOCK_S, blocks, options.start_s)
        self._versions = Versions(fleet)
        self._hashes: list[int] = []
        self._results: list[np.ndarray] = []
        self._starts: list[np.ndarray] = []
        self._lived = 0

    def take(self, facts: Facts) -> None:
        """Hear the facts of one round.  Raises Stopped."""
        tally = self._before if self._lived < RUN_UP else self._day
        for listener in (tally, self._series, self._regions, self._offsets, self._versions):
            listener.take(facts)
        if self._is_over():
            raise Stopped

    def sample(self) -> None:
        """A block is over."""
        self._series.sample(BLOCK_S)
        self._versions.sample()
        self._lived += 1
        if self._lived >= RUN_UP:
            self._hashes.append(self._day.hash)
            self._results.append(self._day.results.copy())
            self._starts.append(self._regions.starts.copy())

    def counted(self, releases: Sequence[Executions]) -> Counted:
        """What was counted in the blocks that are over, the run-up not being one."""
        blocks = max(0, self._lived - RUN_UP)
        starts = np.array(self._starts) - self._starts[:1]
        return Counted(
            blocks=self._day.bins,
            hashes=self._hashes[1:],
            results=np.array(self._results[1:]),
            starts=starts[1:],
            by_kind=self._day.by_kind,
            moved=_folded(np.hstack((self._before.by_kind, self._day.by_kind))),
            by_region=_folded(self._regions.moved),
            by_offset=_folded(self._offsets.moved),
            errors=self._day.errors,
            ticks=np.array(self._series.ticks[RUN_UP:]),
            battery=np.array(self._series.battery[RUN_UP:]),
            versions=self._versions.mixes[RUN_UP:],
            errors_by_version=self._versions.errors[RUN_UP:],
            missions_by_version=self._versions.missions[RUN_UP:],
            bytes_per_robot=self._fleet.bytes_per_robot,
            robots_by_offset=self._offsets.robots,
            releases=[each.account(self._fleet) for each in releases],
        ).until(blocks)


def _happens(options: DryRunOptions, fleet: Fleet, stage: Stage) -> Sequence[Act]:
    """The scenario's steps, and what a run without a network feels of its network."""
    span = options.start_s, options.end_s
    network = options.scenario.network
    return [
        *acts_of(options.scenario, stage),
        *partition_acts(network, fleet.zones, span, options.seed, rows_of),
    ]


def _folded(counts: np.ndarray) -> np.ndarray:
    """Counts by block with those of the run-up in the first one, so that their sums go on."""
    folded = counts[:, RUN_UP:].copy()
    folded[:, 0] += counts[:, :RUN_UP].sum(axis=1)
    return folded
