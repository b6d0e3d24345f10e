"""A Locust user that drives many robots, each its own real connection.

The same firmware and MQTT session as anywhere else, in a plain loop inside gevent.
"""

import contextlib
import http.client
import json
import time
from collections.abc import Sequence
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

import gevent
import gevent.monkey
from locust import User, constant, task
from locust.exception import StopUser
from locust.runners import WorkerRunner

from cloud_functions.contract.mqtt.packets import Version
from cloud_functions.contract.mqtt.rivals import Rivals
from device_sim import scenario as scenarios
from device_sim.firmware.batches import Incoming, Outgoing
from device_sim.firmware.firmware import Firmware
from device_sim.link.bulk.links import BulkLinks
from device_sim.link.orders import follow
from device_sim.link.port import Caller, LinkOptions
from device_sim.luck import Luck
from device_sim.registration import thing_body
from device_sim.robot.fleet import Fleet, RobotSpec
from load.ledger import PROCESS, Ledger
from load.places import first_place
from load.presence import Presence
from load.taps import SEALED_S, SEEN_S

_STEP_S: Final = 0.005
_DRAIN_S: Final = 8.0
_GRACE_S: Final = 3.0
"""How long robots go on living for the last taps of owners in other processes."""


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
        first = first_place(worker, index, options.robots_per_user)
        count = self._count(options, index)
        self._specs = scenarios.specs(
            scenarios.load("apartment-block"), options.fleet_seed, count, first=first
        )
        self._register(self._specs, options.fleet_seed)
        self._began_s = time.time()
        self._speed = options.speed
        faults = Luck(options.faults).rates
        fleet = Fleet(self._specs, options.fleet_seed, self._began_s, faults=faults)
        self._firmware = Firmware(fleet, self._accepted)
        self._links = BulkLinks(
            [
                Caller(spec.thing, int(fleet.key[row]), self._firmware.will(row))
                for row, spec in enumerate(self._specs)
            ],
            LinkOptions([options.mqtt], seed=options.fleet_seed, version=Version.V311),
            epoll=gevent.monkey.get_original("select", "epoll"),
        )
        self._outgoing = Outgoing()
        self._rivals = Rivals(len(self._specs))
        self.presence = Presence([spec.thing for spec in self._specs])
        self._counted = Ledger()
        PROCESS.robots += len(self._specs)
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

    @classmethod
    def things(cls) -> set[str]:
        """The robots that live in this process."""
        return {thing for shard in cls.living for thing in shard.presence.things}

    @classmethod
    def was_silent(cls, thing: str, since_s: float) -> bool:
        """Whether a robot of this process had no internet, now or at some time since."""
        return any(shard.presence.was_silent(thing, since_s) for shard in cls.living)

    @task
    def live(self) -> None:
        """One step of the robots' life."""
        self._step()
        gevent.sleep(_STEP_S)

    def on_stop(self) -> None:
        """Live on for the last taps, wait for the answers that are due, then hang up.

        Homes get their internet back before that, so that no answer is awaited in vain.
        """
        is_alone = not isinstance(self.environment.runner, WorkerRunner)
        stopped = time.time()
        while PROCESS.open_taps or (not is_alone and time.time() < stopped + _GRACE_S):
            if time.time() > stopped + SEEN_S + 2 * SEALED_S:  # owners ask after that once more
                break
            self._step()
            gevent.sleep(_STEP_S)
        self._follow(Outgoing(restore=self.presence.silent), time.time())
        self._firmware.is_draining = True
        deadline = time.time() + _DRAIN_S
        while self._firmware.reports.on_their_way and time.time() < deadline:
            self._step()
            gevent.sleep(_STEP_S)
        self._firmware.reports.timed_out += self._firmware.reports.on_their_way
        PROCESS.connected += self._links.counts.connected
        PROCESS.contested += self._rivals.contested if self._rivals.are_there else 0
        PROCESS.away += self.presence.away
        RobotShard.living.discard(self)
        self._count_up()
        self._links.close()

    def _step(self) -> None:
        now_s = time.time()
        incoming = self._links.exchange(self._outgoing.messages, now_s)
        self.presence.heard(incoming)
        self._look_for_rivals(incoming)
        sim_s = self._began_s + (now_s - self._began_s) * self._speed
        self._outgoing = self._firmware.step(incoming, now_s, sim_s)
        self._follow(self._outgoing, now_s)
        self.was_up = self.was_up or self._links.counts.connected == len(self._specs)
        self._count_up()

    def _follow(self, outgoing: Outgoing, now_s: float) -> None:
        """Let the links do what robots and their homes say, and remember it."""
        self.presence.ordered(outgoing, now_s)
        follow(self._links, outgoing)

    def _look_for_rivals(self, incoming: Incoming) -> None:
        now_s = time.monotonic()
        for row in incoming.lost:
            self._rivals.lost(row, now_s)
        for row in incoming.connected:
            self._rivals.up(row, now_s)

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
        links, reports, known = self._links.counts, self._firmware.reports, self._counted
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
            setattr(PROCESS, name, getattr(PROCESS, name) + value - getattr(known, name))
        self._counted = now
