"""What the README shows is there: commands, targets, files."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.parametrize("command", COMMANDS)
def test_the_flags_shown_in_the_readme_exist(command: str) -> None:
    shown = {flag for line in re.findall(rf"`robofleet {command}([^`]*)`", TEXT) for flag in
             re.findall(r"--[a-z-]+", line)}  # fmt: skip
    said = help_of(command)

    assert {flag for flag in shown if flag not in said} == set()


def test_every_command_is_in_the_readme() -> None:
    listed = set(re.findall(r"^│ ([a-z]+) ", help_of(), re.MULTILINE))

    assert listed <= set(COMMANDS)
    assert listed


def test_the_files_it_points_to_are_there() -> None:
    links = re.findall(r"\]\(([^)]+)\)", TEXT) + re.findall(r'src="([^"]+)"', TEXT)

    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_folder_has_its_page() -> None:
    folders = ("cloud_functions", "device_sim", "mobile_client", "load", "tests", "benchmarks")

    assert [name for name in folders if not (ROOT / name / "README.md").exists()] == []


def test_the_picture_shows_what_its_words_say() -> None:
    drawn = (ROOT / "docs" / "mission.svg").read_text()
    alt = re.search(r'<img src="docs/mission.svg" alt="([^"]+)"', TEXT)[1]
    numbers = ("no error", "one error", "two errors", "three errors")

    assert numbers[drawn.count('class="error"')] in alt
