"""Robots and phones under Locust.

    locust -f load/locustfile.py --host http://127.0.0.1:8080 --mqtt mqtt://127.0.0.1:1883

A `RobotShard` user drives `--robots-per-user` robots, each its own real connection, through the
same firmware and MQTT session as anywhere else.  An `Owner` user is a phone that signs in, lists
its robots, taps, and waits until the tap is seen.
"""

import locust as _first  # noqa: F401  first in its process: gevent patches what comes after

# isort: split
import contextlib
import http.client
import json
import math
import os
import time
import uuid
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, TypeVar
from urllib.parse import urlsplit

import gevent
import gevent.event
import gevent.monkey
import websockets
import websockets.sync.client
from locust import FastHttpUser, User, constant, events, task
from locust.env import Environment
from locust.exception import StopUser
from locust.html import get_html_report
from locust.runners import MasterRunner, WorkerRunner
from pydantic import ValidationError

from cloud_functions.contract import api
from cloud_functions.contract.commands import CommandName
from device_sim import scenario as scenarios
from device_sim.firmware.firmware import Firmware
from device_sim.link.poll import PollLinks
from device_sim.registration import claim_code, thing_body
from device_sim.robot.fleet import Fleet, RobotSpec
from load.children import die_with_parent
from load.ledger import Ledger, total
from load.taps import Fate, of_answer, of_silence
from mobile_client import calls
from mobile_client.calls import Call
from mobile_client.errors import PhoneError, Refused, SignedOut, Unreachable
from mobile_client.live import Views
from mobile_client.phone import LOCAL_CLIENT_ID

T = TypeVar("T")

_STEP_S: Final = 0.005
_DRAIN_S: Final = 8.0
_SEEN_S: Final = 10.0
"""How long an owner waits for a tap, and how long the tap is valid."""
_SEALED_S: Final = 2.0
"""After its deadline, how long a robot has to say that a tap came too late."""
_GRACE_S: Final = 3.0
"""How long robots go on living for the last taps of owners in other processes."""
_FINISHING_S: Final = 50.0
"""How long workers may take to finish."""
_PAIRING_S: Final = 30.0
_RECONNECT_S: Final = 0.5
_SERVER_ERRORS: Final = 500
_STRIDE: Final = 7
"""Owners begin to look for a robot at different places of the list."""
_PER_WORKER: Final = 100_000
"""Places in the fleet that one worker process may fill."""

ledger = Ledger()
_remote: dict[str, Mapping[str, int]] = {}
_run = uuid.uuid4().hex[:8]
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


class RobotShard(User):
    """Many robots on one greenlet."""

    wait_time = constant(0)
    shards: ClassVar[int] = 0
    living: ClassVar[set["RobotShard"]] = set()

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
        self._register(self._specs, options.fleet_seed)
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
        self.was_up = False
        RobotShard.living.add(self)
        self._firmware.start_all()

    @staticmethod
    def _count(options: Any, index: int) -> int:
        """The last shard may be smaller; with several workers each shard is whole."""
        left = int(options.robots) - index * int(options.robots_per_user)
        return max(1, min(int(options.robots_per_user), left))

    def _register(self, specs: Sequence[RobotSpec], seed: int) -> None:
        address = urlsplit(str(self.environment.host))
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
        with contextlib.closing(connection):
            for spec in specs:
                connection.request(
                    "POST", f"/things/{spec.thing}", json.dumps(thing_body(spec, seed))
                )
                answer = connection.getresponse()
                said = answer.read()
                if answer.status >= 400:  # noqa: PLR2004  HTTP errors begin here
                    raise StopUser(f"{spec.thing}: {said!r}")

    @classmethod
    def are_connecting(cls) -> bool:
        """Whether robots of this process are still on their way to their first connection."""
        return any(not shard.was_up for shard in cls.living)

    @task
    def live(self) -> None:
        """One step of the robots' life."""
        self._step()
        gevent.sleep(_STEP_S)

    def on_stop(self) -> None:
        """Live on for the last taps, wait for the answers that are due, then hang up."""
        is_alone = not isinstance(self.environment.runner, WorkerRunner)
        stopped = time.time()
        while Owner.open_taps or (not is_alone and time.time() < stopped + _GRACE_S):
            if time.time() > stopped + _SEEN_S + _SEALED_S:
                break
            self._step()
            gevent.sleep(_STEP_S)
        self._firmware.is_draining = True
        deadline = time.time() + _DRAIN_S
        while self._firmware.reports.on_their_way and time.time() < deadline:
            self._step()
            gevent.sleep(_STEP_S)
        self._firmware.reports.timed_out += self._firmware.reports.on_their_way
        ledger.connected += self._links.connected
        RobotShard.living.discard(self)
        self._count_up()
        self._links.close()

    def _step(self) -> None:
        now_s = time.time()
        incoming = self._links.exchange(self._outgoing, now_s)
        sim_s = self._began_s + (now_s - self._began_s) * self._speed
        self._outgoing = self._firmware.step(incoming, now_s, sim_s).messages
        self.was_up = self.was_up or self._links.connected == len(self._specs)
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

    owners: ClassVar[int] = 0
    open_taps: ClassVar[int] = 0
    """Taps of this process whose fate is not known yet: robots live on for them."""

    def wait_time(self) -> float:
        """Half a second to one and a half, by chance: owners do not tap in step."""
        self._pauses += 1
        return 0.5 + zlib.crc32(f"{self._email}-{self._pauses}".encode()) / 2**32

    def on_start(self) -> None:
        """Make an account, take a robot, listen."""
        options = self.environment.parsed_options
        assert options is not None
        index, Owner.owners = Owner.owners, Owner.owners + 1
        self._token: str | None = None
        self._views = Views()
        self._pauses = 0
        self._awaited = ""
        self._answer = gevent.event.AsyncResult()
        ledger.owners += 1
        self._email = f"owner-{_run}-{uuid.uuid4().hex[:8]}@example.com"
        self._password = uuid.uuid4().hex
        self._send(calls.sign_up(LOCAL_CLIENT_ID, self._email, self._password))
        self._sign_in()
        self._thing = self._take_robot(options.fleet_seed, index)
        self._is_listening = gevent.event.Event()
        self._listener = gevent.spawn(self._listen)
        self._is_listening.wait(_PAIRING_S)

    def _sign_in(self) -> None:
        call = calls.sign_in(LOCAL_CLIENT_ID, self._email, self._password)
        self._token = self._send(call).access

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
            gevent.sleep(_RECONNECT_S)
        raise StopUser("there is no robot to pair with")

    def on_stop(self) -> None:
        """Hang up."""
        if hasattr(self, "_listener"):
            self._listener.kill()

    # ------------------------------------------------------------ listening

    def _listen(self) -> None:
        """Hear what the cloud tells, on a connection that is opened again when it is lost."""
        base = str(self.environment.host).replace("http", "ws", 1)
        while True:
            with contextlib.suppress(OSError, TimeoutError, websockets.WebSocketException):
                address = f"{base}/live?token={self._token}"
                with websockets.sync.client.connect(address) as phone:
                    self._is_listening.set()
                    for raw in phone:
                        with contextlib.suppress(ValidationError):  # of a newer cloud
                            self._hear(raw)
            ledger.phone_losses += 1
            gevent.sleep(_RECONNECT_S)

    def _hear(self, raw: str | bytes) -> None:
        message = self._views.hear(raw)
        result = self._views.of(message.thing).result_of(self._awaited)
        if result is not None and not self._answer.ready():
            self._answer.set((result, message.time, time.time()))

    # ------------------------------------------------------------ tapping

    @task
    def tap(self) -> None:
        """List the robots; when mine is there, ask it for a sound and wait for its answer."""
        try:
            listed = self._send(calls.list_robots())
        except SignedOut:
            self._sign_in()  # the token has run out
            return
        except PhoneError:
            return
        if not any(robot.thing == self._thing and robot.connected for robot in listed.robots):
            return
        ledger.taps += 1
        Owner.open_taps += 1
        name = "tap to seen, robots connecting" if RobotShard.are_connecting() else "tap to seen"
        began, began_s = time.perf_counter(), time.time()
        try:
            fate = self._tap(began_s)
        finally:
            Owner.open_taps -= 1
        ledger.settle(fate)
        failed = None if fate in (Fate.SEEN, Fate.REFUSED) else RuntimeError(f"tap {fate}")
        self._report(name, time.perf_counter() - began, failed)

    def _tap(self, began_s: float) -> Fate:
        """Tap once; what became of it."""
        request = api.CommandRequest(
            id=uuid.uuid4().hex, command=CommandName.FIND, expires_in_s=_SEEN_S
        )
        self._answer = gevent.event.AsyncResult()
        self._awaited = request.id
        try:
            self._send(calls.command(self._thing, request))
        except Unreachable:
            return Fate.FAILED
        except Refused as error:
            return Fate.FAILED if error.status >= _SERVER_ERRORS else Fate.REFUSED
        try:
            result, answered_s, heard_s = self._answer.get(timeout=_SEEN_S)
        except gevent.Timeout:
            return self._inquire(request.id)
        self._report("of it: tap to the robot's answer", max(0.0, answered_s - began_s))
        self._report("of it: answer to the phone", max(0.0, heard_s - answered_s))
        return of_answer(result)

    def _inquire(self, command_id: str) -> Fate:
        """Why nothing was heard of a tap, asked until its robot can say no more."""
        sealed_s = time.time() + _SEALED_S
        while True:
            with contextlib.suppress(PhoneError):
                fate = of_silence(command_id, self._send(calls.robot(self._thing)))
                if fate is not None:
                    return fate
            if time.time() > sealed_s:
                return Fate.LOST
            gevent.sleep(_RECONNECT_S)

    def _report(self, name: str, took_s: float, error: Exception | None = None) -> None:
        self.environment.events.request.fire(
            request_type="PHONE",
            name=name,
            response_time=took_s * 1000,
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
            status, body = int(response.status_code or 0), bytes(response.content or b"")
            if 0 < status < _SERVER_ERRORS:
                response.success()  # a refusal is an answer
        if not status:
            raise Unreachable(f"{call.name}: no answer")
        return call.answer(status, body)
