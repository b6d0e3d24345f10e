"""`robofleet load`: robots and phones at a cloud, and whether the sums add up."""

import asyncio
import contextlib
import json
import math
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cloud_functions.contract.endpoints import Endpoints, NoCloud
from load.children import Child, ChildFailed, start_cloud

_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)
_LOCUSTFILE = Path(__file__).parent / "locustfile.py"


def load(
    robots: Annotated[int, typer.Option(min=1, max=100_000, help="How many robots.")] = 100,
    owners: Annotated[int, typer.Option(min=0, max=10_000, help="How many phones.")] = 2,
    for_s: Annotated[float, typer.Option("--for", min=1, help="Seconds.")] = 30,
    robots_per_user: Annotated[int, typer.Option(min=1, help="Robots of one user.")] = 50,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Locust processes.")] = 1,
    speed: Annotated[float, typer.Option(min=0.1, help="Simulated seconds a second.")] = 10,
    seed: Annotated[int, typer.Option(help="The same seed, the same fleet.")] = 7,
    broker: Annotated[str | None, typer.Option(help="builtin, mosquitto or mqtt://...")] = None,
    target: Annotated[str | None, typer.Option(help="API of a cloud that runs; needs --mqtt.")] = (
        None
    ),
    mqtt: Annotated[str | None, typer.Option(help="Broker of --target.")] = None,
    data: Annotated[Path | None, typer.Option("--data", help="Data directory to use.")] = None,
    report: Annotated[Path, typer.Option("--report", help="Folder for CSV, HTML, JSON.")] = (
        Path("load-report")
    ),
    headless: Annotated[bool, typer.Option("--headless", help="Without Locust's page.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Put robots and phones on a cloud and see what it carries.

    Example: robofleet load --robots 500 --owners 10 --for 60 --headless --report out
    """
    if (target is None) != (mqtt is None):
        _err.print("error: --target and --mqtt go together")
        raise typer.Exit(2)
    if processes > 1 and robots % robots_per_user:
        _err.print(f"error: with --processes, --robots is a multiple of {robots_per_user}")
        raise typer.Exit(2)
    if shutil.which("locust", path=str(Path(sys.executable).parent)) is None:
        _err.print("error: Locust is not installed: pip install 'robofleet[load]'")
        raise typer.Exit(2)
    report.mkdir(parents=True, exist_ok=True)
    ledger = report / "ledger.json"
    ledger.unlink(missing_ok=True)
    users = math.ceil(robots / robots_per_user) + owners
    arguments = [
        *("-f", str(_LOCUSTFILE), "--users", str(users), "--spawn-rate", str(users)),
        *("--robots", str(robots), "--robots-per-user", str(robots_per_user)),
        *("--owners", str(owners), "--speed", str(speed), "--fleet-seed", str(seed)),
        *("--run-time", f"{for_s:g}s", "--stop-timeout", "20", "--ledger", str(ledger)),
        *("--csv", str(report / "locust"), "--html", str(report / "report.html")),
        *(["--headless"] if headless else ["--autostart"]),
        *(["--processes", str(processes)] if processes > 1 else []),
        *("--only-summary", "--loglevel", "WARNING"),
    ]
    started = [] if broker is None else ["--broker", broker]
    try:
        code = asyncio.run(_drive(arguments, target, mqtt, data, started, report))
    except KeyboardInterrupt:
        _out.print("stopped")
        raise typer.Exit(1) from None
    except (ChildFailed, NoCloud) as error:
        _err.print(f"error: {error}", markup=False)
        raise typer.Exit(2) from None
    _conclude(ledger, for_s, code, as_json=as_json)


async def _drive(
    arguments: list[str],
    target: str | None,
    mqtt: str | None,
    data: Path | None,
    cloud_arguments: list[str],
    report: Path,
) -> int:
    """Run Locust against a cloud of ours or of somebody else; Locust's exit code."""
    async with contextlib.AsyncExitStack() as stack:
        if target is None or mqtt is None:
            if data is None:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="robofleet-"))
                data = Path(folder)
            cloud, endpoints = await start_cloud(["--free-ports", *cloud_arguments], data)
            stack.push_async_callback(cloud.stop)
            target, mqtt = endpoints.http, endpoints.mqtt
            _tell(endpoints)
        locust = await Child.start(
            [*arguments, "--host", target, "--mqtt", mqtt],
            report / "locust.log",
            module="locust",
        )
        stack.push_async_callback(locust.stop)
        return await locust.wait()


def _tell(endpoints: Endpoints) -> None:
    _err.print(f"cloud at {endpoints.http}, broker {endpoints.broker} at {endpoints.mqtt}")


def _conclude(ledger: Path, for_s: float, code: int, *, as_json: bool) -> None:
    try:
        said: dict[str, Any] = json.loads(ledger.read_text())
    except FileNotFoundError:
        _err.print(f"error: Locust ended with {code} and left no ledger: see locust.log")
        raise typer.Exit(1) from None
    counts = said["counts"]
    rate = (counts["messages_sent"] + counts["messages_received"]) / for_s
    said["messages_per_s"] = round(rate, 1)
    if as_json:
        typer.echo(json.dumps(said))
    else:
        _show(said)
    for complaint in said["imbalances"]:
        _err.print(f"does not add up: {complaint}")
    if said["imbalances"]:
        raise typer.Exit(1)
    _out.print("the sums add up")


def _show(said: dict[str, Any]) -> None:
    counts = said["counts"]
    _out.print(f"{counts['connected']} of {counts['robots']} robots connected", end=", ")
    _out.print(f"{said['messages_per_s']} messages a second")
    _out.print(
        f"reports: {counts['reports_sent']} sent = {counts['accepted']} accepted"
        f" + {counts['rejected']} rejected + {counts['timed_out']} timed out"
    )
    _out.print(
        f"taps: {counts['taps']} = {counts['taps_seen']} seen"
        f" + {counts['taps_refused']} refused + {counts['taps_not_seen']} not seen"
    )
    table = Table("what", "count", "failed", "p50 ms", "p95 ms", "p99 ms")
    for name, row in sorted(said["latency_ms"].items()):
        numbers = (f"{row[key]:.0f}" for key in ("count", "failures", "p50", "p95", "p99"))
        table.add_row(name, *numbers)
    _out.print(table)
