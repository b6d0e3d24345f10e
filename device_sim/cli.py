"""`robofleet robots`: a fleet at a running cloud."""

import asyncio
import contextlib
import json
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

from cloud_functions.contract.endpoints import (
    DEFAULT_DIRECTORY,
    Endpoints,
    NoCloud,
    credentials_of,
)
from device_sim import scenario as scenarios
from device_sim.dry_run import DryRunOptions
from device_sim.dry_run_cli import Shown, dry_run
from device_sim.link.aiomqtt_link import LinkOptions
from device_sim.registration import NotRegistered, register, write_slips
from device_sim.robot.parameters import Faults
from device_sim.run import Run, RunOptions

_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)
_MAX_ROWS = 20
_MOST_LIVE = 5000
"""Robots with a connection each."""
_MOST_DRY = 100_000_000


class Luck(StrEnum):
    """How often something goes wrong on board."""

    USUAL = "usual"
    NONE = "none"

    @property
    def rates(self) -> Faults:
        """The rates of the physics."""
        return Faults(scale=float(self is Luck.USUAL))


def robots(
    count: Annotated[
        int | None, typer.Option("--count", "--robots", min=1, max=_MOST_DRY, help="How many.")
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(min=0.1, max=10_000, help="Simulated s a s; 1, or as fast as it can dry."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed, the same fleet and luck.")] = 7,
    scenario: Annotated[str, typer.Option(help="A named fleet, or a TOML file.")] = (
        scenarios.DEFAULT
    ),
    data: Annotated[Path, typer.Option("--data", help="Data directory.")] = DEFAULT_DIRECTORY,
    for_s: Annotated[float, typer.Option("--for", min=0, help="Seconds; 0 until Ctrl-C.")] = 0,
    wait_s: Annotated[float, typer.Option("--wait", min=0, help="Seconds to await a cloud.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the fleet at the end.")] = False,
    faults: Annotated[Luck, typer.Option(help="What goes wrong.")] = Luck.USUAL,
    dry: Annotated[bool, typer.Option("--dry-run", help="No network, as fast as it can.")] = False,
    hours: Annotated[float, typer.Option(min=0.1, max=8784, help="Of a dry run.")] = 24,
    processes: Annotated[int, typer.Option(min=1, max=256, help="Of a dry run.")] = 1,
    plots: Annotated[Path | None, typer.Option(help="Folder for plots of a dry run.")] = None,
) -> None:
    """Run robots against the cloud that runs on a data directory.

    Example: robofleet robots --count 3 --speed 60 --seed 7

    With --dry-run they live without any cloud, and what happened to them is counted.

    Example: robofleet robots --dry-run --robots 100000 --processes 2
    """
    try:
        if dry:
            _dry_run(
                scenario,
                seed,
                count,
                Span(hours, processes, faults, speed or 0.0),
                Shown(as_json, plots),
            )
            return
        if count is not None and count > _MOST_LIVE:
            raise scenarios.InvalidScenario(f"--count is at most {_MOST_LIVE} without --dry-run")
        endpoints = _await_cloud(data, wait_s)
        specs = scenarios.specs(scenarios.load(scenario), seed, count)
        options = RunOptions(
            specs=specs,
            link=LinkOptions(endpoints.mqtt),
            seed=seed,
            speed=speed or 1.0,
            for_s=for_s,
            pictures=data / "missions",
            faults=faults.rates,
        )
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_run(options, endpoints, data, as_json=as_json))
    except (NoCloud, NotRegistered, scenarios.InvalidScenario) as error:
        _err.print(f"error: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None


@dataclass(frozen=True, slots=True)
class Span:
    """How long a dry run is, on how many processes, with what luck, and how fast."""

    hours: float
    processes: int
    luck: Luck
    speed: float
    """Simulated seconds a second; 0 is as fast as it can."""


def _dry_run(scenario: str, seed: int, count: int | None, span: Span, shown: Shown) -> None:
    chosen = scenarios.load(scenario)
    robots = count or sum(group.count for group in chosen.robots)
    processes = min(span.processes, robots)
    options = DryRunOptions(
        chosen, seed, robots, span.hours, processes, speed=span.speed, faults=span.luck.rates
    )
    dry_run(options, shown, _out, _err)


def _await_cloud(data: Path, wait_s: float) -> Endpoints:
    """The endpoints of the cloud on this directory, as soon as it serves.  Raises NoCloud."""
    deadline = time.monotonic() + wait_s
    while True:
        try:
            return Endpoints.read(data)
        except NoCloud:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.02)


async def _run(options: RunOptions, endpoints: Endpoints, data: Path, *, as_json: bool) -> None:
    await register(endpoints.http, options.specs, options.seed, credentials_of(data))
    slips = write_slips(data, options.specs, options.seed)
    run = Run(options, _out.print)
    _out.print(f"{len(options.specs)} robots at {endpoints.mqtt}; claim codes in {slips}")
    _out.print("next: robofleet phone login, robofleet phone pair SERIAL CODE; Ctrl-C ends")
    work = asyncio.create_task(run.run(), name="fleet")
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, work.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        if _out.is_terminal and not as_json:
            await _show(run, work)
        else:
            await work
    if as_json:
        typer.echo(json.dumps([run.firmware.state_of(row) for row in range(len(run.fleet))]))
    else:
        _out.print(f"stopped: {run.sent} messages sent, {run.received} received")


async def _show(run: Run, work: asyncio.Task[None]) -> None:
    """A live table until the fleet ends."""
    with Live(_table(run), console=_out, refresh_per_second=4) as live:
        while not work.done():
            await asyncio.wait({work}, timeout=0.5)
            live.update(_table(run))
    await work


def _things(run: Run) -> list[str]:
    return [spec.thing for spec in run.fleet.specs[:_MAX_ROWS]]


def _table(run: Run, clock: Callable[[], str] = lambda: time.strftime("%H:%M:%S")) -> Table:
    count = len(run.fleet)
    title = f"{clock()}  {run.sent} sent, {run.received} received"
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
