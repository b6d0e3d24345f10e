"""`robofleet scenario`, and scenarios given to `robofleet robots`."""

import errno
import json
import os
import re
import sys
import tempfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from device_sim import dry_run_cli, scenario
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


def test_what_a_smaller_or_shorter_run_will_not_feel_is_noted(mine: Path) -> None:
    more = """
[[steps]]
what = "start-all"
at = "1h"
who.robot = 4
[[steps]]
what = "start-all"
at = "90m"
who.share = 0.5
"""
    mine.write_text(mine.read_text() + more)

    def notes(*changes: str) -> list[str]:
        done = invoke("robots", "--scenario", str(mine), "--dry-run", *changes)
        assert done.exit_code == 0
        return [line for line in done.stderr.splitlines() if line.startswith("note: ")]

    assert not notes()
    assert ["steps[0].who.robot does nothing" in each for each in notes("--robots", "4")] == [True]
    assert ["steps[1].at does nothing" in each for each in notes("--hours", "1.2")] == [True]
    assert "perhaps nobody" in notes("--robots", "1")[-1]


def test_a_condition_that_is_over_when_a_live_run_starts_is_refused(mine: Path) -> None:
    """Without a `start`, robots that are connected live now."""
    mine.write_text(mine.read_text() + "[[network]]\nloss = 0.1\nuntil = 2026-01-05T01:00:00Z\n")

    shown = invoke("robots", "--scenario", str(mine), "--link", "none", "--processes", "2")

    assert shown.exit_code == 2
    assert "network[0]: a condition of the network ends at 2026-01-05 01:00 UTC" in shown.stderr


def test_another_family_is_a_family_of_all_robots() -> None:
    chosen = scenario.of_family(scenario.load("city"), "m6")

    assert {group.family for group in chosen.groups} == {"m6"}


def test_a_check_says_how_many_robots_each_step_is_for() -> None:
    shown, told = (invoke("scenario", "check", "power-cut", *more) for more in ((), ("--json",)))

    assert "steps[0] is for about 39,535 robots" in shown.stdout
    assert json.loads(told.stdout)["reaches"]["steps[1]"] == pytest.approx(6976.744)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("born2015", "born-2015"), ("City", "city"), ("city.tml", "city"), ("mine", "mine.toml"),
     ("power_cut.toml", "power-cut")],
)  # fmt: skip
def test_what_may_have_been_meant_is_said(name: str, meant: str, mine: Path, monkeypatch) -> None:
    monkeypatch.chdir(mine.parent)

    shown = invoke("scenario", "show", name)

    assert shown.exit_code == 2
    assert re.search(rf"did you mean (the file )?{re.escape(meant)}\?", shown.stderr)


def test_a_folder_is_no_scenario(tmp_path: Path) -> None:
    (tmp_path / "day.toml").mkdir()

    shown = invoke("scenario", "check", str(tmp_path / "day.toml"))

    assert shown.exit_code == 2
    assert "allowed: a TOML file" in shown.stderr


def test_mistakes_of_every_kind_have_the_same_members_for_a_program(mine: Path) -> None:
    mine.write_text("title = 5\n")

    for name in (str(mine), "nowhere"):
        (first, *_) = json.loads(invoke("scenario", "check", name, "--json").stdout)["mistakes"]
        assert set(first) == {"file", "line", "column", "key", "found", "allowed"}


def test_a_file_with_a_byte_order_mark_is_read(mine: Path) -> None:
    mine.write_bytes(b"\xef\xbb\xbf" + mine.read_bytes())

    assert invoke("scenario", "check", str(mine)).exit_code == 0
    assert invoke("scenario", "show", str(mine)).stdout.startswith("title")


def test_a_file_of_other_letters_is_refused_by_their_name(mine: Path) -> None:
    mine.write_text(mine.read_text(), encoding="utf-16")

    shown = invoke("scenario", "check", str(mine))

    assert shown.exit_code == 2
    assert f"{mine}:1: found UTF-16, allowed: UTF-8" in shown.stderr


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


@pytest.fixture
def never(monkeypatch) -> None:
    """No day may be lived."""

    def run(*_arguments: object) -> None:
        raise AssertionError("the day was lived")

    monkeypatch.setattr(dry_run_cli, "run", run)


@pytest.mark.usefixtures("never")
def test_a_folder_that_cannot_be_made_is_told_before_the_day(mine: Path) -> None:
    shown = invoke("robots", "--scenario", str(mine), "--dry-run", "--plots", str(mine / "day"))

    assert shown.exit_code == 2
    assert f"--plots {mine / 'day'} is no folder" in shown.stderr
    assert "allowed: a folder of yours" in shown.stderr


@pytest.mark.usefixtures("never")
def test_a_folder_that_cannot_be_written_is_told_before_the_day(mine: Path, monkeypatch) -> None:
    def refuse(**_where: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)

    shown = invoke("robots", "--scenario", str(mine), "--dry-run", "--plots", str(mine.parent))

    assert shown.exit_code == 2
    assert "Permission denied" in shown.stderr


@pytest.mark.usefixtures("never")
def test_without_the_extra_plots_are_refused_before_the_day(mine: Path, monkeypatch) -> None:
    for name in [each for each in sys.modules if each.startswith("device_sim.plots")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    shown = invoke("robots", "--scenario", str(mine), "--dry-run", "--plots", "day")

    assert shown.exit_code == 2
    assert "pip install 'robofleet[plots]'" in shown.stderr


def test_what_was_counted_is_told_even_if_it_cannot_be_drawn(mine: Path, tmp_path: Path) -> None:
    (tmp_path / "day.html").mkdir()

    shown = invoke("robots", "--scenario", str(mine), "--dry-run", "--plots", str(tmp_path))

    assert shown.exit_code == 1
    assert "hash " in shown.stdout
    assert f"no plots in {tmp_path}" in shown.stderr


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
