"""The README shows every command, and its picture is what its words say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from device_sim.picture.legend import Card, Sign

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text()
COMMANDS = sorted(set(re.findall(r"`robofleet ([a-z]+)", TEXT)))


def help_of(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "robofleet", *command, "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={"COLUMNS": "200", "TERM": "dumb", "PATH": "/usr/bin"},
    )
    return done.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_in_the_readme_exists_and_its_help_shows_an_example(command: str) -> None:
    said = help_of(command)

    assert "Usage:" in said
    assert "Example: robofleet" in said or command == "phone"


def test_every_command_is_in_the_readme() -> None:
    listed = set(re.findall(r"^│ ([a-z]+) ", help_of(), re.MULTILINE))

    assert listed <= set(COMMANDS)
    assert listed


def test_the_picture_shows_what_its_words_say() -> None:
    home, legend = (ROOT / "docs" / "mission.svg").read_text().split(f"<title>{Card([]).title}<")
    alt = re.search(r'<img src="docs/mission.svg" alt="([^"]+)"', TEXT)[1]
    numbers = ("no error", "one error", "two errors", "three errors")

    assert numbers[home.count('class="error"')] in alt
    assert str(Sign.ERROR) in legend
