"""`robofleet up` and `load` where the broker they are given is none."""

import signal
import socket
import subprocess
import sys

import pytest

from cloud_functions.runtime.mosquitto.process import free_port


@pytest.fixture
def nowhere() -> str:
    """An address that is refused."""
    return f"mqtt://127.0.0.1:{free_port('127.0.0.1')}"


@pytest.fixture
def silent():
    """The address of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"mqtt://127.0.0.1:{listener.getsockname()[1]}"


def test_a_cloud_names_the_broker_that_refuses_it_what_was_tried_and_what_to_do(
    robofleet, nowhere, tmp_path
) -> None:
    done = robofleet("up", "--broker", nowhere, "--free-ports", "--data", str(tmp_path))

    assert done.returncode == 2
    assert done.stderr.startswith(f"error: no broker listens at {nowhere} (Connection refused, ")
    assert "start one there, or take --broker builtin" in done.stderr


def test_a_load_says_what_its_cloud_said(robofleet, nowhere, tmp_path) -> None:
    done = robofleet("load", "--headless", "--broker", nowhere, "--report", str(tmp_path))

    assert done.returncode == 2
    assert f"no broker listens at {nowhere}" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_start_that_waits_for_a_broker_ends_with_ctrl_c(silent, tmp_path) -> None:
    command = [sys.executable, "-m", "robofleet", "up", "--broker", silent, "--free-ports"]
    with subprocess.Popen(
        [*command, "--data", str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as start:  # fmt: skip
        assert start.stderr is not None
        waiting = start.stderr.readline()

        start.send_signal(signal.SIGINT)
        said, complaints = start.communicate(timeout=20)

    assert "took the connection and has not answered CONNECT; it has 5 s more" in waiting
    assert (start.returncode, said, complaints) == (0, "stopped before it served\n", "")
