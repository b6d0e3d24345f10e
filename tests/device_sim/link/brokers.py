"""Real brokers for the links' contract: Mosquitto as it is configured here, and a cloud's own."""

import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from cloud_functions.contract.topics import Answer, ShadowOperation, shadow
from tests.device_sim.link.watcher import Watcher


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_port(port: int, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        assert process.poll() is None, "the broker ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"nothing listens on {port}")


class Mosquitto:
    """A Mosquitto with these lines in its configuration; it keeps its port when started again."""

    def __init__(self, folder: Path, *lines: str, scheme: str = "mqtt") -> None:
        self.port = free_port()
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._configuration = folder / "mosquitto.conf"
        said = ["user root", f"listener {self.port} 127.0.0.1", "log_dest stderr"]
        self._configuration.write_text("\n".join([*said, *(lines or ["allow_anonymous true"])]))
        self._process: subprocess.Popen | None = None

    def start(self) -> "Mosquitto":
        with (self.folder / "log").open("ab") as log:
            command = ["mosquitto", "-c", str(self._configuration)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        await_port(self.port, self._process)
        return self

    def stop(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def watch(self, *filters: str) -> Watcher:
        return Watcher(self.port, *filters)

    def tell(self, watcher: Watcher, thing: str, word: str) -> None:
        """Something that reaches the robot as its delta."""
        topic = shadow(thing, ShadowOperation.UPDATE, Answer.DELTA)
        watcher.say(topic, json.dumps({"state": {"word": word}}).encode())


class BuiltIn:
    """The broker of a cloud: the delta comes of what is desired."""

    def __init__(self, folder: Path) -> None:
        self.data = folder
        self.port = free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self._others = [str(free_port()) for _ in range(3)]
        self._process: subprocess.Popen | None = None
        self.endpoints: dict = {}

    def start(self) -> "BuiltIn":
        self.data.mkdir(parents=True, exist_ok=True)
        (self.data / "endpoints.json").unlink(missing_ok=True)
        mqtts, https, http = self._others
        command = [sys.executable, "-m", "robofleet", "up", "--data", str(self.data)]
        command += ["--broker", "builtin", "--mqtt-port", str(self.port), "--mqtts-port", mqtts]
        command += ["--https-port", https, "--http-port", http]
        with (self.data / "up.txt").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 40
        while not (self.data / "endpoints.json").exists():
            assert self._process.poll() is None, (self.data / "up.txt").read_text()
            assert time.monotonic() < deadline, "the cloud did not start"
            time.sleep(0.02)
        self.endpoints = json.loads((self.data / "endpoints.json").read_text())
        return self

    def stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=15)

    def watch(self, *filters: str) -> Watcher:
        return Watcher(self.port, *filters)

    def tell(self, watcher: Watcher, thing: str, word: str) -> None:
        """Something that reaches the robot as its delta."""
        body = {"state": {"desired": {"word": word}}}
        watcher.say(shadow(thing, ShadowOperation.UPDATE), json.dumps(body).encode())


def make_broker(kind: str, folder: Path) -> Mosquitto | BuiltIn:
    return BuiltIn(folder) if kind == "builtin" else Mosquitto(folder)
