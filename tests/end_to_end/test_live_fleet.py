"""`robofleet robots` on several processes, as its users run and end it."""

import json
import signal
import subprocess
import sys
import time

import pytest

FLEET = ("--scenario", "apartment-block", "--robots", "40", "--processes", "2")


@pytest.fixture(scope="module")
def cloud(start_cloud_module):
    return start_cloud_module("--broker", "builtin")


@pytest.fixture
def start_fleet(cloud, tmp_path):
    def start(*arguments: str) -> subprocess.Popen:
        command = [sys.executable, "-m", "robofleet", "robots", *FLEET, *arguments]
        with (tmp_path / "said.txt").open("w") as said:
            return subprocess.Popen(
                [*command, "--data", str(cloud.data)], stdout=said, stderr=subprocess.STDOUT
            )

    return start


def wait(found, patience_s: float = 30):
    deadline = time.monotonic() + patience_s
    while not (result := found()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)
    return result


def test_every_robot_of_all_processes_is_told_at_the_end(cloud, robofleet) -> None:
    done = robofleet("robots", *FLEET, "--for", "5", "--json", "--data", str(cloud.data))

    assert done.returncode == 0, done.stderr
    slips = [slip["thing"] for slip in json.loads((cloud.data / "robots.json").read_text())]
    states = json.loads(done.stdout.splitlines()[-1])
    assert [state["thing"] for state in states] == slips
    assert all(state["online"] for state in states)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_processes(start_fleet, children_of, is_alive, tmp_path, number) -> None:
    fleet = start_fleet()
    wait(lambda: "next: robofleet phone login" in (tmp_path / "said.txt").read_text())
    children = wait(lambda: len(found := children_of(fleet.pid)) >= 2 and found)

    fleet.send_signal(number)

    assert fleet.wait(timeout=20) == 0
    wait(lambda: not any(is_alive(pid) for pid in children))
    said = (tmp_path / "said.txt").read_text()
    assert "stopped: " in said
    assert "Traceback" not in said


def test_children_do_not_outlive_a_parent_that_is_killed(
    start_fleet, children_of, is_alive
) -> None:
    fleet = start_fleet()
    children = wait(lambda: len(found := children_of(fleet.pid)) >= 2 and found)

    fleet.kill()
    fleet.wait()

    wait(lambda: not any(is_alive(pid) for pid in children))


def test_robots_that_run_already_are_not_run_again_on_the_same_directory(
    cloud, start_fleet, robofleet, tmp_path
) -> None:
    fleet = start_fleet()
    wait(lambda: "next: robofleet phone login" in (tmp_path / "said.txt").read_text())

    again = robofleet("robots", "--count", "3", "--data", str(cloud.data))
    others = robofleet(
        *("robots", "--count", "3", "--seed", "99", "--for", "1", "--data", str(cloud.data))
    )
    fleet.send_signal(signal.SIGINT)

    assert fleet.wait(timeout=20) == 0
    assert again.returncode == 2
    assert again.stderr.startswith(
        f"error: another run (process {fleet.pid}) holds 3 of these robots, "
    )
    assert others.returncode == 0, others.stderr


def test_runs_that_take_robots_from_each_other_elsewhere_are_told(
    cloud, start_fleet, robofleet, tmp_path
) -> None:
    fleet = start_fleet()
    wait(lambda: "next: robofleet phone login" in (tmp_path / "said.txt").read_text())

    broker = cloud.endpoints["mqtt"]
    rival = robofleet(
        *("robots", *FLEET, "--for", "8", "--endpoint", broker, "--data", str(tmp_path / "other"))
    )
    fleet.send_signal(signal.SIGINT)

    assert fleet.wait(timeout=20) == 0
    told = "another run seems to hold these robots: "
    assert rival.stdout.count(told) == 1
    assert (tmp_path / "said.txt").read_text().count(told) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--endpoint", "broker"], "'broker' is no broker's address"),
        (["--endpoint", "mqtts://127.0.0.1:1"], "--certificates DIR says where they are"),
        (["--endpoint", "mqtt://127.0.0.1:1"], "no broker answers at mqtt://127.0.0.1:1"),
        (["--link", "none", "--endpoint", "mqtt://127.0.0.1:1"], "connects to nobody"),
        (["--robots", "99000000", "--link", "aiomqtt"], "robots are too many"),
        (["--link", "none", "--data", "/dev/null/data"], "/dev/null/data is no data directory"),
        (["--data", "/dev/null"], "no cloud runs on /dev/null"),
    ],
)
def test_what_cannot_start_says_why_in_one_line(robofleet, tmp_path, arguments, said) -> None:
    done = robofleet("robots", "--data", str(tmp_path), *arguments)

    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
