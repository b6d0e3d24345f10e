"""What robots do for who speaks to them at home; cases: tests/compliance/home_network.json."""

import json
from pathlib import Path

import orjson
import pytest

from device_sim.robot.parameters import FULL
from tests.device_sim.firmware.at_home import FAMILIES, NOW, Home

CASES = json.loads((Path(__file__).parents[2] / "compliance" / "home_network.json").read_text())


# ---------------------------------------------------------------- commands


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("case", CASES["commands"], ids=lambda case: case["name"])
def test_a_command_is_echoed_and_done_or_not(case, family) -> None:
    home = Home(family)
    if "battery" in case:
        home.fleet.charge[0] = FULL // 100 * case["battery"]
    for name in case["given"]:
        home.ask(name)
        home.live(4)
    before = home.known["lastCommand"]
    asked_s = home.now_s

    home.ask(case["command"], **case.get("params", {}))
    echoed = home.known["lastCommand"]
    home.live(4)

    if case.get("echoed", True):
        assert echoed == {
            **case.get("params", {}), "command": case["command"], "time": int(asked_s),
            "initiator": "localApp",
        }  # fmt: skip
    else:
        assert echoed == before
    assert home.status["phase"] == case["phase"]
    if "cycle" in case:
        assert home.status["cycle"] == case["cycle"][family]
    assert home.status["notReady"] == case.get("notReady", 0)
    if "missions" in case:
        assert home.status["nMssn"] == case["missions"]


def test_a_start_takes_about_two_seconds() -> None:
    home = Home("900")
    home.ask("start")
    asked_s = home.now_s
    home.live(5)

    told = [(at_s, body["state"]["reported"]) for at_s, _, body in home.said]
    ran_s = next(at_s for at_s, members in told
                 if members.get("cleanMissionStatus", {}).get("phase") == "run")  # fmt: skip
    assert 1 <= ran_s - asked_s <= 3


def test_a_mission_started_at_home_says_so() -> None:
    home = Home("i7")
    home.ask("start")
    home.live(4)

    assert home.status["initiator"] == "localApp"
    assert home.status["mssnStrtTm"] > 0


def test_a_reset_takes_the_robot_off_the_network_and_back() -> None:
    home = Home("900")
    gone, back = list(home.ask("reset").gone), []
    for _ in range(70):
        out = home.step(1)
        gone += out.gone
        back += out.back

    assert gone == [0]
    assert back == [0]


@pytest.mark.parametrize(
    "payload", [b"", b"start", b"[]", b"{}", b'{"command": 7}', b'{"command": null}', b"\xff"]
)
@pytest.mark.parametrize("topic", ["cmd", "delta", "req", "wifictl", "elsewhere"])
def test_what_is_no_message_of_the_home_network_is_ignored(topic, payload) -> None:
    home = Home("i7")
    home.say(topic, payload)
    home.live(2)

    assert {name for members in home.told() for name in members} <= {"signal", "batPct"}


def test_a_command_without_end_is_ignored() -> None:
    home = Home("900")
    home.ask("start", note="x" * 5000)
    home.live(4)

    assert home.status["phase"] == "charge"
    assert home.known["lastCommand"]["command"] is None


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("case", CASES["settings"], ids=lambda case: case["name"])
def test_a_setting_that_is_taken_is_echoed_and_one_that_is_not_is_not(case, family) -> None:
    home = Home(family)
    before = dict(home.known)

    home.say("delta", {"state": case["wanted"]})
    home.live(2)

    echoed = {
        name: value
        for members in home.told()
        for name, value in members.items()
        if name not in ("signal", "batPct")
    }
    changed = {name: value for name, value in case[family].items() if before[name] != value}
    assert echoed == changed
    assert case[family].items() <= home.known.items()


def test_an_i7_that_is_told_to_takes_half_a_pair() -> None:
    home = Home("i7", pairs_only=False)
    home.say("delta", {"state": {"carpetBoost": False}})
    home.live(1)

    assert home.known["carpetBoost"] is False


@pytest.mark.parametrize("family", [*FAMILIES, "m6"])
def test_whatever_is_asked_at_home_the_shadow_stays_under_its_limit(family) -> None:
    home = Home(family)
    home.step(connected=[0])
    entry = {"enabled": True, "type": 0, "start": {"day": [1], "hour": 9, "min": 0},
             "cmd": {"command": "start"}}  # fmt: skip
    home.say("delta", {"state": {"cleanSchedule2": [entry] * 12, "name": "n" * 64}})
    home.ask("start", note="x" * 1200)
    home.live(2)
    memory = home.firmware._robots[0]

    state = {
        "reported": {**home.known, **memory.settings, "lastCommand": memory.last_command},
        "desired": memory.settings,
    }
    assert memory.last_command["command"] == "start"
    assert len(orjson.dumps(state)) < 8192


def test_an_echo_takes_its_time() -> None:
    home = Home("900")
    home.say("delta", {"state": {"openOnly": True}})
    asked_s = home.now_s
    home.live(2, 0.05)

    echo_s = next(at_s for at_s, _, body in home.said if "openOnly" in body["state"]["reported"])
    assert 0.5 <= echo_s - asked_s <= 0.7


def test_a_schedule_set_at_home_starts_the_robot() -> None:
    home = Home("900")
    minute = int(NOW) // 60 + 2
    week = {"cycle": ["start"] * 7, "h": [minute // 60 % 24] * 7, "m": [minute % 60] * 7}
    home.say("delta", {"state": {"cleanSchedule": week}})
    home.live(125)

    assert home.status["phase"] == "run"
    assert home.status["initiator"] == "schedule"
