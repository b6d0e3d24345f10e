"""A robot that is at home and in the cloud at once is one robot; the phone reaches it both ways."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest


def free_port(address: str, kind: int) -> str:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((address, 0))
        return str(probe.getsockname()[1])


class Home:
    """One robot of a running cloud, on its home network, too."""

    def __init__(self, cloud, robofleet, address: str) -> None:
        self.cloud, self.run, self.address = cloud, robofleet, address
        self.port = free_port(address, socket.SOCK_STREAM)
        self.udp_port = free_port("127.255.255.255", socket.SOCK_DGRAM)
        how = ["--lan", "--lan-address", address, "--lan-port", self.port]
        how += ["--lan-udp-port", self.udp_port, "--count", "1", "--family", "900"]
        how += ["--faults", "none", "--battery", "90"]
        command = [sys.executable, "-m", "robofleet", "robots", *how, "--data", str(cloud.data)]
        with (cloud.data / "robots.txt").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        slips = cloud.data / "robots.json"
        self.until(slips.exists)
        self.slip = json.loads(slips.read_text())[0]

    def until(self, is_so, timeout_s: float = 20) -> None:
        deadline = time.monotonic() + timeout_s
        while not is_so():
            assert self.process.poll() is None, (self.cloud.data / "robots.txt").read_text()
            assert time.monotonic() < deadline, "too late"
            time.sleep(0.1)

    def lan(self, name: str, *arguments: str) -> subprocess.CompletedProcess:
        return self.run(
            "phone", "lan", name, self.address, *arguments, "--port", self.port,
            "--data", str(self.cloud.data),
        )  # fmt: skip

    def state(self) -> dict:
        done = self.lan("state", "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def shadow(self) -> dict:
        client = self.cloud.boto("iot-data")
        answer = client.get_thing_shadow(thingName=self.slip["thing"])
        return json.loads(answer["payload"].read())["state"]

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=15)


@pytest.fixture(scope="module")
def home(start_module_cloud):
    cloud = start_module_cloud("--broker", "builtin", "--free-ports")

    def run(*arguments: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-m", "robofleet", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    running = Home(cloud, run, "127.21.0.1")
    yield running
    running.stop()


def test_the_phone_finds_the_robot_and_its_password_after_the_button(home: Home) -> None:
    found = home.run("phone", "lan", "discover", "--udp-port", home.udp_port, "--json")
    assert [robot["ip"] for robot in json.loads(found.stdout)] == [home.address]

    early = home.lan("password", "--udp-port", home.udp_port)
    assert early.returncode == 1
    assert "hold HOME" in early.stderr

    where = ("--data", str(home.cloud.data))
    assert home.run("robots", "press-home", home.slip["thing"], *where).returncode == 0
    told = home.lan("password", "--udp-port", home.udp_port)
    assert told.stdout.strip() == home.slip["password"]


def test_a_setting_of_home_is_the_clouds_and_a_setting_of_the_cloud_is_homes(home: Home) -> None:
    _know(home)

    assert home.lan("set", "openOnly=true").returncode == 0
    home.until(lambda: home.shadow()["reported"].get("openOnly") is True)
    assert home.shadow()["desired"]["openOnly"] is True
    assert "openOnly" not in home.shadow().get("delta", {})

    wish = json.dumps({"state": {"desired": {"openOnly": False, "binPause": True}}})
    home.cloud.boto("iot-data").update_thing_shadow(thingName=home.slip["thing"], payload=wish)
    home.until(lambda: home.shadow()["reported"].get("binPause") is True)
    state = home.state()
    assert (state["openOnly"], state["binPause"]) == (False, True)


def test_a_mission_started_at_home_is_seen_in_the_cloud(home: Home) -> None:
    _know(home)

    assert home.lan("start").returncode == 0
    home.until(lambda: home.shadow()["reported"]["cleanMissionStatus"]["phase"] == "run")
    reported = home.shadow()["reported"]
    assert reported["cleanMissionStatus"]["initiator"] == "localApp"
    assert reported["lastCommand"]["command"] == "start"

    assert home.lan("stop").returncode == 0
    home.until(lambda: home.shadow()["reported"]["cleanMissionStatus"]["phase"] == "stop")


def test_a_wrong_password_and_an_empty_address_are_told_apart(home: Home) -> None:
    wrong = home.lan("state", "--blid", home.slip["blid"], "--password", "x")
    assert wrong.returncode == 1
    assert "refuses the BLID or its password" in wrong.stderr

    where = ("--port", home.port, "--blid", "x", "--password", "x")
    nobody = home.run("phone", "lan", "state", "127.21.0.99", *where)
    assert nobody.returncode == 2
    assert "no robot talks at 127.21.0.99" in nobody.stderr


def test_a_command_without_a_known_password_says_how_to_get_one(home: Home, tmp_path: Path) -> None:
    done = home.run("phone", "lan", "start", home.address, "--data", str(tmp_path))

    assert done.returncode == 2
    assert f"robofleet phone lan password {home.address}" in done.stderr


def _know(home: Home) -> None:
    """What `password` remembers, without the button."""
    slip = home.slip
    known = {key: slip[key] for key in ("address", "blid", "password")}
    (home.cloud.data / "phone-lan.json").write_text(json.dumps({home.address: known}))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--lan", "--lan-address", "kitchen"], "--lan-address is four numbers"),
        (["--lan-address", "127.0.0.9"], "--lan-address needs --lan"),
        (["--lan", "--lan-address", "203.0.113.7"], "give another address with --lan-address"),
        (["--lan", "--dry-run"], "leave one of them out"),
        (["--lan", "--family", "toaster"], "--family is one of 900, i7, m6, not toaster"),
    ],
)
def test_robots_that_cannot_be_at_home_are_refused_by_name(
    robofleet, tmp_path, arguments, says
) -> None:
    done = robofleet("robots", *arguments, "--link", "none", "--data", str(tmp_path))

    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
