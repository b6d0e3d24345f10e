"""A fleet without network: the same whoever shares it, and counted."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, nullcontext, suppress
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from device_sim import dry_run_cli, scenario
from device_sim.dry_run import DryRunOptions, Planned, Progress, Stopped, run, shards
from device_sim.scenarios.model import START_S, Scenario
from device_sim.shard import BLOCK_S, RUN_UP, Shard
from robofleet import command_line

ROOT = Path(__file__).parents[2]
FLATS = scenario.load("apartment-block")


@pytest.fixture
def started():
    """Start dry runs of a shell's own; whatever happens, none of them outlives its test."""
    with ExitStack() as children:

        def start(*arguments: str) -> subprocess.Popen[bytes]:
            child = subprocess.Popen(
                [sys.executable, "-m", "robofleet", "robots", "--dry-run", *arguments], cwd=ROOT,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True,
            )  # fmt: skip
            children.enter_context(child)
            children.callback(end_group, child.pid)
            return child

        yield start


def end_group(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def options(**more) -> DryRunOptions:
    return DryRunOptions(**{"scenario": FLATS, "robots": 120, "hours": 24.0, **more})


def test_the_fleet_is_covered_by_its_shards() -> None:
    for robots, processes in ((1, 1), (7, 3), (100, 8), (2, 8)):
        parts = shards(robots, processes)

        assert parts[0].first == 0
        assert sum(part.count for part in parts) == robots
        assert all(a.first + a.count == b.first for a, b in itertools.pairwise(parts))
        assert all(part.count for part in parts)


def test_two_processes_count_what_one_counts() -> None:
    heard: list[tuple[int, int]] = []

    def hear(said: Progress | Planned) -> None:
        if isinstance(said, Progress):
            heard.append((said.shard, said.blocks))

    one = run(options())
    two = run(options(processes=2), hear)

    assert same(one) == same(two)
    assert {shard for shard, _ in heard} == {0, 1}
    assert max(blocks for _, blocks in heard) == RUN_UP + 288


def test_a_result_adds_up() -> None:
    said = run(options(hours=30.2))
    series = said["series"]

    assert said["facts"] == sum(said["facts_by_kind"].values())
    assert said["missions"] == sum(said["missions_by_result"].values())
    assert said["missions"] == said["facts_by_kind"]["mission_ended"]
    assert len(said["hash"]) == 16
    blocks = 363
    for name in ("missions_under_way", "online", "messages_a_second", "battery_percent"):
        assert len(series[name]) == blocks, name
    assert all(len(counts) == blocks for counts in series["errors"].values())
    assert all(sum(bins) == 120 and len(bins) == 101 for bins in series["battery_percent"])
    assert under_way(series["missions_by_region"]) == series["missions_under_way"]
    bands = {name: band["missions_under_way"] for name, band in series["by_utc_offset"].items()}
    assert under_way(bands) == series["missions_under_way"]
    assert sum(band["robots"] for band in series["by_utc_offset"].values()) == 120
    started = sum(map(sum, series["starts_by_local_hour"].values()))
    assert started == said["facts_by_kind"]["mission_started"]
    told = sum(series["messages_a_second"]) * BLOCK_S
    assert told > said["facts_by_kind"]["phase"]
    assert json.loads(json.dumps(said)) == said


def under_way(parts: dict[str, list[int]]) -> list[int]:
    return np.sum(list(parts.values()), axis=0).tolist()


def test_a_day_begins_in_full_stride() -> None:
    """It is evening somewhere, and nobody starts the day with an unplugged robot."""
    series = run(options(hours=1.0, start_s=START_S + 12 * 3600))["series"]

    assert series["missions_under_way"][0] > 0
    assert series["battery_percent"][0][100] > 60


def test_another_length_has_the_same_beginning() -> None:
    short, long = run(options(hours=6)), run(options(hours=12))

    assert long["series"]["missions_under_way"][:72] == short["series"]["missions_under_way"]


def test_something_that_happens_in_time_happens_at_its_second_in_any_shard() -> None:
    steps = [
        {"what": "power-cut", "at": "7h17s", "for": "30m", "who": {"share": 0.5}},
        {"what": "power-cut", "at": "20h", "for": "30m", "who": {"share": 0.5, "draw": 1}},
    ]
    dark = Scenario.model_validate({**FLATS.model_dump(by_alias=True, exclude={"network"}),
                                    "steps": steps})  # fmt: skip

    one, two = run(options(scenario=dark)), run(options(scenario=dark, processes=2))

    assert one["hash"] == two["hash"] != run(options())["hash"]
    place = 7 * 3600 // BLOCK_S
    assert one["series"]["online"][place] < 80 < one["series"]["online"][place + 8]


def test_a_release_that_was_stopped_is_told_and_seen_in_the_versions() -> None:
    steps = [
        {
            "what": "bad-firmware",
            "at": "1h",
            "version": "fine",
            "fails": 0.0,
            "within": "1h",
            "factor": 1.0,
            "who": {"share": 0.5},
        },
        {"what": "bad-firmware", "at": "3h", "version": "broken", "fails": 0.4, "within": "4h"},
        {"what": "bad-firmware", "at": "9h", "version": "never"},
    ]
    chosen = FLATS.model_copy(update={"steps": Scenario.model_validate(
        {"title": "x", "fleet": {"size": 1}, "steps": steps}).steps})  # fmt: skip

    one, two, eight = (run(options(scenario=chosen, hours=8.0, processes=n)) for n in (1, 2, 8))

    assert same(one) == same(two) == same(eight)
    fine, broken = one["releases"]
    assert (fine["version"], fine["stopped"], fine["stopped_after_s"]) == ("fine", False, None)
    assert fine["share_reached"] == fine["share_planned"] == pytest.approx(0.5, abs=0.15)
    assert broken["stopped"]
    assert broken["share_reached"] < 0.5 < broken["share_planned"] == 1.0
    assert 3 * 3600 < broken["stopped_after_s"] < 7 * 3600
    seen = broken["when_stopped"]
    assert seen["failed"] >= 0.1 * seen["told"] >= 2
    versions = one["series"]["versions"]
    assert all(sum(robots) == 120 for robots in zip(*versions.values(), strict=True))
    assert versions["fine"][11] == 0 < versions["fine"][40]
    assert versions["broken"][-1] == broken["succeeded"] > 0


def test_what_a_release_counts_is_what_robots_said() -> None:
    step = {"what": "bad-firmware", "at": "1h", "version": "broken", "fails": 0.3, "within": "2h"}
    chosen = FLATS.model_copy(update={"steps": Scenario.model_validate(
        {"title": "x", "fleet": {"size": 1}, "steps": [step]}).steps})  # fmt: skip

    said = run(options(scenario=chosen, hours=8.0, processes=2))

    (release,), (over_time,) = said["releases"], said["series"]["releases"]
    assert release["succeeded"] == said["facts_by_kind"]["updated"]
    assert release["failures"] == said["facts_by_kind"]["update_failed"] > 0
    ends = ("failures", "succeeded", "rejected", "hung", "cancelled", "under_way")
    assert release["installations"] == sum(release[name] for name in ends)
    last = {name: counts[-1] for name, counts in over_time.items()}
    assert last == {
        "told": release["installations"],
        "succeeded": release["succeeded"],
        "failed": release["failures"],
    }
    assert over_time["succeeded"] == said["series"]["versions"]["broken"]
    stopped = release["stopped_after_s"] // BLOCK_S
    assert over_time["told"][stopped:] == [release["when_stopped"]["told"]] * (96 - stopped)


def test_a_release_is_told_from_its_first_second_on() -> None:
    step = {"what": "bad-firmware", "at": "3h", "version": "later"}
    chosen = FLATS.model_copy(update={"steps": Scenario.model_validate(
        {"title": "x", "fleet": {"size": 1}, "steps": [step]}).steps})  # fmt: skip

    assert run(options(scenario=chosen, hours=3.0))["releases"] == []
    (begun,) = run(options(scenario=chosen, hours=3.05))["releases"]
    assert begun["installations"] == begun["share_reached"] == 0
    assert not begun["stopped"]


def same(said: dict[str, object]) -> dict[str, object]:
    """What does not depend on the computer."""
    return {key: said[key] for key in said if key not in ("processes", "took_s")}


def test_a_paced_run_is_the_same_run() -> None:
    quick, paced = run(options(hours=0.5)), run(options(hours=0.5, speed=20_000))

    assert quick["hash"] == paced["hash"]


class Ender:
    """Asks for the end once a shard has told of so many blocks."""

    def __init__(self, blocks: int) -> None:
        self._blocks = blocks
        self.told: dict[int, int] = {}

    def hear(self, said: Progress | Planned) -> None:
        if isinstance(said, Progress):
            self.told[said.shard] = said.blocks

    def is_over(self) -> bool:
        return max(self.told.values(), default=0) >= self._blocks


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_a_run_that_was_interrupted_has_the_result_of_a_run_that_is_that_short(processes) -> None:
    steps = [
        {"what": "bad-firmware", "at": "1h", "version": "broken", "fails": 0.4, "within": "4h"},
        {"what": "outage", "at": "4h", "for": "1h", "who": {"share": 0.5}},
        {"what": "bad-firmware", "at": "100h", "version": "never"},
    ]
    chosen = FLATS.model_copy(update={"steps": Scenario.model_validate(
        {"title": "x", "fleet": {"size": 1}, "steps": steps}).steps})  # fmt: skip
    ender = Ender(RUN_UP + 70)

    cut = run(
        options(scenario=chosen, hours=2000.0, processes=processes), ender.hear, ender.is_over
    )
    short = run(options(scenario=chosen, hours=cut["simulated_s"] / 3600))

    assert cut["interrupted"]
    assert not short["interrupted"]
    assert 0 < cut["simulated_s"] < 2000 * 3600
    assert cut["simulated_s"] % BLOCK_S == 0
    assert same({**cut, "interrupted": False}) == same(short)


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("blocks", [0, 3, RUN_UP])
def test_a_run_that_is_over_before_it_counted_anything_says_so(processes, blocks) -> None:
    ender = Ender(blocks)

    with pytest.raises(Stopped):
        run(options(hours=2000.0, processes=processes), ender.hear, ender.is_over)


def test_a_paced_run_is_over_at_once_when_somebody_asks() -> None:
    """At that speed it would wait for minutes after its first block."""
    ender = Ender(RUN_UP + 1)

    cut = run(options(hours=2.0, speed=0.5), ender.hear, ender.is_over)

    assert cut["simulated_s"] == BLOCK_S


def test_a_run_that_ends_as_it_is_asked_to_was_not_interrupted() -> None:
    ender = Ender(RUN_UP + 12)

    whole = run(options(hours=1.0), ender.hear, ender.is_over)

    assert not whole["interrupted"]
    assert whole["simulated_s"] == 3600


def test_a_shard_is_a_stretch() -> None:
    assert shards(10, 3) == [Shard(0, 3), Shard(3, 3), Shard(6, 4)]


# ---------------------------------------------------------------- the command


def invoke(*arguments: str):
    return CliRunner().invoke(command_line("robots"), ["robots", *arguments])


def test_the_command_prints_the_hash_and_the_same_as_json() -> None:
    shown = invoke("--dry-run", "--robots", "20", "--hours", "12")
    told = invoke("--dry-run", "--robots", "20", "--hours", "12", "--json")

    assert shown.exit_code == told.exit_code == 0
    assert f"hash {json.loads(told.stdout)['hash']}" in shown.stdout


def test_the_command_says_how_far_each_release_came() -> None:
    shown = invoke("--dry-run", "--scenario", "bad-firmware", "--robots", "300", "--hours", "24")

    words = " ".join(shown.stdout.replace("│", " ").split())
    assert "release 3.20.8-bad, begun at 4.0 h: went through, to" in words
    assert "release 3.20.9-broken, begun at 18.0 h: stopped after" in words


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--dry-run", "--scenario", "nowhere"], 2), (["--count", "5001"], 2),
     (["--dry-run", "--hours", "0"], 2), (["--dry-run", "--processes", "0"], 2)],
)  # fmt: skip
def test_what_cannot_start_ends_with_2(arguments, code) -> None:
    assert invoke(*arguments).exit_code == code


@pytest.mark.timeout(240)
@pytest.mark.parametrize("processes", ["1", "2"])
def test_ctrl_c_shows_what_was_counted_and_leaves_no_child(started, processes, tmp_path) -> None:
    wants_plots = processes == "1"
    plots = ("--plots", str(tmp_path)) if wants_plots else ()
    child = started("--robots", "500", "--hours", "700", "--processes", processes, "--json", *plots)
    assert b"lived" in child.stderr.readline()

    os.killpg(child.pid, signal.SIGINT)
    told, _ = child.communicate(timeout=120)

    said = json.loads(told)
    assert child.returncode == 130
    assert said["interrupted"]
    assert 0 < said["simulated_s"] < 700 * 3600
    assert said["hours"] == said["simulated_s"] / 3600
    assert len(said["series"]["online"]) == said["simulated_s"] // BLOCK_S
    assert (tmp_path / "day.html").exists() == wants_plots
    assert group_is_gone(child.pid)


def test_ctrl_c_before_anything_was_counted_says_so(started) -> None:
    """While the homes of all the world are planned."""
    child = started("--scenario", "born-2015", "--robots", "4000", "--processes", "2")
    assert b"of the homes planned" in child.stderr.readline()

    os.killpg(child.pid, signal.SIGINT)
    told, said = child.communicate(timeout=20)

    assert child.returncode == 130
    assert not told
    assert b"nothing was counted" in said
    assert group_is_gone(child.pid)


def test_ctrl_c_is_told_in_words_with_the_simulated_time_reached(monkeypatch) -> None:
    ender = Ender(RUN_UP + 5)
    monkeypatch.setattr(dry_run_cli, "_sayer", lambda _err: ender.hear)
    monkeypatch.setattr(dry_run_cli, "asked_to_end", lambda: nullcontext(ender.is_over))

    shown = invoke("--dry-run", "--robots", "20", "--hours", "12")

    words = " ".join(shown.stdout.split())
    assert shown.exit_code == 130
    assert "lived 0.4167 of 12 hours" in words
    assert "interrupted at 2026-01-05 00:25 of simulated time" in words


def group_is_gone(group: int) -> bool:
    for _ in range(50):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False
