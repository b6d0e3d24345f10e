"""Unmodified client libraries of real robots drive ours, each in a network namespace of its own.

The robots live ten times as fast as they do, so that a docking takes seconds.
"""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.end_to_end.street import ROBOT, NotPermitted, Street

HERE = Path(__file__).parent / "home_clients"
ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".venv" / "clients"
"""What `make clients` installs."""
PROFILES = ["900", "i7"]
PHASES = {"start": "run", "pause": "stop", "resume": "run", "dock": "hmUsrDock"}
SKU = {"900": "R980020", "i7": "i755020"}


class Home:
    """One robot in its namespace, and clients in theirs."""

    def __init__(self, street: Street, data: Path, family: str) -> None:
        self.street, self.data, self.family = street, data, family
        how = ["--lan", "--lan-address", ROBOT, "--link", "none", "--family", family]
        how += ["--battery", "90", "--faults", "none", "--count", "1", "--speed", "10"]
        command = [sys.executable, "-m", "robofleet", "robots", *how, "--data", str(data)]
        data.mkdir(parents=True)
        with (data / "robots.txt").open("ab") as log:
            self.process = subprocess.Popen(
                street.at_robot(command), stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + 30
        while not (data / "robots.json").exists():
            assert self.process.poll() is None, (data / "robots.txt").read_text()
            assert time.monotonic() < deadline, "the robot did not start"
            time.sleep(0.05)
        self.slip = json.loads((data / "robots.json").read_text())[0]

    def press(self) -> None:
        """Hold the HOME button."""
        command = [sys.executable, "-m", "robofleet", "robots", "press-home", self.slip["thing"]]
        done = subprocess.run(
            [*command, "--data", str(self.data)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    def run(self, *command: str, **environment: str) -> dict:
        """What a client's program prints on its last line."""
        done = subprocess.run(
            self.street.at_client(command), capture_output=True, text=True, timeout=80,
            check=False, env={**os.environ, **environment},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    def roombapy(self, script: str, where: str, *arguments: str) -> dict:
        return self.run(
            sys.executable, "-W", "ignore", str(HERE / script), *arguments, PYTHONPATH=where
        )

    def dorita(self, *arguments: str) -> dict:
        return self.run(
            "node", "--no-deprecation", str(HERE / "dorita.js"), *arguments,
            NODE_PATH=str(FOLDER / "node" / "node_modules"),
        )  # fmt: skip

    def dorita_password(self) -> str:
        """What dorita980's own program prints; it waits for a key on a terminal."""
        program = FOLDER / "node" / "node_modules" / "dorita980" / "bin" / "getpassword.js"
        ours, theirs = pty.openpty()
        command = self.street.at_client(["node", "--no-deprecation", str(program), ROBOT])
        with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, text=True) as asking:
            os.close(theirs)
            said = ""
            while "press any key" not in said:
                said += asking.stdout.readline()
            os.write(ours, b"x")
            said, _ = asking.communicate(timeout=20)
        os.close(ours)
        return said

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=15)


@pytest.fixture(scope="module", params=PROFILES)
def home(request, tmp_path_factory):
    try:
        street = Street()
    except NotPermitted as error:
        pytest.skip(f"network namespaces are not permitted here: {error}")
    try:
        running = Home(street, tmp_path_factory.mktemp("home") / "data", request.param)
        yield running
        running.stop()
    finally:
        street.close()


CURRENT = ("current_roombapy.py", "")
PINNED = ("roombapy_1.py", str(FOLDER / "roombapy-1"))


@pytest.mark.parametrize("client", [CURRENT, PINNED], ids=["current", "pinned"])
def test_roombapy_finds_a_robot_and_gets_no_password_while_the_button_rests(home, client) -> None:
    said = home.roombapy(*client, "discover", ROBOT)

    assert said["everybody"] == [home.slip["blid"]]
    assert said["one"] == {
        "blid": home.slip["blid"], "name": home.slip["name"], "sku": SKU[home.family],
    }  # fmt: skip
    assert said["password"] is None


def test_roombapy_drives_a_robot(home) -> None:
    home.press()

    said = home.roombapy(*CURRENT, "drive", ROBOT, home.slip["blid"])

    assert said["password"] == home.slip["password"]
    assert said["wrong"] == "refused"
    assert said["state"] == {"name": home.slip["name"], "current": "Charging"}
    assert {name: phase.split(",")[0] for name, phase in said["phases"].items()} == PHASES
    assert said["phases"]["resume"].endswith("Running")
    assert said["position"] == ("shadow" if home.family == "900" else "request")
    assert said["error"] == "None"
    assert said["settings"] == singly(home)


def test_the_roombapy_of_home_assistant_drives_a_robot(home) -> None:
    home.press()

    said = home.roombapy(*PINNED, "drive", ROBOT, home.slip["blid"])

    assert said["password"] == home.slip["password"]
    assert said["missing_at_name"] == []
    assert said["sensors"] == []
    assert said["state"] == {"name": home.slip["name"], "phase": "charge"}
    assert said["phases"] == PHASES
    assert said["settings"] == singly(home)


def singly(home: Home) -> dict[str, bool]:
    """Of the two keys of the power, set one at a time: an i7 takes neither (section 8)."""
    if home.family == "900":
        return {"carpetBoost": False, "vacHigh": True}
    return {"carpetBoost": True, "vacHigh": False}


def test_dorita980_finds_a_robot(home) -> None:
    said = home.dorita("discover", ROBOT)

    assert said["everybody"] == [home.slip["blid"]]
    assert said["one"]["blid"] == home.slip["blid"]
    assert said["one"]["sku"] == SKU[home.family]


def test_dorita980s_program_prints_the_password_only_after_the_button(home) -> None:
    home.press()

    assert f"Password=> {home.slip['password']}" in home.dorita_password()


def test_dorita980_drives_a_robot(home) -> None:
    said = home.dorita("drive", ROBOT, home.slip["blid"], home.slip["password"])

    assert said["state"] == {"name": home.slip["name"], "phase": "charge"}
    assert said["phases"] == PHASES
    assert said["mission"] == ["batPct", "bin", "cleanMissionStatus"]
    assert said["wireless"] == ["netinfo", "wifistat"]
    assert said["sku"] == SKU[home.family]
    assert said["settings"] == {"carpetBoost": False, "vacHigh": False}
    if home.family == "900":
        assert (said["sys"], said["week"], said["preferences"]) == (14, 7, True)
