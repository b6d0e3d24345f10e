"""A cloud as its users start it: `robofleet up` as a process."""

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

BROKERS = ["builtin", pytest.param("mosquitto", marks=pytest.mark.mosquitto)]


def run(*arguments: str, **more) -> subprocess.CompletedProcess:
    """A `robofleet` command to its end."""
    command = [sys.executable, "-m", "robofleet", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False, **more)


class Cloud:
    """One `robofleet up`."""

    def __init__(self, data: Path, *arguments: str) -> None:
        self.data = data
        self.arguments = arguments
        self.process: subprocess.Popen | None = None
        self.endpoints: dict = {}

    def start(self) -> "Cloud":
        (self.data / "endpoints.json").unlink(missing_ok=True)
        self.data.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "robofleet", "up", "--data", str(self.data)]
        with (self.data / "up.txt").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *self.arguments], stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + 40
        path = self.data / "endpoints.json"
        while not path.exists():
            assert self.process.poll() is None, (self.data / "up.txt").read_text()
            assert time.monotonic() < deadline, "the cloud did not start"
            time.sleep(0.05)
        self.endpoints = json.loads(path.read_text())
        return self

    def boto(self, service: str):
        """An unmodified boto3 client of this cloud; it tries once."""
        return boto3.client(
            service,
            endpoint_url=self.endpoints["http"],
            region_name="us-east-1",
            aws_access_key_id="any",
            aws_secret_access_key="any",
            config=Config(retries={"max_attempts": 0}, read_timeout=20),
        )

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=15)


@pytest.fixture(scope="module", params=BROKERS)
def cloud(request, tmp_path_factory):
    data = tmp_path_factory.mktemp("cloud") / "data"
    running = Cloud(data, "--broker", request.param, "--free-ports").start()
    yield running
    running.stop()


@pytest.fixture
def start_cloud(tmp_path):
    started: list[Cloud] = []

    def start(*arguments: str, data: Path | None = None) -> Cloud:
        running = Cloud(data or tmp_path / "data", *arguments).start()
        started.append(running)
        return running

    yield start
    for running in started:
        running.stop()


@pytest.fixture(scope="module")
def start_module_cloud(tmp_path_factory):
    """As `start_cloud`, for all tests of a file."""
    started: list[Cloud] = []

    def start(*arguments: str) -> Cloud:
        data = tmp_path_factory.mktemp("cloud") / "data"
        started.append(Cloud(data, *arguments).start())
        return started[-1]

    yield start
    for running in started:
        running.stop()


@pytest.fixture
def robofleet():
    return run


@pytest.fixture
def children_of():
    def find(pid: int) -> list[int]:
        path = Path(f"/proc/{pid}/task/{pid}/children")
        direct = [int(each) for each in path.read_text().split()] if path.exists() else []
        return direct + [grand for child in direct for grand in find(child)]

    return find


@pytest.fixture
def is_alive():
    def alive(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"

    return alive


@pytest.fixture(scope="module")
def robofleet_module():
    return run


@pytest.fixture(scope="module")
def start_cloud_module(tmp_path_factory):
    """Clouds that serve a whole module."""
    started: list[Cloud] = []

    def start(*arguments: str) -> Cloud:
        data = tmp_path_factory.mktemp("cloud") / "data"
        running = Cloud(data, "--free-ports", *arguments).start()
        started.append(running)
        return running

    yield start
    for running in started:
        running.stop()


@pytest.fixture(scope="module")
def cloud_module(start_cloud_module):
    """One cloud on the built-in broker for a whole module."""
    return start_cloud_module("--broker", "builtin")


class Pass:
    """A client certificate of a cloud, made and given its policy through boto3."""

    def __init__(self, cloud: "Cloud", folder: Path, thing: str, *statements: dict) -> None:
        self.thing = thing
        self._iot = cloud.boto("iot")
        made = self._iot.create_keys_and_certificate(setAsActive=True)
        self.id, self._arn = made["certificateId"], made["certificateArn"]
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        self._iot.create_policy(policyName=self.id, policyDocument=document)
        self._iot.attach_policy(policyName=self.id, target=self._arn)
        self._iot.create_thing(thingName=thing)
        self._iot.attach_thing_principal(thingName=thing, principal=self._arn)
        folder.mkdir(parents=True, exist_ok=True)
        self.ca = cloud.data / "pki" / "ca.pem"
        self.certificate, self.key = folder / "certificate.pem", folder / "private.key"
        self.certificate.write_text(made["certificatePem"])
        self.key.write_text(made["keyPair"]["PrivateKey"])

    def set_status(self, status: str) -> None:
        """Activate or revoke the certificate."""
        self._iot.update_certificate(certificateId=self.id, newStatus=status)

    def detach(self) -> None:
        """Take the thing's name back from this certificate."""
        self._iot.detach_thing_principal(thingName=self.thing, principal=self._arn)

    def context(self, *alpn: str) -> ssl.SSLContext:
        """TLS as this client."""
        context = ssl.create_default_context(cafile=str(self.ca))
        context.load_cert_chain(self.certificate, self.key)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context


@pytest.fixture
def make_pass(tmp_path):
    return lambda cloud, thing, *statements: Pass(cloud, tmp_path / thing, thing, *statements)
