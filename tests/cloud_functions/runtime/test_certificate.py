"""`robofleet certificate` says what to do next, and what it cannot do."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from cloud_functions.contract.endpoints import FILE_NAME, Endpoints
from robofleet import command_line

runner = CliRunner()


@pytest.fixture
def certificate(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    data = str(tmp_path / "data")

    def run(*arguments: str):
        return runner.invoke(
            command_line("certificate"), ["certificate", *arguments, "--data", data]
        )

    return run


def announce(folder, mqtts: str) -> None:
    """A cloud that has ended since."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    endpoints = Endpoints(
        mqtt="mqtt://127.0.0.1:1884",
        mqtts=mqtts,
        https="",
        http="http://127.0.0.1:1",
        ca="pki/ca.pem",
        broker="url",
        pid=ended.pid,
    )
    folder.mkdir()
    (folder / FILE_NAME).write_text(endpoints.as_json())


def test_the_command_to_try_names_the_port(certificate, tmp_path) -> None:
    announce(tmp_path / "data", "mqtts://127.0.0.1:8883")

    done = certificate("lamp", "--out", str(tmp_path / "out"))

    assert done.exit_code == 0
    assert "mosquitto_pub -h 127.0.0.1 -p 8883 --cafile" in done.output
    assert (tmp_path / "out" / "private.key").stat().st_mode & 0o077 == 0


def test_a_broker_of_somebody_else_has_no_port_for_certificates(certificate, tmp_path) -> None:
    announce(tmp_path / "data", "")

    done = certificate("lamp", "--out", str(tmp_path / "out"))

    assert done.exit_code == 0
    assert "mosquitto_pub" not in done.output
    assert (
        "mqtt://127.0.0.1:1884 is somebody else's broker: this cloud has no port for certificates"
    ) in done.output


def test_a_folder_that_is_a_file_is_refused_before_anything_is_registered(
    certificate, tmp_path
) -> None:
    (tmp_path / "out").touch()

    done = certificate("lamp", "--out", str(tmp_path / "out"))

    assert done.exit_code == 2
    assert done.output.endswith("out: File exists\n")
    assert done.output.startswith("error: ")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
