"""Connects, publishes and memory of the bulk link beside MQTT libraries, in one run.

Each library is a process of its own at one Mosquitto.  What is divided by is the CPU time of that
process, kernel's share included, that of an io_uring too; what is counted at QoS 0 is what the
broker says it has taken, as the sockets' buffers swallow a million messages.

Each turn hands every connection so many messages.  Ours writes those of a connection at once, each
library as it does.  With one message a connection that is one write through TCP for each publish,
which `bare` shows alone: a loop that writes bytes which were encoded before, and reads.  It bounds
what any client can do on this machine, so that six times the best library needs several messages
a write.
"""

import argparse
import json
import re
import resource
import select
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.mosquittos import Counter, Mosquitto, mosquittos
from benchmarks.mqtt_clients import BARE, LIBRARIES, OURS, PATIENCE_S, Clients, installed

BURSTS = (1, 4, 20)
NOT_BARE = ("connects", "idle")
"""What the bare loop has from us."""
_MOST = 200_000
"""Messages of a measurement."""
_TURNS_S, _IN_FLIGHT_S = 2.0, 3.0
Figures = dict[str, float]


# ---------------------------------------------------------------- the process of a library


def measured(library: str, count: int, url: str, *, is_idle: bool) -> None:
    """Do it all; say each figure as a line, and wait for the parent's word where it counts."""
    names = [f"robot-{library}-{number:06d}" for number in range(count)]
    topics = [f"robofleet/{name}/fact" for name in names]
    before = own_memory()
    began_s, cpu_s = time.monotonic(), own_cpu_s()
    clients = LIBRARIES[library](names, topics, url)
    clients.connect()
    tell("connects", count / (own_cpu_s() - cpu_s), count / (time.monotonic() - began_s))
    tell("idle", (own_memory() - before) / count)
    if is_idle:
        return
    for burst in BURSTS:
        cpu_s, sent = own_cpu_s(), publish(clients, burst)
        tell(f"sent {burst}", sent)
        serve_until_told(clients)
        tell("cpu", own_cpu_s() - cpu_s)
    cpu_s = own_cpu_s()
    acknowledged = clients.one_in_flight(_IN_FLIGHT_S)
    tell("qos 1", acknowledged / (own_cpu_s() - cpu_s), acknowledged / _IN_FLIGHT_S)


def publish(clients: Clients, burst: int) -> int:
    ends, sent = time.monotonic() + _TURNS_S, 0
    while sent < _MOST and time.monotonic() < ends:
        sent += clients.turn(burst)
    return sent


def serve_until_told(clients: Clients) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not select.select([sys.stdin], [], [], 0)[0] and time.monotonic() < deadline:
        clients.serve(0.05)
    sys.stdin.readline()


def tell(what: str, *figures: float) -> None:
    print(json.dumps([what, *figures]), flush=True)


def own_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def own_memory() -> int:
    """Bytes of this process that are not files: the kernel's share of a socket is not in it."""
    text = Path("/proc/self/smaps_rollup").read_text()
    found = re.search(r"^Pss_Anon:\s+(\d+) kB", text, re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


# ---------------------------------------------------------------- who runs and compares them


def run(library: str, count: int, broker: Mosquitto, counter: Counter, *more: str) -> Figures:
    """The figures of a library, measured in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.bulk_link", "--connections", str(count)]
    command += ["--library", library, "--url", broker.url, *more]
    figures: Figures = {}
    base = counter.settle()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        taken, row = 0, ""
        for line in child.stdout:
            what, figure, *rest = json.loads(line)
            if what.startswith("sent"):
                row = f"qos 0, {what.split()[1]} a turn"
                taken = counter.reach(base + int(figure)) - base
                figures[f"{row}, lost"] = figure - taken
                base += taken
                print("counted", file=child.stdin, flush=True)
            elif what == "cpu":
                figures[row] = taken / figure
            else:
                figures[what] = figure
                if rest:
                    figures[f"{what}, a second"] = rest[0]
    if child.returncode:
        raise SystemExit(f"{library} ended with {child.returncode}")
    return figures


def show(title: str, key: str, all_: dict[str, Figures], *, is_less_better: bool = False) -> None:
    print(title)
    ours = all_[OURS][key]
    for library, figures in all_.items():
        if library == BARE and key in NOT_BARE:
            continue
        ratio = figures[key] / ours if is_less_better else ours / max(figures[key], 1e-9)
        said = "" if library == OURS else f"   ours is {ratio:6.1f} times as good"
        print(f"  {library:<14}{figures[key]:12,.0f}{said}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--library", choices=LIBRARIES, help="one alone")
    parser.add_argument("--idle", action="store_true", help="connect only")
    parser.add_argument("--url", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.url:
        measured(asked.library, asked.connections, asked.url, is_idle=asked.idle)
        return
    with mosquittos() as (broker,):
        counter = Counter(broker)
        all_ = {}
        for library in [asked.library] if asked.library else installed():
            all_[library] = run(library, asked.connections, broker, counter)
            print(f"{library} measured", file=sys.stderr)
        many = {
            count: run(OURS, count, broker, counter, "--idle")["idle"] * count
            for count in (asked.connections, 5 * asked.connections)
        }
        counter.close()
    if OURS not in all_:
        print(json.dumps(all_, indent=1))
        return
    print(f"{asked.connections} connections of one process at one Mosquitto, MQTT 5, 200 bytes\n")
    show("connects with four subscriptions a CPU second", "connects", all_)
    for burst in BURSTS:
        show(
            f"QoS 0 publishes a CPU second, {burst} of a connection at a time",
            f"qos 0, {burst} a turn", all_,
        )  # fmt: skip
    show("QoS 1 publishes a CPU second, one in flight a connection", "qos 1", all_)
    show("bytes of user memory a connection, all costs shared", "idle", all_, is_less_better=True)
    few, lots = sorted(many)
    more = (many[lots] - many[few]) / (lots - few)
    print(f"one more idle connection of ours, between {few} and {lots}: {more:,.0f} bytes")
    lost = {f"{name}: {key}": value for name, each in all_.items()
            for key, value in each.items() if key.endswith("lost") and value > 0}  # fmt: skip
    print(f"messages the broker did not take: {lost or 'none'}")


if __name__ == "__main__":
    main()
