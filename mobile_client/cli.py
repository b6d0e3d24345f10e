"""`robofleet phone`: an owner's phone on the command line."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from cloud_functions.contract import api
from cloud_functions.contract.commands import CommandName
from cloud_functions.contract.endpoints import DEFAULT_DIRECTORY, Endpoints, NoCloud
from mobile_client.errors import PhoneError
from mobile_client.live import was_obeyed
from mobile_client.phone import Phone
from mobile_client.pocket import Pocket

app = typer.Typer(no_args_is_help=True, help="An owner's phone on the command line.")
_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)

T = TypeVar("T")

Data = Annotated[Path, typer.Option("--data", help="Data directory of the cloud.")]
Url = Annotated[str | None, typer.Option("--url", help="API address, instead of --data's cloud.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Thing = Annotated[str, typer.Argument(help="The robot's thing name, as `phone robots` lists it.")]


def _address(data: Path, url: str | None) -> str:
    try:
        return url or Endpoints.read(data).http
    except NoCloud as error:
        _err.print(f"error: {error}")
        raise typer.Exit(2) from None


def _with_phone(data: Path, url: str | None, act: Callable[[Phone], Awaitable[T]]) -> T:
    """Run one act with the phone of the last login; 2 if there is none, 1 if it fails."""
    address, pocket = _address(data, url), Pocket(data)
    tokens = pocket.tokens()
    if tokens is None:
        _err.print("error: not signed in: run `robofleet phone login --email E --password P`")
        raise typer.Exit(2)

    async def run() -> T:
        async with Phone(address) as phone:
            phone.tokens = tokens
            try:
                return await act(phone)
            finally:
                if phone.tokens is not None and phone.tokens != tokens:
                    pocket.keep(phone.tokens)

    return _guarded(run)


def _guarded(run: Callable[[], Awaitable[T]]) -> T:
    async def go() -> T:
        return await run()

    try:
        return asyncio.run(go())
    except KeyboardInterrupt:
        raise typer.Exit(0) from None
    except PhoneError as error:
        _err.print(f"error: {error}")
        raise typer.Exit(1) from None


@app.command()
def login(
    email: Annotated[str, typer.Option(help="The owner's e-mail address.")],
    password: Annotated[str, typer.Option(help="At least 8 characters.")],
    data: Data = DEFAULT_DIRECTORY,
    url: Url = None,
    sign_up: Annotated[bool, typer.Option("--sign-up", help="Make the account first.")] = False,
) -> None:
    """Sign in and remember it.

    Example: robofleet phone login --email ada@example.com --password robots-rule
    """
    address = _address(data, url)

    async def run() -> None:
        async with Phone(address) as phone:
            if sign_up:
                await phone.sign_up(email, password)
            Pocket(data).keep(await phone.sign_in(email, password))

    _guarded(run)
    _out.print(f"signed in as {email}; see your robots with `robofleet phone robots`")


@app.command()
def token(
    email: Annotated[str, typer.Option(help="The owner's e-mail address.")],
    password: Annotated[str, typer.Option(help="The password.")],
    data: Data = DEFAULT_DIRECTORY,
    url: Url = None,
) -> None:
    """Print a bearer token for other clients of the API.

    Example: curl -H "Authorization: Bearer $(robofleet phone token --email E --password P)" URL
    """
    address = _address(data, url)

    async def run() -> str:
        async with Phone(address) as phone:
            return (await phone.sign_in(email, password)).access

    typer.echo(_guarded(run))


@app.command()
def pair(
    serial: Annotated[str, typer.Argument(help="The serial under the robot (its thing name).")],
    claim_code: Annotated[str, typer.Argument(help="The claim code under the robot.")],
    data: Data = DEFAULT_DIRECTORY,
    url: Url = None,
) -> None:
    """Make a robot yours.

    Example: robofleet phone pair 3177820880421650 F3K9-77QD  (codes are in DIR/robots.json)
    """
    robot = _with_phone(data, url, lambda phone: phone.pair(serial, claim_code))
    _out.print(f"{robot.name or robot.thing} is yours")


@app.command()
def robots(data: Data = DEFAULT_DIRECTORY, url: Url = None, as_json: Json = False) -> None:
    """List your robots.

    Example: robofleet phone robots --json
    """
    listed = _with_phone(data, url, lambda phone: phone.robots())
    if as_json:
        typer.echo(json.dumps([robot.model_dump(by_alias=True) for robot in listed]))
        return
    if not listed:
        _out.print("no robots yet: pair one with `robofleet phone pair SERIAL CLAIM_CODE`")
        return
    table = Table("robot", "name", "family", "online", "phase", "cycle", "battery", "error")
    for robot in listed:
        table.add_row(
            robot.thing,
            robot.name,
            robot.family,
            "yes" if robot.connected else "no",
            robot.phase,
            robot.cycle,
            "" if robot.bat_pct is None else f"{robot.bat_pct} %",
            str(robot.error or ""),
        )
    _out.print(table)


@app.command()
def missions(
    thing: Thing, data: Data = DEFAULT_DIRECTORY, url: Url = None, as_json: Json = False
) -> None:
    """List a robot's missions, newest first.

    Example: robofleet phone missions 3177820880421650
    """
    listed = _with_phone(data, url, lambda phone: phone.missions(thing))
    if as_json:
        typer.echo(json.dumps(listed))
        return
    table = Table("mission", "started", "minutes", "area (ft2)", "recharges", "ended")
    for record in listed:
        started = time.strftime("%Y-%m-%d %H:%M", time.localtime(record.get("startTime", 0)))
        table.add_row(
            str(record.get("missionId", "")),
            started,
            *(str(record.get(key, "")) for key in ("durationM", "sqft", "chrgs", "done")),
        )
    _out.print(table)


@app.command()
def watch(
    thing: Thing,
    seconds: Annotated[float, typer.Option("--for", help="Stop after so many seconds.")] = 0,
    data: Data = DEFAULT_DIRECTORY,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Print what a robot does while it does it; Ctrl-C ends it.

    Example: robofleet phone watch 3177820880421650 --for 30
    """

    async def act(phone: Phone) -> None:
        await phone.listen()
        renew = asyncio.create_task(_keep_looking(phone, thing), name="phone-look")
        try:
            async with asyncio.timeout(seconds or None):
                async for message in phone.messages():
                    if message.thing == thing:
                        _print_message(message, as_json=as_json)
        except TimeoutError:
            pass
        finally:
            renew.cancel()

    _with_phone(data, url, act)


async def _keep_looking(phone: Phone, thing: str) -> None:
    while True:
        await phone.look(thing)
        await asyncio.sleep(30)


def _print_message(message: api.LiveMessage, *, as_json: bool) -> None:
    if as_json:
        typer.echo(message.model_dump_json(by_alias=True))
        return
    _out.print(f"{time.strftime('%H:%M:%S')}  {message.type:<9}{_gist(message)}")


def _gist(message: api.LiveMessage) -> str:
    """The part of a message that a person wants to read in one line."""
    body: dict[str, Any] = message.body
    match message.type:
        case "pose":
            point = body.get("pose", {}).get("point", {})
            return f"x {point.get('x')} cm, y {point.get('y')} cm"
        case "map":
            rooms = body.get("floorPlan", {}).get("rooms", [])
            return f"{len(rooms)} rooms, {len(body.get('path', []))} points driven"
        case "mission":
            return f"{body.get('missionId')} {body.get('done')}: {body.get('sqft')} ft2"
        case _:
            inner = body.get("reported", body)
            return json.dumps(inner)[:160]


def _command(name: CommandName, example: str) -> None:
    """Mount one command of the robot as a command of the phone."""

    def run(
        thing: Thing,
        timeout_s: Annotated[float, typer.Option("--timeout", help="Seconds to wait.")] = 10.0,
        data: Data = DEFAULT_DIRECTORY,
        url: Url = None,
        as_json: Json = False,
    ) -> None:
        started = time.perf_counter()
        result = _with_phone(data, url, lambda phone: phone.ask(thing, name, timeout_s=timeout_s))
        took_ms = (time.perf_counter() - started) * 1000
        if as_json:
            said = {**result.model_dump(by_alias=True, mode="json"), "ms": round(took_ms, 1)}
            typer.echo(json.dumps(said))
        else:
            why = f" ({result.reason})" if result.reason else ""
            _out.print(f"{name}: {result.outcome}{why} after {took_ms:.0f} ms")
        if not was_obeyed(result):
            raise typer.Exit(1)

    run.__doc__ = f"Ask the robot to {example}.\n\nExample: robofleet phone {name} THING"
    app.command(name=name.value)(run)


for _name, _what in (
    (CommandName.START, "clean"),
    (CommandName.PAUSE, "pause"),
    (CommandName.RESUME, "go on"),
    (CommandName.STOP, "end its mission"),
    (CommandName.DOCK, "go home"),
    (CommandName.FIND, "play a sound"),
    (CommandName.EVAC, "empty its bin into the base"),
    (CommandName.TRAIN, "learn its home without vacuuming"),
):
    _command(_name, _what)
