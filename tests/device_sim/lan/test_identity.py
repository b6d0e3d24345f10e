"""BLIDs, passwords and addresses of robots at home."""

import re

import pytest

from device_sim.lan.errors import InvalidAddress
from device_sim.lan.identity import MAX_ROBOTS, home_robots
from device_sim.robot.population import RobotSpec

SPECS = [RobotSpec("3177820880421650", "900"), RobotSpec("9398331513871015", "i7")]


def test_a_thing_name_that_is_a_blid_is_the_blid() -> None:
    assert home_robots(SPECS, 7)[0].blid == "3177820880421650"


def test_later_families_have_32_upper_case_hex_characters() -> None:
    assert re.fullmatch("[0-9A-F]{32}", home_robots(SPECS, 7)[1].blid)


def test_passwords_have_their_form_and_differ() -> None:
    words = [robot.password for robot in home_robots(SPECS, 7)]

    assert all(re.fullmatch(r":1:\d{10}:[A-Za-z0-9]{16}", word) for word in words)
    assert len({*words}) == 2


def test_the_same_fleet_has_the_same_labels_and_another_seed_has_others() -> None:
    assert home_robots(SPECS, 7) == home_robots(SPECS, 7)
    assert home_robots(SPECS, 7)[0].password != home_robots(SPECS, 8)[0].password


def test_each_robot_has_an_address_of_its_own() -> None:
    robots = home_robots([RobotSpec(f"{n:016d}", "900") for n in range(1000)], 7)

    assert len({robot.address for robot in robots}) == 1000
    assert {robot.address.split(".")[0] for robot in robots} == {"127"}


def test_the_first_robot_takes_the_address_it_is_given() -> None:
    assert [each.address for each in home_robots(SPECS, 7, "10.0.0.2")] == [
        "10.0.0.2",
        "127.16.0.2",
    ]


@pytest.mark.parametrize("text", ["kitchen", "0.0.0.0", "255.255.255.255", "224.0.0.1", "1.2.3"])
def test_what_is_no_address_is_refused_by_name(text) -> None:
    with pytest.raises(InvalidAddress, match=re.escape(text)):
        home_robots(SPECS, 7, text)


def test_a_home_network_has_a_limit() -> None:
    with pytest.raises(InvalidAddress, match="at most 5000"):
        home_robots([SPECS[0]] * (MAX_ROBOTS + 1), 7)
