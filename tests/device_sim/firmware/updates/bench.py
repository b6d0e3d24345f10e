"""Robots and the cloud's own jobs rooms on one bench: no broker, no clock but the test's."""

import json
from collections import Counter

import orjson

from cloud_functions.contract import topics
from cloud_functions.contract.mqtt.topic_filter import matches
from device_sim.firmware.batches import Inbound, Incoming
from device_sim.firmware.firmware import Firmware
from device_sim.robot.fleet import Fleet, RobotSpec
from device_sim.robot.parameters import Faults, Updates
from tests.cloud_functions.jobs.conftest import World

START = 1_700_000_000.0
CERTAIN = Updates(rejected=0, hangs=0, fails_check=0, rolled_back=0, power_lost=0)
"""Everything goes well."""


class Bench:
    """Robots that are connected, and a cloud with jobs; `speed` simulated seconds a second."""

    def __init__(
        self, count: int = 1, *, updates: Updates = CERTAIN, limits=None, speed: float = 10.0,
        faults: Faults | None = None, family: str = "i7",
    ) -> None:  # fmt: skip
        specs = [RobotSpec(f"r{n}", family, n % 3) for n in range(count)]
        self.fleet = Fleet(specs, 7, START, faults=faults or Faults(scale=0))
        self.firmware = Firmware(self.fleet, updates=updates)
        self.world = World([spec.thing for spec in specs], limits=limits)
        self.world.now = START
        self.speed = speed
        self.cut: set[int] = set()
        self.offline: set[int] = set()
        self.deaf = False
        """Answers of the cloud get lost."""
        self.incoming = Incoming(connected=list(range(count)))
        self.said: list[tuple[str, str, dict]] = []
        """Thing, topic below its prefix, body: everything that reached the cloud."""
        self.cuts: list[int] = []
        self.filters = {spec.thing: topics.robot_subscriptions(spec.thing) for spec in specs}

    def offer(self, version: str = "9.9", job: str = "j1", *, document=None, **more) -> None:
        """Create a job for all robots; `simulated` members by name."""
        said = {"operation": "install", "version": version, "url": "https://files/9.bin"}
        said |= {"simulated": more.pop("simulated")} if "simulated" in more else {}
        document = said if document is None else document
        things = [spec.thing for spec in self.fleet.specs]
        self._tell(self.world.create(job, things=things, document=json.dumps(document), **more))

    def run(self, seconds: float, tick_s: float = 0.5) -> None:
        """Let time pass, in cloud seconds."""
        for _ in range(round(seconds / tick_s)):
            self.step(tick_s)

    def step(self, after_s: float = 0.0) -> None:
        self._tell(self.world.tick(after_s))
        incoming, self.incoming = self.incoming, Incoming()
        sim_s = START + (self.world.now - START) * self.speed
        out = self.firmware.step(incoming, self.world.now, sim_s)
        for message in out.messages:
            if message.row not in self.offline:
                self._take(message)
        self.cuts += out.cut
        self.lose(*out.cut)
        self.come_back(*out.restore)

    def lose(self, *rows: int) -> None:
        for row in rows:
            if row not in self.offline:
                self.offline.add(row)
                self.incoming.lost.append(row)

    def come_back(self, *rows: int) -> None:
        for row in rows:
            if row in self.offline:
                self.offline.discard(row)
                self.incoming.connected.append(row)

    def wish(self, row: int, command: str) -> dict:
        """A command from the cloud, and what the robot answers."""
        now = self.world.now
        wish = {
            "id": f"{command}-{now}", "command": command, "params": {}, "initiator": "rmtApp",
            "time": now, "expires": now + 30,
        }  # fmt: skip
        body = {"version": int(now * 10), "state": {"command": [wish]}}
        thing = self.fleet.specs[row].thing
        topic = f"$aws/things/{thing}/shadow/update/delta"
        self.incoming.messages.append(Inbound(row, topic, orjson.dumps(body)))
        for _ in range(5):
            self.step()
        found = [each for each in self.reports(thing) if "lastCommandResult" in each]
        return found[-1]["lastCommandResult"]

    def reports(self, thing: str) -> list[dict]:
        return [
            body["state"]["reported"]
            for who, what, body in self.said
            if who == thing and what == "shadow/update"
        ]

    def asked(self, thing: str = "r0") -> list[str]:
        """What a robot has asked of its jobs, in order."""
        return [what for who, what, _ in self.said if who == thing and what.startswith("jobs/")]

    def status(self, thing: str = "r0", job: str = "j1", number=None) -> str | None:
        return self.world.status(thing, job, number)

    def details(self, thing: str = "r0", job: str = "j1") -> dict:
        found = self.world.conductor.executions.find(job, thing, None)
        return dict(found.details or {})

    def statuses(self, job: str = "j1") -> Counter:
        return Counter(self.status(spec.thing, job) for spec in self.fleet.specs)

    def stage(self, row: int = 0) -> str | None:
        update = self.firmware._jobs._update(row)
        return None if update is None else update.stage.value

    def until(self, is_so, most_s: float = 600.0, tick_s: float = 0.5) -> None:
        """Let time pass until something is so."""
        for _ in range(round(most_s / tick_s)):
            if is_so():
                return
            self.step(tick_s)
        raise AssertionError(f"not within {most_s} s; stage {self.stage()}, {self.statuses()}")

    def _take(self, message) -> None:
        """The broker takes a message and hands on what is answered."""
        thing = self.fleet.specs[message.row].thing
        what = message.topic.removeprefix(f"$aws/things/{thing}/")
        body = orjson.loads(message.payload)
        self.said.append((thing, what, body))
        if message.handle:
            self.incoming.acknowledged.append((message.row, message.handle))
        if what == "shadow/update":
            answer = {"clientToken": body["clientToken"], "timestamp": int(self.world.now)}
            topic = f"{message.topic}/accepted"
            self.incoming.messages.append(Inbound(message.row, topic, orjson.dumps(answer)))
        elif what.startswith("jobs/"):
            self._tell(self.world.publish(message.topic, message.payload))

    def _tell(self, messages) -> None:
        for message in messages:
            for row, spec in enumerate(self.fleet.specs):
                if row in self.offline or self.deaf:
                    continue
                if any(matches(each, message.topic) for each in self.filters[spec.thing]):
                    self.incoming.messages.append(Inbound(row, message.topic, message.payload))
