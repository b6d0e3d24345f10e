"""Firmware: what robots say and do, from messages and time alone."""

import orjson
import pytest

from cloud_functions.contract.commands import Command, CommandName
from device_sim.firmware.batches import Inbound, Incoming
from device_sim.firmware.firmware import Firmware
from device_sim.firmware.reconnect import Backoff, pause_s
from device_sim.robot.fleet import Fleet, RobotSpec
from device_sim.robot.parameters import Faults

NOW = 1_700_000_000.0


class Bench:
    """A robot on a bench: time moves only when told to."""

    def __init__(self, family: str = "i7") -> None:
        fleet = Fleet([RobotSpec("r1", family, 3)], 7, NOW, faults=Faults(scale=0))
        self.firmware = Firmware(fleet)
        self.now_s = NOW
        self.version = 0

    def step(self, *, after_s: float = 0.0, **incoming) -> list[tuple[str, dict]]:
        self.now_s += after_s
        out = self.firmware.step(Incoming(**incoming), self.now_s, self.now_s)
        self.out = out
        return [(each.topic, orjson.loads(each.payload)) for each in out.messages]

    def connect(self) -> list[tuple[str, dict]]:
        return self.step(connected=[0])

    def reports(self, said) -> list[dict]:
        return [
            body["state"]["reported"] for topic, body in said if topic.endswith("/shadow/update")
        ]

    def accept(self) -> list[tuple[str, dict]]:
        """Answer the report on its way."""
        token = self.firmware._robots[0].token
        body = {"clientToken": token, "timestamp": int(self.now_s)}
        return self.hear("update/accepted", body)

    def hear(self, answer: str, body: dict, **more) -> list[tuple[str, dict]]:
        topic = f"$aws/things/r1/shadow/{answer}"
        return self.step(messages=[Inbound(0, topic, orjson.dumps(body))], **more)

    def delta(self, state: dict, version: int | None = None, **more) -> list[tuple[str, dict]]:
        self.version = self.version + 1 if version is None else version
        return self.hear("update/delta", {"version": self.version, "state": state}, **more)

    def command(self, name: CommandName, identifier: str = "c1", lifetime_s: float = 30) -> Command:
        return Command(identifier, name, self.now_s, self.now_s + lifetime_s)


@pytest.fixture
def robot() -> Bench:
    bench = Bench()
    bench.connect()
    bench.accept()
    return bench


def test_after_connecting_a_robot_asks_what_it_missed_and_tells_everything() -> None:
    said = Bench().connect()

    assert [topic for topic, _ in said] == [
        "$aws/things/r1/shadow/get",
        "$aws/things/r1/shadow/update",
    ]
    reported = said[1][1]["state"]["reported"]
    assert reported["connected"] is True
    assert reported["cleanMissionStatus"]["phase"] == "charge"
    assert said[0][1]["clientToken"] != said[1][1]["clientToken"]


def test_a_command_is_answered_at_once_and_done_after_its_seconds(robot: Bench) -> None:
    wish = robot.command(CommandName.START)

    (report,) = robot.reports(robot.delta(wish.as_desired()))
    robot.accept()
    started = robot.reports(robot.step(after_s=3))

    assert report["command"] == [wish.on_wire()]
    assert report["lastCommandResult"]["outcome"] == "obeyed"
    assert started[0]["cleanMissionStatus"]["phase"] == "run"


def test_an_expired_command_is_reported_and_never_obeyed(robot: Bench) -> None:
    late = robot.command(CommandName.START, lifetime_s=-1)

    (report,) = robot.reports(robot.delta(late.as_desired()))
    robot.accept()
    robot.step(after_s=10)

    assert report["lastCommandResult"]["outcome"] == "expired"
    assert robot.firmware.state_of(0)["phase"] == "charge"


def test_the_same_command_twice_is_obeyed_once(robot: Bench) -> None:
    wish = robot.command(CommandName.START)
    robot.delta(wish.as_desired())
    robot.accept()
    robot.step(after_s=5)
    robot.accept()

    robot.delta(wish.as_desired())
    robot.step(after_s=5)

    assert robot.firmware.state_of(0)["missions"] == 1


def test_a_command_that_was_seen_before_a_reconnect_is_not_obeyed_again(robot: Bench) -> None:
    wish = robot.command(CommandName.START)
    robot.delta(wish.as_desired())
    robot.step(lost=[0])
    robot.connect()

    body = {"version": 9, "timestamp": int(NOW), "state": {"delta": wish.as_desired()}}
    robot.hear("get/accepted", body)
    robot.step(after_s=5)

    assert robot.firmware.state_of(0)["missions"] == 1


def test_a_refusal_carries_its_reason(robot: Bench) -> None:
    (report,) = robot.reports(robot.delta(robot.command(CommandName.PAUSE).as_desired()))

    assert report["lastCommandResult"]["outcome"] == "refused"
    assert "cannot pause" in report["lastCommandResult"]["reason"]


def test_a_dock_while_running_pauses_first(robot: Bench) -> None:
    robot.delta(robot.command(CommandName.START).as_desired())
    robot.accept()
    robot.step(after_s=60)
    robot.accept()

    (report,) = robot.reports(robot.delta(robot.command(CommandName.DOCK, "c2").as_desired()))

    assert report["lastCommandResult"]["outcome"] == "obeyed"
    assert report["cleanMissionStatus"]["phase"] == "hmUsrDock"


def test_an_older_delta_is_ignored_and_an_equal_one_is_not(robot: Bench) -> None:
    robot.delta({"openOnly": True}, version=5)
    robot.accept()

    assert robot.reports(robot.delta({"openOnly": False}, version=4)) == []
    assert robot.reports(robot.delta({"binPause": False}, version=5)) == [{"binPause": False}]


def test_settings_come_back_and_unknown_ones_do_not(robot: Bench) -> None:
    (report,) = robot.reports(robot.delta({"name": "Attic", "colour": "red", "twoPass": True}))

    assert report == {"name": "Attic", "twoPass": True, "noAutoPasses": False}


def test_one_report_at_a_time_and_what_changed_meanwhile_follows(robot: Bench) -> None:
    robot.delta({"openOnly": True})

    assert robot.reports(robot.delta({"binPause": False})) == []
    assert robot.reports(robot.accept()) == [{"binPause": False}]


def test_a_report_without_answer_is_sent_again(robot: Bench) -> None:
    robot.delta({"openOnly": True})

    (again,) = robot.reports(robot.step(after_s=11))

    assert again["openOnly"] is True
    assert robot.firmware.reports.timed_out == 1


@pytest.mark.parametrize(("code", "again"), [(409, True), (429, True), (400, False), (413, False)])
def test_a_rejected_report_is_tried_again_when_that_can_help(robot, code, again) -> None:
    robot.delta({"openOnly": True})
    token = robot.firmware._robots[0].token

    said = robot.hear("update/rejected", {"code": code, "message": "no", "clientToken": token})

    assert bool(robot.reports(said)) is again
    assert robot.firmware.reports.rejected == 1


@pytest.mark.parametrize(
    "payload",
    [b"", b"{", b"[]", b'{"version":1,"state":7}', b'{"version":1,"state":{"command":"x"}}',
     b'{"version":1,"state":{"command":[{"id":5}]}}', b'{"version":"x"}'],
)  # fmt: skip
def test_a_malformed_message_does_no_harm(robot: Bench, payload: bytes) -> None:
    topic = "$aws/things/r1/shadow/update/delta"

    robot.step(messages=[Inbound(0, topic, payload)])

    assert robot.firmware.state_of(0)["phase"] == "charge"


def test_a_watched_robot_sends_its_map_once_and_then_positions(robot: Bench) -> None:
    robot.delta(robot.command(CommandName.START).as_desired())
    robot.accept()
    robot.step(after_s=30)
    robot.accept()

    first = [topic for topic, _ in robot.delta({"liveMapUntil": int(robot.now_s) + 60})]
    later = [topic for topic, _ in robot.step(after_s=1)]
    after = [topic for topic, _ in robot.step(after_s=100)]

    assert "robofleet/r1/telemetry" in first
    assert "$aws/rules/pose/robofleet/r1/pose" in first
    assert "$aws/rules/pose/robofleet/r1/pose" in later
    assert "robofleet/r1/telemetry" not in later
    assert "$aws/rules/pose/robofleet/r1/pose" not in after


def test_somebody_else_who_looks_gets_the_map_too(robot: Bench) -> None:
    robot.delta(robot.command(CommandName.START).as_desired())
    robot.accept()
    robot.step(after_s=30)
    robot.accept()
    robot.delta({"liveMapUntil": int(robot.now_s) + 60})

    robot.step(after_s=5)
    robot.delta({"liveMapUntil": int(robot.now_s) + 60})
    again = [topic for topic, _ in robot.step(after_s=1)]

    assert "robofleet/r1/telemetry" in again


def test_a_mission_record_is_said_again_until_it_is_acknowledged(robot: Bench) -> None:
    robot.delta(robot.command(CommandName.START).as_desired())
    robot.step(after_s=6 * 3600)
    (mission,) = [each for each in robot.out.messages if each.topic == "robofleet/r1/mission"]

    robot.step(lost=[0])
    robot.connect()
    again = [each for each in robot.out.messages if each.topic == "robofleet/r1/mission"]
    robot.step(acknowledged=[(0, mission.handle)])
    robot.step(lost=[0])
    robot.connect()
    silent = [each for each in robot.out.messages if each.topic == "robofleet/r1/mission"]

    assert again == [mission]
    assert mission.qos == 1
    assert silent == []


def test_back_off_grows_has_jitter_and_a_limit() -> None:
    policy = Backoff(first_s=1, longest_s=8)

    pauses = [[pause_s(1, key, attempt, policy) for key in range(50)] for attempt in (1, 3, 30)]

    assert max(pauses[0]) <= 1
    assert max(pauses[1]) <= 4
    assert max(pauses[2]) <= 8
    assert len(set(pauses[2])) == 50
