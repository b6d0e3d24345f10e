"""Firmware over the air, whole: boto3 makes a job, real robots on a real broker follow it."""

import json
import os
import queue
import signal
import subprocess
import sys
import time

import paho.mqtt.client as mqtt
import pytest

SPEED = 300
PATIENCE_S = 80
IMAGE = "https://s3.us-east-1.amazonaws.com/firmware/robots.bin"
PENDING = ("numberOfQueuedThings", "numberOfInProgressThings")


class Fleet:
    """`robofleet robots` at a cloud, and what boto3 says of its jobs."""

    def __init__(self, cloud, count: int) -> None:
        self.cloud = cloud
        self.iot, self.data = cloud.boto("iot"), cloud.boto("iot-data")
        command = [
            sys.executable, "-m", "robofleet", "robots", "--data", str(cloud.data),
            "--count", str(count), "--speed", str(SPEED), "--json",
        ]  # fmt: skip
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip
        slips = cloud.data / "robots.json"
        self.until(slips.exists)
        self.things = [each["thing"] for each in json.loads(slips.read_text())]
        self.until(lambda: all(self.reported(thing) for thing in self.things))

    def until(self, is_so, most_s: float = PATIENCE_S) -> None:
        deadline = time.monotonic() + most_s
        while not is_so():
            assert self.process.poll() is None, self.process.stderr.read()
            assert time.monotonic() < deadline, "it did not come to that"
            time.sleep(0.2)

    def reported(self, thing: str) -> dict:
        try:
            raw = self.data.get_thing_shadow(thingName=thing)["payload"].read()
        except self.data.exceptions.ResourceNotFoundException:
            return {}
        return json.loads(raw)["state"].get("reported", {})

    def release(self, job: str, version: str, simulated: dict, **more) -> None:
        document = {
            "operation": "install", "version": version, "size": 20_000_000,
            "url": "${aws:iot:s3-presigned-url:" + IMAGE + "}", "simulated": simulated,
        }  # fmt: skip
        self.iot.create_job(
            jobId=job,
            targets=[self.iot.describe_thing(thingName=each)["thingArn"] for each in self.things],
            document=json.dumps(document),
            presignedUrlConfig={"roleArn": "arn:aws:iam::000000000000:role/f", "expiresInSec": 600},
            **more,
        )

    def job(self, job: str) -> dict:
        return self.iot.describe_job(jobId=job)["job"]

    def counts(self, job: str) -> dict:
        return self.job(job)["jobProcessDetails"]

    def status(self, job: str, thing: str) -> dict:
        return self.iot.describe_job_execution(jobId=job, thingName=thing)["execution"]

    def command(self, name: str) -> None:
        """Ask every robot to do something, as its owner's phone would."""
        now = time.time()
        for thing in self.things:
            wish = {
                "id": f"{name}-{thing}", "command": name, "params": {}, "initiator": "rmtApp",
                "time": now, "expires": now + 60,
            }  # fmt: skip
            body = json.dumps({"state": {"desired": {"command": [wish]}}})
            self.data.update_thing_shadow(thingName=thing, payload=body)

    def stop(self) -> list[dict]:
        """End the robots; how they were at the end."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGINT)
        told, _ = self.process.communicate(timeout=30)
        return json.loads(told.strip().splitlines()[-1])


class Ear:
    """Hears a topic filter."""

    def __init__(self, cloud, topic_filter: str) -> None:
        self.heard: list[tuple[str, dict]] = []
        ready: queue.Queue = queue.Queue()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, f"ear-{time.monotonic_ns()}")
        self.client.on_message = lambda _c, _u, m: self.heard.append(
            (m.topic.split("/")[1], json.loads(m.payload))
        )
        self.client.on_subscribe = lambda *_: ready.put("subscribed")
        host, port = cloud.endpoints["mqtt"].removeprefix("mqtt://").split(":")
        self.client.connect(host, int(port))
        self.client.loop_start()
        self.client.subscribe(topic_filter, 1)
        ready.get(timeout=10)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def make_fleet():
    made: list[Fleet] = []

    def make(cloud, count: int) -> Fleet:
        made.append(Fleet(cloud, count))
        return made[-1]

    yield make
    for fleet in made:
        if fleet.process.poll() is None:
            fleet.stop()


@pytest.mark.timeout(240)
def test_a_release_meets_every_outcome_and_every_robot_comes_back(cloud, make_fleet) -> None:
    fleet = make_fleet(cloud, 24)
    wills = Ear(cloud, "robofleet/+/will")
    simulated = {
        "rejected": 0.15, "hangs": 0, "failsCheck": 0.15, "rolledBack": 0.2, "powerLost": 0.15,
    }  # fmt: skip
    try:
        fleet.release("every-outcome", "9.9.1", simulated)
        fleet.until(lambda: fleet.job("every-outcome")["status"] == "COMPLETED")
        fleet.until(lambda: all(fleet.reported(thing)["connected"] for thing in fleet.things))
    finally:
        wills.close()
    counts = fleet.counts("every-outcome")
    ends = {thing: fleet.status("every-outcome", thing) for thing in fleet.things}
    told = {thing: fleet.reported(thing)["softwareVer"] for thing in fleet.things}
    at_end = {each["thing"]: each for each in fleet.stop()}

    assert counts["numberOfRejectedThings"] >= 1
    assert counts["numberOfFailedThings"] >= 2
    assert counts["numberOfSucceededThings"] >= 6
    reasons = {
        each["statusDetails"]["detailsMap"].get("reason")
        for each in ends.values()
        if each["status"] != "SUCCEEDED"
    }
    assert {
        "there is no room for the image",
        "the image does not match its check sum",
        "the new version did not come up",
    } <= reasons
    moved = {thing for thing, end in ends.items() if end["status"] == "SUCCEEDED"}
    assert {thing for thing, version in told.items() if version == "9.9.1"} == moved
    assert {thing for thing, _ in wills.heard} >= moved  # their links broke without a goodbye
    assert all(each["online"] for each in at_end.values())


@pytest.mark.timeout(240)
def test_a_bad_release_is_stopped_by_its_abort_rule_and_its_robots_err_more(
    start_cloud, make_fleet
) -> None:
    cloud = start_cloud("--broker", "builtin", "--free-ports")
    fleet = make_fleet(cloud, 40)

    fleet.release(
        "bad", "6.6.6", {"rolledBack": 0.4, "errorFactor": 100, "rejected": 0, "hangs": 0},
        jobExecutionsRolloutConfig={"maximumPerMinute": 60},
        abortConfig={
            "criteriaList": [
                {
                    "failureType": "FAILED", "action": "CANCEL",
                    "thresholdPercentage": 20, "minNumberOfExecutedThings": 10,
                }
            ]
        },
    )  # fmt: skip
    fleet.until(lambda: fleet.job("bad")["status"] == "CANCELED")
    fleet.until(lambda: not any(fleet.counts("bad")[name] for name in PENDING))
    fleet.until(lambda: all(fleet.reported(thing)["connected"] for thing in fleet.things))
    bad = {thing for thing in fleet.things if fleet.reported(thing)["softwareVer"] == "6.6.6"}
    facts = Ear(cloud, "robofleet/+/fact")
    try:
        fleet.command("start")
        time.sleep(12)  # an hour of their lives
    finally:
        facts.close()
    errors = [thing for thing, body in facts.heard if body["kind"] == "error"]
    fleet.stop()

    counts = fleet.counts("bad")
    assert counts["numberOfFailedThings"] >= 2
    assert counts["numberOfSucceededThings"] == len(bad)
    assert 3 <= len(bad) < 30
    rate_of_bad = sum(thing in bad for thing in errors) / len(bad)
    rate_of_rest = sum(thing not in bad for thing in errors) / (len(fleet.things) - len(bad))
    assert rate_of_bad > 3 * rate_of_rest


@pytest.mark.timeout(240)
def test_clients_that_hang_are_timed_out_by_the_job(start_cloud, make_fleet) -> None:
    cloud = start_cloud("--broker", "builtin", "--free-ports")
    fleet = make_fleet(cloud, 2)

    fleet.release("hangs", "7.7.7", {"hangs": 1}, timeoutConfig={"inProgressTimeoutInMinutes": 1})
    fleet.until(lambda: fleet.job("hangs")["status"] == "COMPLETED")

    assert fleet.counts("hangs")["numberOfTimedOutThings"] == 2
    assert {each["online"] for each in fleet.stop()} == {True}
