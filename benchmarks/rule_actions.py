"""What the whole local cloud passes when rules act, as a share of what its broker alone passes.

    python -m benchmarks.rule_actions [--updates N]

The work: a device's shadow update is merged and committed, two rules match what comes of it, one
republishes a message (the device waits for it), one sends a message to a queue.  The broker alone:
the same devices publish the same bytes at the same window, and the broker hands each one back;
the built-in gateway without a cloud behind it, Mosquitto by itself.  Both with one subscriber of
everything.  The queue's messages are durable like the update itself: they are counted at the end.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.clouds import brokers, cloud, cpu_s
from benchmarks.devices import Device, Listener, measure
from cloud_functions.runtime.device_gateway.gateway import DeviceGateway
from cloud_functions.runtime.device_gateway.gateway import Listener as Door

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Work:
    Type: AWS::SQS::Queue
  Copy:
    Type: AWS::IoT::TopicRule
    Properties:
      TopicRulePayload:
        AwsIotSqlVersion: "2016-03-23"
        Sql: >-
          SELECT state.reported.signal AS signal
          FROM '$aws/things/+/shadow/update/accepted'
        Actions:
          - Republish: {RoleArn: r, Topic: "copies/${topic(3)}"}
  Keep:
    Type: AWS::IoT::TopicRule
    Properties:
      TopicRulePayload:
        AwsIotSqlVersion: "2016-03-23"
        Sql: "SELECT * FROM '$aws/things/+/shadow/update/accepted'"
        Actions:
          - Sqs: {RoleArn: r, QueueUrl: !Ref Work, UseBase64: false}
"""
BODY = json.dumps(
    {"state": {"reported": {"signal": {"rssi": -50}, "pad": "x" * 120}}}, separators=(",", ":")
).encode()
WARM_UP = 2_000


def acting(name: str, share: int) -> Device:
    """A device that reports, and waits for what a rule makes of it."""
    return Device(name, share, f"$aws/things/{name}/shadow/update", BODY, f"copies/{name}")


def echoing(name: str, share: int) -> Device:
    """The same bytes to a topic that the device hears itself."""
    return Device(name, share, f"echo/{name}", BODY, f"echo/{name}")


@contextlib.contextmanager
def builtin_alone() -> Iterator[tuple[str, int]]:
    """The gateway in a process of its own, with nothing behind it."""
    command = [sys.executable, "-m", "benchmarks.rule_actions", "--gateway"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield f"mqtt://127.0.0.1:{process.stdout.readline().strip()}", process.pid
    process.send_signal(signal.SIGTERM)
    process.wait()
    process.stdout.close()


async def serve_gateway() -> None:
    """The gateway alone: says its port, until SIGTERM."""
    gateway = DeviceGateway([Door("127.0.0.1", 0)])

    async def deliver(_batch: object) -> None:
        """Nobody is behind."""

    await gateway.start(deliver, [])
    print(gateway.ports[0], flush=True)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()
    await gateway.stop()


@contextlib.contextmanager
def mosquitto_alone() -> Iterator[tuple[str, int]]:
    """Mosquitto as the cloud would configure it, with nothing behind it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mosquitto.conf"
        path.write_text(
            f"user root\nlistener {port} 127.0.0.1\nallow_anonymous true\n"
            "max_queued_messages 0\nmax_inflight_messages 0\nset_tcp_nodelay true\n"
        )
        process = subprocess.Popen(
            ["mosquitto", "-c", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        yield f"mqtt://127.0.0.1:{port}", process.pid
        process.terminate()
        process.wait()


ALONE = {"builtin": builtin_alone, "mosquitto": mosquitto_alone}


def measured(url: str, updates: int, *, is_cloud: bool) -> float:
    make, topics = (acting, "copies/#") if is_cloud else (echoing, "echo/#")
    asyncio.run(measure(url, WARM_UP, make, Listener(topics)))
    return asyncio.run(measure(url, updates, make, Listener(topics)))


def queued(pid: int, wanted: int) -> int:
    """Messages in the queue of the cloud with this process id, once all should be there."""
    command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    data = Path(os.fsdecode(command[command.index(b"--data") + 1]))
    count = 0
    for _ in range(100):
        with contextlib.closing(sqlite3.connect(data / "queues.db")) as queues:
            (count,) = queues.execute("SELECT count(*) FROM messages").fetchone()
        if count >= wanted:
            break
        time.sleep(0.1)
    return int(count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=30_000)
    parser.add_argument("--gateway", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.gateway:
        asyncio.run(serve_gateway())
        return
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "template.yaml"
        template.write_text(TEMPLATE)
        for broker in brokers():
            with ALONE[broker]() as (url, _):
                alone = measured(url, options.updates, is_cloud=False)
            with cloud(broker, more=["--template", str(template)]) as (url, pid):
                before_s = cpu_s(pid)
                acted = measured(url, options.updates, is_cloud=True)
                sent = options.updates + WARM_UP
                each_us = (cpu_s(pid) - before_s) / sent * 1e6
                kept = queued(pid, sent)
            print(f"{broker}")
            print(f"  broker alone      {alone:10,.0f} messages a second handed back")
            print(f"  the whole cloud   {acted:10,.0f} updates a second acted upon", end="")
            print(f"   {acted / alone:6.1%} of it, {each_us:.0f} us of the cloud's CPU each")
            print(f"  in the queue      {kept:10,.0f} of {sent:,}")


if __name__ == "__main__":
    main()
