"""What a broker hands over to the cloud: one promise, kept by the gateway and by the bridge."""

import asyncio

import aiomqtt
import pytest

from cloud_functions.ports import Message
from cloud_functions.runtime.bridge import Bridge
from cloud_functions.runtime.device_gateway.gateway import DeviceGateway, Listener
from cloud_functions.runtime.mosquitto.configuration import MosquittoFiles
from cloud_functions.runtime.mosquitto.process import Mosquitto, free_port


class Ear:
    """The cloud behind a broker: remembers what it was handed."""

    def __init__(self, broker, port: int) -> None:
        self.broker, self.port = broker, port
        self.heard: list[Message] = []

    async def deliver(self, batch) -> None:
        self.heard += batch

    def client(self, name: str = "device") -> aiomqtt.Client:
        return aiomqtt.Client("127.0.0.1", self.port, identifier=name)

    async def hears(self, topic: str) -> list[Message]:
        """All that came for a topic, once the first has come and nothing more does."""
        for _ in range(500):
            if any(each.topic == topic for each in self.heard):
                break
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        return [each for each in self.heard if each.topic == topic]


@pytest.fixture(params=["builtin", pytest.param("mosquitto", marks=pytest.mark.mosquitto)])
async def make_ear(request, tmp_path):
    ears: list[Ear] = []
    process = None

    async def make(*filters: str) -> Ear:
        nonlocal process
        if request.param == "builtin":
            gateway = DeviceGateway([Listener("127.0.0.1", 0)])
            ear = Ear(gateway, 0)
            await gateway.start(ear.deliver, filters)
            ear.port = gateway.ports[0]
        else:
            port = free_port("127.0.0.1")
            files = MosquittoFiles(tmp_path, tmp_path / "ca", tmp_path / "c", tmp_path / "k")
            text = f"user root\nlistener {port} 127.0.0.1\nallow_anonymous true\n"
            files.configuration.write_text(text)
            process = Mosquitto(files.configuration, tmp_path / "log", "127.0.0.1", port)
            await process.start()
            ear = Ear(Bridge(f"mqtt://127.0.0.1:{port}"), port)
            await ear.broker.start(ear.deliver, filters)
        ears.append(ear)
        return ear

    yield make
    for ear in ears:
        await ear.broker.stop()
    if process is not None:
        await process.stop()


async def test_a_message_is_handed_over_once_however_many_filters_match(make_ear) -> None:
    ear = await make_ear("a/+", "a/#", "+/b", "a/b")

    async with ear.client() as device:
        await device.publish("a/b", b"0", qos=0)
        await device.publish("a/b", b"1", qos=1)
        heard = await ear.hears("a/b")

    assert [each.payload for each in heard] == [b"0", b"1"]


async def test_what_the_cloud_publishes_is_not_handed_back(make_ear) -> None:
    ear = await make_ear("a/#")

    async with ear.client() as device:
        await device.subscribe("a/#", qos=1)
        ear.broker.publish([Message("a/mine", b"x", 1), Message("a/mine", b"y")])
        seen = [(await anext(device.messages)).payload for _ in range(2)]
        await device.publish("a/theirs", b"z", qos=1)
        await ear.hears("a/theirs")

    assert seen == [b"x", b"y"]
    assert {each.topic for each in ear.heard} == {"a/theirs"}


async def test_filters_can_be_changed_while_it_runs(make_ear) -> None:
    ear = await make_ear("a/#", "b/+")
    ear.broker.listen(["b/+", "c/#", "$aws/rules/#"])

    async with ear.client() as device:
        await asyncio.sleep(0.1)
        for topic in ("a/1", "b/1", "c/1/2", "$aws/rules/r/x"):
            await device.publish(topic, topic.encode(), qos=1)
        await ear.hears("$aws/rules/r/x")

    assert [each.topic for each in ear.heard] == ["b/1", "c/1/2", "$aws/rules/r/x"]


async def test_what_was_retained_before_is_no_news(make_ear) -> None:
    ear = await make_ear("a/#")

    async with ear.client() as device:
        await device.publish("b/old", b"x", qos=1, retain=True)
        ear.broker.listen(["a/#", "b/#"])
        await asyncio.sleep(0.1)
        await device.publish("b/new", b"y", qos=1)
        await ear.hears("b/new")

    assert {each.topic for each in ear.heard} == {"b/new"}


async def test_properties_travel_to_subscribers(make_ear) -> None:
    ear = await make_ear("a/#")
    said = {"content_type": "text/plain", "user_property": [("k", "v")]}

    async with aiomqtt.Client(
        "127.0.0.1", ear.port, identifier="five", protocol=aiomqtt.ProtocolVersion.V5
    ) as device:
        await device.subscribe("out/#", qos=1)
        ear.broker.publish([Message("out/x", b"x", 1, properties=said)])
        message = await asyncio.wait_for(anext(device.messages), 5)

    assert message.properties.ContentType == "text/plain"
    assert message.properties.UserProperty == [("k", "v")]
