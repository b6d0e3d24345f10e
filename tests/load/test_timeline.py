"""Whatever order messages come in, the timeline tells causes before what they caused."""

import json

import pytest

from cloud_functions.contract.api import LiveMessage
from load.timeline import Timeline

THING = "r1"


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def told():
    return []


@pytest.fixture
def timeline(told, clock):
    return Timeline(lambda moment: told.append((moment.what, moment.text)), clock)


def command(command_id: str = "c1", name: str = "start") -> list[dict]:
    return [{"id": command_id, "command": name, "initiator": "rmtApp", "time": 1, "expires": 31}]


def shadow(answer: str, state: dict) -> tuple[str, bytes]:
    return f"$aws/things/{THING}/shadow/update/{answer}", json.dumps({"state": state}).encode()


def desired(command_id: str = "c1", name: str = "start") -> tuple[str, bytes]:
    return shadow("accepted", {"desired": {"command": command(command_id, name)}})


def delta(command_id: str = "c1", name: str = "start") -> tuple[str, bytes]:
    return shadow("delta", {"command": command(command_id, name)})


def answer(phase: str, command_id: str = "c1", name: str = "start") -> tuple[str, bytes]:
    result = {"id": command_id, "command": name, "outcome": "obeyed"}
    status = {"phase": phase, "cycle": "clean"}
    return shadow(
        "accepted", {"reported": {"lastCommandResult": result, "cleanMissionStatus": status}}
    )


IN_ORDER = [
    ("tap", "start"),
    ("desired", "start"),
    ("delta", "start"),
    ("answer", "start obeyed"),
    ("phase", "run (clean)"),
]


@pytest.mark.parametrize(
    "arrived",
    [
        [desired(), delta(), answer("run")],
        [delta(), desired(), answer("run")],
        [answer("run"), delta(), desired()],
        [delta(), answer("run"), desired()],
    ],
)
def test_a_tap_is_told_from_cause_to_effect_whatever_came_first(timeline, told, arrived) -> None:
    timeline.tapped(THING, "start", "c1")

    for topic, payload in arrived:
        timeline.hear(topic, payload)

    assert told == IN_ORDER


def test_a_tap_of_somebody_elses_phone_shows_by_its_desired_state(timeline, told) -> None:
    for topic, payload in (delta(), desired(), delta()):
        timeline.hear(topic, payload)

    assert told == [("tap", "start (by rmtApp)"), ("desired", "start"), ("delta", "start")]


def test_the_next_tap_and_the_step_come_after_the_answer_that_led_to_them(timeline, told) -> None:
    timeline.tapped(THING, "start", "c1")
    timeline.hear(*desired())
    timeline.hear(*delta())

    timeline.after_the_answer(lambda: told.append(("step", "start")))
    timeline.tapped(THING, "pause", "c2")
    timeline.hear(*answer("run"))

    assert told[3:] == [
        ("answer", "start obeyed"),
        ("phase", "run (clean)"),
        ("step", "start"),
        ("tap", "pause"),
    ]


def test_a_line_whose_cause_was_missed_waits_a_second_and_no_longer(timeline, told, clock) -> None:
    timeline.hear(*delta())
    assert told == []

    clock.now_s = 1.1
    timeline.hear(*shadow("accepted", {"reported": {"batPct": 9}}))
    timeline._release()

    assert told == [("delta", "start")]


def test_a_mission_is_recorded_after_it_was_said(timeline, told) -> None:
    record = {"missionId": "01ABC", "done": "ok", "sqft": 200}

    timeline.hear_phone(LiveMessage(type="mission", thing=THING, time=1, body=record))
    timeline.hear(f"robofleet/{THING}/mission", json.dumps({"record": record}).encode())

    assert told == [("mission", "ok, 200 ft2"), ("recorded", "01ABC: ok")]


def test_what_still_waits_is_told_at_the_end(timeline, told) -> None:
    timeline.hear(*delta())

    timeline.flush()

    assert told == [("delta", "start")]


@pytest.mark.parametrize("payload", [b"{", b"[]", b'{"state": {"desired": {"command": [1]}}}'])
def test_what_is_no_message_of_ours_is_passed_over(timeline, told, payload) -> None:
    timeline.hear(f"$aws/things/{THING}/shadow/update/accepted", payload)

    assert told == []
