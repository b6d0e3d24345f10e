"""A scenario's fleet for a span without any network: as fast as it can, shared by processes.

The homes are planned once, each child gets a stretch of the fleet, and what they count is added up;
the sum is the same whatever the number of children.  A run that somebody ends early has the result
of a run that was meant to be that short.
"""

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from device_sim import census, releases
from device_sim.counted import Counted
from device_sim.dry_shards import DryRunFailed, Progress, live_apart
from device_sim.planning import Planned, routes_of
from device_sim.robot.facts import KINDS
from device_sim.robot.fleet import RESULTS
from device_sim.robot.households.world import ZONES
from device_sim.robot.telling.offsets import bands, by_offset
from device_sim.robot.telling.regions import by_country, starts_by_local_hour, under_way_by_region
from device_sim.robot.telling.series import messages, online, under_way
from device_sim.robot.telling.versions import by_version
from device_sim.shard import BLOCK_S, RUN_UP, DryRunOptions, Shard, Stopped, live, never

__all__ = ["DryRunFailed", "DryRunOptions", "Planned", "Progress", "Stopped", "run", "shards"]


def shards(robots: int, processes: int) -> Sequence[Shard]:
    """Stretches of nearly equal length that cover the fleet."""
    ends = [robots * number // processes for number in range(processes + 1)]
    return [Shard(a, b - a) for a, b in itertools.pairwise(ends) if b > a]


def run(
    options: DryRunOptions,
    tell: Callable[[Progress | Planned], None] = lambda _said: None,
    is_over: Callable[[], bool] = never,
) -> dict[str, Any]:
    """Run the whole fleet, or until `is_over`; the totals up to there.

    Raises DryRunFailed, and Stopped where it is over before anything was counted.
    """
    began_s = time.monotonic()
    parts = shards(options.robots, options.processes)
    routes = routes_of(
        census.homes_of(options.scenario, options.seed, options.robots), len(parts), tell, is_over
    )
    if len(parts) == 1:
        of = RUN_UP + options.blocks
        counted = [
            live(options, parts[0], routes, lambda n: tell(Progress(0, n, of)), is_over=is_over)
        ]
    else:
        counted = live_apart(options, parts, routes, tell, is_over)
    blocks = min(each.blocks for each in counted)
    if not blocks:
        raise Stopped
    counted = [each.until(blocks) for each in counted]
    return _summary(options, parts, counted, time.monotonic() - began_s)


# ---------------------------------------------------------------- the result


def _summary(
    options: DryRunOptions, parts: Sequence[Shard], counted: Sequence[Counted], took_s: float
) -> dict[str, Any]:
    blocks = counted[0].blocks
    span_s = min(blocks * BLOCK_S, options.span_s)
    by_kind = _sum(counted, "by_kind")
    results = _sum(counted, "results")[-1]
    facts = {kind.value: int(n) for kind, n in zip(KINDS, by_kind.sum(axis=1), strict=True)}
    accounts = [
        of_all
        for of_all in zip(*(each.releases for each in counted), strict=True)
        if of_all[0].rollout.at_s < options.start_s + span_s
    ]
    span = options.start_s, options.start_s + span_s
    series = _series(by_kind, counted, options)
    return {
        "hash": f"{sum(each.hashes[-1] for each in counted) % 2**64:016x}",
        "interrupted": blocks < options.blocks,
        "simulated_s": span_s,
        "scenario": options.scenario.title,
        "seed": options.seed,
        "robots": options.robots,
        "robots_of_scenario": options.scenario.size,
        "hours": span_s / 3600 if blocks < options.blocks else options.hours,
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
        "releases": [
            {**releases.told(each, options.robots, span), "errors_a_mission": fares}
            for each, fares in zip(
                accounts, releases.errors_a_mission(accounts, series), strict=True
            )
        ],
        "series": {
            **series,
            "releases": [releases.over_time(each, span, BLOCK_S, blocks) for each in accounts],
        },
    }


def _sum(counted: Sequence[Counted], name: str) -> np.ndarray:
    """What all shards have counted under a name."""
    total: np.ndarray = np.sum([getattr(each, name) for each in counted], axis=0)
    return total


def _series(
    by_kind: np.ndarray, counted: Sequence[Counted], options: DryRunOptions
) -> Mapping[str, Any]:
    """One value for each block: what the plots show."""
    by_part, starts = _sum(counted, "by_region"), _sum(counted, "starts")[-1]
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
        "errors_by_version": by_version([each.errors_by_version for each in counted]),
        "missions_by_version": by_version([each.missions_by_version for each in counted]),
        "battery_percent": _sum(counted, "battery").tolist(),
    }
