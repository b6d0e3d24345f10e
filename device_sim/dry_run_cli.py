"""`robofleet robots --dry-run`: shows how far each shard is, and prints what was counted."""

import importlib
import importlib.util
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import typer
from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from device_sim.dry_run import DryRunFailed, DryRunOptions, Progress, run

_PLOTS: Final = "device_sim.plots"
_INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True)
class Shown:
    """How the result is shown; without a folder nothing is drawn."""

    as_json: bool
    plots: Path | None


def dry_run(options: DryRunOptions, shown: Shown, out: Console, err: Console) -> None:
    """Run, draw and print; ends with 1 when a shard failed and with 130 when interrupted."""
    try:
        result = _watched(options, err)
    except DryRunFailed as error:
        err.print(f"error: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        err.print("stopped before the end: nothing was counted")
        raise typer.Exit(_INTERRUPTED) from None
    if shown.plots is not None:
        _draw(result, shown.plots, err)
    if shown.as_json:
        typer.echo(json.dumps(result))
    else:
        _print(result, out)


def _watched(options: DryRunOptions, err: Console) -> dict[str, Any]:
    """Run with a bar for each shard on the standard error output, where that is a terminal."""
    if not err.is_terminal:
        return run(options)
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


def _draw(result: Mapping[str, Any], folder: Path, err: Console) -> None:
    if importlib.util.find_spec(_PLOTS) is None:
        err.print("no plots: this installation has none")
        return
    importlib.import_module(_PLOTS).write_plots(result, folder)


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
    series = result["series"]
    table.add_row("most missions under way", f"{max(series['missions_under_way']):,}", "")
    table.add_row("most messages a second", f"{max(series['messages_a_second']):,.0f}", "")
    out.print(table)
