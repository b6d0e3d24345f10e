"""`robofleet robots` with connections: registers the robots, runs them, and shows them at it."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from cloud_functions.contract.endpoints import credentials_of
from device_sim.ending import asked_to_end
from device_sim.registration import register, write_slips
from device_sim.run import Run, RunOptions

_MAX_ROWS: Final = 20
_LOOK_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Place:
    """Where live robots are known."""

    data: Path
    http: str = ""
    """The cloud that registers them; empty where they are known already, or to nobody."""


def live(options: RunOptions, place: Place, out: Console, *, as_json: bool) -> None:
    """Run until the time is over or somebody asks for the end.

    Raises NotRegistered, LinkRefused.
    """
    with contextlib.suppress(KeyboardInterrupt):
        _register(options, place, out)
        with asked_to_end() as is_over:
            run = Run(options, out.print)
            _run(run, is_over, out, is_shown=out.is_terminal and not as_json)
        if as_json:
            typer.echo(json.dumps([run.firmware.state_of(row) for row in range(len(run.fleet))]))
        else:
            counts = run.links.counts
            out.print(f"stopped: {counts.sent} messages sent, {counts.received} received")


def _register(options: RunOptions, place: Place, out: Console) -> None:
    if place.http:
        asyncio.run(register(place.http, options.specs, options.seed, credentials_of(place.data)))
    place.data.mkdir(parents=True, exist_ok=True)
    slips = write_slips(place.data, options.specs, options.seed)
    where = ", ".join(options.link.urls) or "home, without a cloud"
    out.print(f"{len(options.specs)} robots at {where}; claim codes in {slips}")
    if place.http:
        out.print("next: robofleet phone login, robofleet phone pair SERIAL CODE; Ctrl-C ends")


def _run(run: Run, is_over: Callable[[], bool], out: Console, *, is_shown: bool) -> None:
    """With a live table on a terminal."""
    if not is_shown:
        run.run(is_over)
        return
    with Live(_table(run), console=out, refresh_per_second=4) as shown:
        run.run(is_over, _every(_LOOK_S, lambda: shown.update(_table(run))))


def _every(pause_s: float, look: Callable[[], None]) -> Callable[[], None]:
    """A look that is taken at most once in so many seconds."""
    last_s = [time.monotonic()]

    def seldom() -> None:
        now_s = time.monotonic()
        if now_s >= last_s[0] + pause_s:
            last_s[0] = now_s
            look()

    return seldom


def _things(run: Run) -> list[str]:
    return [spec.thing for spec in run.fleet.specs[:_MAX_ROWS]]


def _table(run: Run, clock: Callable[[], str] = lambda: time.strftime("%H:%M:%S")) -> Table:
    count, counts = len(run.fleet), run.links.counts
    title = f"{clock()}  {counts.sent} sent, {counts.received} received"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("robot", no_wrap=True, min_width=max(map(len, _things(run))))
    for name in ("name", "online", "phase", "cycle", "battery", "missions", "error"):
        table.add_column(name)
    for row in range(min(count, _MAX_ROWS)):
        state = run.firmware.state_of(row)
        table.add_row(
            str(state["thing"]),
            run.fleet.specs[row].name,
            "yes" if state["online"] else "no",
            str(state["phase"]),
            str(state["cycle"]),
            f"{state['battery']} %",
            str(state["missions"]),
            str(state["error"] or ""),
        )
    if count > _MAX_ROWS:
        table.caption = f"and {count - _MAX_ROWS} more"
    return table
