"""`robofleet robots`: a fleet at a running cloud."""

import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cloud_functions.contract.endpoints import DEFAULT_DIRECTORY, Endpoints, NoCloud
from cloud_functions.contract.mqtt.packets import Version
from device_sim import census
from device_sim import scenario as scenarios
from device_sim.dry_run import DryRunOptions
from device_sim.dry_run_cli import Shown, dry_run
from device_sim.lan.cli import press_home
from device_sim.lan.errors import HomeError
from device_sim.lan.lan_options import (
    LAN_TLS_PORT,
    LAN_UDP_PORT,
    Charge,
    Family,
    Lan,
    LanAddress,
    LanPort,
    LanSingleKeys,
    LanUdpPort,
    lan_options,
)
from device_sim.link.doorstep import check_files, link_options
from device_sim.link.kinds import USUAL, LinkKind
from device_sim.link.port import LinkRefused
from device_sim.live_cli import Place, live
from device_sim.luck import Luck
from device_sim.network.conditions import InvalidCondition
from device_sim.registration import NotRegistered
from device_sim.run import RunOptions
from device_sim.scenarios.living import Living
from device_sim.shards import ShardFailed

app = typer.Typer(invoke_without_command=True)
app.command("press-home")(press_home)
_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)
_DRY_ONLY = ("hours", "plots")
_LIVE_ONLY = ("for_s", "wait_s", "link", "version", "endpoint", "certificates", "battery")
_LAN_ONLY = ("lan_port", "lan_udp_port", "lan_single_keys")
_FLAGS = {"for_s": "--for", "wait_s": "--wait", "version": "--mqtt-version"}
"""Where an option is not called what its value is."""
_MOST_DRY = 100_000_000


class MqttVersion(StrEnum):
    """What robots speak."""

    V311 = "3.1.1"
    V5 = "5"

    @property
    def on_wire(self) -> Version:
        """As packets know it."""
        return Version.V5 if self is MqttVersion.V5 else Version.V311


@app.callback()
def robots(
    context: typer.Context,
    count: Annotated[
        int | None, typer.Option("--count", "--robots", min=1, max=_MOST_DRY, help="How many.")
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(min=0.1, max=10_000, help="Simulated s a s; 1, or as fast as it can dry."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, max=2**63 - 1, help="The same seed, the same fleet and luck."),
    ] = None,
    scenario: Annotated[str, typer.Option(help="A named fleet, or a TOML file.")] = (
        scenarios.DEFAULT
    ),
    data: Annotated[Path, typer.Option("--data", help="Data directory.")] = DEFAULT_DIRECTORY,
    for_s: Annotated[float, typer.Option("--for", min=0, help="Seconds; 0 until Ctrl-C.")] = 0,
    wait_s: Annotated[float, typer.Option("--wait", min=0, help="Seconds to await a cloud.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the fleet at the end.")] = False,
    faults: Annotated[
        Luck | None,
        typer.Option(
            help="What goes wrong; robots that are left off their docks run empty with either."
        ),
    ] = None,
    link: Annotated[LinkKind, typer.Option(help="How robots connect.")] = USUAL,
    version: Annotated[
        MqttVersion, typer.Option("--mqtt-version", help="What they speak.")
    ] = MqttVersion.V5,
    endpoint: Annotated[
        list[str] | None,
        typer.Option(help="A broker's address, for robots it knows; many share the robots."),
    ] = None,
    certificates: Annotated[
        Path | None,
        typer.Option(help="Folder of certificates, THING/ each; connects by mutual TLS."),
    ] = None,
    dry: Annotated[bool, typer.Option("--dry-run", help="No network, as fast as it can.")] = False,
    hours: Annotated[float | None, typer.Option(min=0.1, max=8784, help="Of a dry run.")] = None,
    processes: Annotated[int, typer.Option(min=1, max=256, help="They share the fleet.")] = 1,
    plots: Annotated[Path | None, typer.Option(help="Folder for plots of a dry run.")] = None,
    lan: Lan = False,
    lan_address: LanAddress = None,
    lan_port: LanPort = LAN_TLS_PORT,
    lan_udp_port: LanUdpPort = LAN_UDP_PORT,
    lan_single_keys: LanSingleKeys = False,
    family: Family = None,
    battery: Charge = None,
) -> None:
    """Run robots against the cloud that runs on a data directory.

    Example: robofleet robots --count 3 --speed 60 --seed 7

    With --endpoint and --certificates they are clients of any broker, of AWS IoT Core too.

    Example: robofleet robots --link awsiotsdk --endpoint mqtts://HOST --certificates certs

    With --dry-run they live without any cloud, and what happened to them is counted.

    Example: robofleet robots --dry-run --robots 100000 --processes 2

    With --lan they are on their home network, too, for clients of real robots.

    Example: robofleet robots --lan --link none --count 1 --family 900
    """
    if context.invoked_subcommand is not None:
        return
    try:
        at_home = lan_options(
            data, lan_address, lan_port, lan_udp_port, is_on=lan, single_keys=lan_single_keys
        )
        if lan and (dry or processes > 1):
            other = "--dry-run" if dry else "--processes"
            raise HomeError(f"--lan does not go with {other}: leave one of them out")
        _check_effects(context, dry=dry, lan=lan)
        chosen = scenarios.of_family(scenarios.load(scenario), family)
        for said in scenarios.unfelt(chosen, seed=seed, robots=count, hours=hours):
            _err.print(f"note: {said}", markup=False, soft_wrap=True)
        if dry:
            _dry_run(
                chosen,
                seed,
                count,
                Span(hours, processes, faults, speed),
                Shown(as_json, plots),
            )
            return
        check_files(count or chosen.size, link, processes)
        place, urls = _place(data, wait_s, link, endpoint, is_certified=certificates is not None)
        seed = chosen.seed if seed is None else seed
        world = Living(chosen, seed)
        world.check(time.time())
        people = None if world.is_plain else census.whole(chosen, seed, count or chosen.size)
        options = RunOptions(
            specs=people.specs if people else scenarios.specs(chosen, seed, count),
            link=link_options(urls, certificates, seed=seed, version=version.on_wire),
            kind=link,
            seed=seed,
            speed=speed or chosen.speed or 1.0,
            for_s=for_s,
            pictures=data / "missions",
            faults=faults.rates if faults else chosen.luck,
            habits=world.habits,
            population=people,
            network=world.network,
            acts=world.acts,
            start_s=world.start_s,
            lan=at_home,
            battery=battery,
        )
        live(options, place, _out, processes=processes, as_json=as_json)
    except ShardFailed as error:
        _err.print(f"error: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None
    except (
        NoCloud, NotRegistered, LinkRefused, HomeError, InvalidCondition, scenarios.InvalidScenario,
    ) as error:  # fmt: skip
        _err.print(f"error: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None


def _check_effects(context: typer.Context, *, dry: bool, lan: bool) -> None:
    """Options that would do nothing are mistakes.  Raises InvalidScenario."""
    sides = (
        (_LIVE_ONLY, dry, "with --dry-run"),
        (_DRY_ONLY, not dry, "without --dry-run"),
        (_LAN_ONLY, not lan, "without --lan"),
    )
    for names, is_idle, where in sides:
        for name in names if is_idle else ():
            source = context.get_parameter_source(name)
            if source is not None and source.name == "COMMANDLINE":
                flag = _FLAGS.get(name, f"--{name.replace('_', '-')}")
                raise scenarios.InvalidScenario(f"{flag} does nothing {where}: leave it out")


@dataclass(frozen=True, slots=True)
class Span:
    """How long a dry run is, on how many processes, with what luck, and how fast.

    What is None is as the scenario says.
    """

    hours: float | None
    processes: int
    luck: Luck | None
    speed: float | None
    """Simulated seconds a second; None is as fast as it can."""


def _dry_run(
    chosen: scenarios.Scenario, seed: int | None, count: int | None, span: Span, shown: Shown
) -> None:
    robots = count or chosen.size
    options = DryRunOptions(
        chosen,
        chosen.seed if seed is None else seed,
        robots,
        span.hours or chosen.hours,
        min(span.processes, robots),
        start_s=chosen.start,
        speed=span.speed or 0.0,
        faults=span.luck.rates if span.luck else chosen.luck,
        habits=chosen.habits,
    )
    dry_run(options, shown, _out, _err)


def _place(
    data: Path, wait_s: float, link: LinkKind, endpoints: list[str] | None, *, is_certified: bool
) -> tuple[Place, list[str]]:
    """Where robots are known, and the brokers they connect to.  Raises NoCloud, LinkRefused."""
    if link is LinkKind.NONE:
        if endpoints or is_certified:
            raise LinkRefused("--link none connects to nobody: no --endpoint, no --certificates")
        return Place(data), []
    if endpoints:
        return Place(data), endpoints
    cloud = _await_cloud(data, wait_s)
    if is_certified and not cloud.mqtts:
        raise LinkRefused(f"{cloud.mqtt} has no port for certificates beside it: say --endpoint")
    return Place(data, cloud.http), [cloud.mqtts if is_certified else cloud.mqtt]


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
