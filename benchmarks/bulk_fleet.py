"""Robots on one process of the bulk link: what is left of a core, and a broker's restart.

They clean, each publishes every second, obey commands that reach them as their shadow's delta, lose
their broker (its process is killed, and a second later there is another), come back and obey again.
A process of its own answers as the cloud's shadows do, without keeping any.  What they publish is
counted where they publish; the reconnects of each half second become a picture.  Ends with 1
when a robot did not come back or did not obey.
"""

import argparse
import contextlib
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import numpy as np
import orjson
import paho.mqtt.client as paho

from benchmarks.mosquittos import SOURCES, Mosquitto, mosquittos
from benchmarks.mqtt_clients import address
from cloud_functions.contract.commands import Command, CommandName
from cloud_functions.contract.mqtt.packets import Version
from cloud_functions.contract.topics import ProductTopic, ShadowOperation, product, shadow
from device_sim import scenario as scenarios
from device_sim.firmware.batches import Incoming, Outbound
from device_sim.firmware.firmware import Firmware
from device_sim.link.bulk.links import BulkLinks
from device_sim.link.port import Caller, LinkOptions
from device_sim.robot.fleet import Fleet
from device_sim.robot.phases import Phase, code_of

SEED = 7
STEP_S = 0.1
"""Between two steps of the firmware; what arrives meanwhile waits for the next one."""
PATIENCE_S = 180.0
SLICE_S = 0.5
TELEMETRY = b'{"battPct":%d,"phase":%d}'
LIFETIME_S = 300.0


class Robots:
    """A fleet with its firmware on one process, as `robofleet robots` runs it."""

    def __init__(self, robots: int, url: str) -> None:
        self.specs = scenarios.specs(scenarios.load("apartment-block"), SEED, robots)
        self.fleet = Fleet(self.specs, SEED, time.time())
        self.firmware = Firmware(self.fleet)
        callers = [
            Caller(spec.thing, int(self.fleet.key[row]), self.firmware.will(row))
            for row, spec in enumerate(self.specs)
        ]
        options = LinkOptions([url], seed=SEED, version=Version.V311, sources=SOURCES)
        self.links = BulkLinks(callers, options)
        self.firmware.start_all()
        self._telemetry = [product(spec.thing, ProductTopic.TELEMETRY) for spec in self.specs]
        self._outgoing: list[Outbound] = []
        self._next_s = time.monotonic()
        self.came_back_s: list[float] = []
        self.published = 0
        self._share: Iterator[Sequence[int]] | None = None

    def step(self) -> None:
        """One step of firmware and links, then rest until the next is due."""
        now_s = time.time()
        incoming = self._exchange(self._outgoing, now_s)
        while (left_s := self._next_s - time.monotonic()) > 0:
            more = self._exchange((), time.time(), left_s)
            incoming.messages += more.messages
            incoming.acknowledged += more.acknowledged
            incoming.connected += more.connected
            incoming.lost += more.lost
        self._next_s = max(self._next_s + STEP_S, time.monotonic())
        now_s = time.time()
        self._outgoing = self.firmware.step(incoming, now_s, now_s).messages
        if self._share is not None:
            self._outgoing += self._tell(next(self._share))

    def _exchange(
        self, messages: Sequence[Outbound], now_s: float, timeout_s: float = 0.0
    ) -> Incoming:
        """With the broker; notes when robots came back."""
        incoming = self.links.exchange(messages, now_s, timeout_s)
        self.came_back_s += [time.monotonic()] * len(incoming.connected)
        return incoming

    def publish_every_second(self) -> None:
        """From now on each robot says something of itself once a second, a tenth of them a step."""
        steps = round(1 / STEP_S)
        rows = [range(first, len(self.specs), steps) for first in range(steps)]
        self._share = (rows[number % steps] for number in range(1 << 40))

    def _tell(self, rows: Sequence[int]) -> list[Outbound]:
        self.published += len(rows)
        phases = self.fleet.phase[rows.start :: rows.step].tolist()
        return [
            Outbound(row, self._telemetry[row], TELEMETRY % (100, phase))
            for row, phase in zip(rows, phases, strict=True)
        ]

    def go_on(self, for_s: float) -> None:
        """Live for a while."""
        ends_s = time.monotonic() + for_s
        while time.monotonic() < ends_s:
            self.step()

    def is_settled(self) -> bool:
        """Whether all are connected and nine of ten reports that were sent have an answer."""
        reports = self.firmware.reports
        return (
            self.links.counts.connected == len(self.specs)
            and reports.accepted >= len(self.specs)
            and reports.on_their_way < len(self.specs) / 10
        )

    def until(self, what: str, seen: Callable[[], bool]) -> float:
        """Live until something is so; the seconds it took."""
        began_s = time.monotonic()
        while not seen():
            if time.monotonic() - began_s > PATIENCE_S:
                raise SystemExit(f"{what}: not after {PATIENCE_S:.0f} s; {self.links.counts}")
            self.step()
        return time.monotonic() - began_s

    def in_phase(self, phase: Phase) -> np.ndarray:
        """The rows that are in a phase."""
        return np.flatnonzero(self.fleet.phase == code_of(phase))


def answer(url: str) -> None:
    """Accept what robots report and tell them what is desired of them, until killed."""
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="shadows")
    client.max_inflight_messages_set(1000)
    client.max_queued_messages_set(0)
    client.reconnect_delay_set(1, 1)
    version = count(1)

    def hear(client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        body = orjson.loads(message.payload)
        state = body.get("state") or {}
        said = {"version": next(version), "timestamp": int(time.time())}
        if desired := state.get("desired"):
            client.publish(f"{message.topic}/delta", orjson.dumps(said | {"state": desired}), 1)
        else:
            said |= {"state": {}, "clientToken": body["clientToken"]}
            client.publish(f"{message.topic}/accepted", orjson.dumps(said))

    client.on_message = hear
    client.on_connect = lambda client, *_: client.subscribe(
        [(f"$aws/things/+/shadow/{word}", 1) for word in ("update", "get")]
    )
    client.connect(*address(url))
    client.loop_forever()


@contextlib.contextmanager
def shadows(url: str) -> Iterator[None]:
    """Somebody who answers robots at this broker."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.bulk_fleet", "--answer", "--url", url]
    )
    try:
        time.sleep(1.0)
        yield
    finally:
        process.kill()
        process.wait()


def wish(url: str, name: CommandName, things: Sequence[str]) -> None:
    """The same command for each robot; all are with the broker when this returns."""
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=f"owner-{name}")
    client.max_inflight_messages_set(1000)
    client.max_queued_messages_set(0)
    client.connect(*address(url))
    client.loop_start()
    now_s = time.time()
    for thing in things:
        command = Command(f"{name}-{thing}", name, now_s, now_s + LIFETIME_S)
        body = {"state": {"desired": {"command": [command.on_wire()]}}}
        said = client.publish(shadow(thing, ShadowOperation.UPDATE), orjson.dumps(body), 1)
    said.wait_for_publish(PATIENCE_S)
    client.disconnect()
    client.loop_stop()


def owner(url: str, name: CommandName, things: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    """Wish it in a process of its own: paho selects, which ends at 1,024 open files."""
    program = [sys.executable, "-m", "benchmarks.bulk_fleet", "--wish", name, "--url", url]
    return subprocess.run(program, input="\n".join(things), text=True, check=True)


def obey(robots: Robots, url: str, name: CommandName, rows: np.ndarray, leave: Phase) -> int:
    """Wish it of the rows; how many have left a phase for it."""
    with ThreadPoolExecutor(1) as threads:
        wishing = threads.submit(owner, url, name, [robots.specs[row].thing for row in rows])
        code = code_of(leave)
        took_s = robots.until(
            f"{len(rows)} robots obey {name}",
            lambda: wishing.done() and not np.any(robots.fleet.phase[rows] == code),
        )
        wishing.result()
    print(f"{name}: {len(rows)} robots obeyed within {took_s:.1f} s of the first wish")
    return len(rows)


def headroom(robots: Robots, for_s: float) -> None:
    """Publish every second for a while, and say what that takes."""
    robots.publish_every_second()
    robots.go_on(2.0)
    used, began_s, before = own_cpu_s(), time.monotonic(), robots.published
    sent = robots.links.counts.sent
    robots.go_on(for_s)
    took_s = time.monotonic() - began_s
    share = (own_cpu_s() - used) / took_s
    print(
        f"{len(robots.specs)} robots, each publishing every second for {took_s:.0f} s:"
        f" {(robots.published - before) / took_s:,.0f} a second of that,"
        f" {(robots.links.counts.sent - sent) / took_s:,.0f} messages a second in all,"
        f" {share:.0%} of one core used, {1 - share:.0%} left"
    )


def restart(robots: Robots, broker: Mosquitto) -> list[int]:
    """Kill the broker's process; how many robots came back in each slice of time."""
    number = len(robots.specs)
    robots.came_back_s.clear()
    losses = robots.links.counts.losses
    killed_s = time.monotonic()
    broker.stop()
    robots.until("robots notice", lambda: robots.links.counts.losses >= losses + number)
    robots.go_on(1.0)
    broker.start()
    robots.until("robots come back", lambda: robots.links.counts.connected == number)
    after_s = [at_s - killed_s for at_s in robots.came_back_s]
    slices = [0] * (int(max(after_s) / SLICE_S) + 1)
    for each in after_s:
        slices[int(each / SLICE_S)] += 1
    print(
        f"the broker was killed: all {number} were back after {max(after_s):.1f} s,"
        f" at most {max(slices)} in {SLICE_S} s; attempts ended: {robots.links.endings}"
    )
    return slices


def own_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def picture(slices: Sequence[int], robots: int) -> str:
    """Reconnects of each slice of time as an SVG."""
    width, height, left, bottom = 720, 280, 60, 40
    bar = (width - left - 20) / len(slices)
    most = max(slices)
    bars = "".join(
        f'<rect x="{left + number * bar:.1f}" y="{height - bottom - 180 * each / most:.1f}"'
        f' width="{max(bar - 0.5, 0.5):.1f}" height="{180 * each / most:.1f}"/>'
        for number, each in enumerate(slices)
    )
    ends_s = len(slices) * SLICE_S
    marks = "".join(
        f'<text x="{left + bar * len(slices) * part / 4:.0f}" y="{height - 20}"'
        f' text-anchor="middle">{ends_s * part / 4:.1f} s</text>'
        for part in range(5)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        f' font-family="sans-serif" font-size="12">'
        f'<rect width="{width}" height="{height}" fill="#fff"/>'
        f'<text x="{left}" y="20">{robots} robots come back: reconnects in each {SLICE_S} s</text>'
        f'<text x="{left}" y="38" fill="#666">their broker was killed at 0 s,'
        " and started again a second after they all knew</text>"
        f'<text x="{left - 6}" y="{height - bottom - 172}" text-anchor="end">{most}</text>'
        f'<text x="{left - 6}" y="{height - bottom}" text-anchor="end">0</text>'
        f'<g fill="#36c">{bars}</g>{marks}</svg>\n'
    )


def end(*_signal: object) -> None:
    raise SystemExit("ended by a signal")


def main() -> None:
    signal.signal(signal.SIGTERM, end)  # the broker ends with us
    sys.stdout.reconfigure(line_buffering=True)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--robots", type=int, default=15_000)
    parser.add_argument(
        "--for", type=float, default=15.0, dest="for_s", help="seconds of publishing"
    )
    parser.add_argument("--plot", type=Path, default=Path("reconnects.svg"))
    parser.add_argument("--answer", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--wish", type=CommandName, help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.answer:
        answer(asked.url)
        return
    if asked.wish:
        wish(asked.url, asked.wish, sys.stdin.read().splitlines())
        return
    with mosquittos() as (broker,), shadows(url := broker.url):
        began_s = time.monotonic()
        robots = Robots(asked.robots, url)
        print(f"{asked.robots} robots made in {time.monotonic() - began_s:.1f} s")
        used = own_cpu_s()
        took_s = robots.until(
            "robots connect", lambda: robots.links.counts.connected == asked.robots
        )
        print(f"connected in {took_s:.1f} s, with {own_cpu_s() - used:.1f} s of CPU time")
        robots.until("first reports", robots.is_settled)
        running = robots.in_phase(Phase.RUN)
        print(f"{len(running)} robots clean, {robots.firmware.reports.accepted} reports accepted")
        headroom(robots, asked.for_s)
        obey(robots, url, CommandName.PAUSE, robots.in_phase(Phase.RUN), leave=Phase.RUN)
        slices = restart(robots, broker)
        robots.until("reports after the restart", robots.is_settled)
        obey(robots, url, CommandName.RESUME, robots.in_phase(Phase.STOP), leave=Phase.STOP)
        asked.plot.write_text(picture(slices, asked.robots))
        print(f"the picture is {asked.plot}")
        robots.links.close()


if __name__ == "__main__":
    main()
