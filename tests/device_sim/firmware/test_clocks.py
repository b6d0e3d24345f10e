"""Robots know cloud time however wrong their own clocks are."""

import numpy as np
import orjson
import pytest

from cloud_functions.contract.commands import Command, CommandName
from device_sim.firmware.batches import Inbound, Incoming
from device_sim.firmware.clocks import Clocks
from device_sim.firmware.firmware import Firmware
from device_sim.robot.fleet import Fleet, RobotSpec
from device_sim.robot.parameters import Faults

NOW = 1_700_000_000.0


def clocks(offset_s: float = 0.0) -> Clocks:
    made = Clocks(2)
    made.put_wrong([1], np.array([offset_s]))
    return made


@pytest.mark.parametrize("offset_s", [3600.0, -3600.0, 3.0, -3.0])
def test_an_answer_puts_a_clock_right(offset_s: float) -> None:
    wrong = clocks(offset_s)
    assert wrong.now_s(1, NOW) == NOW + offset_s
    assert not wrong.is_sure(1)

    wrong.asks(1, NOW)
    wrong.answered(1, int(NOW), NOW + 0.4)

    assert abs(wrong.now_s(1, NOW + 0.4) - (NOW + 0.4)) <= 1.4
    assert wrong.is_sure(1)
    assert wrong.now_s(0, NOW) == NOW


def test_a_right_clock_is_left_alone_by_a_slow_answer() -> None:
    right = clocks()

    right.asks(1, NOW)
    right.answered(1, int(NOW) + 3, NOW + 9.0)

    assert right.now_s(1, NOW + 9.0) == NOW + 9.0


def test_a_message_that_was_long_on_its_way_does_not_set_a_clock_back() -> None:
    right = clocks()

    right.heard(1, int(NOW) - 600, NOW)
    assert right.now_s(1, NOW) == NOW

    right.heard(1, int(NOW) + 600, NOW)
    assert right.now_s(1, NOW) == NOW + 600


def test_an_offset_that_holds_already_does_not_undo_what_was_learned() -> None:
    wrong = clocks(500.0)
    wrong.asks(1, NOW)
    wrong.answered(1, int(NOW), NOW)

    wrong.put_wrong([0, 1], np.array([0.0, 500.0]))
    assert wrong.is_sure(1)

    wrong.put_wrong([1], np.array([0.0]))
    assert wrong.now_s(1, NOW) == NOW


def test_a_robot_that_was_without_power_counts_from_zero() -> None:
    new = clocks()

    new.restart(1, NOW)

    assert new.now_s(1, NOW + 5) == 5
    assert new.to_ask(NOW) == [1]
    new.asks(1, NOW)
    assert new.to_ask(NOW + 9) == []
    assert new.to_ask(NOW + 11) == [1]


@pytest.mark.parametrize("timestamp", [None, "1700000000", 1.5, True, -1])
def test_what_is_no_time_teaches_nothing(timestamp: object) -> None:
    wrong = clocks(50.0)

    wrong.answered(1, timestamp, NOW)
    wrong.heard(1, timestamp, NOW)

    assert wrong.now_s(1, NOW) == NOW + 50
    assert not wrong.is_sure(1)


class Robots:
    """Two robots in one fleet, the second with a wrong clock."""

    def __init__(self, offset_s: float) -> None:
        specs = [RobotSpec("right", "i7", 3), RobotSpec("wrong", "i7", 3)]
        self.firmware = Firmware(Fleet(specs, 7, NOW, faults=Faults(scale=0)))
        self.firmware.step(Incoming(connected=[0, 1]), NOW, NOW)
        self.answer(NOW + 1)
        self.firmware.clocks.put_wrong([1], np.array([offset_s]))

    def answer(self, now_s: float, state: dict | None = None) -> list[tuple[int, dict]]:
        body = {"timestamp": int(now_s), "version": 3, "state": state or {}}
        return self.hear("get/accepted", body, now_s)

    def hear(self, answer: str, body: dict, now_s: float) -> list[tuple[int, dict]]:
        """Rows, and what they say of commands, when both hear the same."""
        raw = orjson.dumps(body)
        messages = [
            Inbound(row, f"$aws/things/{thing}/shadow/{answer}", raw)
            for row, thing in enumerate(("right", "wrong"))
        ]
        self.firmware._shadow.give_up(0)
        self.firmware._shadow.give_up(1)
        out = self.firmware.step(Incoming(messages=messages), now_s, now_s)
        said = [(each.row, orjson.loads(each.payload)) for each in out.messages]
        reports = [(row, body["state"]["reported"]) for row, body in said if "state" in body]
        return [(row, each["lastCommandResult"]) for row, each in reports
                if "lastCommandResult" in each]  # fmt: skip


def command(at_s: float, lifetime_s: float) -> dict:
    start = Command("c1", CommandName.START, at_s, at_s + lifetime_s)
    return {"command": [start.on_wire()]}


@pytest.mark.parametrize("offset_s", [0.0, 7200.0, -7200.0])
@pytest.mark.parametrize(("age_s", "outcome"), [(5, "obeyed"), (50, "expired")])
def test_commands_are_judged_rightly_in_spite_of_a_wrong_clock(
    offset_s: float, age_s: int, outcome: str
) -> None:
    robots = Robots(offset_s)
    wish = command(NOW + 10 - age_s, 30)

    by_delta = robots.hear(
        "update/delta", {"version": 3, "timestamp": int(NOW) + 10, "state": wish}, NOW + 10
    )
    by_answer = robots.answer(NOW + 10.5, {"delta": wish})
    later = robots.hear("update/accepted", {"timestamp": int(NOW) + 11}, NOW + 11)

    told = by_delta + by_answer + later
    assert {(row, each["outcome"]) for row, each in told} == {(0, outcome), (1, outcome)}
    assert {each["id"] for _, each in told} == {"c1"}
