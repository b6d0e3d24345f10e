"""The phone on the command line, as somebody new uses it."""

import json
import re
import signal
import subprocess
import sys
import time

import pytest

LOGIN = ("--email", "ada@example.com", "--password", "long-enough")


@pytest.fixture(scope="module")
def home(cloud):
    """A cloud with three robots that live fast; the data directory and their slips."""
    command = [sys.executable, "-m", "robofleet", "robots", "--count", "3", "--speed", "600"]
    robots = subprocess.Popen(
        [*command, "--faults", "none", "--data", str(cloud.data)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    path = cloud.data / "robots.json"
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, "the robots did not start"
        time.sleep(0.05)
    yield cloud, json.loads(path.read_text()), robots
    if robots.poll() is None:
        robots.send_signal(signal.SIGINT)
    robots.wait(timeout=15)


@pytest.fixture
def phone(home, robofleet):
    def call(*arguments: str):
        return robofleet("phone", *arguments, "--data", str(home[0].data))

    return call


def test_an_owner_finds_the_way_from_a_new_cloud_to_a_recorded_mission(phone, home) -> None:
    _, slips, robots = home
    names = [slip["name"] for slip in slips]

    # nobody is known: the hint says what to do, and the address is looked at
    stranger = phone("login", *LOGIN)
    odd = phone("login", "--email", "notanemail", "--password", "long-enough", "--sign-up")
    assert (stranger.returncode, odd.returncode) == (1, 2)
    assert "Incorrect username or password." in stranger.stderr
    assert "--sign-up" in stranger.stderr
    assert "is an e-mail address such as ada@example.com, not 'notanemail'" in odd.stderr
    assert phone("login", *LOGIN, "--sign-up").returncode == 0

    # what stands under no robot is said in one line
    wrong = phone("pair", "x", "y")
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("error: claim")
    assert len(wrong.stderr.splitlines()) == 1
    for slip in slips:
        assert phone("pair", slip["thing"], slip["claimCode"]).returncode == 0

    # the list cuts nothing
    listed = phone("robots").stdout
    assert all(slip["thing"] in listed for slip in slips)
    assert max(map(len, listed.splitlines())) <= 80
    assert {each["thing"] for each in json.loads(phone("robots", "--json").stdout)} == {
        slip["thing"] for slip in slips
    }

    # a name, or the beginning of one, will do
    started = phone("start", names[0].lower())
    assert started.returncode == 0, started.stderr
    nobody = phone("start", "Attic")
    assert nobody.returncode == 1
    assert nobody.stderr.startswith("error: you have no robot Attic; you have ")

    # one line an event
    watched = phone("watch", slips[0]["thing"][:8], "--for", "3").stdout.splitlines()
    assert watched
    assert all(re.match(rf"\d\d:\d\d:\d\d  {names[0]}  \S", line) for line in watched)
    assert not any("{" in line for line in watched)
    raw = phone("watch", names[0], "--for", "2", "--json").stdout.splitlines()
    assert all(json.loads(line)["thing"] == slips[0]["thing"] for line in raw)

    # a mission is listed whole, with the cloud's time
    deadline, began_s = time.monotonic() + 30, time.time()
    while not (missions := json.loads(phone("missions", names[0], "--json").stdout)):
        assert time.monotonic() < deadline, "no mission was recorded"
        time.sleep(0.5)
    shown = phone("missions", names[0]).stdout
    assert missions[0]["missionId"] in shown
    assert began_s - 60 < missions[0]["recordedAt"] <= time.time() + 1
    assert missions[0]["startTime"] > 0

    # robots that are switched off are offline
    robots.send_signal(signal.SIGINT)
    robots.wait(timeout=15)
    deadline = time.monotonic() + 10
    while any(each["connected"] for each in json.loads(phone("robots", "--json").stdout)):
        assert time.monotonic() < deadline, "robots that have gone are shown as online"
        time.sleep(0.2)
