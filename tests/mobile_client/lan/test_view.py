"""What a client at home knows, from messages alone."""

import json

import pytest

from mobile_client.lan.view import HomeView


def report(**members) -> bytes:
    return json.dumps({"state": {"reported": members}}).encode()


def test_a_member_is_replaced_whole() -> None:
    view = HomeView()
    view.hear(report(bin={"present": True, "full": False}))
    view.hear(report(bin={"full": True}))

    assert view.members["bin"] == {"full": True}


def test_a_view_is_whole_when_the_signal_has_come() -> None:
    view = HomeView()
    view.hear(report(cleanMissionStatus={"phase": "charge"}))
    assert not view.is_whole

    view.hear(report(signal={"rssi": -45}))
    assert view.is_whole


def test_a_command_is_echoed_by_its_word_and_second() -> None:
    view = HomeView()
    assert not view.has_echoed("start", 7)

    view.hear(report(lastCommand={"command": "start", "time": 7, "initiator": "localApp"}))
    assert view.has_echoed("start", 7)
    assert not view.has_echoed("start", 8)
    assert not view.has_echoed("dock", 7)


def test_settings_are_taken_when_all_are_as_wanted() -> None:
    view = HomeView()
    view.hear(report(carpetBoost=True, vacHigh=False))

    assert view.has_taken({"carpetBoost": True, "vacHigh": False})
    assert not view.has_taken({"carpetBoost": True, "vacHigh": True})
    assert not view.has_taken({"openOnly": False})


def test_a_glance_shows_what_is_known() -> None:
    view = HomeView()
    view.hear(report(name="Kitchen", batPct=90, cleanMissionStatus={"phase": "run", "error": 0}))

    assert view.glance() == {"name": "Kitchen", "batPct": 90, "phase": "run", "error": 0}


@pytest.mark.parametrize(
    "payload", [b"", b"\xff", b"[]", b"1", b'{"state": 1}', b'{"state": {"reported": []}}']
)
def test_what_is_no_report_tells_nothing(payload) -> None:
    view = HomeView()

    assert view.hear(payload) == {}
    assert view.members == {}
