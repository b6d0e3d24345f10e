"""`robofleet robots --dry-run`: shows how far each shard is, and prints what was counted."""

import importlib
import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import typer
from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from device_sim.dry_run import DryRunFailed, DryRunOptions, Progress, run

_PLOTS: Final = "device_sim.plots.writing"
_INTERRUPTED: Final = 130
_HOUR_S: Final = 3600
_SOON_S: Final = 3.0
"""Runs that end sooner need no lines."""
_EVERY: Final = 10
"""Percent of the work after which a plain line is said."""


@dataclass(frozen=True, slots=True)
class Shown:
    """How the result is shown; without a folder nothing is drawn."""

    as_json: bool
    plots: Path | None


def dry_run(options: DryRunOptions, shown: Shown, out: Console, err: Console) -> None:
    """Run, draw and print.

    Ends with 1 when a shard failed or its plots could not be written after all, with 2 before the
    run when plots are wanted that cannot be drawn or written, and with 130 when interrupted.
    """
    if shown.plots is not None:
        _check_plots(shown.plots, err)
    try:
        result = _watched(options, err)
        if shown.as_json:
            typer.echo(json.dumps(result))
        else:
            _print(result, out)
        written = [] if shown.plots is None else _drawn(result, shown.plots)
    except DryRunFailed as error:
        err.print(f"error: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    except OSError as error:
        err.print(f"error: no plots in {shown.plots}: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        err.print("stopped before the end: nothing was counted")
        raise typer.Exit(_INTERRUPTED) from None
    if not shown.as_json:
        _say_next(written, out)


def _check_plots(folder: Path, err: Console) -> None:
    """Make the folder and see that it can be written, and that there is something to draw with.

    Ends with 2 where not.
    """
    try:
        importlib.import_module(_PLOTS)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return
    except ImportError as error:
        reason = f"--plots needs matplotlib ({error}): pip install 'robofleet[plots]'"
    except OSError as error:
        reason = (
            f"--plots {folder} is no folder that can be written ({error.strerror});"
            " allowed: a folder of yours, or a new one"
        )
    err.print(f"error: {reason}", markup=False, soft_wrap=True)
    raise typer.Exit(2)


def _watched(options: DryRunOptions, err: Console) -> dict[str, Any]:
    """Run with a bar for each shard where the error output is a terminal, else with some lines."""
    if not err.is_terminal:
        return run(options, _sayer(err))
    with Bars(*Bars.get_default_columns()[:3], TimeRemainingColumn(), TimeElapsedColumn(),
              console=err) as bars:  # fmt: skip
        return run(options, _mover(bars))


def _mover(bars: Bars) -> Callable[[Progress], None]:
    known: dict[int, Any] = {}

    def tell(progress: Progress) -> None:
        if progress.shard not in known:
            known[progress.shard] = bars.add_task(f"shard {progress.shard + 1}", total=progress.of)
        bars.update(known[progress.shard], completed=progress.blocks)

    return tell


def _sayer(err: Console) -> Callable[[Progress], None]:
    """Says a line whenever the slowest shard has done another tenth; short runs say nothing."""
    done: dict[int, int] = {}
    began_s = time.monotonic()
    said = 0

    def tell(progress: Progress) -> None:
        nonlocal said
        done[progress.shard] = progress.blocks
        percent = min(done.values()) * 100 // progress.of
        if percent >= said + _EVERY:
            said = percent - percent % _EVERY
            took_s = time.monotonic() - began_s
            if took_s > _SOON_S and percent < 100:  # noqa: PLR2004  percent
                err.print(f"{said} % lived after {took_s:.0f} s")

    return tell


def _drawn(result: Mapping[str, Any], folder: Path) -> Sequence[Path]:
    written: Sequence[Path] = importlib.import_module(_PLOTS).write_plots(result, folder)
    return written


def _say_next(written: Sequence[Path], out: Console) -> None:
    if written:
        *pictures, page = written
        out.print(
            f"drawn: {', '.join(path.stem for path in pictures)} (PNG) and {page};"
            f" next: open {page}", markup=False, soft_wrap=True,
        )  # fmt: skip
    else:
        out.print("next: --plots DIR draws the day, --json prints its series", markup=False)


def _print(result: Mapping[str, Any], out: Console) -> None:
    out.print(
        f"{result['robots']:,} robots lived {result['hours']:g} hours in {result['took_s']:g} s"
        f" on {result['processes']} processes, {result['bytes_per_robot']} bytes each"
    )
    out.print(f"hash {result['hash']}")
    table = Table("what", "how often", "share")
    total = max(result["missions"], 1)
    for name, count in result["missions_by_result"].items():
        table.add_row(f"missions {name}", f"{count:,}", f"{count / total:.1%}")
    for name, count in result["facts_by_kind"].items():
        table.add_row(f"facts {name}", f"{count:,}", "")
    for release in result["releases"]:
        table.add_row(f"release {release['version']}", _came(release), "")
    series = result["series"]
    table.add_row("most missions under way", f"{max(series['missions_under_way']):,}", "")
    table.add_row("most messages a second", f"{max(series['messages_a_second']):,.0f}", "")
    out.print(table)


def _came(release: Mapping[str, Any]) -> str:
    """How far a release came, in words."""
    far = f"{release['share_reached'] * 100:.1f} % of robots"
    tried = f"{release['failures']:,} of {release['installations']:,} installations failed"
    if release["stopped"]:
        lasted_h = (release["stopped_after_s"] - release["began_after_s"]) / _HOUR_S
        began_h = release["began_after_s"] / _HOUR_S
        return f"stopped after {lasted_h:.1f} h at {far}, begun at {began_h:.1f} h: {tried}"
    if release["share_reached"] < release["share_planned"]:
        return f"at {far} at the end: {tried}"
    return f"went through, to {far}: {tried}"
