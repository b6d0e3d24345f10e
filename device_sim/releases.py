"""How far the releases of a dry run came, decided for the whole fleet from its seed."""

from collections.abc import Mapping
from typing import Any

from device_sim.robot.rollout import Rollout


def told(rollout: Rollout, seed: int, share: float, span: tuple[int, int]) -> Mapping[str, Any]:
    """How far a release came in a run, from the seed alone; `share` of the fleet is to get it.

    Seconds are counted from the beginning of the run.
    """
    began_s, ended_s = span
    verdict = rollout.verdict(seed, ended_s)
    stopped_s = verdict.stopped_s
    return {
        "version": rollout.traits.version,
        "began_after_s": rollout.at_s - began_s,
        "share_planned": round(share, 4),
        "share_reached": round(share * rollout.reached(seed, ended_s), 4),
        "stopped": stopped_s is not None,
        "stopped_after_s": None if stopped_s is None else stopped_s - began_s,
        "installations": verdict.executed,
        "failures": verdict.failed,
    }
