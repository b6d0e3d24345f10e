"""A million mutated packets and slow clients against the built-in gateway, beside a good client.

python -m benchmarks.fuzz_gateway [--packets 1000000] [--seconds 300] [--seed 1]

It stops by itself, prints what was sent and what the good client felt, and ends with 1 when
anything was harmed.  The test suite runs the same with fewer packets.
"""

import argparse
import asyncio
import contextlib
import datetime
import json
import random  # noqa: TID251  seeded; the physics is not asked
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cloud_functions.contract.mqtt.decode import Decoder
from cloud_functions.contract.mqtt.encode import encode
from cloud_functions.contract.mqtt.errors import PeerError
from cloud_functions.contract.mqtt.packets import (
    Connack,
    Connect,
    Puback,
    Publish,
    Suback,
    Subscribe,
    Subscription,
    Version,
)
from cloud_functions.registry.authority import Authority
from cloud_functions.runtime.device_gateway.gateway import DeviceGateway, Listener
from cloud_functions.runtime.device_gateway.limits import GatewayLimits
from cloud_functions.runtime.doors.contexts import mutual_tls

TABLE = Path(__file__).parents[1] / "tests" / "compliance" / "mqtt_packets.json"
HOST = "127.0.0.1"
BLOB = 10
"""Mutated packets of one connection."""


def corpus() -> list[tuple[Version, bytes]]:
    """Every packet of the table with its version."""
    cases = json.loads(TABLE.read_text())
    return [(Version(each["version"] or 5), bytes.fromhex(each["bytes"])) for each in cases]


# ------------------------------------------------------------ mutations


def mutate(chance: random.Random, packet: bytes, others: Sequence[tuple[Version, bytes]]) -> bytes:
    """The packet with one to four things about it changed; the frame's length often mended.

    A packet whose announced length is wrong ends a connection at once: mending lets the changed
    body be read.
    """
    data = bytearray(packet)
    for _ in range(chance.randint(1, 4)):
        _change(chance, data, others)
    if len(data) > 1 and chance.random() < 0.7 and len(data) - 2 < 128:
        data[1] = len(data) - 2
    return bytes(data[:4096])


def _change(
    chance: random.Random, data: bytearray, others: Sequence[tuple[Version, bytes]]
) -> None:
    at = chance.randrange(len(data)) if data else 0
    match chance.randrange(8):
        case 0 if data:
            data[at] ^= 1 << chance.randrange(8)
        case 1 if data:
            data[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        case 2:
            data[at:at] = chance.randbytes(chance.randint(1, 8))
        case 3 if data:
            del data[at : at + chance.randint(1, 8)]
        case 4 if data:
            data[at:at] = data[at : at + 8] * chance.randint(1, 16)
        case 5 if data:
            del data[at:]
        case 6:
            other = chance.choice(others)[1]
            data[at:] = other[chance.randrange(len(other)) :]
        case _ if len(data) > 1:
            data[1] = chance.randrange(256)


def feed_decoders(chance: random.Random, packets: int) -> int:
    """How many of so many mutated packets are refused; anything but a refusal is raised."""
    table, refused = corpus(), 0
    for _ in range(packets):
        version, packet = chance.choice(table)
        decoder = Decoder(chance.choice((version, None)), 65_536)
        try:
            decoder.feed(mutate(chance, packet, table))
        except PeerError:
            refused += 1
    return refused


# ------------------------------------------------------------ the good client


@dataclass
class Felt:
    """What became of it all."""

    packets: int = 0
    connections: int = 0
    slow_clients: int = 0
    loop_errors: int = 0
    good_round_trips: int = 0
    good_lost: int = 0
    good_ms_p50: float = 0.0
    good_ms_p99: float = 0.0
    good_ms_max: float = 0.0
    left_connections: int = 0
    seconds: float = 0.0
    peak_mb: float = 0.0
    refusals: dict[str, int] = field(default_factory=dict)

    @property
    def is_unharmed(self) -> bool:
        """Whether the good client noticed nothing worse than waiting."""
        return not self.loop_errors and not self.good_lost and self.good_round_trips > 0


class GoodClient:
    """Publishes to itself, again and again, and measures until the message is back."""

    def __init__(self) -> None:
        self.trips_ms: list[float] = []
        self.lost = 0
        self._packets: list = []

    async def open(self, port: int) -> None:
        self._reader, self._writer = await asyncio.open_connection(HOST, port)
        self._decoder = Decoder(Version.V5)
        await self._say(Connect("the-good-one"))
        await self._hear(Connack)
        await self._say(Subscribe(1, (Subscription("good/echo", 1),)))
        await self._hear(Suback)

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            began = time.perf_counter()
            try:
                async with asyncio.timeout(10):
                    await self._say(Publish("good/echo", b"x" * 100, 1, packet_id=7))
                    await self._hear(Puback)
                    packet = await self._hear(Publish)
                    await self._say(Puback(packet.packet_id))
            except (TimeoutError, ConnectionError):
                self.lost += 1
                return
            self.trips_ms.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.005)

    def close(self) -> None:
        self._writer.close()

    async def _say(self, packet) -> None:
        self._writer.write(encode(packet, Version.V5))
        await self._writer.drain()

    async def _hear(self, kind):
        while True:
            for index, packet in enumerate(self._packets):
                if isinstance(packet, kind):
                    return self._packets.pop(index)
            data = await self._reader.read(65_536)
            if not data:
                raise ConnectionError("closed")
            self._packets += self._decoder.feed(data)


# ------------------------------------------------------------ bad clients


async def throw(chance: random.Random, port: int, table: Sequence[tuple[Version, bytes]]) -> None:
    """One connection: usually a true CONNECT, then a blob of mutated packets."""
    version = chance.choice((Version.V311, Version.V5))
    packets = [mutate(chance, packet, table) for _, packet in chance.choices(table, k=BLOB)]
    if chance.random() < 0.9:
        name = f"bad-{chance.randrange(200)}"
        packets.insert(0, encode(Connect(name, version, keep_alive_s=30), version))
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(HOST, port)
            try:
                writer.write(b"".join(packets))
                writer.write_eof()
                while await reader.read(65_536):
                    pass
            finally:
                writer.transport.abort()


async def drip(port: int, stop: asyncio.Event) -> None:
    """A client that sends its packets one byte at a time."""
    raw = encode(Connect("drip"), Version.V5) + encode(Publish("a", b"x"), Version.V5) * 50
    with contextlib.suppress(OSError):
        _, writer = await asyncio.open_connection(HOST, port)
        for byte in raw:
            if stop.is_set() or writer.transport.is_closing():
                break
            writer.write(bytes([byte]))
            await asyncio.sleep(0.02)
        writer.transport.abort()


async def never_read(number: int, port: int, stop: asyncio.Event) -> None:
    """A client that subscribes to a flood and reads none of it, while another one floods."""
    name, topic = f"stuffed-{number}", f"flood/{number}"
    with contextlib.suppress(OSError):
        _, full = await asyncio.open_connection(HOST, port)
        full.transport.pause_reading()
        full.write(encode(Connect(name), Version.V5))
        asked = Subscribe(1, (Subscription(topic, 1), Subscription(f"{topic}/+", 0)))
        full.write(encode(asked, Version.V5))
        _, flood = await asyncio.open_connection(HOST, port)
        flood.write(encode(Connect(f"flood-{number}"), Version.V5))
        wave = encode(Publish(f"{topic}/a", b"x" * 8000), Version.V5) * 4
        for packet_id in range(1, 2000):
            if stop.is_set() or flood.transport.is_closing():
                break
            flood.write(wave)
            flood.write(encode(Publish(topic, b"x" * 100, 1, packet_id=packet_id), Version.V5))
            await asyncio.sleep(0.02)
        full.transport.abort()
        flood.transport.abort()


async def half_open(port: int, first: bytes, stop: asyncio.Event) -> None:
    """A client that begins (a TLS handshake, a CONNECT) and never goes on."""
    with contextlib.suppress(OSError):
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(first)
        waits = [asyncio.ensure_future(reader.read(1)), asyncio.ensure_future(stop.wait())]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for each in waits:
            each.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        writer.transport.abort()


def slow_clients(plain: int, tls: int, stop: asyncio.Event) -> list:
    """Every kind of slow client, some of each."""
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"
    return [
        *(drip(plain, stop) for _ in range(5)),
        *(never_read(number, plain, stop) for number in range(3)),
        *(half_open(tls, first, stop) for first in (b"", hello, b"\x10\x20") for _ in range(5)),
        *(
            half_open(plain, first, stop)
            for first in (b"", b"\x10", b"\x10\x7f\x00")
            for _ in range(5)
        ),
    ]


# ------------------------------------------------------------ the run


async def fuzz(packets: int, seconds: float, seed: int, *, at_once: int = 32) -> Felt:
    """Throw mutated packets at a live gateway until there were enough or time is over."""
    felt, began, loop = Felt(), time.monotonic(), asyncio.get_running_loop()
    errors: list[dict] = []
    loop.set_exception_handler(lambda _loop, context: errors.append(context))
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(Path(folder), datetime.datetime.now(datetime.UTC))
        gateway = DeviceGateway(
            [Listener(HOST, 0), Listener(HOST, 0, mutual_tls(authority))],
            limits=GatewayLimits(connect_timeout_s=3.0),
        )

        async def deliver(_batch) -> None:
            await asyncio.sleep(0)

        await gateway.start(deliver, ["$aws/things/+/shadow/update", "good/#"])
        plain, tls = gateway.ports
        stop, good = asyncio.Event(), GoodClient()
        await good.open(plain)
        slow = slow_clients(plain, tls, stop)
        felt.slow_clients = len(slow)
        work = [asyncio.ensure_future(each) for each in (good.run(stop), *slow)]
        chance, table = random.Random(seed), corpus()
        while felt.packets < packets and time.monotonic() - began < seconds:
            batch = min(at_once, -(-(packets - felt.packets) // BLOB))
            await asyncio.gather(*(throw(chance, plain, table) for _ in range(batch)))
            felt.connections += batch
            felt.packets += batch * BLOB
        await asyncio.sleep(0.2)
        stop.set()
        await asyncio.gather(*work)
        good.close()
        await asyncio.sleep(0.2)
        felt.left_connections = gateway.connections
        felt.refusals = asdict(gateway.statistics)
        await gateway.stop()
    felt.loop_errors = len(errors)
    for context in errors[:3]:
        print(context, file=sys.stderr)
    _measure(felt, good)
    felt.seconds = time.monotonic() - began
    return felt


def _measure(felt: Felt, good: GoodClient) -> None:
    trips = sorted(good.trips_ms)
    felt.good_round_trips, felt.good_lost = len(trips), good.lost
    if trips:
        felt.good_ms_p50 = trips[len(trips) // 2]
        felt.good_ms_p99 = trips[int(len(trips) * 0.99)]
        felt.good_ms_max = trips[-1]
    felt.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packets", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    table = min(asked.packets, 200_000)
    refused = feed_decoders(random.Random(asked.seed), table)
    print(
        f"packet table   {table:,} mutated packets read, {refused:,} refused, nothing else raised"
    )
    felt = asyncio.run(fuzz(asked.packets, asked.seconds, asked.seed))
    print(
        f"live listener  {felt.packets:,} mutated packets over {felt.connections:,} connections,"
        f" {felt.slow_clients} slow clients, {felt.seconds:.0f} s, peak {felt.peak_mb:.0f} MB"
    )
    print(
        f"good client    {felt.good_round_trips:,} round trips, {felt.good_lost} lost,"
        f" ms p50 {felt.good_ms_p50:.1f} p99 {felt.good_ms_p99:.1f} max {felt.good_ms_max:.1f}"
    )
    print(f"gateway        {felt.refusals}, {felt.left_connections} connections left")
    print("unharmed" if felt.is_unharmed else f"HARMED: {felt.loop_errors} errors in the loop")
    return 0 if felt.is_unharmed else 1


if __name__ == "__main__":
    sys.exit(main())
