"""Robots and phones under Locust.

    locust -f load/locustfile.py --host http://127.0.0.1:8080 --mqtt mqtt://127.0.0.1:1883

A `RobotShard` user drives `--robots-per-user` robots, each its own real connection, through the
same firmware and MQTT session as anywhere else.  An `Owner` user is a phone that signs in, lists
its robots, taps, and waits until the tap is seen.
"""

import locust as _first  # noqa: F401  first in its process: gevent patches what comes after

# isort: split
import json
import math
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, TypeVar

import gevent
import gevent.monkey
import websockets.sync.client
from locust import FastHttpUser, User, constant, events, task
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import MasterRunner, WorkerRunner

from cloud_functions.contract import api
from cloud_functions.contract.commands import CommandName
from device_sim import scenario as scenarios
from device_sim.firmware.firmware import Firmware
from device_sim.link.poll import PollLinks
from device_sim.registration import claim_code, thing_body
from device_sim.robot.fleet import Fleet, RobotSpec
from load.ledger import Ledger, total
from mobile_client import calls
from mobile_client.calls import Call
from mobile_client.errors import Refused
from mobile_client.live import Views, was_obeyed
from mobile_client.phone import LOCAL_CLIENT_ID

T = TypeVar("T")

_STEP_S: Final = 0.005
_DRAIN_S: Final = 8.0
_SEEN_S: Final = 10.0
_PAIRING_S: Final = 30.0
_STRIDE: Final = 7
"""Owners begin to look for a robot at different places of the list."""
_PER_WORKER: Final = 100_000
"""Places in the fleet that one worker process may fill."""

ledger = Ledger()
_remote: dict[str, Mapping[str, int]] = {}
_run = uuid.uuid4().hex[:8]


@events.init_command_line_parser.add_listener
def _options(parser: Any) -> None:
    parser.add_argument("--mqtt", default="mqtt://127.0.0.1:1883", help="Address of the broker")
    parser.add_argument("--robots", type=int, default=100, help="How many robots in all")
    parser.add_argument("--robots-per-user", type=int, default=50, help="Robots of one user")
    parser.add_argument("--owners", type=int, default=2, help="How many phones")
    parser.add_argument("--speed", type=float, default=10.0, help="Simulated seconds a second")
    parser.add_argument("--fleet-seed", type=int, default=7, help="Seed of homes and luck")
    parser.add_argument("--ledger", default="", help="Write the counts there as JSON")


@events.init.add_listener
def _sizes(environment: Environment, **_: Any) -> None:
    options = environment.parsed_options
    if options is not None:
        shards = math.ceil(options.robots / options.robots_per_user)
        RobotShard.fixed_count = shards
        Owner.fixed_count = options.owners


def _sum_up(environment: Environment) -> Ledger:
    is_master = isinstance(environment.runner, MasterRunner)
    return total(_remote.values()) if is_master else ledger


@events.report_to_master.add_listener
def _tell_master(data: dict[str, Any], **_: Any) -> None:
    data["ledger"] = ledger.as_json()


@events.worker_report.add_listener
def _hear_worker(client_id: str, data: Mapping[str, Any], **_: Any) -> None:
    if "ledger" in data:
        _remote[client_id] = data["ledger"]


@events.quitting.add_listener
def _conclude(environment: Environment, **_: Any) -> None:
    if isinstance(environment.runner, WorkerRunner):
        return
    counts = _sum_up(environment)
    complaints = counts.imbalances()
    options = environment.parsed_options
    if options is not None and options.ledger:
        said = {
            "counts": counts.as_json(),
            "imbalances": complaints,
            "latency_ms": _latencies(environment),
        }
        Path(options.ledger).write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    if complaints:
        environment.process_exit_code = 1


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


class RobotShard(User):
    """Many robots on one greenlet."""

    wait_time = constant(0)
    shards: ClassVar[int] = 0

    def on_start(self) -> None:
        """Make the fleet's part, register it, begin to connect."""
        options = self.environment.parsed_options
        assert options is not None
        index, RobotShard.shards = RobotShard.shards, RobotShard.shards + 1
        runner = self.environment.runner
        worker = runner.worker_index if isinstance(runner, WorkerRunner) else 0
        first = max(worker, 0) * _PER_WORKER + index * options.robots_per_user
        count = self._count(options, index)
        self._specs = scenarios.specs(
            scenarios.load("fifty-flats"), options.fleet_seed, count, first=first
        )
        for spec in self._specs:
            self._register(spec, options.fleet_seed)
        self._began_s = time.time()
        self._speed = options.speed
        fleet = Fleet(self._specs, options.fleet_seed, self._began_s)
        self._firmware = Firmware(fleet, self._accepted)
        self._links = PollLinks(
            [spec.thing for spec in self._specs],
            [int(key) for key in fleet.key],
            [self._firmware.will(row) for row in range(len(self._specs))],
            options.mqtt,
            options.fleet_seed,
            epoll=gevent.monkey.get_original("select", "epoll"),
        )
        self._outgoing: list[Any] = []
        self._counted = Ledger()
        ledger.robots += len(self._specs)
        self._firmware.start_all()

    @staticmethod
    def _count(options: Any, index: int) -> int:
        """The last shard may be smaller; with several workers each shard is whole."""
        left = int(options.robots) - index * int(options.robots_per_user)
        return max(1, min(int(options.robots_per_user), left))

    def _register(self, spec: RobotSpec, seed: int) -> None:
        import http.client  # noqa: PLC0415  after gevent's patching
        from urllib.parse import urlsplit  # noqa: PLC0415

        address = urlsplit(str(self.environment.host))
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
        body = json.dumps(thing_body(spec, seed))
        connection.request("POST", f"/things/{spec.thing}", body)
        answer = connection.getresponse()
        if answer.status >= 400:  # noqa: PLR2004  HTTP errors begin here
            raise StopUser(f"{spec.thing}: {answer.read()!r}")
        connection.close()

    @task
    def live(self) -> None:
        """One step of the robots' life."""
        self._step()
        gevent.sleep(_STEP_S)

    def on_stop(self) -> None:
        """Wait for the answers that are due, then hang up."""
        self._firmware.is_draining = True
        deadline = time.time() + _DRAIN_S
        while self._firmware.reports.on_their_way and time.time() < deadline:
            self._step()
            gevent.sleep(_STEP_S)
        self._firmware.reports.timed_out += self._firmware.reports.on_their_way
        ledger.connected += self._links.connected
        self._count_up()
        self._links.close()

    def _step(self) -> None:
        now_s = time.time()
        incoming = self._links.exchange(self._outgoing, now_s)
        sim_s = self._began_s + (now_s - self._began_s) * self._speed
        self._outgoing = self._firmware.step(incoming, now_s, sim_s).messages
        self._count_up()

    def _accepted(self, took_s: float) -> None:
        self.environment.events.request.fire(
            request_type="MQTT",
            name="report accepted",
            response_time=took_s * 1000,
            response_length=0,
            exception=None,
            context={},
        )

    def _count_up(self) -> None:
        """Bring what this shard adds to the process's ledger up to date."""
        links, reports, known = self._links, self._firmware.reports, self._counted
        now = Ledger(
            connects=links.connects,
            losses=links.losses,
            messages_sent=links.sent,
            messages_received=links.received,
            reports_sent=reports.sent,
            accepted=reports.accepted,
            rejected=reports.rejected,
            timed_out=reports.timed_out,
        )
        for name, value in now.as_json().items():
            setattr(ledger, name, getattr(ledger, name) + value - getattr(known, name))
        self._counted = now


class Owner(FastHttpUser):
    """A phone: signs in, lists, taps, and waits until it is seen."""

    wait_time = constant(1)
    owners: ClassVar[int] = 0

    def on_start(self) -> None:
        """Make an account, take a robot, listen."""
        options = self.environment.parsed_options
        assert options is not None
        index, Owner.owners = Owner.owners, Owner.owners + 1
        self._token: str | None = None
        self._views = Views()
        ledger.owners += 1
        email, password = f"owner-{_run}-{uuid.uuid4().hex[:8]}@example.com", "a-long-password"
        self._send(calls.sign_up(LOCAL_CLIENT_ID, email, password))
        self._token = self._send(calls.sign_in(LOCAL_CLIENT_ID, email, password)).access
        self._thing = self._take_robot(options.fleet_seed, index)
        address = str(self.environment.host).replace("http", "ws", 1)
        self._socket = websockets.sync.client.connect(f"{address}/live?token={self._token}")
        self._listener = gevent.spawn(self._listen)

    def _take_robot(self, seed: int, index: int) -> str:
        """Pair with a robot that is nobody's yet, whatever process drives it."""
        deadline = time.time() + _PAIRING_S
        while time.time() < deadline:
            listed = self._send(calls.list_things())
            for turn in range(len(listed)):
                thing = listed[(index * _STRIDE + turn) % len(listed)]
                try:
                    self._send(calls.pair(thing, claim_code(seed, thing)))
                except Refused as error:
                    if error.code != "conflict":
                        raise StopUser(str(error)) from error
                else:
                    return thing
            gevent.sleep(0.5)
        raise StopUser("there is no robot to pair with")

    def on_stop(self) -> None:
        """Hang up."""
        if hasattr(self, "_socket"):
            self._socket.close()
            self._listener.kill()

    def _listen(self) -> None:
        for raw in self._socket:
            self._views.hear(raw)

    @task
    def tap(self) -> None:
        """List the robots; when mine is there, ask it for a sound and wait for its answer."""
        listed = self._send(calls.list_robots())
        if not any(robot.thing == self._thing and robot.connected for robot in listed.robots):
            return
        ledger.taps += 1
        request = api.CommandRequest(id=uuid.uuid4().hex, command=CommandName.FIND)
        began = time.perf_counter()
        try:
            self._send(calls.command(self._thing, request))
        except Refused:
            ledger.taps_refused += 1
            return
        view = self._views.of(self._thing)
        while view.result_of(request.id) is None:
            if time.perf_counter() - began > _SEEN_S:
                ledger.taps_not_seen += 1
                self._report_tap(began, TimeoutError("not seen"))
                return
            gevent.sleep(0.002)
        result = view.result_of(request.id)
        seen = result is not None and was_obeyed(result)
        ledger.taps_seen += seen
        ledger.taps_refused += not seen
        self._report_tap(began, None)

    def _report_tap(self, began: float, error: Exception | None) -> None:
        self.environment.events.request.fire(
            request_type="PHONE",
            name="tap to seen",
            response_time=(time.perf_counter() - began) * 1000,
            response_length=0,
            exception=error,
            context={},
        )

    def _send(self, call: Call[T]) -> T:
        with self.client.request(
            call.method,
            call.path,
            data=None if call.body is None else call.body.decode(),
            headers=call.headers_with(self._token),
            name=call.name,
            catch_response=True,
        ) as response:
            return call.answer(int(response.status_code), bytes(response.content or b""))
