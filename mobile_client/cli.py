"""`robofleet phone`: an owner's phone on the command line."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from cloud_functions.contract import api
from cloud_functions.contract.commands import CommandName
from cloud_functions.contract.endpoints import DEFAULT_DIRECTORY, Endpoints, NoCloud
from mobile_client import calls
from mobile_client.calls import Tokens
from mobile_client.columns import columns
from mobile_client.errors import Invalid, PhoneError, Refused, SignedOut, Unreachable
from mobile_client.lan.cli import app as lan
from mobile_client.live import was_obeyed
from mobile_client.narration import Narrator
from mobile_client.phone import Phone
from mobile_client.pocket import Pocket

app = typer.Typer(
    no_args_is_help=True,
    help="An owner's phone on the command line.\n\nExample: robofleet phone start 3177820880421650",
)
app.add_typer(lan, name="lan")
_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)

T = TypeVar("T")

Data = Annotated[Path, typer.Option("--data", help="Data directory of the cloud.")]
Url = Annotated[str | None, typer.Option("--url", help="API address, instead of --data's cloud.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Robot = Annotated[str, typer.Argument(help="Its thing name or name, or the beginning of one.")]


def _address(data: Path, url: str | None) -> str:
    try:
        return url or Endpoints.read(data).http
    except NoCloud as error:
        raise _refuse(str(error), 2) from None


def _with_phone(data: Path, url: str | None, act: Callable[[Phone], Awaitable[T]]) -> T:
    """Run one act with the phone of the last login; 2 if there is none, 1 if it fails."""
    address, pocket = _address(data, url), Pocket(data)
    tokens = pocket.tokens()
    if tokens is None:
        raise _refuse(
            "not signed in: run `robofleet phone login --email E --password P`;"
            " --sign-up makes the account",
            2,
        )

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
    except (Invalid, Unreachable) as error:
        raise _refuse(str(error), 2) from None
    except SignedOut as error:
        raise _refuse(f"{error}: sign in again with `robofleet phone login`", 1) from None
    except PhoneError as error:
        raise _refuse(str(error), 1) from None


def _refuse(text: str, code: int) -> typer.Exit:
    """What to raise after saying in one line what is wrong."""
    _err.print(f"error: {text}", markup=False, soft_wrap=True)
    return typer.Exit(code)


@app.command()
def login(
    email: Annotated[str, typer.Option(help="The owner's e-mail address.")],
    password: Annotated[str, typer.Option(help="At least 8 characters.")],
    data: Data = DEFAULT_DIRECTORY,
    url: Url = None,
    sign_up: Annotated[bool, typer.Option("--sign-up", help="Make the account first.")] = False,
) -> None:
    """Sign in and remember it.  A new cloud knows nobody: --sign-up makes the account.

    Example: robofleet phone login --email ada@example.com --password robots-rule --sign-up
    """
    if not api.is_email(email):
        raise _refuse(f"--email is an e-mail address such as ada@example.com, not {email!r}", 2)
    address = _address(data, url)

    async def run() -> None:
        async with Phone(address) as phone:
            if sign_up:
                await phone.sign_up(email, password)
            Pocket(data).keep(await _sign_in(phone, email, password))

    _guarded(run)
    _out.print(f"signed in as {email}; see your robots with `robofleet phone robots`")


async def _sign_in(phone: Phone, email: str, password: str) -> Tokens:
    """The tokens; who is refused hears how to get an account."""
    try:
        return await phone.sign_in(email, password)
    except SignedOut as error:
        hint = "no account yet?  `robofleet phone login` makes one with --sign-up"
        raise Refused(error.status, error.code, f"{error} ({hint})") from None


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
            return (await _sign_in(phone, email, password)).access

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
    rows = [
        [
            robot.thing,
            robot.name,
            "yes" if robot.connected else "no",
            robot.phase,
            robot.cycle,
            "" if robot.bat_pct is None else f"{robot.bat_pct} %",
            str(robot.error or ""),
        ]
        for robot in listed
    ]
    headings = ["robot", "name", "online", "phase", "cycle", "battery", "error"]
    typer.echo(columns(headings, rows))


@app.command()
def missions(
    robot: Robot, data: Data = DEFAULT_DIRECTORY, url: Url = None, as_json: Json = False
) -> None:
    """List a robot's missions, newest first; times are the cloud's, when each was recorded.

    Example: robofleet phone missions Upstairs
    """

    async def act(phone: Phone) -> list[dict[str, Any]]:
        return await phone.missions((await phone.robot_called(robot)).thing)

    listed = _with_phone(data, url, act)
    if as_json:
        typer.echo(json.dumps(listed))
        return
    if not listed:
        _out.print("no missions yet: start one with `robofleet phone start ROBOT`")
        return
    rows = [
        [
            str(record.get("missionId", "")),
            _moment(record.get("recordedAt")),
            *(str(record.get(key, "")) for key in ("durationM", "sqft", "chrgs", "done")),
        ]
        for record in listed
    ]
    headings = ["mission", "recorded", "minutes", "ft2", "charges", "ended"]
    typer.echo(columns(headings, rows))


@app.command()
def alerts(
    robot: Robot, data: Data = DEFAULT_DIRECTORY, url: Url = None, as_json: Json = False
) -> None:
    """List what you should know of a robot, newest first.

    Example: robofleet phone alerts Upstairs
    """

    async def act(phone: Phone) -> list[api.Alert]:
        return await phone.alerts((await phone.robot_called(robot)).thing)

    listed = _with_phone(data, url, act)
    if as_json:
        typer.echo(json.dumps([alert.model_dump(by_alias=True) for alert in listed]))
        return
    if not listed:
        _out.print("no alerts")
        return
    rows = [
        [
            _moment(alert.time),
            "open" if alert.open else "solved",
            alert.kind,
            str(alert.error or ""),
            alert.text,
        ]
        for alert in listed
    ]
    typer.echo(columns(["time", "state", "kind", "error", "text"], rows))


def _moment(time_s: float | None) -> str:
    """Cloud time as this computer's clock shows it."""
    return "" if time_s is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(time_s))


@app.command()
def watch(
    robot: Robot,
    seconds: Annotated[float, typer.Option("--for", min=0, help="Stop after so many.")] = 0,
    data: Data = DEFAULT_DIRECTORY,
    url: Url = None,
    as_json: Json = False,
) -> None:
    """Print what a robot does while it does it, a line an event; Ctrl-C ends it.

    Example: robofleet phone watch Upstairs --for 30
    """

    async def act(phone: Phone) -> None:
        summary = await phone.robot_called(robot)
        narrator, name = Narrator(), summary.name or summary.thing
        narrator.learn(await phone.call(calls.robot(summary.thing)))
        await phone.listen()
        renew = asyncio.create_task(_keep_looking(phone, summary.thing), name="phone-look")
        try:
            async with asyncio.timeout(seconds or None):
                async for message in phone.messages():
                    if message.thing != summary.thing:
                        continue
                    if as_json:
                        typer.echo(message.model_dump_json(by_alias=True))
                    elif (said := narrator.tell(message)) is not None:
                        at = time.strftime("%H:%M:%S", time.localtime(message.time))
                        typer.echo(f"{at}  {name}  {said}")
        except TimeoutError:
            pass
        finally:
            renew.cancel()

    _with_phone(data, url, act)


async def _keep_looking(phone: Phone, thing: str) -> None:
    while True:
        await phone.look(thing)
        await asyncio.sleep(30)


def _command(name: CommandName, example: str) -> None:
    """Mount one command of the robot as a command of the phone."""

    def run(
        robot: Robot,
        timeout_s: Annotated[
            float, typer.Option("--timeout", min=0.1, help="Seconds to wait.")
        ] = 10.0,
        data: Data = DEFAULT_DIRECTORY,
        url: Url = None,
        as_json: Json = False,
    ) -> None:
        async def act(phone: Phone) -> tuple[api.CommandResultBody, float]:
            thing = (await phone.robot_called(robot)).thing
            await phone.listen()
            tapped = time.perf_counter()
            result = await phone.ask(thing, name, timeout_s=timeout_s)
            return result, (time.perf_counter() - tapped) * 1000

        result, took_ms = _with_phone(data, url, act)
        if as_json:
            said = {**result.model_dump(by_alias=True, mode="json"), "ms": round(took_ms, 1)}
            typer.echo(json.dumps(said))
        else:
            why = f" ({result.reason})" if result.reason else ""
            _out.print(f"{name}: {result.outcome}{why} after {took_ms:.0f} ms")
        if not was_obeyed(result):
            raise typer.Exit(1)

    run.__doc__ = f"Ask the robot to {example}.\n\nExample: robofleet phone {name} Upstairs"
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
