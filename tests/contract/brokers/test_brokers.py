"""One suite for every broker, with an unmodified client.

What a broker does otherwise is written in DIFFERENCES, with the reason, and tested as such.
"""

import asyncio
import contextlib
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

import aiomqtt
import pytest

from cloud_functions.runtime.device_gateway.gateway import DeviceGateway, Listener
from cloud_functions.runtime.mosquitto.configuration import MosquittoFiles
from cloud_functions.runtime.mosquitto.process import Mosquitto, free_port

V5, V311 = aiomqtt.ProtocolVersion.V5, aiomqtt.ProtocolVersion.V311
DIFFERENCES = {
    ("mosquitto", "retained on wildcards"): "a standard broker; AWS IoT delivers on exact topics",
    ("nats", "retained on wildcards"): "a standard broker; AWS IoT delivers on exact topics",
    ("nats", "will at takeover"): "it closes the older connection without its will",
}


@dataclass
class Where:
    """A broker that runs."""

    kind: str
    port: int
    versions: list = field(default_factory=lambda: [V311, V5])

    def client(self, name: str, version=V311, **more) -> aiomqtt.Client:
        return aiomqtt.Client("127.0.0.1", self.port, identifier=name, protocol=version, **more)


async def builtin(_folder: Path):
    gateway = DeviceGateway([Listener("127.0.0.1", 0)])

    async def deliver(_batch) -> None:
        await asyncio.sleep(0)

    await gateway.start(deliver, ["$aws/things/+/shadow/update"])
    return Where("builtin", gateway.ports[0]), gateway.stop


async def mosquitto(folder: Path):
    port = free_port("127.0.0.1")
    files = MosquittoFiles(folder, folder / "ca", folder / "cert", folder / "key")
    files.configuration.write_text(f"user root\nlistener {port} 127.0.0.1\nallow_anonymous true\n")
    process = Mosquitto(files.configuration, folder / "log", "127.0.0.1", port)
    await process.start()
    return Where("mosquitto", port), process.stop


async def nats(folder: Path):
    port = free_port("127.0.0.1")
    conf = folder / "nats.conf"
    conf.write_text(
        f'port: {free_port("127.0.0.1")}\nserver_name: one\nhost: "127.0.0.1"\n'
        f'jetstream {{ store_dir: "{folder}/js" }}\n'
        f'mqtt {{ port: {port}, host: "127.0.0.1" }}\n'
    )
    program = shutil.which("nats-server") or str(Path(sys.executable).parent / "nats-server")
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(program, "-c", str(conf), stderr=quiet)
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            break
        except OSError:
            await asyncio.sleep(0.03)

    async def stop() -> None:
        process.terminate()
        await process.wait()

    return Where("nats", port, [V311]), stop


STARTERS = {"builtin": builtin, "mosquitto": mosquitto, "nats": nats}


@pytest.fixture(
    params=[
        "builtin",
        pytest.param("mosquitto", marks=pytest.mark.mosquitto),
        pytest.param("nats", marks=pytest.mark.nats),
    ]
)
async def broker(request, tmp_path):
    where, stop = await STARTERS[request.param](tmp_path)
    yield where
    await stop()


async def first(client, seconds: float = 5.0):
    async with asyncio.timeout(seconds):
        async for message in client.messages:
            return message
    return None


async def nothing(client, seconds: float = 0.4) -> bool:
    try:
        await first(client, seconds)
    except TimeoutError:
        return True
    return False


@pytest.mark.parametrize(
    ("topic_filter", "topic"),
    [
        ("a/b", "a/b"),
        ("a/+/c", "a/b/c"),
        ("a/#", "a/b/c"),
        ("$aws/things/+/shadow/update/documents", "$aws/things/r1/shadow/update/documents"),
        ("$aws/rules/#", "$aws/rules/pose/robofleet/r1/pose"),
    ],
)
async def test_a_message_reaches_who_subscribed(broker, topic_filter, topic) -> None:
    for version in broker.versions:
        async with broker.client("sub", version) as sub, broker.client("pub", version) as pub:
            await sub.subscribe(topic_filter, qos=1)
            if broker.kind == "builtin" and topic.startswith("$aws/rules/"):
                await pub.publish(topic, b"x", qos=1)
                assert await nothing(sub)  # Basic Ingest reaches no subscriber (reference, 2.7)
                continue
            await pub.publish(topic, b"x", qos=1)
            message = await first(sub)
            assert (str(message.topic), message.payload, message.qos) == (topic, b"x", 1)


async def test_the_hash_does_not_see_reserved_topics(broker) -> None:
    async with broker.client("sub") as sub, broker.client("pub") as pub:
        await sub.subscribe("#", qos=1)
        await pub.publish("$aws/things/r/shadow/update", b"hidden", qos=1)
        await pub.publish("seen", b"x", qos=1)
        message = await first(sub)
        assert str(message.topic) == "seen"


async def test_a_retained_message_waits_for_who_comes_later(broker) -> None:
    async with broker.client("pub") as pub:
        await pub.publish("state/r1", b"on", qos=1, retain=True)
    async with broker.client("sub") as sub:
        await sub.subscribe("state/r1", qos=1)
        message = await first(sub)
        assert (message.payload, message.retain) == (b"on", True)
    async with broker.client("wild") as wild:
        await wild.subscribe("state/+", qos=1)
        differs = (broker.kind, "retained on wildcards") in DIFFERENCES
        assert await nothing(wild) is not differs


async def test_a_will_goes_out_when_a_client_is_lost_and_not_when_it_says_goodbye(broker) -> None:
    async with broker.client("sub") as sub:
        await sub.subscribe("will/+", qos=1)
        polite = broker.client("polite", will=aiomqtt.Will("will/polite", b"gone", 1))
        async with polite:
            pass
        _reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
        writer.write(bytes.fromhex("102100044d5154540406003c0004") + b"lost" + b"\x00\x09will/lost")
        writer.write(b"\x00\x04gone")
        await writer.drain()
        await asyncio.sleep(0.3)
        writer.transport.abort()
        message = await first(sub)
        assert (str(message.topic), message.payload) == ("will/lost", b"gone")


async def test_a_persistent_session_keeps_messages_for_a_client_that_is_away(broker) -> None:
    async with broker.client("away", clean_session=False) as away:
        await away.subscribe("post/#", qos=1)
    async with broker.client("pub") as pub:
        for number in range(3):
            await pub.publish("post/a", b"%d" % number, qos=1)
    async with broker.client("away", clean_session=False) as away:
        got = [(await first(away)).payload for _ in range(3)]
        assert got == [b"0", b"1", b"2"]


async def test_a_second_client_of_the_same_name_takes_over(broker) -> None:
    async with broker.client("watch") as watch:
        await watch.subscribe("will/#", qos=1)
        older = broker.client("twin", will=aiomqtt.Will("will/twin", b"old one lost", 1))
        await older.__aenter__()
        async with broker.client("twin"):
            if (broker.kind, "will at takeover") in DIFFERENCES:
                assert await nothing(watch)
            else:
                assert (await first(watch)).payload == b"old one lost"
            with pytest.raises(aiomqtt.MqttError):
                await first(older)
        with contextlib.suppress(aiomqtt.MqttError):
            await older.__aexit__(None, None, None)
