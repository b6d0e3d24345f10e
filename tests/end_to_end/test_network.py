"""Real robots on real connections with a bad network between them and a real cloud."""

import json
import time
from collections.abc import Callable
from zlib import crc32

import numpy as np
import pytest

from cloud_functions.contract.commands import Command, CommandName
from cloud_functions.contract.topics import Answer, ShadowOperation, shadow
from device_sim.link.kinds import LinkKind
from device_sim.link.port import LinkOptions
from device_sim.network.conditions import Condition, Impairment
from device_sim.robot.fleet import RobotSpec
from device_sim.robot.parameters import Faults
from device_sim.run import Run, RunOptions
from tests.device_sim.link.shell import KINDS, SOON, will
from tests.device_sim.link.watcher import Watcher

PATIENCE_S = 30
PERFECT = Faults(scale=0)
OFTEN_OFFLINE = Faults(drop_docked_per_s=1 / 20, drop_docked_median_s=60.0, drop_sigma=0.01)


class Flat:
    """Two robots that run; the first one's network has a condition."""

    def __init__(  # noqa: PLR0917  what a flat is made of
        self,
        things: list[str],
        kind: LinkKind,
        url: str,
        keep_alive_s: int,
        faults: Faults,
        condition: Condition,
    ) -> None:
        self.things = things
        options = RunOptions(
            specs=[RobotSpec(thing, "i7", 3) for thing in self.things],
            link=LinkOptions((url,), keep_alive_s=keep_alive_s, backoff=SOON),
            kind=kind,
            speed=10,
            faults=faults,
            network=lambda _fleet: [Impairment(np.array([0]), condition)],
        )
        self.run = Run(options)
        self.paths = self.run.links.paths
        self.somebody = Watcher(
            int(url.rsplit(":", 1)[1]),
            *(will(thing) for thing in self.things),
            *(shadow(thing, ShadowOperation.GET) for thing in self.things),
            *(shadow(thing, ShadowOperation.UPDATE, Answer.DOCUMENTS) for thing in self.things),
        )
        self.heard: list[tuple[str, dict]] = []

    def until(self, seen: Callable[[], object]) -> None:
        """Run until so much has been seen."""
        deadline = time.monotonic() + PATIENCE_S
        while not seen():
            assert time.monotonic() < deadline, (self.heard[-3:], self.run.links.counts)
            self.step()

    def step(self) -> None:
        self.run.step()
        self.heard += [(topic, json.loads(raw)) for topic, raw in self.somebody.all()]

    def go_on(self, for_s: float) -> None:
        ends = time.monotonic() + for_s
        while time.monotonic() < ends:
            self.step()

    def online(self, *rows: int) -> list[bool]:
        return [bool(self.run.firmware.state_of(row)["online"]) for row in rows]

    def count(self, topic: str) -> int:
        return [heard for heard, _ in self.heard].count(topic)

    def reported(self, row: int, member: str) -> object:
        """What the cloud has last of a robot."""
        topic = shadow(self.things[row], ShadowOperation.UPDATE, Answer.DOCUMENTS)
        known = [
            body["current"]["state"]["reported"]
            for heard, body in self.heard
            if heard == topic and "reported" in body["current"]["state"]
        ]
        return known[-1].get(member) if known else None

    def outcome(self, row: int, identifier: str) -> str:
        result = self.reported(row, "lastCommandResult")
        is_it = isinstance(result, dict) and result["id"] == identifier
        return result["outcome"] if is_it else ""

    def wish(self, row: int, name: CommandName, identifier: str, lifetime_s: float) -> None:
        """What the cloud writes when an owner taps."""
        now_s = time.time()
        desired = Command(identifier, name, now_s, now_s + lifetime_s).as_desired()
        body = json.dumps({"state": {"desired": desired}}).encode()
        self.somebody.say(shadow(self.things[row], ShadowOperation.UPDATE), body)

    def settle(self) -> "Flat":
        """Everybody is there, and all has been said."""
        self.until(lambda: all(self.online(0, 1)))
        self.until(lambda: self.reported(0, "connected") and self.reported(1, "connected"))
        self.until(lambda: not self.run.firmware.reports.on_their_way)
        return self

    def close(self) -> None:
        self.run.links.close()
        self.somebody.close()


@pytest.fixture
def make_flat(cloud, request):
    """Flats whose robots have the same names in each run, so that their luck is the same, too."""
    made: list[Flat] = []
    stem = f"robot-{crc32(request.node.name.encode()):08x}"

    def make(kind: LinkKind, keep_alive_s: int = 60, faults: Faults = PERFECT, **condition) -> Flat:
        things = [f"{stem}-{len(made)}{number}" for number in range(2)]
        flat = Flat(
            things, kind, cloud.endpoints["mqtt"], keep_alive_s, faults, Condition(**condition)
        )
        made.append(flat)
        return flat.settle()

    yield make
    for each in made:
        each.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "condition",
    [
        {"delay_s": 0.3, "jitter_s": 0.2},
        {"loss": 0.3},
        {"rate_bytes_s": 20_000.0},
        {"duplicates": 1.0},
        {"clock_offset_s": 7200.0},
        {"clock_offset_s": -7200.0, "delay_s": 0.2, "loss": 0.1, "duplicates": 0.5},
    ],
    ids=["delay", "loss", "slow", "duplicates", "clock", "everything"],
)
def test_a_command_is_obeyed_once_whatever_the_network_is_like(make_flat, kind, condition) -> None:
    flat = make_flat(kind, **condition)

    flat.wish(0, CommandName.START, "c1", 30)
    flat.wish(1, CommandName.START, "c2", 30)
    flat.until(lambda: flat.outcome(0, "c1") and flat.outcome(1, "c2"))
    flat.until(flat.run.fleet.missions.all)
    flat.go_on(0.5)

    assert (flat.outcome(0, "c1"), flat.outcome(1, "c2")) == ("obeyed", "obeyed")
    assert flat.run.fleet.missions.tolist() == [1, 1]
    assert flat.paths.lost == flat.paths.dropped == 0
    if "duplicates" in condition:
        assert flat.paths.repeated
    if set(condition) != {"clock_offset_s"}:
        assert flat.paths.delivered


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("lifetime_s", "outcome"), [(0.2, "expired"), (60, "obeyed")])
def test_a_robot_that_loses_power_comes_back_and_asks(make_flat, kind, lifetime_s, outcome) -> None:
    flat = make_flat(kind, delay_s=0.05)
    asked = flat.count(shadow(flat.things[0], ShadowOperation.GET))

    flat.run.links.cut([0])
    flat.until(lambda: flat.count(will(flat.things[0])))
    flat.wish(0, CommandName.START, "c1", lifetime_s)
    flat.go_on(1.2)
    assert flat.online(0, 1) == [False, True]
    assert flat.outcome(0, "c1") == ""

    flat.run.links.restore([0])
    flat.until(lambda: flat.outcome(0, "c1"))

    flat.until(lambda: flat.run.fleet.missions[0] == int(outcome == "obeyed"))
    flat.go_on(0.5)
    assert flat.outcome(0, "c1") == outcome
    assert flat.count(shadow(flat.things[0], ShadowOperation.GET)) == asked + 1
    assert flat.run.fleet.missions.tolist() == [int(outcome == "obeyed"), 0]
    assert flat.count(will(flat.things[1])) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_short_partition_is_only_a_pause(make_flat, kind) -> None:
    flat = make_flat(kind, delay_s=0.01)

    flat.run.links.silence([0])
    flat.wish(0, CommandName.FIND, "c1", 30)
    flat.go_on(1.0)
    assert flat.outcome(0, "c1") == ""

    flat.run.links.restore([0])
    flat.until(lambda: flat.outcome(0, "c1") == "obeyed")

    assert flat.count(will(flat.things[0])) == 0
    assert flat.run.links.counts.losses == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_long_partition_ends_in_the_will_and_a_new_connection(cloud, make_flat, kind) -> None:
    if cloud.arguments[1] == "builtin":  # takes 30 s for the least (AWS reference, section 3.3)
        keep_alive_s, patient = 30, False
    else:
        keep_alive_s, patient = 1, True
    flat = make_flat(kind, keep_alive_s=keep_alive_s, delay_s=0.01)

    flat.run.links.silence([0])
    flat.wish(0, CommandName.START, "c1", 1.0)
    if patient:
        flat.until(lambda: flat.count(will(flat.things[0])))
    flat.go_on(1.5)
    assert flat.count(will(flat.things[1])) == 0

    flat.run.links.restore([0])
    flat.until(lambda: flat.outcome(0, "c1"))

    assert flat.outcome(0, "c1") == "expired"
    assert flat.run.fleet.missions.tolist() == [0, 0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_home_that_loses_its_internet_falls_silent_and_comes_back(make_flat, kind) -> None:
    flat = make_flat(kind, faults=OFTEN_OFFLINE)
    offline_until_s = flat.run.fleet.link_s

    flat.until(lambda: offline_until_s[0])
    flat.wish(0, CommandName.FIND, "c1", 60)
    flat.go_on(0.5)
    assert flat.outcome(0, "c1") == ""
    assert offline_until_s[0]

    flat.until(lambda: flat.outcome(0, "c1"))

    assert flat.outcome(0, "c1") == "obeyed"
    assert flat.count(will(flat.things[0])) == 0
    assert flat.run.links.counts.losses == 0
