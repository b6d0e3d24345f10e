"""Robots and phones under Locust.

    locust -f load/locustfile.py --host http://127.0.0.1:8080 --mqtt mqtt://127.0.0.1:1883

What a run is: its options, its beginning and end over all processes, and the sum of their counts.
Its users are `RobotShard` (`--robots-per-user` robots each) and `Owner`, a phone.
"""

import locust as _first  # noqa: F401  first in its process: gevent patches what comes after

# isort: split
import json
import math
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import gevent
from locust import events
from locust.env import Environment
from locust.html import get_html_report
from locust.runners import MasterRunner, WorkerRunner

from device_sim.child import die_with_parent
from device_sim.luck import Luck
from load.ledger import PROCESS, Ledger, total
from load.owner import Owner
from load.robot_shard import RobotShard

__all__ = ["Owner", "RobotShard"]

_FINISHING_S: Final = 50.0
"""How long workers may take to finish."""

_remote: dict[str, Mapping[str, int]] = {}
_first_process = os.getpid()
"""Where this file was read: the parent of the workers that `--processes` forks."""


class _Stopwatch:
    """How long the load was on."""

    began_s: float = 0.0
    ended_s: float = 0.0
    """0 while it is on."""

    @classmethod
    def seconds(cls) -> float:
        return (cls.ended_s or time.time()) - cls.began_s if cls.began_s else 0.0


@events.init_command_line_parser.add_listener
def _options(parser: Any) -> None:
    parser.add_argument("--mqtt", default="mqtt://127.0.0.1:1883", help="Address of the broker")
    parser.add_argument("--robots", type=int, default=100, help="How many robots in all")
    parser.add_argument("--robots-per-user", type=int, default=50, help="Robots of one user")
    parser.add_argument("--owners", type=int, default=2, help="How many phones")
    parser.add_argument("--speed", type=float, default=10.0, help="Simulated seconds a second")
    parser.add_argument("--fleet-seed", type=int, default=7, help="Seed of homes and luck")
    parser.add_argument("--faults", default="usual", choices=[*Luck], help="What goes wrong")
    parser.add_argument("--ledger", default="", help="Write the counts there as JSON")


@events.init.add_listener
def _sizes(environment: Environment, **_: Any) -> None:
    _end_with_parent()
    options = environment.parsed_options
    if options is not None:
        shards = math.ceil(options.robots / options.robots_per_user)
        RobotShard.fixed_count = shards
        Owner.fixed_count = options.owners


def _end_with_parent() -> None:
    """A worker that was forked ends with the process that forked it, however that ends."""
    if os.getpid() == _first_process:
        return
    die_with_parent()
    if os.getppid() != _first_process:
        os._exit(1)  # it ended before we asked to be told


@events.test_start.add_listener
def _begin(**_: Any) -> None:
    _Stopwatch.began_s, _Stopwatch.ended_s = time.time(), 0.0


@events.test_stopping.add_listener
def _end(environment: Environment, **_: Any) -> None:
    """The end has begun; with Locust's page up, its workers may be wanted again."""
    _Stopwatch.ended_s = _Stopwatch.ended_s or time.time()
    options = environment.parsed_options
    if options is not None and options.headless:
        _dismiss_workers(environment)


def _dismiss_workers(environment: Environment) -> None:
    """Let workers finish and go.

    Locust's own `quit` waits half a second for their last reports, and its `stop` as long as it
    counts users, which is not as long as they take.
    """
    runner = environment.runner
    if not isinstance(runner, MasterRunner):
        return
    runner.send_message("quit")
    deadline = time.time() + _FINISHING_S
    while len(runner.clients) and time.time() < deadline:
        gevent.sleep(0.05)


@events.test_stop.add_listener
def _report_once_more(environment: Environment, **_: Any) -> None:
    """A worker that has stopped tells what came since its last report, while it is listened to."""
    runner = environment.runner
    if isinstance(runner, WorkerRunner):
        data: dict[str, Any] = {}
        environment.events.report_to_master.fire(client_id=runner.client_id, data=data)  # type: ignore[no-untyped-call]
        runner.send_message("stats", data)


def _sum_up(environment: Environment) -> Ledger:
    is_master = isinstance(environment.runner, MasterRunner)
    return total(_remote.values()) if is_master else PROCESS


@events.report_to_master.add_listener
def _tell_master(data: dict[str, Any], **_: Any) -> None:
    data["ledger"] = PROCESS.as_json()


@events.worker_report.add_listener
def _hear_worker(client_id: str, data: Mapping[str, Any], **_: Any) -> None:
    if "ledger" in data:
        _remote[client_id] = data["ledger"]


@events.quitting.add_listener
def _conclude(environment: Environment, **_: Any) -> None:
    if isinstance(environment.runner, WorkerRunner):
        return
    if environment.runner is not None and environment.runner.user_count:  # interrupted
        _dismiss_workers(environment)
        environment.runner.stop()
    counts = _sum_up(environment)
    complaints = counts.imbalances()
    options = environment.parsed_options
    if options is not None and options.ledger:
        said = {
            "seconds": round(_Stopwatch.seconds(), 1),
            "counts": counts.as_json(),
            "imbalances": complaints,
            "latency_ms": _latencies(environment),
        }
        Path(options.ledger).write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    if options is not None and options.html_file:  # Locust writes none when it is interrupted
        report = get_html_report(environment, show_download_link=False)  # type: ignore[no-untyped-call]
        Path(options.html_file).write_text(report, encoding="utf-8")
    environment.process_exit_code = 1 if complaints else 0


def _latencies(environment: Environment) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for (name, method), entry in environment.stats.entries.items():
        found[f"{method} {name}"] = {
            "count": entry.num_requests,
            "failures": entry.num_failures,
            "p50": entry.get_response_time_percentile(0.5) or 0,
            "p95": entry.get_response_time_percentile(0.95) or 0,
            "p99": entry.get_response_time_percentile(0.99) or 0,
        }
    return found
