"""A scenario's fleet for a span without any network: as fast as it can, shared by processes.

The parent plans the homes once, hands each child a stretch of the fleet, and adds up what they
count; the sum is the same whatever the number of children.  A child tells its parent after each
block of simulated time, and ends when nobody hears it any more.
"""

import itertools
import multiprocessing
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext
from typing import Any, Final

import numpy as np

from device_sim import census
from device_sim.robot.agenda import Act, Agenda
from device_sim.robot.facts import KINDS, Facts, Listener
from device_sim.robot.fleet import RESULTS, Fleet
from device_sim.robot.parameters import HOUSEHOLDS, Faults, Habits
from device_sim.robot.routes import Routes, Tables, tables_of, whole
from device_sim.robot.step import advance
from device_sim.robot.telling.series import Series, messages, online, under_way
from device_sim.robot.telling.tally import Tally
from device_sim.scenario import Scenario
from device_sim.scenarios.acts import acts_of
from device_sim.scenarios.model import START_S

BLOCK_S: Final = 300
"""The grain of the series, and how often a child tells how far it is."""
_LOOK_S: Final = 0.25
_END_S: Final = 1.0
_HOMES_A_TASK: Final = 16
_MANY_HOMES: Final = 200


class DryRunFailed(Exception):
    """A shard ended before its time; the message says which and why."""


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
    def blocks(self) -> int:
        """Blocks of the series, the last one perhaps shorter."""
        return -(-self.span_s // BLOCK_S)


@dataclass(frozen=True, slots=True)
class Shard:
    """A stretch of the fleet."""

    first: int
    count: int


@dataclass(slots=True)
class Progress:
    """How far one shard is."""

    shard: int
    blocks: int
    of: int


@dataclass(frozen=True, eq=False)
class Counted:
    """What one shard adds to the result."""

    tally_hash: int
    by_kind: np.ndarray
    results: np.ndarray
    errors: np.ndarray
    ticks: np.ndarray
    battery: np.ndarray
    bytes_per_robot: int


def shards(robots: int, processes: int) -> Sequence[Shard]:
    """Stretches of nearly equal length that cover the fleet."""
    ends = [robots * number // processes for number in range(processes + 1)]
    return [Shard(a, b - a) for a, b in itertools.pairwise(ends) if b > a]


def live(
    options: DryRunOptions, shard: Shard, routes: Routes, tell: Callable[[int], None]
) -> Counted:
    """Run one shard to its end; `tell` hears the blocks done."""
    population = census.take(
        options.scenario, options.seed, routes, first=shard.first, count=shard.count
    )
    fleet = Fleet(
        population.specs, options.seed, options.start_s,
        population=population, faults=options.faults, habits=options.habits,
    )  # fmt: skip
    own = acts_of(options.scenario, fleet.zones, options.start_s, options.seed)
    fleet.agenda = Agenda([*own, *options.acts])
    tally = Tally(fleet, options.start_s, BLOCK_S, options.blocks)
    series = Series(fleet)
    heard = _Both(tally, series)
    began_s = time.monotonic()
    for block in range(1, options.blocks + 1):
        ends_s = options.start_s + min(block * BLOCK_S, options.span_s)
        advance(fleet, ends_s, heard)
        series.sample(BLOCK_S)
        tell(block)
        if options.speed:
            ahead_s = block * BLOCK_S / options.speed - (time.monotonic() - began_s)
            time.sleep(max(0.0, ahead_s))
    return Counted(
        tally.hash, tally.by_kind, tally.results, tally.errors,
        np.array(series.ticks), np.array(series.battery), fleet.bytes_per_robot,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Both:
    """Two listeners as one."""

    one: Listener
    other: Listener

    def take(self, facts: Facts) -> None:
        """Let both hear."""
        self.one.take(facts)
        self.other.take(facts)


# ---------------------------------------------------------------- processes


def run(
    options: DryRunOptions, tell: Callable[[Progress], None] = lambda _progress: None
) -> dict[str, Any]:
    """Run the whole fleet; the totals.  Raises DryRunFailed, and ends its children when stopped."""
    began_s = time.monotonic()
    parts = shards(options.robots, options.processes)
    homes = census.homes_of(options.scenario)
    if len(parts) == 1:
        routes = Routes.of(homes)
        counted = [live(options, parts[0], routes, lambda n: tell(Progress(0, n, options.blocks)))]
    else:
        counted = _run_children(options, parts, homes, tell)
    return _summary(options, parts, counted, time.monotonic() - began_s)


def _tables(home_seed: int) -> Tables:
    return tables_of(whole(home_seed))


def _routes(homes: Sequence[int], processes: int, context: SpawnContext) -> Routes:
    """The routes of the homes; many homes are planned by as many processes as live in them."""
    if processes == 1 or len(homes) < _MANY_HOMES:
        return Routes.of(homes)
    with context.Pool(processes, initializer=_ignore_interrupt) as pool:
        return Routes.of(homes, pool.map(_tables, homes, chunksize=_HOMES_A_TASK))


def _ignore_interrupt() -> None:
    """Ctrl-C reaches every process of a terminal; the parent decides."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _child(
    options: DryRunOptions, number: int, shard: Shard, routes: Routes, pipe: Connection
) -> None:
    _ignore_interrupt()
    try:
        counted = live(
            options, shard, routes, lambda n: pipe.send(Progress(number, n, options.blocks))
        )
        pipe.send(counted)
    except BrokenPipeError:
        return  # nobody hears: the parent is gone
    finally:
        pipe.close()


def _run_children(
    options: DryRunOptions,
    parts: Sequence[Shard],
    homes: Sequence[int],
    tell: Callable[[Progress], None],
) -> list[Counted]:
    context = multiprocessing.get_context("spawn")
    routes = _routes(homes, len(parts), context)
    children: list[Any] = []
    pipes: list[Connection] = []
    try:
        for number, shard in enumerate(parts):
            ours, theirs = context.Pipe(duplex=False)
            child = context.Process(
                target=_child, args=(options, number, shard, routes, theirs),
                name=f"shard-{number}", daemon=True,
            )  # fmt: skip
            child.start()
            theirs.close()
            children.append(child)
            pipes.append(ours)
        return _gather(pipes, tell)
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.join(_END_S)


def _gather(pipes: Sequence[Connection], tell: Callable[[Progress], None]) -> list[Counted]:
    """Hear the children until each has told its count."""
    found: dict[int, Counted] = {}
    open_pipes = dict(enumerate(pipes))
    while open_pipes:
        for ready in wait(list(open_pipes.values()), timeout=_LOOK_S):
            number = next(n for n, pipe in open_pipes.items() if pipe is ready)
            try:
                said = open_pipes[number].recv()
            except EOFError:
                raise DryRunFailed(f"shard {number} ended before its time") from None
            if isinstance(said, Counted):
                found[number] = said
                del open_pipes[number]
            else:
                tell(said)
    return [found[number] for number in sorted(found)]


# ---------------------------------------------------------------- the result


def _summary(
    options: DryRunOptions, parts: Sequence[Shard], counted: Sequence[Counted], took_s: float
) -> dict[str, Any]:
    by_kind = np.sum([each.by_kind for each in counted], axis=0)
    results = np.sum([each.results for each in counted], axis=0)
    facts = {kind.value: int(n) for kind, n in zip(KINDS, by_kind.sum(axis=1), strict=True)}
    return {
        "hash": f"{sum(each.tally_hash for each in counted) % 2**64:016x}",
        "scenario": options.scenario.title,
        "seed": options.seed,
        "robots": options.robots,
        "hours": options.hours,
        "start": options.start_s,
        "processes": len(parts),
        "took_s": round(took_s, 2),
        "bytes_per_robot": counted[0].bytes_per_robot,
        "facts": sum(facts.values()),
        "facts_by_kind": facts,
        "missions": int(results.sum()),
        "missions_by_result": {
            name: int(n) for name, n in zip(RESULTS, results, strict=True) if name
        },
        "series": _series(by_kind, counted, options.robots),
    }


def _series(by_kind: np.ndarray, counted: Sequence[Counted], robots: int) -> Mapping[str, Any]:
    """One value for each block: what the plots show."""
    errors = np.sum([each.errors for each in counted], axis=0)
    said = messages(by_kind) + np.sum([each.ticks for each in counted], axis=0)
    return {
        "every_s": BLOCK_S,
        "missions_under_way": under_way(by_kind).tolist(),
        "online": online(by_kind, robots).tolist(),
        "messages_a_second": np.round(said / BLOCK_S, 3).tolist(),
        "errors": {
            str(code): errors[:, code].tolist() for code in np.flatnonzero(errors.any(axis=0))
        },
        "battery_percent": np.sum([each.battery for each in counted], axis=0).tolist(),
    }
