"""Accepted shadow updates a second through the whole local cloud, durable, end to end.

    python -m benchmarks.local_cloud [--ministack PROGRAM] [--where]

Devices are connections of this benchmark's own (bytes prepared beforehand, so that the generator
costs little); one subscriber takes `documents`; the wall clock runs from the first update to the
last `accepted`.  MiniStack, where given, runs on the same machine in the same run; it speaks plain
MQTT over WebSocket only, so its devices send all of a window in one frame.  `--where` runs each
broker once more under a sampler, and says where the cloud's CPU time of an update goes.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import websockets

from cloud_functions.contract.mqtt.encode import encode
from cloud_functions.contract.mqtt.packets import (
    Connect,
    Publish,
    Subscribe,
    Subscription,
    Version,
)

DEVICES, WINDOW = 50, 50
V = Version.V311
SUBACK = 0x90
MINISTACK_PORT = 18366
MINISTACK_NAME = "data-ats.iot.us-east-1.amazonaws.com"
"""The Host header by which MiniStack knows a device."""


class Device(asyncio.Protocol):
    """One connection that keeps WINDOW updates on their way and counts what is accepted."""

    def __init__(self, name: str, share: int) -> None:
        self.name, self.left, self.on_way, self.accepted = name, share, 0, 0
        self.done = asyncio.get_running_loop().create_future()
        self.ready = asyncio.get_running_loop().create_future()
        self.rest, self.is_started = b"", False
        # nothing a phone is told of: no rule of the product holds, as for most reports
        body = json.dumps({"state": {"reported": {"signal": {"rssi": -50}, "pad": "x" * 120}}})
        topic = f"$aws/things/{name}/shadow/update"
        self.update = encode(Publish(topic, body.encode(), 0), V)
        self.answer = f"{topic}/accepted"

    def connection_made(self, transport) -> None:
        self.transport = transport
        transport.write(encode(Connect(self.name, V, keep_alive_s=60), V))
        transport.write(encode(Subscribe(1, (Subscription(self.answer, 0),)), V))

    def start(self) -> None:
        self.is_started = True
        self._send()

    def _send(self) -> None:
        count = min(WINDOW - self.on_way, self.left)
        if count > 0:
            self.left -= count
            self.on_way += count
            self.transport.write(self.update * count)

    def data_received(self, data: bytes) -> None:
        data = self.rest + data
        position, size = 0, len(data)
        while position + 2 <= size:
            length, shift, at = 0, 0, position + 1
            while at < size and data[at] & 0x80:
                length |= (data[at] & 0x7F) << shift
                shift, at = shift + 7, at + 1
            if at >= size:
                break
            length |= data[at] << shift
            end = at + 1 + length
            if end > size:
                break
            kind = data[position] & 0xF0
            if kind == SUBACK and not self.ready.done():
                self.ready.set_result(None)
            elif kind == 0x30:
                self.accepted += 1
                self.on_way -= 1
            position = end
        self.rest = data[position:]
        if not self.is_started:
            return
        self._send()
        if self.left == 0 and self.on_way == 0 and not self.done.done():
            self.done.set_result(None)


class Listener(asyncio.Protocol):
    """The one subscriber of `documents`: counts bytes and forgets them."""

    def __init__(self) -> None:
        self.received = 0

    def connection_made(self, transport) -> None:
        transport.write(encode(Connect("listener", V, keep_alive_s=60), V))
        wanted = Subscription("$aws/things/+/shadow/update/documents", 0)
        transport.write(encode(Subscribe(1, (wanted,)), V))

    def data_received(self, data: bytes) -> None:
        self.received += len(data)


class WebSocketTransport:
    """The one method the devices call, over a WebSocket."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self._socket = socket
        self._frames: asyncio.Queue[bytes] = asyncio.Queue()

    def write(self, data: bytes) -> None:
        self._frames.put_nowait(data)

    async def send(self) -> None:
        while True:
            await self._socket.send(await self._frames.get())

    async def receive(self, protocol: asyncio.Protocol) -> None:
        async for data in self._socket:
            protocol.data_received(data)


@contextlib.asynccontextmanager
async def connected(url: str, protocol: asyncio.Protocol) -> AsyncIterator[None]:
    """The protocol on a connection to mqtt://host:port or ws://host:port."""
    address = urlsplit(url)
    if address.scheme == "mqtt":
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(
            lambda: protocol, address.hostname, address.port
        )
        yield
        transport.close()
        return
    async with websockets.connect(
        f"ws://{MINISTACK_NAME}/mqtt",
        host=address.hostname,
        port=address.port,
        subprotocols=[websockets.Subprotocol("mqtt")],
        compression=None,
    ) as opened:
        transport = WebSocketTransport(opened)
        protocol.connection_made(transport)
        work = [
            asyncio.create_task(each) for each in (transport.send(), transport.receive(protocol))
        ]
        yield
        for task in work:
            task.cancel()


async def measure(url: str, updates: int) -> float:
    """Accepted updates a second by the wall clock."""
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(connected(url, Listener()))
        devices = [Device(f"bench-{n}", updates // DEVICES) for n in range(DEVICES)]
        for device in devices:
            await stack.enter_async_context(connected(url, device))
        await asyncio.gather(*(device.ready for device in devices))
        await asyncio.sleep(0.5)
        began = time.perf_counter()
        for device in devices:
            device.start()
        await asyncio.wait_for(asyncio.gather(*(device.done for device in devices)), 120)
        took = time.perf_counter() - began
        return sum(device.accepted for device in devices) / took


@contextlib.contextmanager
def cloud(broker: str, sampled: Path | None = None) -> Iterator[tuple[str, int]]:
    """A `robofleet up`: its MQTT address and process id."""
    program = ["robofleet"] if sampled is None else ["benchmarks.sampler", str(sampled)]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", *program, "up", "--data", folder, "--free-ports"]
        process = subprocess.Popen([*command, "--broker", broker], stdout=subprocess.DEVNULL)
        path = Path(folder) / "endpoints.json"
        while not path.exists():
            time.sleep(0.05)
        yield json.loads(path.read_text())["mqtt"], process.pid
        process.send_signal(signal.SIGINT)
        process.wait()


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def ministack(program: str) -> Iterator[str]:
    """MiniStack, where its WebSocket door is."""
    environment = {**os.environ, "GATEWAY_PORT": str(MINISTACK_PORT), "IOT_MTLS_ENABLED": "0"}
    process = subprocess.Popen(
        [program], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(MINISTACK_PORT)
        yield f"ws://127.0.0.1:{MINISTACK_PORT}"
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise SystemExit(f"nothing serves on port {port} after 30 s")


def tell_where(broker: str, updates: int, each_us: float) -> None:
    """The CPU time of an update by what it was spent on, as sampled."""
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / "samples.json"
        with cloud(broker, counts) as (url, _):
            asyncio.run(measure(url, updates))
        samples: dict[str, int] = json.loads(counts.read_text())
    total = sum(samples.values())
    for what, count in sorted(samples.items(), key=lambda item: -item[1]):
        print(f"    {what:<28}{each_us * count / total:6.1f} us")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=60_000)
    parser.add_argument("--ministack", help="MiniStack's program, for the comparison")
    parser.add_argument("--where", action="store_true", help="say where the CPU time goes")
    options = parser.parse_args()
    rates: dict[str, float] = {}
    brokers = ["builtin", *(["mosquitto"] if shutil.which("mosquitto") else [])]
    for broker in brokers:
        with cloud(broker) as (url, pid):
            asyncio.run(measure(url, 5_000))
            before = cpu_s(pid)
            rates[broker] = asyncio.run(measure(url, options.updates))
            each_us = (cpu_s(pid) - before) / options.updates * 1e6
        print(f"{broker:<12}{rates[broker]:10,.0f} accepted a second", end="")
        print(f"   {each_us:.0f} us of the cloud's CPU each")
        if options.where:
            tell_where(broker, options.updates, each_us)
    if not options.ministack:
        print("for the ratio to MiniStack: install 'ministack[full]==1.5.33' in an environment of")
        print("its own, and give its program with --ministack")
        return
    with ministack(options.ministack) as url:
        asyncio.run(measure(url, 1_000))
        rates["ministack"] = asyncio.run(measure(url, options.updates // 5))
    print(f"{'ministack':<12}{rates['ministack']:10,.0f} accepted a second, nothing durable")
    for broker in brokers:
        print(f"{broker} is {rates[broker] / rates['ministack']:.1f} times MiniStack")


if __name__ == "__main__":
    main()
