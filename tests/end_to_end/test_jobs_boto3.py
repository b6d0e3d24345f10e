"""boto3's `iot` and `iot-jobs-data`, unmodified: every operation they have for jobs."""

import json
import threading
import urllib.error
import urllib.request

import paho.mqtt.client as mqtt
import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::000000000000:role/firmware"


class Fleet:
    """The two clients, and things they may use."""

    def __init__(self, cloud) -> None:
        self.cloud = cloud
        self.iot, self.device = (self.cloud.boto(name) for name in ("iot", "iot-jobs-data"))

    def thing(self, name: str) -> str:
        return self.iot.create_thing(thingName=name)["thingArn"]

    def create(self, job_id: str, *things: str, **said):
        targets = [self.thing(name) for name in things]
        said = {"document": json.dumps({"job": job_id}), **said}
        return self.iot.create_job(jobId=job_id, targets=targets, **said)


@pytest.fixture
def fleet(cloud) -> Fleet:
    return Fleet(cloud)


def code_of(refused: pytest.ExceptionInfo) -> tuple[str, int]:
    answer = refused.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_a_device_does_its_jobs_over_http(fleet) -> None:
    fleet.create("http-1", "http-thing")
    fleet.create("http-2", "http-thing", timeoutConfig={"inProgressTimeoutInMinutes": 10})
    device = fleet.device

    pending = device.get_pending_job_executions(thingName="http-thing")
    first = device.describe_job_execution(thingName="http-thing", jobId="$next")["execution"]
    started = device.start_next_pending_job_execution(
        thingName="http-thing", statusDetails={"step": "download"}, stepTimeoutInMinutes=5
    )["execution"]
    updated = device.update_job_execution(
        thingName="http-thing",
        jobId="http-1",
        status="SUCCEEDED",
        expectedVersion=2,
        includeJobExecutionState=True,
        includeJobDocument=True,
        statusDetails={"step": "done"},
    )
    next_one = device.describe_job_execution(
        thingName="http-thing", jobId="$next", includeJobDocument=False
    )["execution"]

    assert [each["jobId"] for each in pending["queuedJobs"]] == ["http-1", "http-2"]
    assert (first["versionNumber"], first["status"]) == (1, "QUEUED")
    assert json.loads(first["jobDocument"]) == {"job": "http-1"}
    assert (started["jobId"], started["versionNumber"]) == ("http-1", 2)
    assert 290 <= started["approximateSecondsBeforeTimedOut"] <= 300
    assert updated["executionState"] == {
        "status": "SUCCEEDED",
        "statusDetails": {"step": "done"},
        "versionNumber": 3,
    }
    assert json.loads(updated["jobDocument"]) == {"job": "http-1"}
    assert next_one["jobId"] == "http-2"
    assert "jobDocument" not in next_one


def test_a_device_gets_awss_exceptions(fleet) -> None:
    fleet.create("refused-1", "refused-thing")
    device, named = fleet.device, {"thingName": "refused-thing", "jobId": "refused-1"}

    with pytest.raises(device.exceptions.ResourceNotFoundException) as missing:
        device.describe_job_execution(thingName="refused-thing", jobId="nothing")
    with pytest.raises(device.exceptions.ResourceNotFoundException):
        device.get_pending_job_executions(thingName="never-registered")
    with pytest.raises(device.exceptions.InvalidRequestException) as invalid:
        device.update_job_execution(status="DONE", **named)
    with pytest.raises(device.exceptions.InvalidRequestException, match="version 1") as mismatch:
        device.update_job_execution(status="IN_PROGRESS", expectedVersion=9, **named)
    device.update_job_execution(status="REJECTED", **named)
    with pytest.raises(device.exceptions.InvalidStateTransitionException) as final:
        device.update_job_execution(status="IN_PROGRESS", **named)
    with pytest.raises(device.exceptions.TerminalStateException) as terminal:
        device.describe_job_execution(**named)

    assert code_of(missing)[1] == 404
    assert code_of(invalid)[1] == code_of(mismatch)[1] == 400
    assert code_of(final)[1] == 409
    assert code_of(terminal)[1] == 410


def test_what_is_not_offered_is_told_in_awss_words(fleet) -> None:
    device, target = fleet.device, fleet.thing("commanded")
    command = target.replace("thing/commanded", "command/none")

    with pytest.raises(device.exceptions.ResourceNotFoundException):
        device.start_command_execution(targetArn=target, commandArn=command)
    with pytest.raises(device.exceptions.ValidationException):
        device.start_command_execution(targetArn=target, commandArn="none")
    with pytest.raises(ClientError) as unknown:
        fleet.iot.list_streams()
    with pytest.raises(fleet.iot.exceptions.InvalidRequestException):
        fleet.iot.describe_thing(thingName="a/b")
    with pytest.raises(fleet.iot.exceptions.InvalidRequestException):
        fleet.iot.describe_job(jobId="a/b")

    assert code_of(unknown) == ("UnknownOperationException", 404)


def test_a_job_from_its_creation_to_its_deletion(fleet) -> None:
    iot = fleet.iot
    arn = fleet.thing("life-b")
    created = fleet.create(
        "life",
        "life-a",
        description="A life",
        targetSelection="CONTINUOUS",
        jobExecutionsRolloutConfig={"maximumPerMinute": 50},
        abortConfig={
            "criteriaList": [
                {
                    "failureType": "FAILED",
                    "action": "CANCEL",
                    "thresholdPercentage": 99.5,
                    "minNumberOfExecutedThings": 10,
                }
            ]
        },
        timeoutConfig={"inProgressTimeoutInMinutes": 30},
        jobExecutionsRetryConfig={
            "criteriaList": [{"failureType": "FAILED", "numberOfRetries": 1}]
        },
        tags=[{"Key": "for", "Value": "tests"}],
    )
    iot.associate_targets_with_job(jobId="life", targets=[arn], comment="one more")
    iot.update_job(jobId="life", description="Another life")
    fleet.device.update_job_execution(thingName="life-a", jobId="life", status="FAILED")
    described = iot.describe_job(jobId="life")["job"]
    attempts = iot.list_job_executions_for_thing(thingName="life-a", jobId="life")
    listed = iot.list_job_executions_for_job(jobId="life", status="QUEUED")
    execution = iot.describe_job_execution(jobId="life", thingName="life-a", executionNumber=1)
    iot.cancel_job_execution(jobId="life", thingName="life-a", statusDetails={"why": "enough"})
    iot.delete_job_execution(jobId="life", thingName="life-a", executionNumber=2)
    iot.cancel_job(jobId="life", reasonCode="ENOUGH", comment="Enough of it")
    cancelled = iot.describe_job(jobId="life")["job"]
    iot.delete_job(jobId="life")

    assert created["jobArn"].endswith(":job/life")
    assert described["description"] == "Another life"
    assert described["status"] == "IN_PROGRESS"
    assert len(described["targets"]) == 2
    assert described["jobProcessDetails"]["numberOfQueuedThings"] == 2
    assert described["abortConfig"]["criteriaList"][0]["thresholdPercentage"] == 99.5
    assert [
        (each["jobExecutionSummary"]["executionNumber"], each["jobExecutionSummary"]["status"])
        for each in attempts["executionSummaries"]
    ] == [(2, "QUEUED"), (1, "FAILED")]
    assert len(listed["executionSummaries"]) == 2
    assert execution["execution"]["status"] == "FAILED"
    assert execution["execution"]["versionNumber"] == 2
    assert cancelled["status"] == "CANCELED"
    assert (cancelled["reasonCode"], cancelled["comment"]) == ("ENOUGH", "Enough of it")
    assert cancelled["jobProcessDetails"]["numberOfCanceledThings"] == 1
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_job(jobId="life")


def test_an_operator_gets_awss_exceptions(fleet) -> None:
    iot = fleet.iot
    fleet.create("taken", "taken-thing")
    fleet.create("taken", "taken-thing")
    refusals = []

    def refused(operation, **said) -> None:
        with pytest.raises(ClientError) as error:
            operation(**said)
        refusals.append(code_of(error))

    target = fleet.thing("taken-thing")
    refused(iot.create_job, jobId="taken", targets=[target], document='{"other":1}')
    refused(iot.create_job, jobId="new", targets=[target + "-not"], document="{}")
    refused(iot.create_job, jobId="new", targets=[target], document="[]")
    refused(iot.create_job, jobId="new", targets=[target] * 101, document="{}")
    refused(iot.delete_job, jobId="taken")
    refused(iot.cancel_job_execution, jobId="taken", thingName="taken-thing", expectedVersion=5)
    refused(iot.describe_job, jobId="missing")
    refused(iot.associate_targets_with_job, jobId="taken", targets=[target])
    refused(iot.create_job, jobId="new", targets=[target], document="{}", namespaceId="n")

    assert refusals == [
        ("ResourceAlreadyExistsException", 409),
        ("ResourceNotFoundException", 404),
        ("InvalidRequestException", 400),
        ("LimitExceededException", 410),
        ("InvalidStateTransitionException", 409),
        ("VersionConflictException", 409),
        ("ResourceNotFoundException", 404),
        ("InvalidRequestException", 400),
        ("InvalidRequestException", 400),
    ]


def test_jobs_and_executions_come_in_pages(fleet) -> None:
    for number in range(3):
        fleet.create(f"page-{number}", "page-thing", targetSelection="CONTINUOUS")
    iot = fleet.iot

    pages = iot.get_paginator("list_jobs").paginate(
        targetSelection="CONTINUOUS", PaginationConfig={"PageSize": 2}
    )
    listed = [job["jobId"] for page in pages for job in page["jobs"]]
    pages = iot.get_paginator("list_job_executions_for_thing").paginate(
        thingName="page-thing", PaginationConfig={"PageSize": 2}
    )
    executions = [each["jobId"] for page in pages for each in page["executionSummaries"]]

    assert [job for job in listed if job.startswith("page-")] == ["page-2", "page-1", "page-0"]
    assert executions == ["page-2", "page-1", "page-0"]


def test_job_templates_from_creation_to_deletion(fleet) -> None:
    iot = fleet.iot
    made = iot.create_job_template(
        jobTemplateId="ota",
        description="Firmware",
        document='{"operation":"install"}',
        timeoutConfig={"inProgressTimeoutInMinutes": 30},
    )
    described = iot.describe_job_template(jobTemplateId="ota")
    listed = iot.list_job_templates()["jobTemplates"]
    iot.create_job(
        jobId="templated",
        targets=[fleet.thing("templated-thing")],
        jobTemplateArn=made["jobTemplateArn"],
    )
    document = iot.get_job_document(jobId="templated")["document"]
    with pytest.raises(iot.exceptions.ConflictException):
        iot.create_job_template(jobTemplateId="ota", description="Other", document="{}")
    iot.delete_job_template(jobTemplateId="ota")

    assert described["timeoutConfig"] == {"inProgressTimeoutInMinutes": 30}
    assert [each["jobTemplateId"] for each in listed] == ["ota"]
    assert json.loads(document) == {"operation": "install"}
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_job_template(jobTemplateId="ota")


def test_a_signed_link_serves_the_firmware_and_a_forged_one_does_not(fleet) -> None:
    image = bytes(range(256)) * 40
    folder = fleet.cloud.data / "blobs" / "firmware"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "v2.bin").write_bytes(image)
    place = "${aws:iot:s3-presigned-url:https://s3.us-east-1.amazonaws.com/firmware/v2.bin}"
    fleet.create(
        "linked",
        "linked-thing",
        document=json.dumps({"operation": "install", "url": place}),
        presignedUrlConfig={"roleArn": ROLE, "expiresInSec": 60},
    )

    started = fleet.device.start_next_pending_job_execution(thingName="linked-thing")
    url = json.loads(started["execution"]["jobDocument"])["url"]

    def fetch(address: str, **headers: str) -> tuple[int, bytes]:
        try:
            asked = urllib.request.Request(address, headers=headers)
            with urllib.request.urlopen(asked, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    assert fetch(url) == (200, image)
    assert fetch(url, Range="bytes=256-511") == (206, image[:256])
    forged = [
        url.replace("v2.bin", "v3.bin"),
        url.replace("Expires=", "Expires=9"),
        url[:-1] + ("0" if url[-1] != "0" else "1"),
        url.split("?")[0],
    ]
    for address in forged:
        status, body = fetch(address)
        assert (status, b"AccessDenied" in body) == (403, True)


def test_events_are_told_when_they_are_turned_on(fleet) -> None:
    before = fleet.iot.describe_event_configurations()["eventConfigurations"]
    fleet.iot.update_event_configurations(
        eventConfigurations={"JOB": {"Enabled": True}, "JOB_EXECUTION": {"Enabled": True}}
    )
    after = fleet.iot.describe_event_configurations()
    heard: dict[str, dict] = {}
    done, subscribed = threading.Event(), threading.Event()

    def on_message(_client, _data, message) -> None:
        heard[message.topic] = json.loads(message.payload)
        if message.topic.startswith("$aws/events/job/"):
            done.set()

    watcher = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, "watcher")
    watcher.on_message = on_message
    watcher.on_subscribe = lambda *_: subscribed.set()
    host, port = fleet.cloud.endpoints["mqtt"].removeprefix("mqtt://").split(":")
    watcher.connect(host, int(port))
    watcher.loop_start()
    try:
        watcher.subscribe([("$aws/events/job/#", 1), ("$aws/events/jobExecution/#", 1)])
        assert subscribed.wait(10)
        fleet.create("watched", "watched-thing")
        fleet.device.update_job_execution(
            thingName="watched-thing", jobId="watched", status="SUCCEEDED"
        )
        assert done.wait(10)
    finally:
        watcher.disconnect()
        watcher.loop_stop()
        fleet.iot.update_event_configurations(
            eventConfigurations={"JOB": {"Enabled": False}, "JOB_EXECUTION": {"Enabled": False}}
        )

    assert set(before) == set(after["eventConfigurations"])
    assert len(before) == 11
    assert not any(each["Enabled"] for each in before.values())
    assert after["eventConfigurations"]["JOB"] == {"Enabled": True}
    assert after["eventConfigurations"]["THING"] == {"Enabled": False}
    assert after["creationDate"] <= after["lastModifiedDate"]
    assert heard["$aws/events/jobExecution/watched/succeeded"]["status"] == "SUCCEEDED"
    assert heard["$aws/events/job/watched/completed"]["status"] == "COMPLETED"
