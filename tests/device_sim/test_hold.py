"""Two runs never hold the same robots of one data directory."""

import json
import multiprocessing
import os

import pytest

from device_sim.hold import FOLDER, RobotsHeld, held

URL = "mqtt://127.0.0.1:1883"


def test_robots_that_another_run_holds_are_refused_with_who_and_what_to_do(tmp_path) -> None:
    with (
        held(tmp_path, [URL], ["r1", "r2", "r3"]),
        pytest.raises(RobotsHeld) as refused,
        held(tmp_path, [URL], ["r2", "r3", "r4"]),
    ):
        pass

    assert str(refused.value) == (
        f"another run (process {os.getpid()}) holds 2 of these robots, r2 among them:"
        " stop it, or take other robots with --seed"
    )


def test_they_are_free_again_when_it_has_ended(tmp_path) -> None:
    with held(tmp_path, [URL], ["r1"]):
        pass

    with held(tmp_path, [URL], ["r1"]):
        assert len(list((tmp_path / FOLDER).glob("*.json"))) == 1


@pytest.mark.parametrize(
    ("urls", "things"),
    [([URL], ["r2"]), (["mqtt://127.0.0.1:1884"], ["r1"]), ([], ["r1"])],
    ids=["other robots", "another broker", "no broker"],
)
def test_other_robots_and_other_brokers_go_together(tmp_path, urls, things) -> None:
    with held(tmp_path, [URL], ["r1"]), held(tmp_path, urls, things):
        pass


def _die_holding(directory) -> None:
    with held(directory, [URL], ["r1"]):
        os._exit(9)


def test_a_run_that_was_killed_holds_nothing_and_leaves_nothing(tmp_path) -> None:
    child = multiprocessing.get_context("spawn").Process(target=_die_holding, args=(tmp_path,))
    child.start()
    child.join()
    (left,) = (tmp_path / FOLDER).glob(f"{child.pid}-*.json")
    assert json.loads(left.read_text())["things"] == ["r1"]

    with held(tmp_path, [URL], ["r1"]):
        assert not left.exists()
