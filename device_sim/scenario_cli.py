"""`robofleet scenario`: the named fleets and days, and whether a file is one."""

import dataclasses
import json
import shlex
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from device_sim import scenario as scenarios
from device_sim.scenarios.mistakes import Mistake
from device_sim.scenarios.reach import Reach
from device_sim.scenarios.schema import json_schema

_SURE: Final = 5.0
"""Robots that are meant on average; of fewer there may be none."""
_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)
app = typer.Typer(
    no_args_is_help=True,
    help="Named fleets and days, and whether a file is one.\n\n"
    "Example: robofleet scenario check mine.toml",
)
_Name = Annotated[str, typer.Argument(metavar="FILE|NAME", help="A .toml file, or a named one.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def check(name: _Name, *, as_json: _Json = False) -> None:
    """Whether a scenario can be run; each mistake with its line, and what is allowed.

    Example: robofleet scenario check mine.toml
    """
    try:
        found = scenarios.load(name)
    except scenarios.InvalidScenario as error:
        if as_json:
            mistakes = error.mistakes or [Mistake(name, 0, "", str(error), "")]
            said = [dataclasses.asdict(each) for each in mistakes]
            typer.echo(json.dumps({"ok": False, "mistakes": said}))
        else:
            _err.print(f"error: {error}" if not error.mistakes else str(error), **_plain())
        raise typer.Exit(2) from None
    if as_json:
        typer.echo(json.dumps({"ok": True, "mistakes": [], **_summary(found)}))
        return
    _out.print(f"ok: {found.title}, {found.size:,} robots, {found.hours:g} hours", **_plain())
    for key, robots in Reach(found, found.size).all_expected():
        about = f"about {robots:,.0f} robots" if robots >= _SURE else "a few robots or nobody"
        _out.print(f"{key} is for {about}", **_plain())
    _out.print(f"next: robofleet robots --scenario {shlex.quote(name)} --dry-run", **_plain())


@app.command("list")
def list_(*, as_json: _Json = False) -> None:
    """The named scenarios.

    Example: robofleet scenario list
    """
    known = {name: scenarios.load(name) for name in scenarios.names()}
    if as_json:
        typer.echo(json.dumps({name: _summary(each) for name, each in known.items()}))
        return
    table = Table("name", "robots", "hours", "steps", "title", box=None, pad_edge=False)
    for name, each in known.items():
        table.add_row(
            name, f"{each.size:,}", f"{each.hours:g}", str(len(each.steps)), each.title
        )  # fmt: skip
    _out.print(table)
    _out.print("next: robofleet scenario show NAME > mine.toml", **_plain())


@app.command()
def show(name: _Name) -> None:
    """The text of a scenario, to copy and change.

    Example: robofleet scenario show city > mine.toml
    """
    try:
        typer.echo(scenarios.text_of(name)[1], nl=False)
    except scenarios.InvalidScenario as error:
        _err.print(f"error: {error}", **_plain())
        raise typer.Exit(2) from None


@app.command()
def schema() -> None:
    """The JSON Schema of scenario files, for editors.

    Example: robofleet scenario schema > scenario.schema.json
    """
    typer.echo(json.dumps(json_schema(), indent=2))


def _summary(scenario: scenarios.Scenario) -> dict[str, Any]:
    return {
        "title": scenario.title,
        "robots": scenario.size,
        "hours": scenario.hours,
        "seed": scenario.seed,
        "steps": len(scenario.steps),
        "network": len(scenario.network),
        "reaches": {
            key: round(robots, 3) for key, robots in Reach(scenario, scenario.size).all_expected()
        },
    }


def _plain() -> dict[str, Any]:
    """How text is printed that may hold brackets and must not be cut."""
    return {"markup": False, "soft_wrap": True}
