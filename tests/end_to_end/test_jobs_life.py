"""Jobs on the built-in broker: who hears an answer, and what is left after kill -9."""

import json
import queue

import paho.mqtt.client as mqtt

SECONDS = 15


class Listener:
    """A paho client on the plain port."""

    def __init__(self, cloud, name: str, *filters: str) -> None:
        self.heard: queue.Queue = queue.Queue()
        ready: queue.Queue = queue.Queue()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, name)
        self.client.on_message = lambda _c, _u, m: self.heard.put((m.topic, json.loads(m.payload)))
        self.client.on_connect = lambda *_: ready.put("connected")
        self.client.on_subscribe = lambda *_: ready.put("subscribed")
        host, port = cloud.endpoints["mqtt"].removeprefix("mqtt://").split(":")
        self.client.connect(host, int(port))
        self.client.loop_start()
        ready.get(timeout=SECONDS)
        if filters:
            self.client.subscribe([(each, 1) for each in filters])
            ready.get(timeout=SECONDS)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def test_an_answer_reaches_the_client_that_asked_and_no_other(start_cloud) -> None:
    cloud = start_cloud("--broker", "builtin", "--free-ports")
    iot = cloud.boto("iot")
    arn = iot.create_thing(thingName="t")["thingArn"]
    asking = Listener(cloud, "asking")
    watching = Listener(
        cloud, "watching", "$aws/things/t/jobs/+/accepted", "$aws/things/t/jobs/notify"
    )
    try:
        asking.client.publish("$aws/things/t/jobs/get", b'{"clientToken":"mine"}', qos=1)
        topic, answer = asking.heard.get(timeout=SECONDS)
        iot.create_job(jobId="j", targets=[arn], document="{}")
        first_heard = watching.heard.get(timeout=SECONDS)
    finally:
        asking.close()
        watching.close()

    assert topic == "$aws/things/t/jobs/get/accepted"
    assert answer["clientToken"] == "mine"
    assert first_heard[0] == "$aws/things/t/jobs/notify"


def test_after_kill_9_jobs_go_on_where_they_were(start_cloud) -> None:
    cloud = start_cloud("--broker", "builtin", "--free-ports")
    iot, device = cloud.boto("iot"), cloud.boto("iot-jobs-data")
    arns = [iot.create_thing(thingName=f"t{n}")["thingArn"] for n in range(4)]
    iot.create_job(
        jobId="j",
        targets=arns,
        document='{"version":2}',
        jobExecutionsRolloutConfig={"maximumPerMinute": 3},
    )
    device.start_next_pending_job_execution(thingName="t0", statusDetails={"step": "1"})
    device.update_job_execution(thingName="t1", jobId="j", status="SUCCEEDED")
    iot.update_event_configurations(eventConfigurations={"JOB": {"Enabled": True}})
    cloud.kill()

    again = start_cloud("--broker", "builtin", "--free-ports", data=cloud.data)
    iot, device = again.boto("iot"), again.boto("iot-jobs-data")
    job = iot.describe_job(jobId="j")["job"]
    started = device.start_next_pending_job_execution(thingName="t0")["execution"]
    events = iot.describe_event_configurations()["eventConfigurations"]

    assert (started["versionNumber"], started["statusDetails"]) == (2, {"step": "1"})
    assert json.loads(started["jobDocument"]) == {"version": 2}
    counts = {name: number for name, number in job["jobProcessDetails"].items() if number}
    assert counts.pop("processingTargets") == arns
    assert counts == {
        "numberOfInProgressThings": 1,
        "numberOfQueuedThings": 1,
        "numberOfSucceededThings": 1,
    }
    assert job["isConcurrent"] is True
    assert events["JOB"] == {"Enabled": True}
