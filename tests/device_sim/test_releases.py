"""What is told of a release: the sum of all shards, at any second, and one sentence."""

import numpy as np
import pytest

from device_sim.release_words import words_of
from device_sim.releases import errors_a_mission, over_time, told
from device_sim.robot.catalogue import FirmwareTraits
from device_sim.robot.executions import Account, Count
from device_sim.robot.rollout import Rollout

BEGAN, HOUR = 1_000_000, 3600
ROLLOUT = Rollout(BEGAN + HOUR, FirmwareTraits("9.9"), abort_share=0.1)
ENDS = ("failures", "succeeded", "rejected", "hung", "cancelled", "under_way")


def counts(**named: int) -> np.ndarray:
    result = np.zeros(len(Count), dtype=np.int64)
    for name, count in named.items():
        result[Count[name.upper()]] = count
    return result


def account(*history: np.ndarray, stopped_s: int | None = None, seen=None) -> Account:
    looks = [ROLLOUT.at_s + 300 * (n + 1) for n in range(len(history))]
    return Account(ROLLOUT, 50, looks, list(history), stopped_s, seen)


SHARDS = (
    account(
        counts(told=10), counts(told=30, succeeded=8, failed=4),
        counts(told=30, succeeded=20, failed=5, cancelled=3, rejected=1, hung=1),
        stopped_s=ROLLOUT.at_s + 600, seen=counts(told=50, failed=6),
    ),
    account(
        counts(told=8), counts(told=20, succeeded=10, failed=2),
        counts(told=20, succeeded=12, failed=2, cancelled=1),
        stopped_s=ROLLOUT.at_s + 600, seen=counts(told=50, failed=6),
    ),
)  # fmt: skip


def test_shards_are_added_up_at_the_end_of_the_span() -> None:
    said = told(SHARDS, 200, (BEGAN, BEGAN + 2 * HOUR))

    assert said["began_after_s"] == HOUR
    assert (said["share_planned"], said["share_reached"]) == (0.5, 0.25)
    assert (said["stopped"], said["stopped_after_s"]) == (True, HOUR + 600)
    assert said["when_stopped"] == {"told": 50, "failed": 6}
    assert [said[name] for name in ENDS] == [7, 32, 1, 1, 4, 5]
    assert said["installations"] == 50


def test_what_comes_after_the_span_is_not_told() -> None:
    said = told(SHARDS, 200, (BEGAN, ROLLOUT.at_s + 599))

    assert (said["stopped"], said["stopped_after_s"], said["when_stopped"]) == (False, None, None)
    assert (said["installations"], said["failures"], said["under_way"]) == (18, 0, 18)


def test_a_wave_in_which_a_shard_was_stopped_is_past_the_blocks_that_are_told() -> None:
    stopped = account(*SHARDS[1].counts[:2])
    span = (BEGAN, ROLLOUT.at_s + 600)

    assert over_time((SHARDS[0], stopped), span, 600, 7) == over_time(SHARDS, span, 600, 7)
    assert over_time((stopped, SHARDS[0]), span, 600, 7) == over_time(SHARDS, span, 600, 7)


def test_a_release_whose_first_wave_is_still_to_come_has_told_nobody() -> None:
    said = told((account(),), 100, (BEGAN, BEGAN + 2 * HOUR))

    assert said["installations"] == said["under_way"] == 0
    assert over_time((account(),), (BEGAN, BEGAN + 900), 300, 3) == {
        "told": [0, 0, 0], "succeeded": [0, 0, 0], "failed": [0, 0, 0],
    }  # fmt: skip


def test_each_block_ends_with_what_the_last_look_saw() -> None:
    series = over_time(SHARDS, (BEGAN + HOUR, BEGAN + HOUR + 1400), 350, 4)

    assert series["told"] == [18, 50, 50, 50]
    assert series["failed"] == [0, 6, 7, 7]
    assert series["succeeded"] == [0, 18, 32, 32]


def test_errors_a_mission_leave_out_what_other_releases_brought() -> None:
    series = {
        "errors_by_version": {"9.9": [4, 8], "old": [1, 1], "older": [2]},
        "missions_by_version": {"9.9": [2, 2], "old": [5, 5], "older": [10]},
    }

    (fares,) = errors_a_mission([SHARDS], series)

    assert fares == {"on_it": 3.0, "on_what_robots_came_with": 0.2}


def test_no_mission_on_a_version_says_nothing_of_it() -> None:
    series = {"errors_by_version": {"9.9": [1]}, "missions_by_version": {}}

    (fares,) = errors_a_mission([SHARDS], series)

    assert fares == {"on_it": None, "on_what_robots_came_with": None}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, ("begun at 1.0 h: stopped after 0.2 h at 25.0 % of robots, because 6 of 50 had failed"
             " by then, 12.0 %, and 10.0 % is its limit; of 50 that were told 32 installed it,"
             " 7 failed, 1 refused it, 1 say no more, 4 were called off, 5 have not ended;"
             " 3.00 errors a mission on it, 0.20 on what robots came with")),
        ({"stopped": False}, "begun at 1.0 h: at 25.0 % of robots at the end; of 50"),
        ({"stopped": False, "share_reached": 0.5}, "begun at 1.0 h: went through, to 50.0 %"),
    ],
)  # fmt: skip
def test_a_release_is_one_sentence(changed, words) -> None:
    fares = {"errors_a_mission": {"on_it": 3.0, "on_what_robots_came_with": 0.2}}

    said = words_of({**told(SHARDS, 200, (BEGAN, BEGAN + 2 * HOUR)), **fares, **changed})

    assert said.startswith(f"release 9.9, {words}")


def test_of_a_release_that_nobody_heard_of_little_is_said() -> None:
    none = {"errors_a_mission": {"on_it": None, "on_what_robots_came_with": 0.2}}

    said = words_of({**told((account(),), 100, (BEGAN, BEGAN + 2 * HOUR)), **none})

    assert said == "release 9.9, begun at 1.0 h: at 0.0 % of robots at the end"
