"""Clients that know nothing of robofleet: boto3, mosquitto_sub, paho."""

import json
import subprocess
import time
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest


def test_boto3_reads_updates_and_deletes_a_shadow(cloud) -> None:
    shadows = cloud.boto("iot-data")
    update = {"state": {"desired": {"color": "red"}}}

    answer = shadows.update_thing_shadow(thingName="boto-1", payload=json.dumps(update))
    first = json.loads(answer["payload"].read())
    got = json.loads(shadows.get_thing_shadow(thingName="boto-1")["payload"].read())
    gone = json.loads(shadows.delete_thing_shadow(thingName="boto-1")["payload"].read())

    assert first["version"] == 1
    assert got["state"] == {"desired": {"color": "red"}, "delta": {"color": "red"}}
    assert gone["version"] == 1


def test_boto3_gets_awss_exceptions(cloud) -> None:
    shadows = cloud.boto("iot-data")
    shadows.update_thing_shadow(thingName="boto-2", payload=b'{"state":{"reported":{"a":1}}}')
    large = json.dumps({"state": {"reported": {"a": "x" * 9000}}})

    with pytest.raises(shadows.exceptions.ConflictException):
        shadows.update_thing_shadow(thingName="boto-2", payload=b'{"state":{},"version":7}')
    with pytest.raises(shadows.exceptions.ResourceNotFoundException, match="No shadow exists"):
        shadows.get_thing_shadow(thingName="boto-3")
    with pytest.raises(shadows.exceptions.InvalidRequestException, match="Invalid JSON"):
        shadows.update_thing_shadow(thingName="boto-2", payload=b"{")
    with pytest.raises(shadows.exceptions.RequestEntityTooLargeException):
        shadows.update_thing_shadow(thingName="boto-2", payload=large)


def test_boto3_lists_named_shadows_page_by_page(cloud) -> None:
    shadows = cloud.boto("iot-data")
    for name in ("c", "a", "b"):
        shadows.update_thing_shadow(
            thingName="boto-4", shadowName=name, payload=b'{"state":{"reported":{"a":1}}}'
        )

    first = shadows.list_named_shadows_for_thing(thingName="boto-4", pageSize=2)
    second = shadows.list_named_shadows_for_thing(
        thingName="boto-4", pageSize=2, nextToken=first["nextToken"]
    )

    assert (first["results"], second["results"]) == (["a", "b"], ["c"])
    assert "nextToken" not in second
    for thing, token in (("boto-4", "zzz"), ("boto-4", "a"), ("boto-5", first["nextToken"])):
        with pytest.raises(shadows.exceptions.InvalidRequestException, match="token"):
            shadows.list_named_shadows_for_thing(thingName=thing, nextToken=token)


@pytest.mark.mosquitto
def test_mosquitto_sub_sees_the_documents(cloud) -> None:
    host, port = cloud.endpoints["mqtt"].removeprefix("mqtt://").split(":")
    listening = subprocess.Popen(
        [
            "mosquitto_sub",
            "-h",
            host,
            "-p",
            port,
            "-C",
            "1",
            "-W",
            "15",
            "-v",
            "-t",
            "$aws/things/+/shadow/update/documents",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    time.sleep(0.7)

    cloud.boto("iot-data").update_thing_shadow(
        thingName="sub-1", payload=b'{"state":{"reported":{"a":1}},"clientToken":"t-9"}'
    )

    said, _ = listening.communicate(timeout=20)
    topic, body = said.split(" ", 1)
    assert topic == "$aws/things/sub-1/shadow/update/documents"
    assert json.loads(body)["current"]["state"] == {"reported": {"a": 1}}
    assert json.loads(body)["clientToken"] == "t-9"


class Device:
    """An unmodified paho client with a certificate."""

    def __init__(self, cloud, folder: Path, client_id: str) -> None:
        self.events: list[str] = []
        self.received: list[tuple[str, bytes]] = []
        self.client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id, protocol=mqtt.MQTTv311
        )
        self.client.tls_set(
            str(folder / "ca.pem"), str(folder / "certificate.pem"), str(folder / "private.key")
        )
        self.client.on_connect = lambda *_: self.events.append("connected")
        self.client.on_disconnect = lambda *_: self.events.append("disconnected")
        self.client.on_subscribe = lambda *_: self.events.append("subscribed")
        self.client.on_message = lambda _c, _u, m: self.received.append((m.topic, m.payload))
        self.client.reconnect_delay_set(60, 60)
        host, port = cloud.endpoints["mqtts"].removeprefix("mqtts://").split(":")
        self.client.connect(host, int(port))
        self.client.loop_start()

    def wait(self, seen, seconds: float = 8.0) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if seen():
                return True
            time.sleep(0.02)
        return False

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def test_a_certificate_opens_its_own_topics_and_no_others(cloud, robofleet, tmp_path) -> None:
    for thing in ("mine", "other"):
        made = robofleet(
            "certificate", thing, "--out", str(tmp_path / thing), "--data", str(cloud.data)
        )
        assert made.returncode == 0, made.stderr
    time.sleep(0.5)
    mine, other = (Device(cloud, tmp_path / name, name) for name in ("mine", "other"))
    try:
        assert mine.wait(lambda: "connected" in mine.events)
        assert other.wait(lambda: "connected" in other.events)
        for device, name in ((mine, "mine"), (other, "other")):
            device.client.subscribe([(f"$aws/things/{name}/shadow/update/+", 1)])
            assert device.wait(lambda device=device: "subscribed" in device.events)

        mine.client.publish(
            "$aws/things/mine/shadow/update", b'{"state":{"reported":{"a":1}}}', qos=1
        )
        assert mine.wait(lambda: any("accepted" in topic for topic, _ in mine.received))

        mine.client.publish(
            "$aws/things/other/shadow/update", b'{"state":{"reported":{"hacked":1}}}', qos=1
        )
        if cloud.endpoints["broker"] == "builtin":
            assert mine.wait(lambda: "disconnected" in mine.events)
        time.sleep(0.5)
        assert other.received == []
        shadows = cloud.boto("iot-data")
        with pytest.raises(shadows.exceptions.ResourceNotFoundException):
            shadows.get_thing_shadow(thingName="other")
    finally:
        mine.close()
        other.close()


def test_what_the_cloud_itself_publishes_is_handled_once(cloud) -> None:
    shadows = cloud.boto("iot-data")
    update = b'{"state":{"reported":{"a":1}}}'

    shadows.publish(topic="$aws/things/once/shadow/update", qos=1, payload=update)
    time.sleep(1)  # a broker that brought it back would have done so by now

    document = json.loads(shadows.get_thing_shadow(thingName="once")["payload"].read())
    assert document["version"] == 1
