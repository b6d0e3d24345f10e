"""Robots at the built-in cloud: connects a second and memory a robot, beside a bare Mosquitto.

    python -m benchmarks.cloud_fleet [--robots 1000 5000 15000] [--for 60]

Each fleet meets a cloud of its own (rules, shadows, functions), and first the same fleet a
Mosquitto behind which nobody keeps anything.  A robot subscribes, asks for its shadow and reports
itself whole; the cloud tells who came, invokes a function for it and one for the report.  When all
is settled the memory of the cloud's process is read: what is its own, and what is mapped of its
store, which the kernel takes back when it needs it.  Then the robots live for a while, and what a
message costs the cloud is told.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bulk_fleet import Robots, shadows
from benchmarks.clouds import children, cloud, cpu_s
from benchmarks.mosquittos import mosquittos

SETTLED_S = 5.0


@dataclass(frozen=True, slots=True)
class Memory:
    """Of a process, in KB: its own, and pages of files it maps."""

    own: int
    mapped: int

    @classmethod
    def of(cls, pid: int) -> "Memory":
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        said = {name: rest.split() for name, _, rest in (line.partition(":") for line in lines)}
        return cls(int(said["RssAnon"][0]), int(said["RssFile"][0]))


def functions_cpu_s(pid: int) -> float:
    """CPU time of all that a cloud's functions run in."""
    return sum(cpu_s(child) + functions_cpu_s(child) for child in children(pid))


def connect(robots: int, url: str) -> tuple[Robots, float]:
    """A fleet that is connected, and the seconds it took."""
    fleet = Robots(robots, url)
    return fleet, fleet.until("connect", lambda: fleet.links.counts.connected == robots)


def at_mosquitto(robots: int) -> float:
    """Seconds until all are connected to a broker alone."""
    with mosquittos() as (broker,), shadows(broker.url):
        fleet, took_s = connect(robots, broker.url)
        fleet.links.close()
    return took_s


def at_the_cloud(robots: int, for_s: float) -> tuple[float, int]:
    """The same with the whole cloud, and the KB its memory grew by; tells what it cost."""
    with cloud("builtin") as (url, pid):
        before, used_s = Memory.of(pid), cpu_s(pid)
        functions_s = functions_cpu_s(pid)
        fleet, took_s = connect(robots, url)
        fleet.until("first reports", fleet.is_settled)
        fleet.go_on(SETTLED_S)
        after = Memory.of(pid)
        each_ms = (cpu_s(pid) - used_s) / robots * 1000
        functions_ms = (functions_cpu_s(pid) - functions_s) / robots * 1000
        own, mapped = (after.own - before.own) / robots, (after.mapped - before.mapped) / robots
        print(
            f"{robots} robots: {robots / took_s:,.0f} connects a second; CPU of each"
            f" {each_ms:.2f} ms of the cloud's process, {functions_ms:.2f} ms of functions;"
            f" memory of each {own:.1f} KB, and {mapped:.1f} KB of the store mapped"
        )
        if for_s:
            live(fleet, pid, for_s)
        fleet.links.close()
    return took_s, after.own - before.own


def live(fleet: Robots, pid: int, for_s: float) -> None:
    """Let the robots live, and tell what a message of theirs costs the cloud."""
    used_s, sent = cpu_s(pid), fleet.links.counts.sent
    began_s = time.monotonic()
    fleet.go_on(for_s)
    took_s, used_s = time.monotonic() - began_s, cpu_s(pid) - used_s
    sent = fleet.links.counts.sent - sent
    print(
        f"    alive for {took_s:.0f} s: {sent / took_s:,.0f} messages a second,"
        f" {used_s / max(sent, 1) * 1e6:,.0f} us of the cloud's CPU each,"
        f" {used_s / took_s:.0%} of a core; {Memory.of(pid).own / 1024:.0f} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--robots", type=int, nargs="+", default=[1_000, 5_000, 15_000])
    parser.add_argument("--for", type=float, default=0.0, dest="for_s", help="seconds they live")
    parser.add_argument("--alone", action="store_true", help="without Mosquitto beside it")
    asked = parser.parse_args()
    fewer, less = 0, 0
    for robots in sorted(asked.robots):
        bare_s = None if asked.alone else at_mosquitto(robots)
        took_s, grew = at_the_cloud(robots, asked.for_s)
        if fewer:
            print(f"    {(grew - less) / (robots - fewer):.1f} KB for one more robot")
        fewer, less = robots, grew
        if bare_s is not None:
            print(f"    {took_s / bare_s:.1f} times as long as with Mosquitto alone")


if __name__ == "__main__":
    main()
