"""Clouds of the benchmarks: `robofleet up` as a process, and its CPU time."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path


def brokers() -> list[str]:
    """The brokers that this machine has."""
    return ["builtin", *(["mosquitto"] if shutil.which("mosquitto") else [])]


@contextlib.contextmanager
def cloud(
    broker: str, sampled: Path | None = None, more: Sequence[str] = ()
) -> Iterator[tuple[str, int]]:
    """A `robofleet up`: its MQTT address and process id."""
    program = ["robofleet"] if sampled is None else ["benchmarks.sampler", str(sampled)]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", *program, "up", "--data", folder, "--free-ports"]
        process = subprocess.Popen([*command, "--broker", broker, *more], stdout=subprocess.DEVNULL)
        path = Path(folder) / "endpoints.json"
        try:
            while not path.exists():
                if process.poll() is not None:
                    raise SystemExit(f"the cloud did not start: {process.returncode}")
                time.sleep(0.05)
            yield json.loads(path.read_text())["mqtt"], process.pid
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children(pid: int) -> list[int]:
    """The processes that a process started, of whatever thread."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]
