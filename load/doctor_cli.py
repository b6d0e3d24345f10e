"""`robofleet doctor`: what is installed and what is missing."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from load import doctor as doctor_report

_out = Console(highlight=False)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what is installed, what is missing, and the command that brings it.

    Example: robofleet doctor --json
    """
    findings = doctor_report.examine()
    if as_json:
        typer.echo(json.dumps([finding.as_json() for finding in findings]))
    else:
        table = Table("part", "found", "for", "to install")
        for finding in findings:
            missing = "" if finding.version is not None else finding.install
            table.add_row(finding.name, finding.version or "missing", finding.used_for, missing)
        _out.print(table)
    if not doctor_report.is_healthy(findings):
        raise typer.Exit(1)
