"""`robofleet robots press-home`: hold the HOME button of a running robot."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cloud_functions.contract.endpoints import DEFAULT_DIRECTORY
from device_sim.lan.buttons import press_home as hold
from device_sim.lan.errors import HomeError, NotPressed

_err = Console(stderr=True, highlight=False)


def press_home(
    thing: Annotated[str, typer.Argument(help="Its thing name, BLID or name.")],
    data: Annotated[Path, typer.Option("--data", help="Data directory.")] = DEFAULT_DIRECTORY,
) -> None:
    """Hold HOME on a docked robot of `robofleet robots --lan`, so that it tells its password.

    Example: robofleet robots press-home 3177820880421650
    """
    try:
        typer.echo(hold(data, thing))
    except HomeError as error:
        _err.print(f"error: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(1 if isinstance(error, NotPressed) else 2) from None
