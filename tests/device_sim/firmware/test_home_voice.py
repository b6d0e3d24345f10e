"""What robots say and do at home; the cases are tests/compliance/home_network.json."""

import json
import math
from pathlib import Path

import orjson
import pytest

from device_sim.firmware.batches import Inbound, Incoming, Outgoing
from device_sim.firmware.firmware import Firmware
from device_sim.robot.fleet import Fleet, RobotSpec
from device_sim.robot.label import blid
from device_sim.robot.parameters import FULL, Faults

NOW = 1_700_000_000.0
THING = "3177820880421650"
CASES = json.loads((Path(__file__).parents[2] / "compliance" / "home_network.json").read_text())
FAMILIES = ["900", "i7"]


class Home:
    """A robot with a client at home; time moves only when told to."""

    def __init__(
        self, family: str = "900", *, connected: bool = True, pairs_only: bool = True
    ) -> None:
        self.fleet = Fleet([RobotSpec(THING, family, 3, "Kitchen")], 7, NOW, faults=Faults(scale=0))
        self.fleet.charge[0] = FULL * 9 // 10
        self.firmware = Firmware(self.fleet, pairs_only=pairs_only)
        self.now_s = NOW
        self.said: list[tuple[float, str, dict]] = []
        self.known: dict = {}
        self.state_topic = f"$aws/things/{blid(7, THING, self.fleet.families[0])}/shadow/update"
        if connected:
            self.step(home_connected=[0])
            self.live(2)
            self.said.clear()

    def step(self, after_s: float = 0.0, **incoming) -> Outgoing:
        self.now_s += after_s
        out = self.firmware.step(Incoming(**incoming), self.now_s, self.now_s)
        for each in out.home:
            body = orjson.loads(each.payload)
            self.said.append((self.now_s, each.topic, body))
            self.known |= body.get("state", {}).get("reported", {})
        return out

    def live(self, seconds: float, every_s: float = 0.25) -> None:
        for _ in range(round(seconds / every_s)):
            self.step(every_s)

    def say(self, topic: str, body) -> Outgoing:
        payload = body if isinstance(body, bytes) else orjson.dumps(body)
        return self.step(home=[Inbound(0, topic, payload)])

    def ask(self, name: str, **params) -> Outgoing:
        said = {"command": name, "time": int(self.now_s), "initiator": "localApp", **params}
        return self.say("cmd", said)

    def told(self) -> list[dict]:
        return [body["state"]["reported"] for _, _, body in self.said if "state" in body]

    @property
    def status(self) -> dict:
        return self.known["cleanMissionStatus"]


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


# ---------------------------------------------------------------- the same robot in the cloud


def reports(out: Outgoing) -> list[dict]:
    bodies = [orjson.loads(each.payload) for each in out.messages if "update" in each.topic]
    return [body["state"] for body in bodies]


@pytest.fixture
def both() -> Home:
    """A robot with a client at home and a cloud that has heard everything."""
    home = Home("900")
    out = home.step(connected=[0])
    accept(home, out)
    return home


def accept(home: Home, out: Outgoing) -> Outgoing:
    token = next(orjson.loads(each.payload)["clientToken"] for each in out.messages
                 if each.topic.endswith("/update"))  # fmt: skip
    body = {"clientToken": token, "timestamp": int(home.now_s)}
    topic = f"$aws/things/{THING}/shadow/update/accepted"
    return home.step(messages=[Inbound(0, topic, orjson.dumps(body))])


def test_a_setting_of_home_is_reported_to_the_cloud_and_desired_there(both: Home) -> None:
    both.say("delta", {"state": {"openOnly": True}})
    out = both.step(0.7)

    state = reports(out)[0]
    assert state["reported"]["openOnly"] is True
    assert state["desired"] == {"openOnly": True}

    out = accept(both, out)
    both.say("delta", {"state": {"binPause": True}})
    state = reports(both.step(0.7))[0]
    assert state["desired"] == {"binPause": True}


def test_a_setting_of_the_cloud_is_told_at_home(both: Home) -> None:
    body = {"version": 9, "state": {"openOnly": True}}
    topic = f"$aws/things/{THING}/shadow/update/delta"
    out = both.step(messages=[Inbound(0, topic, orjson.dumps(body))])

    assert both.known["openOnly"] is True
    assert "desired" not in reports(out)[0]


def test_a_command_of_home_changes_what_the_cloud_sees(both: Home) -> None:
    out = both.ask("start")
    seen: dict = {}
    for _ in range(8):
        for state in reports(out):
            seen |= state["reported"]
            accept(both, out)
        out = both.step(0.5)

    assert seen["lastCommand"]["initiator"] == "localApp"
    assert seen["cleanMissionStatus"]["phase"] == "run"


def test_a_command_of_the_cloud_is_told_at_home(both: Home) -> None:
    wish = {"id": "c1", "command": "start", "params": {}, "initiator": "rmtApp",
            "time": int(both.now_s), "expires": int(both.now_s) + 30}  # fmt: skip
    body = {"version": 9, "state": {"command": [wish]}}
    topic = f"$aws/things/{THING}/shadow/update/delta"
    both.step(messages=[Inbound(0, topic, orjson.dumps(body))])
    both.live(3)

    assert both.known["lastCommand"]["initiator"] == "rmtApp"
    assert both.status["phase"] == "run"
    assert both.status["initiator"] == "rmtApp"
