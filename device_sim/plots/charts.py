"""The charts of a day, each a function from the day to a figure."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from device_sim.plots.day import HOUR_S, Day, Numbers
from device_sim.plots.globe import NARROW, bands, globe
from device_sim.plots.releases import course, fares, tells_fares
from device_sim.plots.theme import (
    ACCENT,
    CYCLE,
    HEAT,
    INK,
    MUTED,
    beside,
    chart,
    counts_axis,
    number,
    percent,
    percent_axis,
    thousands,
    time_axis,
)
from device_sim.plots.words import error_words, part_words

_FEW: Final = 0.2
"""A share of the fleet that would not be seen on an axis from zero."""
_MOST_ERRORS: Final = 7
_PERCENTS: Final = 101
_GRAIN: Final = 5
"""Percent of charge in one row of a heat map."""


def missions(day: Day) -> Figure:
    """Missions under way, stacked by part of the world."""
    peak = int(day.under_way.argmax())
    figure, axes = chart(
        "Missions under way",
        f"{number(day.under_way[peak])} at most,"
        f" {percent(day.under_way[peak] / day.robots)} of {day.robots:,} robots",
    )
    axes.stackplot(
        day.hours, *day.by_part.values(), linewidth=0, colors=CYCLE,
        labels=[part_words(name) for name in day.by_part],
    )  # fmt: skip
    axes.plot(day.hours, day.under_way, color=INK, linewidth=1.2, label="All")
    counts_axis(axes, "robots on a mission")
    time_axis(axes, day)
    beside(axes, day.part, reverse=True)
    return figure


def local_hours(day: Day) -> Figure:
    """When missions begin, by the clock on the owner's wall."""
    figure, axes = chart(
        "When missions begin, by the clock at home",
        f"Share of the missions of each {day.part} that began in each hour of its own time",
    )
    for color, (name, counts) in zip(CYCLE, day.starts.items(), strict=False):
        share = counts / counts.sum()
        axes.plot(
            np.arange(24) + 0.5, share, color=color, linewidth=1.8, marker="o", markersize=3,
            label=f"{part_words(name)} ({number(counts.sum())})",
        )  # fmt: skip
    axes.set_xlim(0, 24)
    axes.set_xticks(range(0, 25, 3), [f"{hour:02d}:00" for hour in range(0, 25, 3)])
    axes.set_xlabel("local time")
    axes.set_ylabel("missions that began")
    axes.set_ylim(bottom=0)
    percent_axis(axes)
    beside(axes, f"{day.part} (missions)")
    return figure


def online(day: Day) -> Figure:
    """Robots that the cloud hears of."""
    least = int(day.online.argmin())
    figure, axes = chart(
        "Robots online",
        f"{number(day.online[least])} of {day.robots:,} at least,"
        f" {percent(day.online[least] / day.robots, 2)}",
    )
    away = day.robots - float(day.online[least])
    floor = max(0.0, day.robots - 1.15 * away) if away < _FEW * day.robots else 0.0
    axes.fill_between(day.hours, floor, day.online, color=ACCENT, alpha=0.18, linewidth=0)
    axes.plot(day.hours, day.online, color=ACCENT, linewidth=1.6, label="online")
    axes.axhline(day.robots, color=MUTED, linewidth=1, linestyle="--", label="all robots")
    axes.set_ylabel("robots online" + (", from well above 0" if floor else ""))
    axes.set_ylim(floor, None)
    thousands(axes)
    time_axis(axes, day)
    beside(axes)
    return figure


def messages(day: Day) -> Figure:
    """What the fleet says."""
    mean, most = day.messages_a_second.mean(), day.messages_a_second.max()
    figure, axes = chart(
        "Messages a second",
        f"{number(most)} at most and {number(mean)} on average, in {day.every_s // 60} minutes",
    )
    axes.fill_between(day.hours, 0, day.messages_a_second, color=CYCLE[0], alpha=0.18, linewidth=0)
    axes.plot(day.hours, day.messages_a_second, color=CYCLE[0], linewidth=1.6, label="messages")
    axes.axhline(mean, color=MUTED, linewidth=1, linestyle="--", label="average")
    counts_axis(axes, "messages a second")
    time_axis(axes, day)
    beside(axes)
    return figure


def errors(day: Day) -> Figure:
    """What goes wrong, by kind."""
    kinds = sorted(day.errors.items(), key=lambda each: -each[1].sum())
    total = sum(counts.sum() for _, counts in kinds)
    figure, axes = chart(
        "Errors by kind", f"{number(total)} in {day.length_h:g} hours; errors an hour"
    )
    shown = [(error_words(code), counts) for code, counts in kinds[:_MOST_ERRORS]]
    if rest := [counts for _, counts in kinds[_MOST_ERRORS:]]:
        shown.append((f"{len(rest)} other kinds", np.sum(rest, axis=0)))
    wide = max(1, day.hours.size // 48)
    axes.stackplot(
        _edges(day, wide), *[_an_hour(counts, wide, day) for _, counts in shown], step="post",
        labels=[f"{name} ({number(counts.sum())})" for name, counts in shown], colors=CYCLE,
        linewidth=0,
    )  # fmt: skip
    counts_axis(axes, "errors an hour")
    time_axis(axes, day)
    beside(axes, "code and meaning", reverse=True)
    return figure


def _edges(day: Day, wide: int) -> Numbers:
    """Where blocks of a width begin, and where the last one ends."""
    return np.concatenate(([0.0], day.hours[wide - 1 :: wide]))


def _an_hour(counts: Numbers, wide: int, day: Day) -> Numbers:
    """Counts of blocks as rates of wider ones, the last one twice; a part of one is left out."""
    whole = counts[: counts.size // wide * wide].reshape(-1, wide).sum(axis=1)
    return np.append(whole, whole[-1]) * (HOUR_S / (wide * day.every_s))


def versions(day: Day) -> Figure:
    """What robots run while releases go round: new versions first, then those they take from."""
    kinds = sorted(day.versions.items(), key=lambda each: (each[1][0] > 0, -np.ptp(each[1])))
    figure, axes = chart(
        "Versions that robots run",
        "Robots on each version; a release that was stopped stays low, and one that was mended"
        " falls again",
    )
    for color, (name, counts) in zip(CYCLE, kinds, strict=False):
        label = " ".join(name.split("+")[:2])
        axes.plot(day.hours, counts, color=color, linewidth=1.6, label=label)
    counts_axis(axes, "robots")
    time_axis(axes, day)
    beside(axes, "version")
    return figure


def _moved(day: Day) -> bool:
    """Whether any version gained or lost robots."""
    return any(np.ptp(counts) > 0 for counts in day.versions.values())


def battery(day: Day) -> Figure:
    """How full batteries are over the day."""
    below = 1.0 - day.battery[:, -1] / day.robots
    figure, axes = chart(
        "Batteries over the day",
        f"Robots by charge; {percent(below.max())} at most are not full, and the rest are the top"
        " row",
        height_in=5.2,
    )
    rows = np.array(
        [day.battery[:, low : min(low + _GRAIN, _PERCENTS - 1)].sum(axis=1)
         for low in range(0, _PERCENTS - 1, _GRAIN)]
        + [day.battery[:, -1]]
    )  # fmt: skip
    shown = axes.imshow(
        np.ma.masked_less(rows, 1), origin="lower", aspect="auto", cmap=HEAT,
        norm=LogNorm(1, max(rows.max(), 2)), interpolation="nearest",
        extent=(0.0, day.length_h, 0.0, float(_PERCENTS - 1 + _GRAIN)),
    )  # fmt: skip
    axes.set_facecolor(HEAT(0.0))
    axes.grid(visible=False)
    axes.set_yticks([0, 20, 40, 60, 80, 97.5 + 5], ["0 %", "20 %", "40 %", "60 %", "80 %", "full"])
    axes.set_ylabel("charge")
    time_axis(axes, day)
    bar = figure.colorbar(shown, ax=axes, pad=0.01, aspect=30, shrink=0.9, label="robots")
    bar.outline.set_visible(False)
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _place: number(value)))
    bar.ax.yaxis.set_minor_formatter("")
    return figure


Chart = Callable[[Day], Figure]


def charts_of(day: Day) -> Mapping[str, Chart]:
    """The charts that say something of this day, by the names of their files, in their order."""
    found: dict[str, Chart] = {}
    if day.by_part:
        found["missions"] = missions
    if len(bands(day)) >= NARROW:
        found["globe"] = globe
    if day.starts:
        found["local-hours"] = local_hours
    found |= {"online": online, "messages": messages}
    if day.errors:
        found["errors"] = errors
    if _moved(day):
        found["versions"] = versions
    if any(each.told.any() for each in day.releases):
        found["releases"] = course
    if tells_fares(day):
        found["fares"] = fares
    return found | {"battery": battery}
