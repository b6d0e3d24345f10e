"""An unmodified awsiotsdk device does its jobs over mutual TLS, with MQTT 3.1.1 and 5."""

import json
import queue
import time

import pytest
from awscrt import mqtt_request_response
from awsiot import ServiceStreamOptions, V2ServiceException, iotjobs
from awsiot import mqtt5_client_builder as builder5
from awsiot import mqtt_connection_builder as builder311

SECONDS = 15
VERSIONS = ["3.1.1", "5"]


class Device:
    """The SDK's jobs client, and what its streams said."""

    def __init__(self, cloud, folder, thing: str, version: str) -> None:
        self.thing = thing
        host, port = cloud.endpoints["mqtts"].removeprefix("mqtts://").split(":")
        said = {
            "endpoint": host,
            "port": int(port),
            "client_id": thing,
            "cert_filepath": str(folder / "certificate.pem"),
            "pri_key_filepath": str(folder / "private.key"),
            "ca_filepath": str(folder / "ca.pem"),
        }
        self.version = version
        if version == "5":
            connected: queue.Queue = queue.Queue()
            self.client = builder5.mtls_from_path(
                on_lifecycle_connection_success=connected.put, **said
            )
            self.client.start()
            connected.get(timeout=SECONDS)
        else:
            self.client = builder311.mtls_from_path(clean_session=True, **said)
            self.client.connect().result(SECONDS)
        options = mqtt_request_response.ClientOptions(
            max_request_response_subscriptions=8, max_streaming_subscriptions=2
        )
        self.jobs = iotjobs.IotJobsClientV2(self.client, options)
        self.lists: queue.Queue = queue.Queue()
        self.nexts: queue.Queue = queue.Queue()
        self.streams = [
            self._stream(
                self.jobs.create_job_executions_changed_stream,
                iotjobs.JobExecutionsChangedSubscriptionRequest(thing_name=thing),
                self.lists,
            ),
            self._stream(
                self.jobs.create_next_job_execution_changed_stream,
                iotjobs.NextJobExecutionChangedSubscriptionRequest(thing_name=thing),
                self.nexts,
            ),
        ]

    @staticmethod
    def _stream(create, request, heard: queue.Queue):
        opened: queue.Queue = queue.Queue()

        def changed(event) -> None:
            if (
                event.type
                == mqtt_request_response.SubscriptionStatusEventType.SUBSCRIPTION_ESTABLISHED
            ):
                opened.put(event)

        stream = create(
            request,
            ServiceStreamOptions(
                incoming_event_listener=heard.put, subscription_status_listener=changed
            ),
        )
        stream.open()
        opened.get(timeout=SECONDS)
        return stream

    def pending(self):
        request = iotjobs.GetPendingJobExecutionsRequest(thing_name=self.thing)
        return self.jobs.get_pending_job_executions(request).result(SECONDS)

    def start_next(self, **said):
        request = iotjobs.StartNextPendingJobExecutionRequest(thing_name=self.thing, **said)
        return self.jobs.start_next_pending_job_execution(request).result(SECONDS)

    def describe(self, job_id: str, **said):
        request = iotjobs.DescribeJobExecutionRequest(thing_name=self.thing, job_id=job_id, **said)
        return self.jobs.describe_job_execution(request).result(SECONDS)

    def update(self, job_id: str, status: str, **said):
        request = iotjobs.UpdateJobExecutionRequest(
            thing_name=self.thing, job_id=job_id, status=status, **said
        )
        return self.jobs.update_job_execution(request).result(SECONDS)

    def close(self) -> None:
        self.streams = []
        del self.jobs
        if self.version == "5":
            self.client.stop()
        else:
            self.client.disconnect().result(SECONDS)


@pytest.fixture
def operator(cloud):
    return cloud.boto("iot")


@pytest.fixture(params=VERSIONS)
def device(request, cloud, robofleet, tmp_path):
    thing = f"sdk-{request.param.replace('.', '')}-{cloud.endpoints['broker']}-{tmp_path.name[-6:]}"
    thing = "".join(each if each.isalnum() or each in "-_" else "-" for each in thing)
    made = robofleet("certificate", thing, "--out", str(tmp_path), "--data", str(cloud.data))
    assert made.returncode == 0, made.stderr
    time.sleep(0.5)  # Mosquitto reads its access list again
    connected = Device(cloud, tmp_path, thing, request.param)
    yield connected
    connected.close()


def create(operator, device, job_id: str, **said) -> str:
    arn = operator.describe_thing(thingName=device.thing)["thingArn"]
    name = f"{device.thing}-{job_id}"
    operator.create_job(
        jobId=name, targets=[arn], document=json.dumps({"operation": job_id}), **said
    )
    return name


def rejected(call, *arguments, **said) -> tuple[str, object]:
    with pytest.raises(V2ServiceException) as error:
        call(*arguments, **said)
    modeled = error.value.modeled_error
    return modeled.code, modeled.execution_state


def test_a_device_does_all_job_operations_and_hears_all_notifications(operator, device) -> None:
    nothing = device.start_next()
    first = create(operator, device, "first")
    told_list, told_next = device.lists.get(timeout=SECONDS), device.nexts.get(timeout=SECONDS)
    second = create(operator, device, "second")
    longer = device.lists.get(timeout=SECONDS)

    pending = device.pending()
    described = device.describe("$next", include_job_document=True)
    started = device.start_next(status_details={"step": "download"}, step_timeout_in_minutes=5)
    progress = device.update(
        first,
        iotjobs.JobStatus.IN_PROGRESS,
        status_details={"percent": "50"},
        expected_version=2,
        include_job_execution_state=True,
        include_job_document=True,
    )
    device.update(first, iotjobs.JobStatus.SUCCEEDED)
    shorter, advanced = device.lists.get(timeout=SECONDS), device.nexts.get(timeout=SECONDS)
    device.update(second, iotjobs.JobStatus.REJECTED)
    empty, over = device.lists.get(timeout=SECONDS), device.nexts.get(timeout=SECONDS)

    assert nothing.execution is None
    assert [each.job_id for each in told_list.jobs["QUEUED"]] == [first]
    assert told_next.execution.job_id == first
    assert told_next.execution.version_number == 1
    assert told_next.execution.job_document == {"operation": "first"}
    assert [each.job_id for each in longer.jobs["QUEUED"]] == [first, second]
    assert [each.job_id for each in pending.queued_jobs] == [first, second]
    assert pending.in_progress_jobs == []
    assert described.execution.job_id == first
    assert described.execution.job_document == {"operation": "first"}
    assert started.execution.status == iotjobs.JobStatus.IN_PROGRESS
    assert started.execution.version_number == 2
    assert started.execution.status_details == {"step": "download"}
    assert progress.execution_state.version_number == 3
    assert progress.execution_state.status_details == {"percent": "50"}
    assert progress.job_document == {"operation": "first"}
    assert [each.job_id for each in shorter.jobs["QUEUED"]] == [second]
    assert advanced.execution.job_id == second
    assert empty.jobs == {}
    assert over.execution is None
    assert device.nexts.empty()
    assert device.lists.empty()
    assert operator.describe_job(jobId=first)["job"]["status"] == "COMPLETED"


def test_a_device_hears_why_it_was_refused(operator, device) -> None:
    job_id = create(operator, device, "refused")

    missing = rejected(device.describe, "nothing")
    invalid = rejected(device.update, job_id, "DONE")
    mismatch = rejected(device.update, job_id, iotjobs.JobStatus.IN_PROGRESS, expected_version=7)
    device.update(job_id, iotjobs.JobStatus.SUCCEEDED)
    final = rejected(device.update, job_id, iotjobs.JobStatus.IN_PROGRESS)
    terminal = rejected(device.describe, job_id)

    assert missing == (iotjobs.RejectedErrorCode.RESOURCE_NOT_FOUND, None)
    assert invalid[0] == iotjobs.RejectedErrorCode.INVALID_REQUEST
    assert mismatch[0] == iotjobs.RejectedErrorCode.VERSION_MISMATCH
    assert mismatch[1].version_number == 1
    assert final[0] == iotjobs.RejectedErrorCode.INVALID_STATE_TRANSITION
    assert final[1].status == iotjobs.JobStatus.SUCCEEDED
    assert terminal[0] == iotjobs.RejectedErrorCode.TERMINAL_STATE_REACHED


def test_a_cancelled_job_is_gone_from_the_devices_list(operator, device) -> None:
    job_id = create(operator, device, "cancelled")
    device.lists.get(timeout=SECONDS)
    device.nexts.get(timeout=SECONDS)

    operator.cancel_job(jobId=job_id)

    assert device.lists.get(timeout=SECONDS).jobs == {}
    assert device.nexts.get(timeout=SECONDS).execution is None
    assert device.pending().queued_jobs == []
