"""`robofleet scenario`, and scenarios given to `robofleet robots`."""

import importlib.util
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from device_sim import scenario
from robofleet import command_line


def invoke(*arguments: str):
    return CliRunner().invoke(command_line(arguments[0]), list(arguments))


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text('title = "mine"\nseed = 11\nhours = 2\n[fleet]\nsize = 5\n')
    return path


def test_the_named_ones_are_listed() -> None:
    shown, told = invoke("scenario", "list"), invoke("scenario", "list", "--json")

    assert set(json.loads(told.stdout)) == set(scenario.names())
    assert {"one-home", "apartment-block", "city", "born-2015", "christmas-morning", "power-cut",
            "bad-firmware"} <= set(scenario.names())  # fmt: skip
    assert "2,400,000" in shown.stdout


def test_what_is_shown_can_be_checked(tmp_path: Path) -> None:
    for name in scenario.names():
        copy = tmp_path / "copy.toml"
        copy.write_text(invoke("scenario", "show", name).stdout)

        assert invoke("scenario", "check", str(copy)).exit_code == 0


def test_mistakes_are_told_with_their_lines_and_end_with_2(mine: Path) -> None:
    mine.write_text('title = "x"\nhours = "many"\n[fleet]\nsize = -1\n')

    shown = invoke("scenario", "check", str(mine))
    told = invoke("scenario", "check", str(mine), "--json")

    assert shown.exit_code == told.exit_code == 2
    assert f"{mine}:2: hours: " in shown.stderr
    assert f"{mine}:4: fleet.size: " in shown.stderr
    said = json.loads(told.stdout)
    assert not said["ok"]
    assert [(each["line"], each["key"]) for each in said["mistakes"]] == [
        (2, "hours"), (4, "fleet.size"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["nowhere", "nowhere.toml", "."])
def test_what_is_not_there_is_said(name: str) -> None:
    shown = invoke("scenario", "check", name)

    assert shown.exit_code == 2
    assert "christmas-morning" in shown.stderr


def test_a_file_that_is_no_text_is_refused(mine: Path) -> None:
    mine.write_bytes(b'title = "x"\nseed = \xff\n')

    assert f"{mine}:2: " in invoke("scenario", "check", str(mine)).stderr


def test_the_schema_is_printed() -> None:
    assert json.loads(invoke("scenario", "schema").stdout)["title"] == "robofleet scenario"


def test_a_dry_run_takes_the_files_word_unless_the_line_says_otherwise(mine: Path) -> None:
    def told(*more: str) -> dict[str, object]:
        done = invoke("robots", "--scenario", str(mine), "--dry-run", "--json", *more)
        return json.loads(done.stdout)

    files, lines = told(), told("--seed", "3", "--robots", "4", "--hours", "1", "--faults", "none")

    assert [files[key] for key in ("seed", "robots", "hours", "scenario")] == [11, 5, 2, "mine"]
    assert [lines[key] for key in ("seed", "robots", "hours")] == [3, 4, 1]


def test_a_mistake_stops_a_run_before_it_begins(mine: Path) -> None:
    mine.write_text('title = "x"\n[fleet]\nsize = 0\n')

    shown = invoke("robots", "--scenario", str(mine), "--dry-run")

    assert shown.exit_code == 2
    assert f"{mine}:3: fleet.size: " in shown.stderr


def test_plots_are_written_and_named(mine: Path, tmp_path: Path) -> None:
    shown = invoke("robots", "--scenario", str(mine), "--dry-run", "--plots", str(tmp_path / "day"))

    assert shown.exit_code == 0
    assert f"next: open {tmp_path / 'day' / 'day.html'}" in shown.stdout
    assert (tmp_path / "day" / "battery.png").exists()


def test_a_folder_that_cannot_be_made_is_told(mine: Path) -> None:
    shown = invoke("robots", "--scenario", str(mine), "--dry-run", "--plots", str(mine / "day"))

    assert shown.exit_code == 1
    assert str(mine / "day") in shown.stderr


def test_without_the_extra_plots_are_refused_before_the_day(mine: Path, monkeypatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)

    shown = invoke("robots", "--scenario", str(mine), "--dry-run", "--plots", "day")

    assert shown.exit_code == 2
    assert "pip install 'robofleet[plots]'" in shown.stderr


@pytest.mark.parametrize(
    ("options", "flag"),
    [
        (("--hours", "3"), "--hours"),
        (("--plots", "day"), "--plots"),
        (("--lan-port", "80"), "--lan-port"),
        (("--dry-run", "--for", "3"), "--for"),
        (("--dry-run", "--mqtt-version", "5"), "--mqtt-version"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(options: tuple[str, ...], flag: str) -> None:
    shown = invoke("robots", *options)

    assert shown.exit_code == 2
    assert f"{flag} does nothing with" in shown.stderr
