"""At home and in the cloud is the same robot."""

import orjson
import pytest

from device_sim.firmware.batches import Inbound, Outgoing
from tests.device_sim.firmware.at_home import THING, Home


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
