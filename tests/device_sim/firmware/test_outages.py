"""What links are told when homes lose their internet and robots their power."""

import numpy as np
import orjson
import pytest

from cloud_functions.contract.commands import Command, CommandName
from device_sim.firmware.batches import Inbound, Incoming, Outgoing
from device_sim.firmware.firmware import Firmware
from device_sim.firmware.outages import notice
from device_sim.firmware.restarts import Restarts
from device_sim.robot.fleet import Fleet, RobotSpec
from device_sim.robot.influence import cut_links, cut_power
from device_sim.robot.parameters import Faults
from device_sim.robot.step import Happening, Kind
from device_sim.robot.telling.diary import Diary

NOW = 1_700_000_000.0


def lost(row: int, value: int = 30) -> Happening:
    return Happening(row, Kind.LINK_LOST, value, NOW)


def back(row: int) -> Happening:
    return Happening(row, Kind.LINK_BACK, 0, NOW)


@pytest.mark.parametrize(
    ("happened", "silence", "cut", "restore"),
    [
        ([lost(3)], [3], [], []),
        ([lost(3, 0)], [], [3], []),
        ([back(3)], [], [], [3]),
        ([lost(3), back(3)], [], [], [3]),
        ([back(3), lost(3)], [3], [], []),
        ([lost(1), lost(2, 0), back(3)], [1], [2], [3]),
        ([Happening(3, Kind.ERROR, 5, NOW)], [], [], []),
    ],
)
def test_the_last_thing_that_happened_to_a_home_counts(
    happened: list, silence: list, cut: list, restore: list
) -> None:
    out = Outgoing()

    dark = notice(happened, out, Restarts())

    assert (out.silence, out.cut, out.restore) == (silence, cut, restore)
    assert dark == cut


def test_robots_that_restart_are_left_alone() -> None:
    restarts, out = Restarts(), Outgoing()
    restarts.begin(3, Outgoing(), has_link=True)

    notice([lost(3), lost(4)], out, restarts)

    assert out.silence == [4]


@pytest.fixture
def firmware() -> Firmware:
    fleet = Fleet([RobotSpec("r1", "i7", 3)], 7, NOW, faults=Faults(scale=0))
    made = Firmware(fleet)
    made.step(Incoming(connected=[0]), NOW, NOW)
    return made


@pytest.mark.parametrize("influence", [cut_links, cut_power])
def test_a_home_comes_back_when_its_time_is_over(firmware: Firmware, influence) -> None:
    diary = Diary(firmware.fleet)
    influence(firmware.fleet, np.array([0]), np.array([30]), diary)
    out = Outgoing()
    notice(diary.happened(), out, Restarts())
    assert out.silence == [0]

    told = [firmware.step(Incoming(), NOW + at_s, NOW + at_s).restore for at_s in (29, 31, 40)]

    assert told == [[], [0], []]


def test_a_robot_that_restarts_has_forgotten_what_it_had_not_said(firmware: Firmware) -> None:
    wish = Command("c1", CommandName.FIND, NOW, NOW + 30).as_desired()
    body = orjson.dumps({"version": 4, "timestamp": int(NOW), "state": wish})
    topic = "$aws/things/r1/shadow/update/delta"
    firmware.step(Incoming(messages=[Inbound(0, topic, body)]), NOW + 1, NOW + 1)
    firmware._robots[0].kept[1] = "a fact"  # type: ignore[assignment]

    firmware._lose_power(0, NOW + 2)
    out = firmware.step(Incoming(connected=[0]), NOW + 3, NOW + 3)

    said = [(each.topic.rsplit("/", 1)[1], orjson.loads(each.payload)) for each in out.messages]
    assert [topic for topic, _ in said] == ["get", "update"]
    assert "lastCommandResult" not in said[1][1]["state"]["reported"]


def test_a_robot_whose_shadow_is_new_learns_the_time_from_its_first_report(
    firmware: Firmware,
) -> None:
    firmware._lose_power(0, NOW + 1)
    said = firmware.step(Incoming(connected=[0]), NOW + 2, NOW + 2).messages
    token = orjson.loads(said[1].payload)["clientToken"]
    topic = "$aws/things/r1/shadow/update"
    wish = Command("c1", CommandName.FIND, NOW, NOW + 30).as_desired()
    unread = orjson.dumps({"version": 1, "timestamp": int(NOW), "state": wish})
    answer = orjson.dumps({"version": 2, "timestamp": int(NOW) + 3, "clientToken": token})

    for name, raw in (("delta", unread), ("accepted", answer)):
        message = Inbound(0, f"{topic}/{name}", raw)
        out = firmware.step(Incoming(messages=[message]), NOW + 3, NOW + 3)

    assert firmware.clocks.is_sure(0)
    assert [each.topic for each in out.messages] == ["$aws/things/r1/shadow/get"]


def test_a_robot_asks_for_the_time_again_when_nobody_answers(firmware: Firmware) -> None:
    firmware._lose_power(0, NOW + 1)
    firmware.step(Incoming(connected=[0]), NOW + 2, NOW + 2)

    out = firmware.step(Incoming(), NOW + 13, NOW + 13)

    assert "$aws/things/r1/shadow/get" in [each.topic for each in out.messages]
