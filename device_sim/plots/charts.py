"""The charts of a day, each a function from the day to a figure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter

from device_sim.plots.day import HOUR_S, Day, Numbers, offset_h
from device_sim.plots.theme import (
    ACCENT,
    CYCLE,
    HEAT,
    INK,
    MUTED,
    beside,
    chart,
    number,
    thousands,
    time_axis,
)
from device_sim.plots.words import error_words, region_words

_CITIES: Final = {
    "Los Angeles": "America/Los_Angeles", "New York": "America/New_York",
    "São Paulo": "America/Sao_Paulo", "London": "Europe/London", "Berlin": "Europe/Berlin",
    "Delhi": "Asia/Kolkata", "Tokyo": "Asia/Tokyo", "Sydney": "Australia/Sydney",
}  # fmt: skip
_MORNING_H, _EVENING_H = 9, 18
_NARROW: Final = 3
"""Bands of time zones below which a heat map of them says nothing."""
_LEAST_ROBOTS: Final = 100
"""In a band that is shown."""
_FEW: Final = 0.2
"""A share of the fleet that would not be seen on an axis from zero."""
_MOST_ERRORS: Final = 7
_PERCENTS: Final = 101
_GRAIN: Final = 5
"""Percent of charge in one row of a heat map."""


def missions(day: Day) -> Figure:
    """Missions under way, stacked by region."""
    peak = int(day.under_way.argmax())
    figure, axes = chart(
        "Missions under way",
        f"{number(day.under_way[peak])} at most, {day.under_way[peak] / day.robots:.1%} of"
        f" {day.robots:,} robots",
    )
    axes.stackplot(
        day.hours, *day.by_region.values(), linewidth=0, colors=CYCLE,
        labels=[region_words(name) for name in day.by_region],
    )  # fmt: skip
    axes.plot(day.hours, day.under_way, color=INK, linewidth=1.2, label="All")
    axes.set_ylabel("robots on a mission")
    axes.set_ylim(bottom=0)
    thousands(axes)
    time_axis(axes, day)
    beside(axes, reverse=True)
    return figure


def globe(day: Day) -> Figure:
    """The share of robots on a mission by what their clocks show: mornings are diagonals."""
    offsets = _peopled(day)
    figure, axes = chart(
        "The day travels round the globe",
        f"Share of robots on a mission, by how far their clocks are from UTC; dashed"
        f" {_MORNING_H:02d}:00 and dotted {_EVENING_H}:00 at home",
        height_in=6.0,
    )
    low, high = offsets[0], offsets[-1]
    empty = np.full(day.hours.size, np.nan)
    rows = [day.by_offset[n] if n in offsets else empty for n in range(low, high + 1)]
    shown = axes.imshow(
        np.ma.masked_invalid(np.array(rows)), origin="lower", aspect="auto", cmap=HEAT,
        extent=(0.0, day.length_h, low - 0.5, high + 0.5), interpolation="nearest", vmin=0,
        vmax=max(day.by_offset[n].max() for n in offsets) or 1.0,
    )  # fmt: skip
    _local_hour(axes, day, offsets, _MORNING_H, "--")
    _local_hour(axes, day, offsets, _EVENING_H, ":")
    axes.grid(visible=False)
    axes.set_yticks(range(low, high + 1), [_band(day, n) for n in range(low, high + 1)])
    axes.tick_params(axis="y", labelsize=8.5)
    time_axis(axes, day)
    bar = figure.colorbar(shown, ax=axes, pad=0.01, aspect=30, shrink=0.9)
    bar.outline.set_visible(False)
    bar.ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    return figure


def _peopled(day: Day) -> Sequence[int]:
    """Bands where so many live that one robot does not make a peak."""
    return sorted(n for n, robots in day.robots_by_offset.items() if robots >= _LEAST_ROBOTS)


def _band(day: Day, offset: int) -> str:
    """A band's offset, and a city in it."""
    cities = [city for city, zone in _CITIES.items() if offset_h(zone, day.start_s) // 1 == offset]
    return f"{cities[0] if cities else ''}  {offset:+d} h"


def _local_hour(axes: Axes, day: Day, offsets: Sequence[int], hour: int, line: str) -> None:
    """Where clocks show an hour, as one line for each day."""
    began_h = day.start_s / HOUR_S % 24
    band = np.array([offsets[0] - 0.5, offsets[-1] + 0.5])
    for turn in range(-1, int(day.length_h // 24) + 2):
        axes.plot(
            hour + 24 * turn - began_h - band, band, line, color="#ffffff", linewidth=1.1,
            alpha=0.75,
        )  # fmt: skip
    axes.set_ylim(*band)


def local_hours(day: Day) -> Figure:
    """When missions begin, by the clock on the owner's wall."""
    figure, axes = chart(
        "When missions begin, by the clock at home",
        "Share of each region's missions; the same day everywhere, at its own time",
    )
    for color, (name, counts) in zip(CYCLE, day.starts.items(), strict=False):
        share = counts / counts.sum()
        axes.plot(
            np.arange(24) + 0.5, share, color=color, linewidth=1.8, marker="o", markersize=3,
            label=f"{region_words(name)} ({number(counts.sum())})",
        )  # fmt: skip
    axes.set_xlim(0, 24)
    axes.set_xticks(range(0, 25, 3), [f"{hour:02d}:00" for hour in range(0, 25, 3)])
    axes.set_xlabel("local time")
    axes.set_ylabel("missions that began")
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    beside(axes, "missions")
    return figure


def online(day: Day) -> Figure:
    """Robots that the cloud hears of."""
    least = int(day.online.argmin())
    figure, axes = chart(
        "Robots online",
        f"{number(day.online[least])} of {day.robots:,} at least,"
        f" {day.online[least] / day.robots:.2%}",
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
    axes.set_ylabel("messages a second")
    axes.set_ylim(bottom=0)
    thousands(axes)
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
    axes.set_ylabel("errors an hour")
    axes.set_ylim(bottom=0)
    thousands(axes)
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
    axes.set_ylabel("robots")
    axes.set_ylim(bottom=0)
    thousands(axes)
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
        f"Robots by charge; {below.max():.1%} at most are not full, and the rest are the top row",
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
    if day.by_region:
        found["missions"] = missions
    if len(_peopled(day)) >= _NARROW:
        found["globe"] = globe
    if day.starts:
        found["local-hours"] = local_hours
    found |= {"online": online, "messages": messages}
    if day.errors:
        found["errors"] = errors
    if _moved(day):
        found["versions"] = versions
    return found | {"battery": battery}
