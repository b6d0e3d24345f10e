"""What the network of each robot is like, and when that changes."""

import numpy as np
import pytest

from device_sim.network.conditions import (
    Condition,
    Conditions,
    Impairment,
    InvalidCondition,
    Timeline,
)
from device_sim.network.path import CLEAR, Quality

ALL = np.arange(3)


def test_without_conditions_every_path_is_clear() -> None:
    assert [Conditions(3).quality(row) for row in range(3)] == [CLEAR] * 3


def test_the_worse_of_two_conditions_counts() -> None:
    conditions = Conditions(3)

    conditions.apply(np.array([0, 1]), Condition(delay_s=0.1, loss=0.2, rate_bytes_s=500.0))
    conditions.apply(np.array([1, 2]), Condition(delay_s=0.3, loss=0.1, clock_offset_s=-60))
    conditions.apply(np.array([1]), Condition(rate_bytes_s=900.0, clock_offset_s=30))

    assert conditions.quality(0) == Quality(delay_s=0.1, loss=0.2, rate_bytes_s=500.0)
    assert conditions.quality(1) == Quality(delay_s=0.3, loss=0.2, rate_bytes_s=500.0)
    assert conditions.quality(2) == Quality(delay_s=0.3, loss=0.1)
    assert conditions.clock_offset_s.tolist() == [0, -60, -60]


def test_losing_everything_is_as_good_as_a_partition() -> None:
    conditions = Conditions(3)

    conditions.apply(np.array([0]), Condition(is_partition=True))
    conditions.apply(np.array([1]), Condition(loss=1.0))

    assert [conditions.is_mute(row) for row in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"delay_s": -1.0}, "delay_s is -1.0; at least 0"),
        ({"jitter_s": float("inf")}, "jitter_s is inf"),
        ({"loss": 1.1}, "loss is 1.1; 0 to 1"),
        ({"duplicates": float("nan")}, "duplicates is nan; 0 to 1"),
        ({"rate_bytes_s": 0.0}, "rate_bytes_s is 0.0; above 0"),
        ({"clock_offset_s": float("nan")}, "clock_offset_s is nan"),
    ],
)
def test_an_impossible_condition_is_named(said: dict, named: str) -> None:
    with pytest.raises(InvalidCondition, match=named):
        Condition(**said)


def test_impairments_begin_and_end_at_their_moments() -> None:
    timeline = Timeline(
        [
            Impairment(np.array([0, 1]), Condition(delay_s=1.0), 10.0, 20.0),
            Impairment(np.array([1, 2]), Condition(delay_s=2.0), 15.0),
        ],
        3,
    )

    told = [(at_s, timeline.advance(at_s).tolist(), timeline.conditions.delay_s.tolist())
            for at_s in (9.9, 10.0, 10.1, 15.0, 19.9, 20.0, 99.0)]  # fmt: skip

    assert told == [
        (9.9, [], [0, 0, 0]),
        (10.0, [0, 1], [1, 1, 0]),
        (10.1, [], [1, 1, 0]),
        (15.0, [1, 2], [1, 2, 2]),
        (19.9, [], [1, 2, 2]),
        (20.0, [0, 1], [0, 2, 2]),
        (99.0, [], [0, 2, 2]),
    ]


def test_what_began_and_ended_between_two_looks_is_not_seen() -> None:
    timeline = Timeline([Impairment(ALL, Condition(loss=0.5), 10.0, 11.0)], 3)

    assert not timeline.advance(5.0).size
    assert not timeline.advance(30.0).size


def test_what_holds_from_the_beginning_needs_no_moment() -> None:
    timeline = Timeline([Impairment(ALL, Condition(loss=0.5))], 3)

    assert timeline.advance(0.0).tolist() == [0, 1, 2]
    assert timeline.conditions.loss.tolist() == [0.5] * 3
