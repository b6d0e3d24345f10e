"""`robofleet load`: robots and phones at a cloud, and whether the sums add up."""

import asyncio
import contextlib
import json
import math
import signal
import socket
import tempfile
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer
from rich.console import Console

from cloud_functions.contract.endpoints import Endpoints, NoCloud
from device_sim.hold import RobotsHeld, held
from device_sim.luck import Luck
from load import places
from load import target as targets
from load.children import Child, ChildFailed, first_ended, start_cloud
from load.interruption import Interrupted, until_interrupted
from load.taps import Fate
from mobile_client.columns import columns

_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)
_LOCUSTFILE: Final = Path(__file__).parent / "locustfile.py"
_LOOPBACK: Final = "127.0.0.1"
_PAGE_PORT: Final = 8089
_RAMP_S: Final = 10.0
_RAMP_SHARE: Final = 1 / 6
"""Users begin one after the other, in a sixth of the time or ten seconds."""
_FINISHING_S: Final = 60.0
"""How long Locust may take to let its users finish; a second Ctrl-C does not wait for it.

It is asked by SIGTERM: SIGINT would hit any one of its greenlets.
"""


def load(
    robots: Annotated[int, typer.Option(min=1, max=100_000, help="How many robots.")] = 100,
    owners: Annotated[int, typer.Option(min=0, max=10_000, help="How many phones.")] = 2,
    for_s: Annotated[float, typer.Option("--for", min=1, help="Seconds.")] = 30,
    robots_per_user: Annotated[int, typer.Option(min=1, help="Robots of one user.")] = 50,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Locust processes.")] = 1,
    speed: Annotated[
        float, typer.Option(min=0.1, max=10_000, help="Simulated seconds a second.")
    ] = 10,
    seed: Annotated[
        int, typer.Option(min=0, max=2**63 - 1, help="The same seed, the same fleet.")
    ] = 7,
    faults: Annotated[Luck, typer.Option(help="What goes wrong.")] = Luck.USUAL,
    broker: Annotated[str | None, typer.Option(help="builtin, mosquitto or mqtt://...")] = None,
    target: Annotated[str | None, typer.Option(help="API of a cloud that runs.")] = None,
    mqtt: Annotated[
        str | None, typer.Option(help="Broker of --target, if that does not say it itself.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="Data directory: of the cloud that runs, or new.")
    ] = None,
    report: Annotated[Path, typer.Option("--report", help="Folder for CSV, HTML, JSON.")] = (
        Path("load-report")
    ),
    headless: Annotated[bool, typer.Option("--headless", help="Without Locust's page.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Put robots and phones on a cloud and see what it carries.

    Example: robofleet load --robots 500 --owners 10 --for 60 --headless --report out
    """
    _check(robots, robots_per_user, processes)
    if target is None and mqtt is not None:
        _refuse("--mqtt is the broker of a --target: give both")
    if target is not None and not (broker is None and data is None):
        _refuse("--target is a cloud that runs: --broker and --data are for one of our own")
    users = math.ceil(robots / robots_per_user) + owners
    ledger = report / "ledger.json"
    arguments = [
        *("-f", str(_LOCUSTFILE), "--users", str(users)),
        *("--spawn-rate", f"{users / min(_RAMP_S, for_s * _RAMP_SHARE):.3f}"),
        *("--robots", str(robots), "--robots-per-user", str(robots_per_user)),
        *("--owners", str(owners), "--speed", f"{speed:g}", "--fleet-seed", str(seed)),
        *("--faults", faults.value),
        *("--run-time", f"{for_s:g}s", "--stop-timeout", "40", "--ledger", str(ledger)),
        *("--csv", str(report / "locust"), "--html", str(report / "report.html")),
        *("--only-summary", "--loglevel", "WARNING"),
        *_doors(processes, headless=headless),
    ]
    cloud = [] if broker is None else ["--broker", broker]
    code, interrupted = 0, False
    try:
        report.mkdir(parents=True, exist_ok=True)
        ledger.unlink(missing_ok=True)
        running = None if target is None else targets.find(target, mqtt)
        things = partial(places.things, seed, robots, processes)
        work = _drive(arguments, running, data, cloud, report, things)
        code = asyncio.run(until_interrupted(work))
    except Interrupted:
        _err.print("stopped")
        interrupted = True
    except OSError as error:
        _refuse(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except (ChildFailed, RobotsHeld, targets.NoTarget) as error:
        _refuse(str(error))
    if interrupted and not ledger.exists():
        raise typer.Exit(1)
    _conclude(ledger, code, as_json=as_json)
    if interrupted and headless:
        raise typer.Exit(1)


def _refuse(text: str) -> NoReturn:
    _err.print(f"error: {text}", markup=False, soft_wrap=True)
    raise typer.Exit(2) from None


def _check(robots: int, robots_per_user: int, processes: int) -> None:
    if processes > 1 and robots % robots_per_user:
        _refuse(f"with --processes, --robots is a multiple of {robots_per_user}, not {robots}")
    if find_spec("locust") is None:
        _refuse("Locust is not installed: pip install 'robofleet[load]'")


def _doors(processes: int, *, headless: bool) -> list[str]:
    """Where Locust listens: on loopback only, its page and the door for its workers."""
    found: list[str] = []
    if headless:
        found += ["--headless"]
    else:
        port = _free_port(_PAGE_PORT)
        found += ["--autostart", "--web-host", _LOOPBACK, "--web-port", str(port)]
    if processes > 1:
        port = _free_port(0)
        found += ["--processes", str(processes)]
        found += ["--master-bind-host", _LOOPBACK, "--master-bind-port", str(port)]
        found += ["--master-host", _LOOPBACK, "--master-port", str(port)]
    return found


def _free_port(wanted: int) -> int:
    """The port if it is free, else any."""
    for port in (wanted, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((_LOOPBACK, port))
            return int(probe.getsockname()[1])
    raise OSError("no port is free")


async def _drive(
    arguments: list[str],
    target: targets.Target | None,
    data: Path | None,
    cloud_arguments: list[str],
    report: Path,
    things: Callable[[], list[str]],
) -> int:
    """Run Locust against a cloud of ours or of somebody else; Locust's exit code.

    Raises ChildFailed when a cloud of ours does not start, RobotsHeld when another run has some of
    these things.
    """
    async with contextlib.AsyncExitStack() as stack:
        parts: list[Child] = []
        if target is None and data is not None:
            target = _running_on(data)
            if target is not None:
                stack.enter_context(held(data, [target.mqtt], things()))
        if target is None:
            if data is None:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="robofleet-"))
                data = Path(folder)
            cloud, endpoints = await start_cloud(["--free-ports", *cloud_arguments], data)
            stack.push_async_callback(cloud.stop)
            parts.append(cloud)
            target = targets.Target(endpoints.http, endpoints.mqtt)
            _err.print(f"cloud at {endpoints.http}, {endpoints.broker} at {endpoints.mqtt}")
        locust = await Child.start(
            [*arguments, "--host", target.http, "--mqtt", target.mqtt],
            report / "locust.log",
            module="locust",
        )
        stack.push_async_callback(locust.stop)
        if "--web-port" in arguments:
            page = f"http://{_LOOPBACK}:{arguments[arguments.index('--web-port') + 1]}"
            _err.print(f"Locust's page is {page}; Ctrl-C ends it and sums up")
        try:
            ended = await first_ended([locust, *parts], None)
        except asyncio.CancelledError:
            await locust.stop(_FINISHING_S, ask=signal.SIGTERM)
            raise
        if ended is not locust and ended is not None:
            _err.print(f"the cloud ended: {ended.reason()}", markup=False, soft_wrap=True)
        return await locust.stop(_FINISHING_S, ask=signal.SIGTERM)


def _running_on(data: Path) -> targets.Target | None:
    """The cloud that runs on a data directory, None if none does."""
    try:
        endpoints = Endpoints.read(data)
        return targets.find(endpoints.http, endpoints.mqtt or None)
    except (NoCloud, targets.NoTarget):
        return None


def _conclude(ledger: Path, code: int, *, as_json: bool) -> None:
    try:
        said: dict[str, Any] = json.loads(ledger.read_text())
    except FileNotFoundError:
        log = ledger.with_name("locust.log")
        _err.print(f"error: Locust ended with {code} and left no ledger: see {log}")
        raise typer.Exit(1) from None
    counts = said["counts"]
    sent_and_received = counts["messages_sent"] + counts["messages_received"]
    said["messages_per_s"] = round(sent_and_received / max(said["seconds"], 1.0), 1)
    if as_json:
        typer.echo(json.dumps(said))
    else:
        _show(said)
    for complaint in said["imbalances"]:
        _err.print(f"does not add up: {complaint}", markup=False, soft_wrap=True)
    if said["imbalances"]:
        raise typer.Exit(1)
    if not as_json:
        _out.print("the sums add up")


def _show(said: dict[str, Any]) -> None:
    counts = said["counts"]
    away = f" ({counts['away']} away)" if counts["away"] else ""
    _out.print(f"{counts['connected']} of {counts['robots']} robots connected{away}", end=", ")
    _out.print(f"{said['messages_per_s']} messages a second for {said['seconds']:g} s")
    _out.print(
        f"reports: {counts['reports_sent']} sent = {counts['accepted']} accepted"
        f" + {counts['rejected']} rejected + {counts['timed_out']} timed out"
    )
    known = {fate: counts[f"taps_{fate}"] for fate in Fate}
    parts = [f"{n} {fate}" for fate, n in known.items() if n or fate in (Fate.SEEN, Fate.REFUSED)]
    _out.print(f"taps: {counts['taps']} = {' + '.join(parts)}")
    rows = [
        [name, *(f"{row[key]:.0f}" for key in ("count", "failures", "p50", "p95", "p99"))]
        for name, row in sorted(said["latency_ms"].items())
    ]
    headings = ["what", "count", "failed", "p50 ms", "p95 ms", "p99 ms"]
    typer.echo(columns(headings, rows))
