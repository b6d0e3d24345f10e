"""`robofleet phone lan`: an owner's robots at home, without a cloud."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from cloud_functions.contract import home_network as wire
from cloud_functions.contract.endpoints import DEFAULT_DIRECTORY
from mobile_client.columns import columns
from mobile_client.errors import Invalid, PhoneError, Unreachable
from mobile_client.lan import finding
from mobile_client.lan.pocket import HomePocket, Known
from mobile_client.lan.robot import HomeRobot
from mobile_client.lan.wishes import settings

app = typer.Typer(no_args_is_help=True, help="Robots on the home network, without a cloud.")
_err = Console(stderr=True, highlight=False)

T = TypeVar("T")

Data = Annotated[Path, typer.Option("--data", help="Where passwords are kept.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Address = Annotated[str, typer.Argument(help="The robot's address; `discover` lists them.")]
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="TLS port of the robot.")]
UdpPort = Annotated[int, typer.Option("--udp-port", min=1, max=65535, help="For discovery.")]
Timeout = Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds to wait.")]
Blid = Annotated[str | None, typer.Option("--blid", help="Its BLID, where `password` was not run.")]
Word = Annotated[str | None, typer.Option("--password", help="Its password, likewise.")]


def _guarded(act: Callable[[], Awaitable[T]]) -> T:
    """Run it; 2 where nothing could be asked, 1 where the robot said no."""

    async def go() -> T:
        return await act()

    try:
        return asyncio.run(go())
    except PhoneError as error:
        _err.print(f"error: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(2 if isinstance(error, Invalid | Unreachable) else 1) from None


@app.command()
def discover(
    address: Annotated[
        str, typer.Argument(help="One robot's, or a broadcast address; robots of this computer.")
    ] = finding.LOOPBACK,
    udp_port: UdpPort = wire.UDP_PORT,
    timeout_s: Timeout = 1.0,
    as_json: Json = False,
) -> None:
    """List the robots that answer; 255.255.255.255 asks those of the whole home.

    Example: robofleet phone lan discover
    """
    found = _guarded(lambda: finding.discover(address, udp_port, timeout_s))
    if as_json:
        typer.echo(json.dumps([robot.said for robot in found]))
    elif found:
        rows = [[each.address, each.blid, each.name, str(each.said.get("sw"))] for each in found]
        typer.echo(columns(["address", "blid", "name", "software"], rows))
    else:
        typer.echo("no robot answers: start some with `robofleet robots --lan --link none`")
    if not found:
        raise typer.Exit(1)


@app.command()
def password(
    address: Address,
    port: Port = wire.TLS_PORT,
    udp_port: UdpPort = wire.UDP_PORT,
    data: Data = DEFAULT_DIRECTORY,
    timeout_s: Timeout = 5.0,
) -> None:
    """Fetch a robot's password while its HOME button's window is open, print and remember it.

    Example: robofleet robots press-home THING; robofleet phone lan password 127.16.0.1
    """

    async def act() -> Known:
        found = await finding.discover(address, udp_port, min(timeout_s, 1.0))
        if not found:
            raise Unreachable(f"no robot answers at {address}")
        told = await finding.password(address, port, timeout_s)
        return Known(address, found[0].blid, told)

    known = _guarded(act)
    HomePocket(data).keep(known)
    typer.echo(known.password)


def _with_robot(
    where: tuple[str, int],
    known: Known | None,
    act: Callable[[HomeRobot], Awaitable[T]],
) -> T:
    address, port = where

    async def go() -> T:
        if known is None:
            raise Invalid(
                f"the password of {address} is not known: run"
                f" `robofleet phone lan password {address}`, or give --blid and --password"
            )
        async with HomeRobot(address, known.blid, known.password, port) as robot:
            return await act(robot)

    return _guarded(go)


def _known(address: str, data: Path, blid: str | None, word: str | None) -> Known | None:
    if blid is not None and word is not None:
        return Known(address, blid, word)
    return HomePocket(data).at(address)


@app.command()
def state(
    address: Address,
    port: Port = wire.TLS_PORT,
    blid: Blid = None,
    word: Word = None,
    data: Data = DEFAULT_DIRECTORY,
    timeout_s: Timeout = 10.0,
    as_json: Json = False,
) -> None:
    """Print what a robot says of itself; everything with --json.

    Example: robofleet phone lan state 127.16.0.1
    """

    async def act(robot: HomeRobot) -> None:
        everything = await robot.state(timeout_s)
        if as_json:
            typer.echo(json.dumps(everything))
        else:
            seen = robot.view.glance()
            typer.echo(columns(list(seen), [[str(value) for value in seen.values()]]))

    _with_robot((address, port), _known(address, data, blid, word), act)


@app.command("set")
def change(
    address: Address,
    wanted: Annotated[list[str], typer.Argument(help="Settings as NAME=VALUE, values as JSON.")],
    port: Port = wire.TLS_PORT,
    blid: Blid = None,
    word: Word = None,
    data: Data = DEFAULT_DIRECTORY,
    timeout_s: Timeout = 5.0,
) -> None:
    """Change settings and wait for the robot's echo; what it does not take is not echoed.

    Example: robofleet phone lan set 127.16.0.1 carpetBoost=true vacHigh=false
    """

    async def act(robot: HomeRobot) -> None:
        said = settings(wanted)
        await robot.state(timeout_s)
        await robot.set(said, timeout_s)

    _with_robot((address, port), _known(address, data, blid, word), act)
    typer.echo("set")


def _command(name: str, what: str) -> None:
    """Mount one command of the robot."""

    def run(
        address: Address,
        port: Port = wire.TLS_PORT,
        blid: Blid = None,
        word: Word = None,
        data: Data = DEFAULT_DIRECTORY,
        timeout_s: Timeout = 5.0,
    ) -> None:
        async def act(robot: HomeRobot) -> str:
            await robot.state(timeout_s)
            await robot.ask(name, {}, timeout_s)
            return str(robot.view.glance().get("phase"))

        phase = _with_robot((address, port), _known(address, data, blid, word), act)
        typer.echo(f"{name}: heard, phase {phase}")

    run.__doc__ = (
        f"Ask the robot to {what}; it says that it heard, not that it obeys."
        f"\n\nExample: robofleet phone lan {name} 127.16.0.1"
    )
    app.command(name)(run)


for _name, _what in (
    ("start", "clean"),
    ("pause", "pause"),
    ("resume", "go on"),
    ("stop", "end its mission"),
    ("dock", "go home; a running one is to be paused first"),
    ("find", "play a sound"),
    ("evac", "empty its bin into the base"),
    ("train", "learn its home without vacuuming"),
):
    _command(_name, _what)
