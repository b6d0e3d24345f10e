"""A device gateway and clients that say exactly the bytes they are told to."""

import asyncio

import pytest

from cloud_functions.contract.mqtt.decode import Decoder
from cloud_functions.contract.mqtt.encode import encode
from cloud_functions.contract.mqtt.packets import Connack, Connect, Version
from cloud_functions.runtime.device_gateway.connection import Connection
from cloud_functions.runtime.device_gateway.door import MUTUAL_TLS
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

    def decoder_packets(self, kind) -> list:
        """What was heard and not asked for."""
        return [packet for packet in self.packets if isinstance(packet, kind)]

    async def is_closed(self) -> bool:
        with pytest.raises(ConnectionError):
            await self.hear(Connect)
        return True


class Bench:
    """A gateway, what it delivered, and clients."""

    def __init__(self, store=None, *, certified=False, **options) -> None:
        self.delivered: list = []
        self.hold: asyncio.Event | None = None
        self.certified = certified
        self.committer = options.get("committer")
        listeners = [] if certified else [Listener("127.0.0.1", 0)]
        self.gateway = DeviceGateway(listeners, **options)
        if store is not None:
            self.gateway.restore(store)
        self.writers: list = []
        self.servers: list = []

    async def port(self, certificate: str) -> int:
        """A port whose clients all have this certificate, as TLS would have found out."""
        if not self.certified:
            return self.gateway.ports[0]

        def accept() -> Connection:
            connection = Connection(self.gateway, MUTUAL_TLS)
            connection.certificate_id = certificate
            return connection

        server = await asyncio.get_running_loop().create_server(accept, "127.0.0.1", 0)
        self.servers.append(server)
        return server.sockets[0].getsockname()[1]

    async def deliver(self, batch) -> None:
        self.delivered += batch
        if self.hold is not None:
            await self.hold.wait()

    async def peer(self, name: str, version=V5, *, certificate="", **connect) -> Peer:
        port = await self.port(certificate or f"id-{name}")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
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
        filters = [
            "$aws/things/+/shadow/update",
            "$aws/events/#",
            "post/#",
            "t/#",
            "$aws/rules/pose/#",
        ]
        await bench.gateway.start(bench.deliver, filters)
        made.append(bench)
        return bench

    yield make
    for bench in made:
        for writer in bench.writers:
            writer.close()
        for server in bench.servers:
            server.close()
        await bench.gateway.stop()
        if bench.committer is not None:
            await bench.committer.close()
