"""Users of Locust, each scene in a process of its own: Locust changes the one it is in."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SCENES = Path(__file__).parent / "inside_locust"


def played(scene: str) -> dict[str, Any]:
    command = [sys.executable, str(SCENES / f"{scene}.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_owner_whose_list_comes_when_the_run_is_over_does_not_tap_any_more() -> None:
    assert played("late_list") == {"during": 1, "afterwards": 0}


def test_a_tap_is_neither_late_nor_lost_where_its_robot_had_no_internet() -> None:
    assert played("silence") == {"online": True, "changed": ["late", "lost"]}


def test_what_robots_and_homes_ask_of_links_reaches_them_in_load_runs_too() -> None:
    said = played("orders")

    assert said["told"] == [["cut", [0]], ["silence", [1]], ["restore", [2]]]
    assert (said["away"], said["silent"]) == (2, ["r1"])
