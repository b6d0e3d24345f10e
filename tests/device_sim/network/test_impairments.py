"""What a scenario says of the network, on the rows of a fleet."""

import pickle
from dataclasses import dataclass, field

import numpy as np
import pytest

from device_sim.network.conditions import Condition, InvalidCondition
from device_sim.network.impairments import SaidNetwork, impairments, partition_acts
from device_sim.robot.facts import Facts, Kind
from device_sim.robot.fleet import Fleet, RobotSpec
from device_sim.robot.parameters import Faults
from device_sim.robot.schedule import Zones
from device_sim.robot.step import advance

BEGAN = 1_767_571_200


@dataclass(frozen=True)
class Seconds:
    """A moment counted from the start of the run."""

    seconds: int

    def at_s(self, start_s, zones, zone):
        return np.full(zone.size, start_s + self.seconds)


@dataclass(frozen=True)
class Clock:
    """When the clock of each zone next shows that hour: an hour later in each next one."""

    hour: int

    def at_s(self, start_s, zones, zone):
        today = start_s // 86400 * 86400 + 3600 * (self.hour + zone.astype(np.int64))
        return np.where(today >= start_s, today, today + 86400)


@dataclass(frozen=True)
class Said:
    """As a scenario's table is."""

    who: int = 2
    at: Seconds | Clock = field(default_factory=lambda: Seconds(0))
    for_: int | None = None
    until: Seconds | Clock | None = None
    loss: float = 0.0
    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    rate_bytes_s: float | None = None
    duplicates: float = 0.0
    clock_offset_s: float = 0.0
    partition: bool = False


def first_rows(who, fleet, seed):
    """The first so many robots."""
    assert seed == 7
    return np.arange(who)


ZONES = Zones(
    ("Here", "There"),
    np.full((2, 1), -(1 << 62), dtype=np.int64),
    np.array([[0], [-3600]], dtype=np.int32),
)


@pytest.fixture
def fleet() -> Fleet:
    specs = [RobotSpec(f"r{number}", "i7", 3) for number in range(3)]
    made = Fleet(specs, 7, BEGAN, faults=Faults(scale=0))
    made.zone = np.array([0, 1, 1], dtype=np.uint16)
    made.zones = ZONES
    return made


def found(fleet: Fleet, *said: Said) -> list[tuple]:
    return [
        (each.rows.tolist(), each.from_s - BEGAN, each.until_s - BEGAN)
        for each in impairments(said, fleet, BEGAN, 7, first_rows)
    ]


def test_a_condition_without_times_holds_for_the_whole_run(fleet: Fleet) -> None:
    assert found(fleet, Said()) == [([0, 1], 0, float("inf"))]


def test_a_condition_ends_after_its_length_or_at_its_moment(fleet: Fleet) -> None:
    said = (Said(at=Seconds(10), for_=20), Said(at=Seconds(10), until=Seconds(15)))

    assert found(fleet, *said) == [([0, 1], 10, 30), ([0, 1], 10, 15)]


def test_the_clock_in_each_home_counts(fleet: Fleet) -> None:
    assert found(fleet, Said(who=3, at=Clock(1), for_=60)) == [
        ([0], 3600, 3660),
        ([1, 2], 7200, 7260),
    ]


def test_a_network_that_is_said_counts_from_when_its_fleet_began(fleet: Fleet) -> None:
    said = pickle.loads(pickle.dumps(SaidNetwork([Said(at=Seconds(10), for_=20)], 7, first_rows)))

    (made,) = said(fleet)

    assert (made.from_s, made.until_s) == (BEGAN + 10, BEGAN + 30)


def test_an_evening_lasts_until_the_next_morning(fleet: Fleet) -> None:
    assert found(fleet, Said(who=3, at=Clock(22), until=Clock(6))) == [
        ([0], 22 * 3600, 30 * 3600),
        ([1, 2], 23 * 3600, 31 * 3600),
    ]


def test_milliseconds_become_seconds(fleet: Fleet) -> None:
    said = Said(
        delay_ms=80, jitter_ms=20, loss=0.1, rate_bytes_s=5000, duplicates=0.2,
        clock_offset_s=-9, partition=True,
    )  # fmt: skip

    (made,) = impairments([said], fleet, BEGAN, 7, first_rows)

    assert made.condition == Condition(
        delay_s=0.08, jitter_s=0.02, loss=0.1, rate_bytes_s=5000, duplicates=0.2,
        clock_offset_s=-9, is_partition=True,
    )  # fmt: skip


def test_an_end_before_the_beginning_is_named(fleet: Fleet) -> None:
    with pytest.raises(InvalidCondition, match=r"not after its beginning .* in Here; `for` says"):
        found(fleet, Said(at=Seconds(10), until=Seconds(10)))


class Listening:
    """Counts facts of one kind."""

    def __init__(self) -> None:
        self.heard: list[tuple[Kind, int, int]] = []

    def take(self, facts: Facts) -> None:
        for batch in facts:
            told = zip(batch.rows.tolist(), batch.at_s.tolist(), strict=True)
            self.heard += [(batch.kind, row, at_s - BEGAN) for row, at_s in told]


def test_a_dry_run_feels_partitions_and_nothing_else(fleet: Fleet) -> None:
    said = [
        Said(delay_ms=500, loss=0.5),
        Said(at=Seconds(60), for_=120, partition=True),
        Said(at=Seconds(60), loss=1.0, who=3),
        Said(at=Seconds(9999), partition=True),
    ]
    heard = Listening()

    acts = partition_acts(said, fleet.zones, (BEGAN, BEGAN + 600), 7, first_rows)
    for act in acts:
        advance(fleet, act.at_s, heard)
        act.apply(fleet, heard)
    advance(fleet, BEGAN + 700, heard)

    assert [(act.at_s - BEGAN, act.lasts_s) for act in acts] == [(60, 120), (60, 540)]
    assert sorted(heard.heard) == [
        ("link_back", 0, 600), ("link_back", 1, 600), ("link_back", 2, 600),
        ("link_lost", 0, 60), ("link_lost", 1, 60), ("link_lost", 2, 60),
    ]  # fmt: skip
