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
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.clouds import brokers, cloud, cpu_s
from benchmarks.devices import measure

MINISTACK_PORT = 18366


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
    for broker in brokers():
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
    for broker in brokers():
        print(f"{broker} is {rates[broker] / rates['ministack']:.1f} times MiniStack")


if __name__ == "__main__":
    main()
