"""One stretch of a fleet, lived from its run-up to its end, and what it adds to the result."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from device_sim import census
from device_sim.network.impairments import partition_acts
from device_sim.robot.agenda import Act, Agenda
from device_sim.robot.facts import Facts, Listener
from device_sim.robot.fleet import Fleet
from device_sim.robot.parameters import HOUSEHOLDS, Faults, Habits
from device_sim.robot.rollout import Rollout
from device_sim.robot.routes import Routes
from device_sim.robot.step import advance
from device_sim.robot.telling.offsets import Offsets
from device_sim.robot.telling.regions import Regions
from device_sim.robot.telling.series import Series
from device_sim.robot.telling.tally import Tally
from device_sim.robot.telling.versions import Mix, Versions
from device_sim.scenario import Scenario
from device_sim.scenarios.acts import Stage, acts_of, releases_of
from device_sim.scenarios.model import START_S
from device_sim.scenarios.who import rows_of

BLOCK_S: Final = 300
"""The grain of the series, and how often a child tells how far it is."""
RUN_UP_S: Final = 6 * 3600
"""Robots live that long before they are counted, so that a day begins in full stride: evening
somewhere, batteries charged, missions under way."""
RUN_UP: Final = RUN_UP_S // BLOCK_S
"""Blocks."""


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


@dataclass(frozen=True, eq=False)
class Counted:
    """What one shard adds to the result."""

    tally_hash: int
    by_kind: np.ndarray
    moved: np.ndarray
    """[kind, block]: as `by_kind`, the run-up being in the first block; so are the two below."""
    results: np.ndarray
    errors: np.ndarray
    ticks: np.ndarray
    battery: np.ndarray
    bytes_per_robot: int
    by_region: np.ndarray
    by_offset: np.ndarray
    starts: np.ndarray
    robots_by_offset: np.ndarray
    versions: Sequence[Mix]
    releases: Sequence[Rollout]
    """Those that begin before the end; the same in every shard."""
    meant: np.ndarray
    """Robots here that each release is for."""


def live(
    options: DryRunOptions, shard: Shard, routes: Routes, tell: Callable[[int], None]
) -> Counted:
    """Run one shard to its end; `tell` hears the blocks done."""
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
    stage = Stage(fleet.zones, options.start_s, options.seed, options.robots)
    fleet.agenda = Agenda([*_happens(options, fleet, stage), *options.acts])
    releases = [each for each in releases_of(options.scenario, stage) if each.at_s < options.end_s]
    series = Series(fleet)
    countries = options.scenario.few_countries
    regions = Regions(fleet, first_s, BLOCK_S, RUN_UP + options.blocks, countries)
    offsets = Offsets(fleet, first_s, BLOCK_S, RUN_UP + options.blocks, options.start_s)
    versions = Versions(fleet)

    def through(tally: Tally, blocks: range) -> None:
        heard = _All((tally, series, regions, offsets, versions))
        began_s = time.monotonic()
        for done, block in enumerate(blocks, 1):
            ends_s = min(first_s + (block + 1) * BLOCK_S, options.end_s)
            advance(fleet, ends_s, heard)
            series.sample(BLOCK_S)
            versions.sample()
            tell(block + 1)
            if options.speed and blocks.start:
                time.sleep(max(0.0, done * BLOCK_S / options.speed - time.monotonic() + began_s))

    before = Tally(fleet, first_s, BLOCK_S, RUN_UP)
    through(before, range(RUN_UP))
    starts = regions.starts.copy()
    tally = Tally(fleet, options.start_s, BLOCK_S, options.blocks)
    through(tally, range(RUN_UP, RUN_UP + options.blocks))
    return Counted(
        tally_hash=tally.hash,
        by_kind=tally.by_kind,
        moved=_folded(np.hstack((before.by_kind, tally.by_kind))),
        results=tally.results,
        errors=tally.errors,
        ticks=np.array(series.ticks[RUN_UP:]),
        battery=np.array(series.battery[RUN_UP:]),
        bytes_per_robot=fleet.bytes_per_robot,
        by_region=_folded(regions.moved),
        starts=regions.starts - starts,
        by_offset=_folded(offsets.moved),
        robots_by_offset=offsets.robots,
        versions=versions.mixes[RUN_UP:],
        releases=releases,
        meant=np.array([each.among(fleet).size for each in releases], dtype=np.int64),
    )


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


@dataclass(frozen=True, slots=True)
class _All:
    """Some listeners as one."""

    listeners: Sequence[Listener]

    def take(self, facts: Facts) -> None:
        """Let all of them hear."""
        for listener in self.listeners:
            listener.take(facts)
