"""One physics: a robot alone, in a fleet, in shards, in any spans, is the same robot."""

import numpy as np
import pytest

from device_sim.robot.fleet import Fleet
from device_sim.robot.parameters import HOUSEHOLDS, Faults
from device_sim.robot.step import advance, step
from device_sim.robot.telling.tally import Tally
from tests.device_sim.robot.fleets import DAY_S, START, columns, fleet, lively, order, people


def lived(robots: Fleet, *, span_s: float, until_s: float = DAY_S) -> Tally:
    tally = Tally(robots, int(START), 3600, 25)
    now_s = START
    while now_s < START + until_s:
        now_s = min(now_s + span_s, START + until_s)
        advance(robots, now_s, tally)
    return tally


@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_a_robot_alone_equals_its_row_in_the_fleet(scale: float) -> None:
    together = lively(48, scale=scale)
    lived(together, span_s=900)

    for row in range(len(together)):
        alone = lively(1, first=row, scale=scale)
        lived(alone, span_s=900)
        assert columns(alone, 0) == columns(together, row), row


@pytest.mark.parametrize("span_s", [1.0, 7.3, 60.0, 900.0])
def test_stepping_in_any_spans_is_the_same(span_s: float) -> None:
    at_once, in_pieces = lively(40, scale=8), lively(40, scale=8)

    whole = lived(at_once, span_s=DAY_S)
    parts = lived(in_pieces, span_s=span_s)

    assert whole.hash == parts.hash
    assert np.array_equal(whole.by_kind, parts.by_kind)
    assert all(columns(at_once, row) == columns(in_pieces, row) for row in range(40))


@pytest.mark.parametrize("shards", [2, 8])
def test_the_hash_does_not_depend_on_the_shards(shards: int) -> None:
    count = 160
    whole = lived(lively(count), span_s=3600)

    parts = [
        lived(lively(count // shards, first=shard * count // shards), span_s=1800)
        for shard in range(shards)
    ]

    assert sum(part.hash for part in parts) % 2**64 == whole.hash
    assert sum(part.by_kind.sum() for part in parts) == whole.by_kind.sum()


def test_another_seed_is_another_run() -> None:
    who = people(60)
    runs = [
        Fleet(who.specs, seed, START, population=who, habits=HOUSEHOLDS, faults=Faults())
        for seed in (7, 8)
    ]

    one, other = (lived(robots, span_s=DAY_S).hash for robots in runs)

    assert one != other


def test_commands_between_spans_leave_rows_equal() -> None:
    whole, pieces = fleet(3, faults=Faults(scale=20)), fleet(3, faults=Faults(scale=20))
    for robots in (whole, pieces):
        order(robots, 1, "start")

    at_once = step(whole, START + 3600)
    in_pieces = [each for n in range(1, 1441) for each in step(pieces, START + n * 2.5)]
    for robots in (whole, pieces):
        order(robots, 2, "start")
    at_once += step(whole, START + 7200)
    in_pieces += [each for n in range(1441, 2881) for each in step(pieces, START + n * 2.5)]

    assert at_once == in_pieces
    assert all(columns(whole, row) == columns(pieces, row) for row in range(3))


def test_a_sleeping_robot_is_not_touched() -> None:
    robots = fleet(5)
    step(robots, START + 1)
    since = robots.since_s.copy()

    step(robots, START + 40_000)

    assert np.array_equal(robots.since_s, since)
    assert robots.tick == START + 40_000


def test_a_robot_takes_less_than_250_bytes() -> None:
    assert fleet(3).bytes_per_robot < 250


def test_a_run_has_this_hash_on_every_machine() -> None:
    """It changes with any number or home of the physics, and only with those."""
    assert f"{lived(lively(64, scale=2), span_s=3600).hash:016x}" == "a182914d63bb06d5"
