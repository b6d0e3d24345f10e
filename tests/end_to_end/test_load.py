"""`robofleet load` as a process: whose cloud it takes, and what it leaves behind."""

import json
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

SMALL = (
    *("--robots", "20", "--robots-per-user", "10", "--owners", "2", "--headless", "--speed", "20"),
)


def started(*arguments: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "robofleet", "load", *SMALL, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def has_workers(pids: list[int], cmdline) -> bool:
    return sum("locust" in cmdline(pid) for pid in pids) >= 3


@pytest.fixture
def load_with_workers(tmp_path, children_of):
    """A load of two Locust processes in the middle of its run, and all its children."""
    load = started(
        *("--for", "90", "--processes", "2", "--broker", "builtin"),
        *("--report", str(tmp_path / "out")),
    )

    def cmdline(pid: int) -> str:
        try:
            return Path(f"/proc/{pid}/cmdline").read_text()
        except FileNotFoundError:
            return ""

    deadline = time.monotonic() + 40
    while not has_workers(children := children_of(load.pid), cmdline):
        assert time.monotonic() < deadline, "the workers did not start"
        assert load.poll() is None, load.stderr.read()
        time.sleep(0.1)
    time.sleep(4)  # let robots connect and owners tap
    yield load, children_of(load.pid) or children
    if load.poll() is None:
        load.kill()
    load.communicate()


def test_sigterm_ends_it_as_ctrl_c_does_with_the_sums_so_far(load_with_workers, is_alive) -> None:
    load, children = load_with_workers

    load.send_signal(signal.SIGTERM)
    said, complaints = load.communicate(timeout=60)

    assert load.returncode == 1
    assert "stopped\n" in complaints
    assert "reports: " in said
    assert not any(is_alive(pid) for pid in children)


def test_kill_9_leaves_no_worker_behind(load_with_workers, is_alive) -> None:
    load, children = load_with_workers

    load.kill()

    deadline = time.monotonic() + 10
    while any(is_alive(pid) for pid in children):
        assert time.monotonic() < deadline, "workers live on"
        time.sleep(0.05)


@pytest.mark.parametrize("how", ["--target", "--data"])
def test_a_cloud_that_runs_says_its_broker_and_goes_on_running(
    start_cloud, robofleet, tmp_path, how
) -> None:
    cloud = start_cloud("--broker", "builtin", "--free-ports")
    http = cloud.endpoints["http"]
    with urllib.request.urlopen(http + "/_local/endpoints", timeout=10) as answer:
        assert json.load(answer) == cloud.endpoints

    done = robofleet(
        *("load", *SMALL, "--for", "15", "--faults", "none", "--json"),
        *("--report", str(tmp_path / "out")),
        *(how, http if how == "--target" else str(cloud.data)),
    )

    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)["counts"]
    assert counts["connected"] == 20
    assert counts["taps"] == counts["taps_seen"] > 0, counts
    assert cloud.process.poll() is None
    with urllib.request.urlopen(http + "/things", timeout=10) as answer:
        assert len(json.load(answer)["things"]) == 20


def test_a_target_that_does_not_say_its_broker_asks_for_it(robofleet, tmp_path) -> None:
    server = subprocess.Popen(
        [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={"PYTHONUNBUFFERED": "1"},
        cwd=tmp_path,
    )
    try:
        port = server.stdout.readline().split("port ")[1].split()[0]
        address = f"http://127.0.0.1:{port}"

        silent = robofleet("load", "--target", address, "--report", str(tmp_path / "out"))
        deaf = robofleet(
            *("load", "--target", address, "--mqtt", "mqtt://127.0.0.1:1"),
            *("--report", str(tmp_path / "out")),
        )
    finally:
        server.terminate()
        server.communicate()

    assert (silent.returncode, deaf.returncode) == (2, 2)
    assert silent.stderr == (
        f"error: {address} does not say where its MQTT broker is: give --mqtt mqtt://HOST:PORT\n"
    )
    assert deaf.stderr.startswith("error: no broker answers at mqtt://127.0.0.1:1: ")
