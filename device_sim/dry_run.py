"""A scenario's fleet for a span without any network: as fast as it can, shared by processes.

The parent plans the homes once, hands each child a stretch of the fleet, and adds up what they
count; the sum is the same whatever the number of children.  A child tells its parent after each
block of simulated time, and ends when nobody hears it any more.
"""

import itertools
import multiprocessing
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext
from typing import Any, Final

import numpy as np

from device_sim import census, releases
from device_sim.child import without_interrupts
from device_sim.robot.facts import KINDS
from device_sim.robot.fleet import RESULTS
from device_sim.robot.households.world import ZONES
from device_sim.robot.routes import Routes, tables_of_home
from device_sim.robot.telling.offsets import bands, by_offset
from device_sim.robot.telling.regions import by_country, starts_by_local_hour, under_way_by_region
from device_sim.robot.telling.series import messages, online, under_way
from device_sim.robot.telling.versions import by_version
from device_sim.shard import BLOCK_S, RUN_UP, Counted, DryRunOptions, Shard, live

__all__ = ["DryRunFailed", "DryRunOptions", "Progress", "run", "shards"]

_LOOK_S: Final = 0.25
_END_S: Final = 1.0
_HOMES_A_TASK: Final = 16
_MANY_HOMES: Final = 200


class DryRunFailed(Exception):
    """A shard ended before its time; the message says which and why."""


@dataclass(slots=True)
class Progress:
    """How far one shard is."""

    shard: int
    blocks: int
    of: int


def shards(robots: int, processes: int) -> Sequence[Shard]:
    """Stretches of nearly equal length that cover the fleet."""
    ends = [robots * number // processes for number in range(processes + 1)]
    return [Shard(a, b - a) for a, b in itertools.pairwise(ends) if b > a]


# ---------------------------------------------------------------- processes


def run(
    options: DryRunOptions, tell: Callable[[Progress], None] = lambda _progress: None
) -> dict[str, Any]:
    """Run the whole fleet; the totals.  Raises DryRunFailed, and ends its children when stopped."""
    began_s = time.monotonic()
    parts = shards(options.robots, options.processes)
    homes = census.homes_of(options.scenario, options.seed, options.robots)
    if len(parts) == 1:
        routes = Routes.of(homes)
        counted = [
            live(options, parts[0], routes, lambda n: tell(Progress(0, n, RUN_UP + options.blocks)))
        ]
    else:
        counted = _run_children(options, parts, homes, tell)
    return _summary(options, parts, counted, time.monotonic() - began_s)


def _routes(homes: Sequence[int], processes: int, context: SpawnContext) -> Routes:
    """The routes of the homes; many homes are planned by as many processes as live in them."""
    if processes == 1 or len(homes) < _MANY_HOMES:
        return Routes.of(homes)
    with without_interrupts():
        planners = context.Pool(processes)
    with planners as pool:
        return Routes.of(homes, pool.map(tables_of_home, homes, chunksize=_HOMES_A_TASK))


def _child(
    options: DryRunOptions, number: int, shard: Shard, routes: Routes, pipe: Connection
) -> None:
    try:
        counted = live(
            options,
            shard,
            routes,
            lambda n: pipe.send(Progress(number, n, RUN_UP + options.blocks)),
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
        with without_interrupts():
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
    by_kind = _sum(counted, "by_kind")
    results = _sum(counted, "results")
    facts = {kind.value: int(n) for kind, n in zip(KINDS, by_kind.sum(axis=1), strict=True)}
    return {
        "hash": f"{sum(each.tally_hash for each in counted) % 2**64:016x}",
        "scenario": options.scenario.title,
        "seed": options.seed,
        "robots": options.robots,
        "robots_of_scenario": options.scenario.size,
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
        "releases": _releases(options, counted),
        "series": _series(by_kind, counted, options),
    }


def _releases(options: DryRunOptions, counted: Sequence[Counted]) -> Sequence[Mapping[str, Any]]:
    """How far each release came, decided for the whole fleet."""
    shares = _sum(counted, "meant") / options.robots
    span = options.start_s, options.end_s
    return [
        releases.told(rollout, options.seed, float(share), span)
        for rollout, share in zip(counted[0].releases, shares, strict=True)
    ]


def _sum(counted: Sequence[Counted], name: str) -> np.ndarray:
    """What all shards have counted under a name."""
    total: np.ndarray = np.sum([getattr(each, name) for each in counted], axis=0)
    return total


def _series(
    by_kind: np.ndarray, counted: Sequence[Counted], options: DryRunOptions
) -> Mapping[str, Any]:
    """One value for each block: what the plots show."""
    by_part, starts = _sum(counted, "by_region"), _sum(counted, "starts")
    offset_s, _ = bands(ZONES, options.start_s)
    errors, moved = _sum(counted, "errors"), _sum(counted, "moved")
    said = messages(by_kind) + _sum(counted, "ticks")
    return {
        "every_s": BLOCK_S,
        "missions_under_way": under_way(moved).tolist(),
        "missions_by_region": under_way_by_region(by_part),
        "starts_by_local_hour": starts_by_local_hour(starts),
        "by_country": by_country(options.scenario.few_countries, by_part, starts),
        "by_utc_offset": by_offset(
            _sum(counted, "by_offset"), _sum(counted, "robots_by_offset"), offset_s
        ),
        "online": online(moved, options.robots).tolist(),
        "messages_a_second": np.round(said / BLOCK_S, 3).tolist(),
        "errors": {
            str(code): errors[:, code].tolist() for code in np.flatnonzero(errors.any(axis=0))
        },
        "versions": by_version([each.versions for each in counted]),
        "battery_percent": _sum(counted, "battery").tolist(),
    }
