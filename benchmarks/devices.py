"""Devices of the benchmarks: connections that say bytes prepared beforehand, and count answers.

The generator costs little, so that the broker and the cloud are measured and not the devices.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
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
MINISTACK_NAME = "data-ats.iot.us-east-1.amazonaws.com"
"""The Host header by which MiniStack knows a device."""


class Device(asyncio.Protocol):
    """One connection that keeps WINDOW messages on their way and counts their answers."""

    def __init__(self, name: str, share: int, topic: str, body: bytes, answer: str) -> None:
        self.name, self.left, self.on_way, self.accepted = name, share, 0, 0
        self.done = asyncio.get_running_loop().create_future()
        self.ready = asyncio.get_running_loop().create_future()
        self.rest, self.is_started = b"", False
        self.update = encode(Publish(topic, body, 0), V)
        self.answer = answer

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
    """The one subscriber of everything a device causes: counts bytes and forgets them."""

    def __init__(self, topic_filter: str = "$aws/things/+/shadow/update/documents") -> None:
        self.topic_filter = topic_filter
        self.received = 0

    def connection_made(self, transport) -> None:
        transport.write(encode(Connect("listener", V, keep_alive_s=60), V))
        wanted = Subscription(self.topic_filter, 0)
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


def shadow_device(name: str, share: int) -> Device:
    """A device that reports, and waits for `accepted`."""
    # nothing a phone is told of: no rule of the product holds, as for most reports
    body = json.dumps({"state": {"reported": {"signal": {"rssi": -50}, "pad": "x" * 120}}})
    topic = f"$aws/things/{name}/shadow/update"
    return Device(name, share, topic, body.encode(), f"{topic}/accepted")


async def measure(
    url: str,
    updates: int,
    make: Callable[[str, int], Device] = shadow_device,
    listener: Listener | None = None,
) -> float:
    """Answered messages a second by the wall clock."""
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(connected(url, listener or Listener()))
        devices = [make(f"bench-{n}", updates // DEVICES) for n in range(DEVICES)]
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
