"""The front door mounts every command, and imports only the one that is called."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from robofleet import COMMANDS, command_line

runner = CliRunner()


def test_the_help_lists_every_command() -> None:
    said = runner.invoke(command_line(), ["--help"]).output

    assert all(f" {name} " in said for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_a_help_of_its_own(name) -> None:
    result = runner.invoke(command_line(name), [name, "--help"])

    assert result.exit_code == 0
    assert "Usage" in result.output


def test_an_unknown_command_is_refused_with_2() -> None:
    result = runner.invoke(command_line("cook"), ["cook"])

    assert result.exit_code == 2
    assert "No such command 'cook'" in result.output


def test_a_phone_does_not_import_the_cloud() -> None:
    code = (
        "import sys, robofleet; robofleet.command_line('phone');"
        "cloud = ('cloud_functions.runtime', 'device_sim');"
        "sys.exit(any(name.startswith(cloud) for name in sys.modules))"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
