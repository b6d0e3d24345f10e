"""`robofleet rules trace`: what the rules of a running cloud do, live."""

import datetime
import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import typer
from rich.console import Console

from cloud_functions.contract.endpoints import DEFAULT_DIRECTORY, Endpoints, NoCloud

_PATH: Final = "/_local/rules/trace"
_OK: Final = 200

_err = Console(stderr=True, highlight=False)


def trace(
    data: Annotated[Path, typer.Option("--data", help="Data directory.")] = DEFAULT_DIRECTORY,
    json_lines: Annotated[bool, typer.Option("--json", help="A JSON object a line.")] = False,
    count: Annotated[int, typer.Option(min=0, help="End after so many lines; 0 goes on.")] = 0,
) -> None:
    """Show which messages matched which rules and what their actions did, until Ctrl-C.

    Example: robofleet rules trace --data .robofleet
    """
    try:
        base = Endpoints.read(data).http
        for number, said in enumerate(_lines(base), 1):
            typer.echo(json.dumps(said) if json_lines else _text(said))
            if number == count:
                return
    except KeyboardInterrupt:
        return
    except NoCloud as error:
        _err.print(f"error: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(2) from None
    except (OSError, http.client.HTTPException) as error:
        _err.print(f"error: the cloud went away: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from None


def _lines(base: str) -> Iterator[dict[str, Any]]:
    """What the cloud tells, until it stops."""
    address = urlsplit(base)
    connection = http.client.HTTPConnection(address.hostname or "127.0.0.1", address.port or 80)
    connection.request("GET", _PATH)
    answer = connection.getresponse()
    if answer.status != _OK:
        raise http.client.HTTPException(f"HTTP {answer.status} at {base}{_PATH}")
    while line := answer.readline():
        if line.strip():
            yield json.loads(line)


def _text(said: dict[str, Any]) -> str:
    """One line for a person."""
    if "lost" in said:
        return f"... {said['lost']} lines were not shown: they came faster than they were read"
    moment = datetime.datetime.fromtimestamp(said["at_ms"] / 1000).astimezone()
    matched = f"{moment:%H:%M:%S}  {said['rule']}  {said['topic']}  {said['client_id']}"
    if not said["action"]:  # of a rule that did nothing there is only to say why
        return f"{matched}  {said['outcome']}"
    what = "error action " if said.get("error_action") else ""
    action = f"{what}{said['action']} {said['resource']}"
    return f"{matched}  {action}  {said['outcome']}  {said['ms']:.1f} ms"
