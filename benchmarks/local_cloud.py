"""Accepted shadow updates a second through the whole local cloud, durable, end to end.

    python -m benchmarks.local_cloud [--ministack PROGRAM]

Devices are connections of this benchmark's own (bytes prepared beforehand, so that the generator
costs little); one subscriber takes `documents`; the wall clock runs from the first update to the
last `accepted`.  MiniStack, where given, runs on the same machine in the same run.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

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
SUBACK, CONNACK = 0x90, 0x20


class Device(asyncio.Protocol):
    """One connection that keeps WINDOW updates on their way and counts what is accepted."""

    def __init__(self, name: str, share: int) -> None:
        self.name, self.left, self.on_way, self.accepted = name, share, 0, 0
        self.done = asyncio.get_running_loop().create_future()
        self.ready = asyncio.get_running_loop().create_future()
        self.rest = b""
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


async def measure(url: str, updates: int) -> float:
    """Accepted updates a second by the wall clock."""
    address = urlsplit(url)
    loop = asyncio.get_running_loop()
    await loop.create_connection(Listener, address.hostname, address.port)
    devices = []
    for n in range(DEVICES):
        _, device = await loop.create_connection(
            lambda n=n: Device(f"bench-{n}", updates // DEVICES), address.hostname, address.port
        )
        devices.append(device)
    await asyncio.gather(*(device.ready for device in devices))
    await asyncio.sleep(0.5)
    began = time.perf_counter()
    for device in devices:
        device.start()
    await asyncio.wait_for(asyncio.gather(*(device.done for device in devices)), 120)
    took = time.perf_counter() - began
    return sum(device.accepted for device in devices) / took


@contextlib.contextmanager
def cloud(broker: str):
    """A `robofleet up`, and its process id."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "robofleet", "up", "--data", folder, "--free-ports"]
        process = subprocess.Popen([*command, "--broker", broker], stdout=subprocess.DEVNULL)
        path = Path(folder) / "endpoints.json"
        while not path.exists():
            time.sleep(0.05)
        yield json.loads(path.read_text()), process.pid
        process.send_signal(signal.SIGINT)
        process.wait()


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def ministack(program: str):
    """MiniStack with its plain MQTT port."""
    port = 18399
    environment = {**os.environ, "IOT_MQTT_PORT": str(port), "GATEWAY_PORT": "18366"}
    process = subprocess.Popen(
        [program], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    time.sleep(6)
    try:
        yield f"mqtt://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=60_000)
    parser.add_argument("--ministack", help="MiniStack's program, for the comparison")
    parser.add_argument("--ministack-mqtt", help="or the address of one that runs")
    options = parser.parse_args()
    rates: dict[str, float] = {}
    brokers = ["builtin", *(["mosquitto"] if shutil.which("mosquitto") else [])]
    for broker in brokers:
        with cloud(broker) as (endpoints, pid):
            asyncio.run(measure(endpoints["mqtt"], 5_000))
            before = cpu_s(pid)
            rates[broker] = asyncio.run(measure(endpoints["mqtt"], options.updates))
            each_us = (cpu_s(pid) - before) / options.updates * 1e6
            print(f"{broker:<12}{rates[broker]:10,.0f} accepted a second", end="")
            print(f"   {each_us:.0f} us of the cloud's CPU each")
    if options.ministack_mqtt:
        rates["ministack"] = asyncio.run(measure(options.ministack_mqtt, 6_000))
    elif options.ministack:
        with ministack(options.ministack) as url:
            rates["ministack"] = asyncio.run(measure(url, 6_000))
    if "ministack" in rates:
        print(f"{'ministack':<12}{rates['ministack']:10,.0f} accepted a second, nothing durable")
        for broker in brokers:
            print(f"{broker} is {rates[broker] / rates['ministack']:.1f} times MiniStack")


if __name__ == "__main__":
    main()
