"""Writes the pictures of a day into a folder."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG

from device_sim.plots.charts import charts_of
from device_sim.plots.day import day_of
from device_sim.plots.page import page
from device_sim.plots.theme import STYLE

_DOTS_PER_INCH: Final = 144
PAGE: Final = "day.html"


def write_plots(result: Mapping[str, Any], folder: Path) -> Sequence[Path]:
    """Draw what `dry_run.run` returned: a PNG for each chart and one page; the files written.

    The same result gives the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    day = day_of(result)
    drawings: dict[str, str] = {}
    written: list[Path] = []
    for name, draw in charts_of(day).items():
        with mpl.rc_context({**STYLE, "svg.hashsalt": name}):
            figure = draw(day)
            path = folder / f"{name}.png"
            FigureCanvasAgg(figure)
            figure.savefig(path, dpi=_DOTS_PER_INCH, metadata={"Software": None})
            FigureCanvasSVG(figure)
            drawn = io.StringIO()
            figure.savefig(drawn, format="svg", metadata={"Date": None})
        drawings[name] = drawn.getvalue()
        written.append(path)
    (folder / PAGE).write_text(page(result, drawings), encoding="utf-8")
    return [*written, folder / PAGE]
