"""A device gateway and clients that say exactly the bytes they are told to."""

import asyncio

import pytest

from cloud_functions.contract.mqtt.decode import Decoder
from cloud_functions.contract.mqtt.encode import encode
from cloud_functions.contract.mqtt.packets import Connack, Connect, Version
from cloud_functions.runtime.device_gateway.gateway import DeviceGateway, Listener

V5 = Version.V5


class Peer:
    """A client that says exactly the bytes it is told to."""

    def __init__(self, reader, writer, version) -> None:
        self.reader, self.writer, self.version = reader, writer, version
        self.decoder = Decoder(version)
        self.packets: list = []

    async def say(self, packet) -> None:
        self.writer.write(encode(packet, self.version))
        await self.writer.drain()

    async def hear(self, kind, seconds: float = 3.0):
        async with asyncio.timeout(seconds):
            while True:
                for index, packet in enumerate(self.packets):
                    if isinstance(packet, kind):
                        return self.packets.pop(index)
                data = await self.reader.read(65_536)
                if not data:
                    raise ConnectionError("closed")
                self.packets += self.decoder.feed(data)

    async def is_closed(self) -> bool:
        with pytest.raises(ConnectionError):
            await self.hear(Connect)
        return True


class Bench:
    """A gateway, what it delivered, and clients."""

    def __init__(self, store=None, **options) -> None:
        self.delivered: list = []
        self.hold: asyncio.Event | None = None
        self.gateway = DeviceGateway([Listener("127.0.0.1", 0)], **options)
        if store is not None:
            self.gateway.restore(store)
        self.writers: list = []

    async def deliver(self, batch) -> None:
        self.delivered += batch
        if self.hold is not None:
            await self.hold.wait()

    async def peer(self, name: str, version=V5, **connect) -> Peer:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.gateway.ports[0])
        self.writers.append(writer)
        peer = Peer(reader, writer, version)
        await peer.say(Connect(name, version, **connect))
        peer.connack = await peer.hear(Connack)
        return peer


@pytest.fixture
async def make_bench():
    made: list[Bench] = []

    async def make(**options) -> Bench:
        bench = Bench(**options)
        filters = ["$aws/things/+/shadow/update", "$aws/events/#", "post/#", "$aws/rules/pose/#"]
        await bench.gateway.start(bench.deliver, filters)
        made.append(bench)
        return bench

    yield make
    for bench in made:
        for writer in bench.writers:
            writer.close()
        await bench.gateway.stop()
