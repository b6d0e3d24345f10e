"""`robofleet demo`: everything at once, and whether it was seen."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from cloud_functions.contract.endpoints import DEFAULT_DIRECTORY
from load.children import ChildFailed, DirectoryInUse, default_ports_are_free
from load.demo import LOGIN, DemoFailed, DemoOptions, DemoResult, Stage, play, show
from load.interruption import Interrupted, until_interrupted
from load.story import Step
from load.timeline import Moment

_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)


class _Told:
    """What the demo has said so far, for its end."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.broker = ""

    def step(self, step: Step) -> None:
        self.steps.append(step)
        mark = "ok     " if step.ok else "MISSING"
        text = f"{mark} {step.name:<8} {step.ms:9.1f} ms  {step.detail}".rstrip()
        _out.print(text, markup=False, soft_wrap=True)

    def announce(self, on: Stage) -> None:
        self.broker = on.endpoints.broker
        email, password = LOGIN
        _out.print(f"open   {on.endpoints.http}")
        _out.print(f"login  {email} / {password}")
        _out.print(f"broker {on.endpoints.broker} at {on.endpoints.mqtt}; Ctrl-C ends it")

    @staticmethod
    def moment(moment: Moment) -> None:
        _out.print(
            f"  {moment.at_s:8.3f} s  {moment.thing:<18} {moment.what:<8} {moment.text}",
            style="dim",
            markup=False,
            soft_wrap=True,
        )


def demo(
    data: Annotated[Path, typer.Option("--data", help="Data directory.")] = DEFAULT_DIRECTORY,
    robots: Annotated[int, typer.Option(min=1, max=500, help="How many robots.")] = 3,
    for_s: Annotated[float, typer.Option("--for", min=0, help="Seconds; 0 until Ctrl-C.")] = 0,
    seed: Annotated[int, typer.Option(help="The same seed, the same homes and luck.")] = 7,
    speed: Annotated[
        float | None, typer.Option(min=0.1, max=10_000, help="Simulated seconds a second.")
    ] = None,
    broker: Annotated[str | None, typer.Option(help="builtin, mosquitto or mqtt://...")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the steps there.")] = None,
    free_ports: Annotated[
        bool, typer.Option("--free-ports", help="Any free ports, also where 8080 is free.")
    ] = False,
    headless: Annotated[bool, typer.Option("--headless", help="Play the story and end.")] = False,
) -> None:
    """Start a cloud, a home with robots and a phone, and show them at work.

    Example: robofleet demo --headless --for 60 --json demo.json
    """
    options = DemoOptions(
        data=data,
        robots=robots,
        seed=seed,
        for_s=for_s or (60.0 if headless else 0.0),
        headless=headless,
        speed=speed,
        cloud_arguments=[
            *(["--free-ports"] if free_ports or not default_ports_are_free() else []),
            *(["--broker", broker] if broker else []),
        ],
    )
    told = _Told()
    try:
        _check_writable(json_file)
        if headless:
            work = play(
                options, tell_step=told.step, tell_moment=told.moment, announce=told.announce
            )
        else:
            work = show(options, tell_moment=told.moment, announce=told.announce)
        asyncio.run(until_interrupted(work))
    except Interrupted:
        _out.print("stopped")
        if not headless:
            return
    except OSError as error:
        _refuse(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except (ChildFailed, DemoFailed, DirectoryInUse) as error:
        _refuse(str(error))
    if headless:
        _conclude(DemoResult(told.broker, robots, told.steps), json_file)


def _refuse(text: str) -> NoReturn:
    _err.print(f"error: {text}", markup=False, soft_wrap=True)
    raise typer.Exit(2) from None


def _check_writable(json_file: Path | None) -> None:
    """Whether the report can be written is known before the story, not after.  Raises OSError."""
    if json_file is not None:
        json_file.open("ab").close()


def _conclude(result: DemoResult, json_file: Path | None) -> None:
    if json_file is not None:
        json_file.write_text(json.dumps(result.as_json(), indent=2) + "\n")
    missing = result.missing
    if missing is None:
        _out.print(f"all {len(result.steps)} steps seen, broker {result.broker}")
        return
    _err.print(f"missing: {missing.name}: {missing.detail}", markup=False, soft_wrap=True)
    raise typer.Exit(1)
