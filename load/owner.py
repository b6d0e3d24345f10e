"""A Locust user that is a phone: signs in, lists its robots, taps, and waits until it is seen."""

import contextlib
import time
import uuid
import zlib
from typing import ClassVar, Final, TypeVar

import gevent
import gevent.event
import websockets
import websockets.sync.client
from locust import FastHttpUser, task
from locust.exception import StopUser
from locust.runners import STATE_CLEANUP, STATE_STOPPED, STATE_STOPPING
from pydantic import ValidationError

from cloud_functions.contract import api
from cloud_functions.contract.commands import CommandName
from device_sim.registration import claim_code
from load.ledger import PROCESS
from load.robot_shard import RobotShard
from load.taps import SEALED_S, SEEN_S, Fate, of_answer, of_silence
from mobile_client import calls
from mobile_client.calls import Call
from mobile_client.errors import PhoneError, Refused, SignedOut, Unreachable
from mobile_client.live import Views
from mobile_client.phone import LOCAL_CLIENT_ID

T = TypeVar("T")

_PAIRING_S: Final = 30.0
_RECONNECT_S: Final = 0.5
_SERVER_ERRORS: Final = 500
_ENDING: Final = frozenset({STATE_CLEANUP, STATE_STOPPING, STATE_STOPPED})
_STRIDE: Final = 7
"""Owners begin to look for a robot at different places of the list."""

_run = uuid.uuid4().hex[:8]


class Owner(FastHttpUser):
    """A phone: signs in, lists, taps, and waits until it is seen."""

    owners: ClassVar[int] = 0

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
        PROCESS.owners += 1
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
        """Pair with a robot that is nobody's yet, one of this process before any other.

        Only in its own process is it known whether a robot had internet.
        """
        deadline = time.time() + _PAIRING_S
        while time.time() < deadline:
            listed = self._send(calls.list_things())
            start = index * _STRIDE % max(1, len(listed))
            turned, own = [*listed[start:], *listed[:start]], RobotShard.things()
            for thing in sorted(turned, key=lambda each: each not in own):
                try:
                    self._send(calls.pair(thing, claim_code(seed, thing)))
                except Refused as error:
                    if error.code != "conflict":
                        raise StopUser(str(error)) from error
                else:
                    return thing
            gevent.sleep(_RECONNECT_S)
        PROCESS.owners_without += 1
        raise StopUser("there is no robot to pair with")

    def on_stop(self) -> None:
        """Hang up, and leave the robot to the owners of the next run."""
        if hasattr(self, "_listener"):
            self._listener.kill()
            with contextlib.suppress(PhoneError):
                self._send(calls.unpair(self._thing))

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
            PROCESS.phone_losses += 1
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
        if self._is_over():
            return  # robots wait for taps that have begun, and no others
        PROCESS.taps += 1
        name = "tap to seen, robots connecting" if RobotShard.are_connecting() else "tap to seen"
        began, began_s = time.perf_counter(), time.time()
        fate = self._tap(began_s)
        PROCESS.settle(fate)
        failed = None if fate in (Fate.SEEN, Fate.REFUSED) else RuntimeError(f"tap {fate}")
        self._report(name, time.perf_counter() - began, failed)

    def _is_over(self) -> bool:
        """Whether the run has ended while this owner was looking at its list.

        Told by the runner, which knows it before the first user hears of it.
        """
        runner = self.environment.runner
        return runner is not None and runner.state in _ENDING

    def _tap(self, began_s: float) -> Fate:
        """Tap once; what became of it."""
        request = api.CommandRequest(
            id=uuid.uuid4().hex, command=CommandName.FIND, expires_in_s=SEEN_S
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
            result, answered_s, heard_s = self._answer.get(timeout=SEEN_S)
        except gevent.Timeout:
            return self._inquire(request.id, began_s)
        self._report("of it: tap to the robot's answer", max(0.0, answered_s - began_s))
        self._report("of it: answer to the phone", max(0.0, heard_s - answered_s))
        return of_answer(result)

    def _inquire(self, command_id: str, began_s: float) -> Fate:
        """Why nothing was heard of a tap, asked until its robot can say no more."""
        sealed_s = time.time() + SEALED_S
        while True:
            with contextlib.suppress(PhoneError):
                fate = of_silence(command_id, self._send(calls.robot(self._thing)))
                if fate is not None:
                    return self._excused(fate, began_s)
            if time.time() > sealed_s:
                return self._excused(Fate.LOST, began_s)
            gevent.sleep(_RECONNECT_S)

    def _excused(self, fate: Fate, began_s: float) -> Fate:
        """The fate of a tap nobody heard of in time; a home without internet excuses it."""
        if fate in (Fate.LATE, Fate.LOST) and RobotShard.was_silent(self._thing, began_s):
            return Fate.SILENT
        return fate

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
