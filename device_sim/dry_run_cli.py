"""`robofleet robots --dry-run`: shows how far each shard is, and prints what was counted."""

import datetime
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

from device_sim.dry_run import DryRunFailed, DryRunOptions, Planned, Progress, Stopped, run
from device_sim.ending import asked_to_end
from device_sim.release_words import words_of

_PLOTS: Final = "device_sim.plots.writing"
_INTERRUPTED: Final = 130
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
    run when plots are wanted that cannot be drawn or written, and with 130 when interrupted: what
    was counted up to there is shown all the same.
    """
    if shown.plots is not None:
        _check_plots(shown.plots, err)
    try:
        result = _watched(options, err)
        if shown.as_json:
            typer.echo(json.dumps(result))
        else:
            _print(result, options, out)
        written = [] if shown.plots is None else _drawn(result, shown.plots)
    except DryRunFailed as error:
        err.print(f"error: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    except OSError as error:
        err.print(f"error: no plots in {shown.plots}: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    except Stopped:
        err.print("stopped before the first five minutes of the day: nothing was counted")
        raise typer.Exit(_INTERRUPTED) from None
    except KeyboardInterrupt:
        err.print(f"stopped before all plots were in {shown.plots}")
        raise typer.Exit(_INTERRUPTED) from None
    if not shown.as_json:
        _say_next(written, out)
    if result["interrupted"]:
        raise typer.Exit(_INTERRUPTED)


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
    with asked_to_end() as is_over:
        if not err.is_terminal:
            return run(options, _sayer(err), is_over)
        with Bars(*Bars.get_default_columns()[:3], TimeRemainingColumn(), TimeElapsedColumn(),
                  console=err) as bars:  # fmt: skip
            return run(options, _mover(bars), is_over)


def _mover(bars: Bars) -> Callable[[Progress | Planned], None]:
    known: dict[str, Any] = {}

    def tell(said: Progress | Planned) -> None:
        match said:
            case Planned(homes=done, of=of):
                name = "homes"
            case Progress(shard=shard, blocks=done, of=of):
                name = f"shard {shard + 1}"
        if name not in known:
            known[name] = bars.add_task(name, total=of)
        bars.update(known[name], completed=done)

    return tell


def _sayer(err: Console) -> Callable[[Progress | Planned], None]:
    """Says a line whenever another tenth is done of the homes, and by the slowest shard.

    Short runs say nothing.
    """
    done: dict[int, int] = {}
    began_s = time.monotonic()
    said_percent = {"planned": 0, "lived": 0}

    def tell(said: Progress | Planned) -> None:
        match said:
            case Planned():
                say("planned", "of the homes planned", said.homes * 100 // said.of)
            case Progress():
                done[said.shard] = said.blocks
                say("lived", "lived", min(done.values()) * 100 // said.of)

    def say(what: str, words: str, percent: int) -> None:
        if percent >= said_percent[what] + _EVERY:
            said_percent[what] = percent - percent % _EVERY
            took_s = time.monotonic() - began_s
            if took_s > _SOON_S and percent < 100:  # noqa: PLR2004  percent
                err.print(f"{said_percent[what]} % {words} after {took_s:.0f} s")

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


def _print(result: Mapping[str, Any], options: DryRunOptions, out: Console) -> None:
    planned = f" of {options.hours:g}" if result["interrupted"] else ""
    out.print(
        f"{result['robots']:,} robots lived {result['hours']:.4g}{planned} hours in"
        f" {result['took_s']:g} s on {result['processes']} processes,"
        f" {result['bytes_per_robot']} bytes each"
    )
    if result["interrupted"]:
        at = datetime.datetime.fromtimestamp(result["start"] + result["simulated_s"], datetime.UTC)
        out.print(
            f"interrupted at {at:%Y-%m-%d %H:%M} of simulated time: what follows is up to there,"
            f" as of a run with --hours {result['hours']:.10g}", soft_wrap=True,
        )  # fmt: skip
    out.print(f"hash {result['hash']}")
    table = Table("what", "how often", "share")
    total = max(result["missions"], 1)
    for name, count in result["missions_by_result"].items():
        table.add_row(f"missions {name}", f"{count:,}", f"{count / total:.1%}")
    for name, count in result["facts_by_kind"].items():
        table.add_row(f"facts {name}", f"{count:,}", "")
    series = result["series"]
    table.add_row("most missions under way", f"{max(series['missions_under_way']):,}", "")
    table.add_row("most messages a second", f"{max(series['messages_a_second']):,.0f}", "")
    out.print(table)
    for release in result["releases"]:
        out.print(words_of(release), markup=False, soft_wrap=True)
