"""How far the releases of a dry run came: the sum of what happened to its robots, in all shards."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from device_sim.robot.executions import Account, Count, pending

_SHOWN = (Count.TOLD, Count.SUCCEEDED, Count.FAILED)
"""What is told block by block."""


def told(accounts: Sequence[Account], robots: int, span: tuple[int, int]) -> Mapping[str, Any]:
    """How far one release came by the end of a span; an account from each shard of the fleet.

    Seconds are counted from the beginning of the run.
    """
    began_s, ended_s = span
    first = accounts[0]
    counts = _at(accounts, ended_s)
    stopped_s = first.stopped_s if first.stopped_s and first.stopped_s <= ended_s else None
    meant = sum(each.meant for each in accounts)
    return {
        "version": first.rollout.traits.version,
        "began_after_s": first.rollout.at_s - began_s,
        "share_planned": round(meant / robots, 4),
        "share_reached": round(int(counts[Count.TOLD]) / robots, 4),
        "stopped": stopped_s is not None,
        "stopped_after_s": None if stopped_s is None else stopped_s - began_s,
        "when_stopped": None if stopped_s is None else _named(first.at_stop),
        "abort_share": first.rollout.abort_share,
        "installations": int(counts[Count.TOLD]),
        "failures": int(counts[Count.FAILED]),
        **_ends(counts),
    }


def over_time(
    accounts: Sequence[Account], span: tuple[int, int], block_s: int, blocks: int
) -> Mapping[str, Sequence[int]]:
    """Robots of one release at the end of each block: told, and how it ended for them.

    A shard that was stopped within a wave lacks that one, which is past the end of the blocks.
    """
    ends = np.minimum(span[0] + (np.arange(blocks) + 1) * block_s, span[1])
    waves = min(len(each.looks) for each in accounts)
    looks = np.array(accounts[0].looks[:waves], dtype=np.int64)
    total = np.zeros((1 + waves, len(Count)), dtype=np.int64)
    for each in accounts:
        if waves:
            total[1:] += each.counts[:waves]
    at_end = total[np.searchsorted(looks, ends, side="right")]
    return {count.name.lower(): at_end[:, count].tolist() for count in _SHOWN}


def errors_a_mission(
    releases: Sequence[Sequence[Account]], series: Mapping[str, Any]
) -> Sequence[Mapping[str, float | None]]:
    """For each release, how many errors a mission had on it, and on what robots came with.

    None where no mission ended.
    """
    names = [accounts[0].rollout.traits.version for accounts in releases]
    errors, missions = series["errors_by_version"], series["missions_by_version"]
    old = [name for name in errors.keys() | missions.keys() if name not in names]

    def share(of: Sequence[str]) -> float | None:
        ended = sum(sum(missions.get(name, ())) for name in of)
        return round(sum(sum(errors.get(name, ())) for name in of) / ended, 4) if ended else None

    return [{"on_it": share([name]), "on_what_robots_came_with": share(old)} for name in names]


def _at(accounts: Sequence[Account], at_s: int) -> np.ndarray:
    """What all shards had counted by a second."""
    total = np.zeros(len(Count), dtype=np.int64)
    for each in accounts:
        passed = int(np.searchsorted(each.looks, at_s, side="right"))
        if passed:
            total += each.counts[passed - 1]
    return total


def _named(counts: np.ndarray | None) -> Mapping[str, int]:
    """What the abort rule saw."""
    assert counts is not None
    return {"told": int(counts[Count.TOLD]), "failed": int(counts[Count.FAILED])}


def _ends(counts: np.ndarray) -> Mapping[str, int]:
    """Every robot that was told, once."""
    names = (Count.SUCCEEDED, Count.REJECTED, Count.HUNG, Count.CANCELLED)
    return {name.name.lower(): int(counts[name]) for name in names} | {"under_way": pending(counts)}
