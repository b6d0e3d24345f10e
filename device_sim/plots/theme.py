"""How all charts look: ink, paper, type, the axis of time.

The colours of ink, lines and paper are names as much as colours: the page replaces them by its own
for light and for dark.
"""

import datetime
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from device_sim.plots.day import HOUR_S, Day

INK: Final = "#1e2726"
MUTED: Final = "#67716f"
GRID: Final = "#e3e5e1"
PAPER: Final = "#fdfdfb"
ACCENT: Final = "#2f8f78"
CYCLE: Final = (
    "#3f7fd6", "#2aa095", "#8d6cd9", "#e0633a", "#dfa62e", "#c2487e", "#7f8c3a", "#8a9693",
)  # fmt: skip
"""Colours that can be told apart, on light as on dark."""
HEAT: Final = LinearSegmentedColormap.from_list(
    "dusk", ["#10222f", "#123e52", "#146b70", "#2fa27b", "#98cf6a", "#f6e58a"]
)
STYLE: Final[Mapping[Any, Any]] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": GRID,
    "axes.titlecolor": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "xtick.major.pad": 7,
    "ytick.major.size": 0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "svg.fonttype": "none",
}
_SIZE_IN: Final = (10.0, 4.6)
_TICKS_H: Final = (1, 2, 3, 6, 12, 24, 48, 168, 744)
_MOST_TICKS: Final = 14
_SMALL: Final = 10
_PAD, _LINE = 24, 13
"""Points between a title and its chart, and for one more line there."""


def chart(title: str, subtitle: str, *, height_in: float = _SIZE_IN[1]) -> tuple[Figure, Axes]:
    """An empty chart with its title, and a line that says what is to be seen."""
    figure = Figure(figsize=(_SIZE_IN[0], height_in), layout="constrained")
    axes = figure.add_subplot()
    pad = _PAD + _LINE * subtitle.count("\n")
    axes.set_title(title, loc="left", fontsize=13, fontweight="bold", pad=pad)
    said = axes.annotate(
        subtitle, (0.0, 1.0), xytext=(0, 8), textcoords="offset points", xycoords="axes fraction",
        color=MUTED, fontsize=9.5, va="bottom",
    )  # fmt: skip
    said.set_in_layout(False)  # a long line must not make the chart narrow
    return figure, axes


def time_axis(axes: Axes, day: Day) -> None:
    """The hours of the run as a clock in UTC, with the date at midnight."""
    step = next((each for each in _TICKS_H if day.length_h / each <= _MOST_TICKS), _TICKS_H[-1])
    began_h = day.start_s / HOUR_S
    first = -(-began_h // step) * step - began_h
    axes.set_xticks(np.arange(first, day.length_h + 1e-9, step))
    axes.set_xlim(0, day.length_h)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda hour, _place: _clock(day, hour)))
    axes.set_xlabel("UTC")


def _clock(day: Day, hour: float) -> str:
    at = datetime.datetime.fromtimestamp(day.start_s + round(hour * HOUR_S), tz=datetime.UTC)
    return f"{at:%H:%M}\n{at:%a} {at.day} {at:%b}" if at.hour == 0 else f"{at:%H:%M}"


def counts_axis(axes: Axes, what: str) -> None:
    """Counts of something on the upright axis, from none on."""
    axes.set_ylabel(what)
    axes.set_ylim(bottom=0)
    thousands(axes)


def thousands(axes: Axes) -> None:
    """Values of the upright axis with separators."""
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _place: number(value)))


def number(value: float) -> str:
    """A number as people read it."""
    return f"{value:,.0f}" if abs(value) >= _SMALL or value == int(value) else f"{value:,.1f}"


def percent(share: float, decimals: int = 1) -> str:
    """A share as people read it."""
    return f"{100 * share:.{decimals}f} %"


def percent_axis(axes: Axes) -> None:
    """Shares on the upright axis, with as many decimals as its marks need."""
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _place: f"{100 * share:.6g} %"))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))


def beside(axes: Axes, title: str = "", *, reverse: bool = False) -> None:
    """A legend to the right of the chart; of a stack in the order of the stack."""
    axes.legend(
        title=title or None, loc="center left", bbox_to_anchor=(1.01, 0.5), reverse=reverse,
        borderaxespad=0.0, handlelength=1.1, handleheight=1.1, fontsize=9.5,
    )  # fmt: skip
