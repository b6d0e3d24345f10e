"""The demo plays its story by itself, on each broker."""

import json

import pytest

BROKERS = ["builtin", pytest.param("mosquitto", marks=pytest.mark.mosquitto)]
STEPS = [
    *("up", "sign in", "pair", "online", "start", "clean", "watch"),
    *("pause", "resume", "dock", "home", "mission", "map"),
]


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize("robots", [3, 50])
def test_the_story_is_seen_from_the_tap_to_the_map(robofleet, tmp_path, broker, robots) -> None:
    report = tmp_path / "demo.json"

    done = robofleet(
        *("demo", "--headless", "--free-ports", "--for", "20"),
        *("--broker", broker, "--robots", str(robots)),
        *("--data", str(tmp_path / "data"), "--json", str(report)),
    )

    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(report.read_text())
    assert (said["ok"], said["broker"], said["robots"]) == (True, broker, robots)
    assert [step["name"] for step in said["steps"]] == STEPS
    assert all(step["ok"] and step["ms"] >= 0 for step in said["steps"])
    assert list((tmp_path / "data" / "missions").glob("*.svg"))
