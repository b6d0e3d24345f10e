"""Charts of releases: how each went, and how robots fare on what it brought."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from device_sim.plots.day import HOUR_S, Day, Numbers, Release
from device_sim.plots.theme import CYCLE, MUTED, beside, chart, counts_axis, number, time_axis

Bools = npt.NDArray[np.bool_]
_LEAST_MISSIONS: Final = 20
"""In an hour, below which errors a mission say nothing."""
_MOST: Final = len(CYCLE) - 1
"""Releases that are drawn; the last colour is what robots came with."""


def course(day: Day) -> Figure:
    """Robots that were told of each release, that run it, and where it failed."""
    stopped = [each for each in day.releases[:_MOST] if each.stopped_h is not None]
    figure, axes = chart(
        "How releases went",
        "; ".join(_why(each) for each in stopped)
        or "Robots that were told, that installed it, and where that failed",
    )
    for color, release in zip(CYCLE, day.releases[:_MOST], strict=False):
        axes.plot(day.hours, release.told, color=color, linewidth=1.1, linestyle="--")
        axes.plot(day.hours, release.succeeded, color=color, linewidth=1.8, label=release.version)
        axes.plot(day.hours, release.failed, color=color, linewidth=1.6, linestyle=":")
        if release.stopped_h is not None:
            axes.axvline(release.stopped_h, color=color, linewidth=1.0, alpha=0.6)
    for line, words in (("--", "told"), ("-", "installed"), (":", "failed")):
        axes.plot([], [], line, color=MUTED, label=words)
    counts_axis(axes, "robots")
    time_axis(axes, day)
    beside(axes)
    return figure


def tells_fares(day: Day) -> bool:
    """Whether enough missions ended on any release to say how robots fare on it."""
    return any(_enough(day, [name]).any() for name in _names(day))


def fares(day: Day) -> Figure:
    """Errors a mission, hour by hour, on each release and on what robots came with."""
    figure, axes = chart(
        "Errors a mission, by version",
        f"Hours in which at least {_LEAST_MISSIONS} missions ended on it",
    )
    for color, name in zip(CYCLE, _names(day), strict=False):
        _fare(axes, day, [name], color, name)
    old = [name for name in day.missions_by_version if name not in _names(day)]
    _fare(axes, day, old, CYCLE[-1], "what robots came with")
    axes.set_ylabel("errors a mission")
    axes.set_ylim(bottom=0)
    time_axis(axes, day)
    beside(axes, "version")
    return figure


def _names(day: Day) -> Sequence[str]:
    """Versions that releases brought, each once."""
    return list(dict.fromkeys(each.version for each in day.releases[:_MOST]))


def _why(release: Release) -> str:
    return (
        f"{release.version} was stopped (upright line) when {number(release.seen_failed)} of"
        f" {number(release.seen_told)} had failed"
    )


def _fare(axes: Axes, day: Day, names: Sequence[str], color: str, label: str) -> None:
    """A step for each hour; a part of one at the end is left out."""
    enough = _enough(day, names)
    if not enough.any():
        return
    share = np.full(enough.size, np.nan)
    errors = _hourly(day, day.errors_by_version, names)
    share[enough] = errors[enough] / _hourly(day, day.missions_by_version, names)[enough]
    axes.stairs(
        share, np.arange(share.size + 1), baseline=None, color=color, linewidth=1.8, label=label
    )


def _enough(day: Day, names: Sequence[str]) -> Bools:
    """The hours that say something of these versions."""
    result: Bools = _hourly(day, day.missions_by_version, names) >= _LEAST_MISSIONS
    return result


def _hourly(day: Day, counts: Mapping[str, Numbers], names: Sequence[str]) -> Numbers:
    wide = HOUR_S // day.every_s
    hours = day.hours.size // wide
    total = np.zeros(hours)
    for name in names:
        if name in counts:
            total += counts[name][: hours * wide].reshape(-1, wide).sum(axis=1)
    return total
