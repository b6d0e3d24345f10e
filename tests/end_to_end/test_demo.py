"""The demo plays its story by itself, on each broker."""

import json
import os
import signal
import subprocess
import sys

import pytest

from load.story import EMAIL, PASSWORD, STEPS

BROKERS = ["builtin", pytest.param("mosquitto", marks=pytest.mark.mosquitto)]


def without_display() -> dict[str, str]:
    """A demo under test opens no page."""
    return {name: value for name, value in os.environ.items() if not name.endswith("DISPLAY")}


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize("robots", [3, 50])
def test_the_story_is_seen_from_the_tap_to_the_map(robofleet, tmp_path, broker, robots) -> None:
    report = tmp_path / "demo.json"

    done = robofleet(
        *("demo", "--headless", "--free-ports", "--for", "20"),
        *("--broker", broker, "--robots", str(robots)),
        *("--data", str(tmp_path / "data"), "--json", str(report)),
    )

    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(report.read_text())
    assert (said["ok"], said["broker"], said["robots"]) == (True, broker, robots)
    assert [step["name"] for step in said["steps"]] == list(STEPS)
    assert all(step["ok"] and step["ms"] >= 0 for step in said["steps"])
    assert list((tmp_path / "data" / "missions").glob("*.svg"))


def test_a_demo_leaves_a_cloud_that_runs_on_its_data_alone(start_cloud, robofleet) -> None:
    cloud = start_cloud("--broker", "builtin", "--free-ports")
    slips = cloud.data / "robots.json"
    slips.write_text("[]")
    before = (cloud.data / "endpoints.json").read_bytes()

    done = robofleet("demo", "--headless", "--free-ports", "--data", str(cloud.data))

    assert done.returncode == 2
    assert done.stderr.startswith("error: another cloud runs on")
    assert len(done.stderr.splitlines()) == 1
    assert (cloud.data / "endpoints.json").read_bytes() == before
    assert slips.read_text() == "[]"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_story_that_is_broken_off_names_its_first_missing_step(
    tmp_path, children_of, is_alive, number
) -> None:
    report, data = tmp_path / "demo.json", str(tmp_path / "data")
    command = [sys.executable, "-m", "robofleet", "demo", "--headless", "--free-ports"]
    demo = subprocess.Popen(
        [*command, "--broker", "builtin", "--for", "60", "--data", data, "--json", str(report)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in demo.stdout:
        if line.startswith("ok      clean"):
            break
    children = children_of(demo.pid)

    demo.send_signal(number)
    _, complaint = demo.communicate(timeout=20)

    assert demo.returncode == 1
    assert complaint == "missing: watch: stopped before it was seen\n"
    assert not any(is_alive(pid) for pid in children)
    said = json.loads(report.read_text())
    assert not said["ok"]
    assert [step["name"] for step in said["steps"]] == [*STEPS[:7]]
    assert [step["ok"] for step in said["steps"]] == [True] * 6 + [False]


def test_the_page_and_the_command_line_phone_show_in_a_demo(tmp_path, robofleet) -> None:
    data = tmp_path / "data"
    command = [sys.executable, "-m", "robofleet", "demo", "--free-ports", "--data", str(data)]
    demo = subprocess.Popen(
        [*command, "--broker", "builtin"], stdout=subprocess.PIPE, text=True, env=without_display()
    )
    try:
        for line in demo.stdout:
            if line.startswith("broker"):
                break
        login = ("--email", EMAIL, "--password", PASSWORD, "--data", str(data))
        assert robofleet("phone", "login", *login).returncode == 0
        assert robofleet("phone", "start", "Upstairs", "--data", str(data)).returncode == 0
        seen = []
        for line in demo.stdout:
            words = line.split()
            if "start" in words:
                seen.append(words[3])
            if "answer" in words:
                break
        assert seen == ["tap", "desired", "delta", "answer"]
    finally:
        demo.send_signal(signal.SIGINT)
        demo.communicate(timeout=20)
    assert demo.returncode == 0
