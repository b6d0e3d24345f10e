"""A tap on the phone is obeyed by a robot exactly the same over each link."""

import json
import signal
import subprocess
import sys
import time

import pytest

from device_sim.link.kinds import LinkKind
from mobile_client.phone import CommandName, Phone

ASKED = [CommandName.FIND, CommandName.RESUME, CommandName.START]
ANSWERED = [("find", "obeyed"), ("resume", "refused"), ("start", "obeyed")]
WAYS = [(kind, way) for kind in LinkKind for way in ("mqtt", "mqtts") if kind is not LinkKind.NONE]


@pytest.fixture(scope="module")
def cloud(start_cloud_module):
    return start_cloud_module("--broker", "builtin")


@pytest.fixture
def start_robots(cloud):
    started = []

    def start(*arguments: str) -> list[dict]:
        slips = cloud.data / "robots.json"
        slips.unlink(missing_ok=True)
        command = [sys.executable, "-m", "robofleet", "robots", "--data", str(cloud.data)]
        with (cloud.data / "robots.txt").open("ab") as log:
            running = subprocess.Popen([*command, *arguments], stdout=log, stderr=log)
        started.append(running)
        deadline = time.monotonic() + 30
        while not slips.exists():
            assert running.poll() is None, (cloud.data / "robots.txt").read_text()
            assert time.monotonic() < deadline, "the robots did not start"
            time.sleep(0.02)
        return json.loads(slips.read_text())

    yield start
    for running in started:
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=15) == 0


@pytest.fixture
def certify(cloud, robofleet, tmp_path):
    """Certificates of things, as their users make them."""

    def make(things) -> str:
        for thing in things:
            out = str(tmp_path / "certificates" / thing)
            made = robofleet("certificate", thing, "--out", out, "--data", str(cloud.data))
            assert made.returncode == 0, made.stderr
        return str(tmp_path / "certificates")

    return make


@pytest.mark.parametrize("number", range(len(WAYS)), ids=["-".join(way) for way in WAYS])
async def test_a_robot_obeys_its_phone(cloud, start_robots, certify, robofleet, number) -> None:
    kind, way = WAYS[number]
    fleet = ("--count", "1", "--faults", "none", "--seed", str(100 + number))
    arguments = ("--link", kind, *fleet)
    if way == "mqtts":
        made = robofleet("robots", *fleet, "--for", "0.1", "--data", str(cloud.data))
        assert made.returncode == 0, made.stderr
        slips = json.loads((cloud.data / "robots.json").read_text())
        arguments += ("--certificates", certify(slip["thing"] for slip in slips))
        if kind is LinkKind.AIOMQTT:  # as somebody else's broker, where nobody registers
            arguments += ("--endpoint", cloud.endpoints["mqtts"])

    (slip,) = start_robots(*arguments)
    async with Phone(cloud.endpoints["http"]) as phone:
        email = f"owner-{number}@example.com"
        await phone.sign_up(email, "long-enough")
        await phone.sign_in(email, "long-enough")
        await phone.pair(slip["thing"], slip["claimCode"])
        answers = [await phone.ask(slip["thing"], name, timeout_s=20) for name in ASKED]

    assert [(answer.command.value, answer.outcome.value) for answer in answers] == ANSWERED
