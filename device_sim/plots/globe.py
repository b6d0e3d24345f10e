"""The day as it travels round the globe: a band for each offset of clocks, mornings as a stair."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from device_sim.plots.day import HOUR_S, Day, Numbers, clocks_change, offset_h
from device_sim.plots.theme import HEAT, MUTED, chart, number, percent_axis, time_axis

_CITIES: Final = {
    "Honolulu": "Pacific/Honolulu", "Los Angeles": "America/Los_Angeles",
    "Denver": "America/Denver", "Chicago": "America/Chicago", "New York": "America/New_York",
    "Halifax": "America/Halifax", "São Paulo": "America/Sao_Paulo", "London": "Europe/London",
    "Berlin": "Europe/Berlin", "Athens": "Europe/Athens", "Istanbul": "Europe/Istanbul",
    "Dubai": "Asia/Dubai", "Karachi": "Asia/Karachi", "Delhi": "Asia/Kolkata",
    "Bangkok": "Asia/Bangkok",
    "Singapore": "Asia/Singapore", "Tokyo": "Asia/Tokyo", "Brisbane": "Australia/Brisbane",
    "Adelaide": "Australia/Adelaide",
    "Sydney": "Australia/Sydney", "Auckland": "Pacific/Auckland",
}  # fmt: skip
_MORNING_H, _EVENING_H = 9, 18
Line = tuple[float, tuple[float, ...]]
_DASHED: Final[Line] = (0, (4, 1.5))
_DOTTED: Final[Line] = (0, (1, 1.5))
"""Lines that are still lines in a band that is low."""
NARROW: Final = 3
"""Bands below which a heat map of them says nothing."""
_LEAST_ROBOTS: Final = 100
"""In a band: of fewer one robot is a peak, so they are shown with their neighbours."""
_LOWEST_IN, _HIGHEST_IN = 3.4, 6.8
_BAND_IN: Final = 0.2


@dataclass(frozen=True, eq=False)
class Band:
    """Robots whose clocks are alike, or nearly so where there are few of them."""

    west_h: float
    east_h: float
    mean_h: float
    """How far their clocks are ahead of UTC, on average over robots."""
    robots: int
    under_way: Numbers

    def and_(self, other: "Band") -> "Band":
        """Both together; the other one is further east."""
        robots = self.robots + other.robots
        mean_h = (self.mean_h * self.robots + other.mean_h * other.robots) / robots
        return Band(self.west_h, other.east_h, mean_h, robots, self.under_way + other.under_way)


def bands(day: Day) -> Sequence[Band]:
    """From west to east; thin ones are joined with the neighbour whose clocks are nearer."""
    found = [
        Band(hours, hours, hours, day.robots_by_offset[hours], day.by_offset[hours])
        for hours in sorted(day.by_offset)
    ]
    while len(found) > 1:
        thin = min(range(len(found)), key=lambda place: found[place].robots)
        if found[thin].robots >= _LEAST_ROBOTS:
            break
        west_h = found[thin].west_h - found[thin - 1].east_h if thin else np.inf
        east_h = found[thin + 1].west_h - found[thin].east_h if thin + 1 < len(found) else np.inf
        first = thin - 1 if west_h <= east_h else thin
        found[first : first + 2] = [found[first].and_(found[first + 1])]
    return found


def globe(day: Day) -> Figure:
    """The share of robots on a mission by what their clocks show."""
    shown = bands(day)
    figure, axes = chart(
        "The day travels round the globe", _said(day, shown),
        height_in=min(max(2.0 + _BAND_IN * len(shown), _LOWEST_IN), _HIGHEST_IN),
    )  # fmt: skip
    shares = np.array([band.under_way / band.robots for band in shown])
    drawn = axes.pcolormesh(
        np.append(0.0, day.hours), np.arange(len(shown) + 1), shares, cmap=HEAT, vmin=0,
        vmax=float(shares.max()) or 1.0, rasterized=True,
    )  # fmt: skip
    for place, band in enumerate(shown):
        _local_hour(axes, day, (place, band.mean_h), _MORNING_H, _DASHED)
        _local_hour(axes, day, (place, band.mean_h), _EVENING_H, _DOTTED)
    axes.grid(visible=False)
    middles = np.arange(len(shown)) + 0.5
    axes.set_ylim(0, len(shown))
    axes.set_yticks(middles, [_called(day, band) for band in shown])
    axes.tick_params(axis="y", labelsize=8.5)
    count = axes.secondary_yaxis("right")
    count.set_yticks(middles, [number(band.robots) for band in shown])
    count.tick_params(labelsize=8.5, colors=MUTED, length=0)
    count.set_ylabel("robots there")
    time_axis(axes, day)
    bar = figure.colorbar(
        drawn, ax=axes, pad=0.02, aspect=30, shrink=0.9, label="of them on a mission"
    )
    bar.outline.set_visible(False)
    percent_axis(bar.ax)
    return figure


def _said(day: Day, shown: Sequence[Band]) -> str:
    """What is to be seen, and what was done to the bands."""
    said = (
        "Share of robots on a mission, by how far their clocks are from UTC;"
        f" dashed is {_MORNING_H:02d}:00 and dotted {_EVENING_H}:00 at home"
    )
    more: list[str] = []
    if len(shown) < len(day.by_offset):
        more.append(f"clocks with fewer than {_LEAST_ROBOTS} robots are shown with the nearest")
    if clocks_change(day):
        more.append("clocks that are changed on the way stay where they were at the start")
    return "\n".join([said, "; ".join(more).capitalize()] if more else [said])


def _called(day: Day, band: Band) -> str:
    """A band's offset, and a city in it where robots live everywhere."""
    offsets = "UTC" + _offset(band.west_h)
    if band.east_h > band.west_h:
        offsets += f" to {_offset(band.east_h) or '0'}"
    if day.countries:
        return offsets
    cities = (
        city for city, zone in _CITIES.items()
        if band.west_h <= offset_h(zone, day.start_s) <= band.east_h
    )  # fmt: skip
    return f"{next(cities, '')}  {offsets}"


def _offset(hours: float) -> str:
    """+5:30; nothing for none."""
    whole, minutes = divmod(round(abs(hours) * 60), 60)
    sign = "+" if hours > 0 else "\N{MINUS SIGN}"
    return f"{sign}{whole}" + (f":{minutes:02d}" if minutes else "") if hours else ""


def _local_hour(axes: Axes, day: Day, row: tuple[int, float], hour: int, line: Line) -> None:
    """Where the clocks of a row show an hour, on each day."""
    place, offset = row
    first = (hour - offset - day.start_s / HOUR_S) % 24
    axes.vlines(
        np.arange(first, day.length_h, 24), place, place + 1, colors="#ffffff", linewidth=1.2,
        linestyles=line, alpha=0.85,
    )  # fmt: skip
