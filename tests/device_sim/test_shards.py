"""A live fleet on several processes: whole, told as one, and gone when it is over."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from device_sim import scenario as scenarios
from device_sim.glimpse import Glimpse, together
from device_sim.link.kinds import LinkKind
from device_sim.link.port import LinkOptions, LinkRefused
from device_sim.robot.parameters import Faults
from device_sim.robot.population import of_specs
from device_sim.run import RunOptions
from device_sim.shards import parts_of, run_shards

ROOT = Path(__file__).parents[2]
SPECS = scenarios.specs(scenarios.load("apartment-block"), 7, 23)
OPTIONS = RunOptions(SPECS, LinkOptions([]), LinkKind.NONE, for_s=0.4)


@pytest.mark.parametrize("processes", [1, 2, 5, 23, 40])
def test_parts_cover_the_fleet_in_its_order_and_none_is_empty(processes) -> None:
    parts = parts_of(OPTIONS, processes)

    assert [spec for part in parts for spec in part.specs] == list(SPECS)
    lengths = [len(part.specs) for part in parts]
    assert len(parts) == min(processes, 23)
    assert max(lengths) - min(lengths) <= 1


def test_what_is_known_of_the_people_is_cut_as_the_robots_are() -> None:
    whole = of_specs(SPECS, 7, Faults())

    parts = parts_of(RunOptions(SPECS, LinkOptions([]), population=whole), 3)

    assert [key for part in parts for key in part.population.key] == list(whole.key)
    assert all(len(part.population) == len(part.specs) for part in parts)


def test_parts_add_up_to_a_whole() -> None:
    one = Glimpse(2, 2, 1, 0, 10, 9, 1, first=[{"thing": "a"}])
    other = Glimpse(3, 1, 2, 1, 5, 5, 0, first=[{"thing": "b"}])
    one.phases.update({"run": 2})
    other.phases.update({"run": 1, "charge": 2})

    whole = together([one, other])

    assert (whole.robots, whole.connected, whole.losses) == (5, 3, 1)
    assert (whole.sent, whole.received, whole.obeyed) == (15, 14, 1)
    assert whole.phases == {"run": 3, "charge": 2}
    assert [state["thing"] for state in whole.first] == ["a", "b"]


def test_a_fleet_on_two_processes_ends_with_every_robot_in_its_order() -> None:
    seen, states = run_shards(
        parts_of(OPTIONS, 2), is_over=lambda: False, tell=lambda _text: None,
        look=lambda _seen: None,
    )  # fmt: skip

    assert [state["thing"] for state in states] == [spec.thing for spec in SPECS]
    assert seen.robots == 23
    assert sum(seen.phases.values()) == 23
    assert multiprocessing.active_children() == []


def test_a_link_that_a_child_cannot_make_is_refused_by_the_parent() -> None:
    wrong = RunOptions(SPECS, LinkOptions(["mqtts://127.0.0.1:1"]), LinkKind.AWSIOTSDK)

    with pytest.raises(LinkRefused, match="asks for certificates"):
        run_shards(
            parts_of(wrong, 2), is_over=lambda: False, tell=lambda _text: None,
            look=lambda _seen: None,
        )  # fmt: skip

    assert multiprocessing.active_children() == []


@pytest.mark.skipif(sys.platform != "linux", reason="looks for children in /proc")
@pytest.mark.parametrize("mode", [["--link", "none"], ["--dry-run", "--hours", "8000"]])
def test_ctrl_c_while_children_still_start_is_the_parents_alone(tmp_path, mode) -> None:
    command = [sys.executable, "-m", "robofleet", "robots", *mode, "--robots", "400"]
    parent = subprocess.Popen(
        [*command, "--processes", "2", "--data", str(tmp_path)], cwd=ROOT, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    known = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    deadline = time.monotonic() + 20
    while len(known.read_text().split()) < 3:  # the two and multiprocessing's tracker
        assert time.monotonic() < deadline, "no children"
        time.sleep(0.002)

    os.killpg(parent.pid, signal.SIGINT)
    said, _ = parent.communicate(timeout=20)

    assert parent.returncode in (0, 130), said
    assert "Traceback" not in said
    assert "stopped" in said
