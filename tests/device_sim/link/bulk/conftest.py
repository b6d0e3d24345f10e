"""Brokers for the bulk link."""

import contextlib
import shutil
import socket
import subprocess
import time

import pytest

from device_sim.link.bulk import links as shell
from device_sim.link.bulk.files import EachFile, usual
from tests.device_sim.link.bulk.scripted import Scripted

WAYS = {"few": (shell._MANY, EachFile), "each": (1, EachFile), "ring": (1, usual)}
"""From how many on connections are served together, and by what."""


@pytest.fixture(params=WAYS)
def script(request, monkeypatch):
    """Makes a scripted broker with robots; all is closed at the end."""
    many, files = WAYS[request.param]
    monkeypatch.setattr(shell, "_MANY", many)
    with contextlib.ExitStack() as stack:

        def make(count: int = 1, **options) -> Scripted:
            made = Scripted(count, files=files, **options)
            stack.callback(made.close)
            return made

        yield make


class Process:
    """A Mosquitto for many connections, which may be stopped and started on its port."""

    def __init__(self, folder, *lines: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.1.9", 0))
            self.port = probe.getsockname()[1]
        self.url = f"mqtt://127.0.1.9:{self.port}"
        self._configuration = folder / "mosquitto.conf"
        always = [f"listener {self.port} 127.0.1.9", "log_type error", "max_connections -1"]
        self._configuration.write_text("\n".join([*always, *lines]))
        self._process: subprocess.Popen | None = None

    def start(self) -> "Process":
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        self._process = subprocess.Popen([program, "-c", str(self._configuration)])
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.1.9", self.port)) == 0:
                    return self
            time.sleep(0.02)
        raise AssertionError("Mosquitto does not answer")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def mosquitto(tmp_path):
    running = Process(tmp_path, "allow_anonymous true").start()
    yield running
    running.stop()
