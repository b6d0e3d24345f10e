"""A watched robot is told of in one line an event, and only of what changed."""

import pytest

from cloud_functions.contract.api import LiveMessage, Robot
from mobile_client.narration import Narrator


def message(kind: str, body: dict) -> LiveMessage:
    return LiveMessage(type=kind, thing="r1", time=1, body=body)


def state(version: int = 2, **reported) -> LiveMessage:
    return message("state", {"reported": reported, "version": version})


@pytest.fixture
def narrator():
    narrator = Narrator()
    reported = {"batPct": 98, "cleanMissionStatus": {"phase": "charge", "error": 0}}
    narrator.learn(Robot(thing="r1", name="Attic", reported=reported, version=1))
    return narrator


RESULT = {"id": "c1", "command": "start", "outcome": "refused", "reason": "the bin is full"}
MISSION = {"missionId": "01ABC", "done": "ok", "sqft": 200, "durationM": 40}


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (state(batPct=97), "battery 97 %"),
        (
            state(cleanMissionStatus={"phase": "run", "cycle": "clean", "error": 0}, batPct=98),
            "phase run (clean)",
        ),
        (
            state(cleanMissionStatus={"phase": "stuck", "cycle": "clean", "error": 6}),
            "phase stuck (clean), error 6",
        ),
        (
            state(command=[{"id": "c1"}], lastCommand={"time": 1}, lastCommandResult=RESULT),
            "start refused (the bin is full)",
        ),
        (state(bin={"present": True, "full": True}), "bin full"),
        (state(connected=False), "offline"),
        (state(carpetBoost=True), "carpetBoost"),
        (state(**dict.fromkeys("abcdef", 1)), "a, b, c, d, 2 members more"),
        (message("pose", {"pose": {"point": {"x": 10, "y": -4}}}), "at x 10 cm, y -4 cm"),
        (message("map", {"floorPlan": {"rooms": [1, 2]}, "path": [3]}), "2 rooms, 1 points driven"),
        (message("mission", MISSION), "01ABC ended ok: 200 ft2 in 40 min"),
        (message("presence", {"connected": True}), "online"),
        (message("alert", {"text": "The bin is full."}), "The bin is full."),
        (message("alert", {"kind": "error", "error": 77}), "error 77"),
    ],
)
def test_an_event_is_one_readable_line(narrator, event, said) -> None:
    assert narrator.tell(event) == said


def test_what_is_known_already_is_not_told(narrator) -> None:
    assert narrator.tell(state(batPct=98)) is None
    assert narrator.tell(state(batPct=97)) is not None
    assert narrator.tell(state(batPct=97)) is None


def test_what_was_overtaken_is_told_only_where_it_is_still_new(narrator) -> None:
    narrator.tell(state(version=4, batPct=96))

    assert narrator.tell(state(version=3, batPct=97, lastCommandResult=RESULT)) == (
        "start refused (the bin is full)"
    )


@pytest.mark.parametrize("kind", ["pose", "map", "mission", "state", "alert"])
def test_an_event_of_a_newer_cloud_is_told_as_far_as_it_is_understood(narrator, kind) -> None:
    said = narrator.tell(message(kind, {}))

    assert said is None or "\n" not in said
