"""Discovery answers; the cases are tests/compliance/home_network.json."""

import json
from pathlib import Path

import pytest

from device_sim.lan.discovery import answer, is_request
from device_sim.lan.identity import home_robots
from device_sim.robot.families import FAMILIES
from device_sim.robot.fleet import Fleet, RobotSpec
from mobile_client.lan.finding import found_in

CASES = json.loads((Path(__file__).parents[2] / "compliance" / "home_network.json").read_text())[
    "discovery"
]
NEEDED = {"hostname", "sw", "ip", "mac", "robotname", "sku", "cap"}
"""What roombapy drops an answer without."""


def said(family: str, name: str = "Kitchen", connections: int = 0) -> bytes:
    fleet = Fleet([RobotSpec("3177820880421650", family, 3, "Kitchen")], 7, 1_700_000_000.0)
    robot = home_robots(fleet.specs, 7)[0]
    return answer(fleet, 0, robot, name=name, connections=connections)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_request_is_answered_and_nothing_else(case) -> None:
    asked = bytes.fromhex(case["asked"])
    assert is_request(asked) is (case["says"] is not None)
    if case["says"] is None:
        return

    told = json.loads(said(case["family"]))

    assert case["says"].items() <= told.items()
    assert set(case.get("with", ())) <= told.keys()
    assert not set(case.get("without", ())) & told.keys()


@pytest.mark.parametrize("family", FAMILIES)
def test_an_answer_has_what_clients_need_in_the_types_they_need(family) -> None:
    told = json.loads(said(family, connections=1))

    assert told.keys() >= NEEDED
    assert all(isinstance(told[key], str) for key in NEEDED - {"cap"})
    assert all(isinstance(value, int) for value in told["cap"].values())
    assert told["hostname"].count("-") == 1
    assert told["hostname"].partition("-")[0] in ("Roomba", "iRobot")
    assert told["mac"][:8] in ("50:14:79", "80:A5:89", "DC:F5:05", "20:4E:F6")
    assert told["nc"] == 1


def test_a_name_without_end_does_not_make_the_answer_longer_than_clients_read() -> None:
    datagram = said("i7", name="ü" * 3000)

    assert len(datagram) < 1024
    assert found_in(datagram) is not None
