"""What robots say at home: the first report, what follows it, where they are."""

import math

import orjson
import pytest

from device_sim.robot.parameters import FULL
from tests.device_sim.firmware.at_home import FAMILIES, NOW, Home

# ---------------------------------------------------------------- the first report


def test_a_900_says_many_small_messages_within_a_second_and_a_half() -> None:
    home = Home("900", connected=False)
    home.step(home_connected=[0])
    home.live(1.5, 0.05)

    assert 20 <= len(home.said) <= 30
    assert home.said[-1][0] - NOW <= 1.3
    assert list(home.told()[0]) == ["netinfo"]
    assert list(home.told()[-1]) == ["signal"]


def test_an_i7_says_one_document_and_its_wifi() -> None:
    home = Home("i7", connected=False)
    home.step(home_connected=[0])
    home.live(1.5, 0.05)

    shadow = [(at_s, body) for at_s, topic, body in home.said if topic == home.state_topic]
    assert len(shadow) == 1
    assert shadow[0][0] - NOW == pytest.approx(0.2, abs=0.06)
    assert 3000 < len(orjson.dumps(shadow[0][1])) < 5500
    assert list(home.told()[-1]) == ["signal"]


@pytest.mark.parametrize("family", [*FAMILIES, "m6"])
def test_everything_home_assistant_looks_at_is_there_when_the_name_comes(family) -> None:
    home = Home(family, connected=False)
    home.step(home_connected=[0])
    known: set[str] = set()
    home.live(1.5)
    for members in home.told():
        known |= members.keys()
        if "name" in members:
            break

    needed = {"cap", "cleanMissionStatus", "sku", "softwareVer", "batPct", "bbmssn"}
    needed.add("detectedPad" if family == "m6" else "bin")
    needed.add("mac" if family == "900" else "hwPartsRev")
    assert known >= needed


def test_a_900_tells_what_dorita980_waits_for() -> None:
    known = Home("900").known

    assert known.keys() >= {
        "bbrstinfo", "cap", "sku", "batteryType", "soundVer", "uiSwVer", "navSwVer", "wifiSwVer",
        "mobilityVer", "bootloaderVer", "umiVer", "softwareVer", "audio", "bin", "cleanSchedule",
        "vacHigh", "signal", "utctime", "langs", "wlcfg", "netinfo", "wifistat", "cloudEnv",
        "pose", "mac", "name", "batPct", "bbrun",
    }  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_the_last_command_before_any_is_three_nulls(family) -> None:
    assert Home(family).known["lastCommand"] == {"command": None, "time": None, "initiator": None}


@pytest.mark.parametrize("family", FAMILIES)
def test_wifi_goes_on_its_own_topic_and_everything_else_on_the_shadows(family) -> None:
    home = Home(family, connected=False)
    home.step(home_connected=[0])
    home.live(1.5)

    for _, topic, body in home.said:
        names = body["state"]["reported"].keys()
        wifi = names <= {"netinfo", "wifistat", "wlcfg", "mac", "signal"}
        assert topic == ("wifistat" if wifi else home.state_topic)


def test_what_the_product_adds_for_its_cloud_is_not_told_at_home() -> None:
    assert "family" not in Home("i7").known


def test_who_is_not_connected_hears_nothing() -> None:
    home = Home("900", connected=False)
    home.ask("start")
    home.live(5)

    assert home.said == []


def test_a_client_that_left_hears_nothing_more() -> None:
    home = Home("900")
    home.step(home_lost=[0])
    home.live(10)

    assert home.said == []


def test_a_client_that_comes_back_is_told_everything_again() -> None:
    home = Home("900")
    home.step(home_lost=[0])
    home.known.clear()
    home.step(home_connected=[0])
    home.live(1.5)

    assert home.known.keys() >= {"name", "signal", "cleanMissionStatus"}


# ---------------------------------------------------------------- cadence


@pytest.mark.parametrize(("family", "every_s"), [("900", 5), ("i7", 10)])
def test_a_docked_full_robot_says_only_its_signal(family, every_s) -> None:
    home = Home(family)
    home.fleet.charge[0] = FULL
    home.live(1)
    home.said.clear()
    home.live(60)

    assert {name for members in home.told() for name in members} <= {"signal", "batPct"}
    assert len([each for each in home.told() if "signal" in each]) == 60 // every_s


def test_a_900_tells_its_place_each_second_while_it_moves_in_centimetres() -> None:
    home = Home("900")
    home.ask("start")
    home.live(3)
    home.said.clear()
    home.live(20)

    poses = [
        (topic, body["state"]["reported"]["pose"])
        for _, topic, body in home.said
        if "pose" in body["state"]["reported"]
    ]
    assert 17 <= len(poses) <= 21
    assert {topic for topic, _ in poses} == {"wifistat"}
    for _, pose in poses:
        assert all(type(pose["point"][axis]) is int for axis in "xy")
        assert -180 <= pose["theta"] <= 180


def test_an_i7_keeps_its_place_to_itself() -> None:
    home = Home("i7")
    home.ask("start")
    home.live(30)

    assert not any("pose" in members for members in home.told())


def test_the_minutes_of_a_900s_mission_tick_each_minute() -> None:
    home = Home("900")
    home.ask("start")
    home.live(3)
    home.said.clear()
    home.live(180)

    minutes = [each["cleanMissionStatus"]["mssnM"] for each in home.told()
               if "cleanMissionStatus" in each]  # fmt: skip
    assert minutes in ([1, 2, 3], [1, 2])


@pytest.mark.parametrize("family", FAMILIES)
def test_every_change_tells_the_whole_top_level_member(family) -> None:
    home = Home(family)
    whole = {name: set(value) for name, value in home.known.items() if isinstance(value, dict)}
    home.ask("start")
    home.live(120)

    for members in home.told():
        for name, value in members.items():
            if name in whole and name not in ("lastCommand", "pose"):
                assert set(value) >= whole[name]


def test_counters_are_told_when_a_mission_ends() -> None:
    home = Home("900")
    home.ask("start")
    home.live(90)
    home.said.clear()
    home.ask("stop")
    home.live(1)

    assert home.known["bbmssn"]["nMssnC"] == 1
    assert any("bbmssn" in members for members in home.told())


def test_a_900_has_its_sound_while_it_starts() -> None:
    home = Home("900")
    home.ask("start")
    home.live(4)

    assert [each["audio"]["active"] for each in home.told() if "audio" in each] == [True, False]


# ---------------------------------------------------------------- position


def test_an_i7_answers_where_it_is_in_metres_and_radians() -> None:
    home = Home("i7")
    home.ask("start")
    home.live(20)
    home.said.clear()
    asked_s = home.now_s
    home.say("req", {"reqId": "a1", "reqType": "current", "conType": "local"})
    home.live(1, 0.05)

    at_s, _, body = next(each for each in home.said if each[1] == "data")
    assert 0.23 <= at_s - asked_s <= 0.78
    assert (body["reportType"], body["reqId"], body["ver"]) == ("current", "a1", "1.0.0")
    place = body["data"][0]
    assert {place["pmap_id"]: place["pmapv_id"]} in home.known["pmaps"]
    x_m, y_m, theta = place["coords"][0]["xyt"]
    assert 0.5 < math.hypot(x_m, y_m) < 20
    assert -math.pi <= theta <= math.pi


def test_a_900_does_not_answer_where_it_is() -> None:
    home = Home("900")
    home.say("req", {"reqId": "a1", "reqType": "current"})
    home.live(2)

    assert not any(topic == "data" for _, topic, _ in home.said)
