"""What a scenario says of the network, as impairments of a fleet's rows or as acts of a dry run.

A condition by the clock in each home holds at other seconds in other time zones, so it becomes one
impairment for each pair of beginning and end.
"""

import datetime
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from device_sim.network.conditions import (
    FOREVER,
    Condition,
    Impairment,
    Ints,
    InvalidCondition,
)
from device_sim.robot.facts import Listener
from device_sim.robot.fleet import Fleet
from device_sim.robot.influence import cut_links
from device_sim.robot.schedule import Zones


class When(Protocol):
    """A moment, which may be another second in another time zone."""

    def at_s(self, start_s: int, zones: Zones, zone: Ints) -> Ints:
        """Epoch seconds of the moment in each of these zones, for a run that began then."""


class Said(Protocol):
    """A condition as a scenario says it."""

    @property
    def who(self) -> Any:
        """Whom it concerns, as `rows_of` knows it."""

    @property
    def at(self) -> When:
        """When it begins."""

    @property
    def for_(self) -> int | None:
        """How many seconds it holds."""

    @property
    def until(self) -> When | None:
        """When it ends, where no length is said."""

    @property
    def loss(self) -> float:
        """Share of packets that are lost."""

    @property
    def delay_ms(self) -> float:
        """One way."""

    @property
    def jitter_ms(self) -> float:
        """How far a delay strays from its middle."""

    @property
    def rate_bytes_s(self) -> float | None:
        """Each way; None is without limit."""

    @property
    def duplicates(self) -> float:
        """Share of deliveries that arrive twice."""

    @property
    def clock_offset_s(self) -> float:
        """How far the robot's clock runs ahead."""

    @property
    def partition(self) -> bool:
        """Whether nothing passes."""


RowsOf = Callable[[Any, Fleet, int], Ints]
"""The rows of a fleet whom something concerns, by a seed."""


def impairments(
    said: Sequence[Said], fleet: Fleet, began_s: int, seed: int, rows_of: RowsOf
) -> Sequence[Impairment]:
    """What holds for the rows of a fleet that began to live at a second."""
    return [
        Impairment(rows, _condition(each), from_s, until_s)
        for each in said
        for from_s, until_s, zones in spans_of(each, fleet.zones, began_s)
        if (rows := _rows(each, fleet, seed, rows_of, zones)).size
    ]


@dataclass(frozen=True, slots=True)
class PartitionAct:
    """A partition where there is no network: homes lose their internet for so long."""

    at_s: int
    lasts_s: int
    said: Said
    zones: tuple[int, ...]
    seed: int
    rows_of: RowsOf

    def apply(self, fleet: Fleet, listener: Listener) -> None:
        """Let it happen to the rows it concerns."""
        rows = _rows(self.said, fleet, self.seed, self.rows_of, self.zones)
        cut_links(fleet, rows, np.full(rows.size, self.lasts_s), listener)


def partition_acts(
    said: Sequence[Said], zones: Zones, span_s: tuple[int, int], seed: int, rows_of: RowsOf
) -> Sequence[PartitionAct]:
    """What a dry run from one second to another feels of conditions; delays do not matter there."""
    began_s, ends_s = span_s
    return [
        PartitionAct(int(from_s), int(min(until_s, ends_s) - from_s), each, where, seed, rows_of)
        for each in said
        if each.partition or each.loss >= 1.0
        for from_s, until_s, where in spans_of(each, zones, began_s)
        if from_s < ends_s
    ]


def _condition(said: Said) -> Condition:
    return Condition(
        delay_s=said.delay_ms / 1000.0,
        jitter_s=said.jitter_ms / 1000.0,
        loss=said.loss,
        rate_bytes_s=FOREVER if said.rate_bytes_s is None else said.rate_bytes_s,
        duplicates=said.duplicates,
        clock_offset_s=said.clock_offset_s,
        is_partition=said.partition,
    )


def spans_of(
    said: Said, zones: Zones, began_s: int
) -> Iterator[tuple[float, float, tuple[int, ...]]]:
    """Each beginning and end, and the zones in which they are so.  Raises InvalidCondition."""
    every = np.arange(len(zones.names))
    begins = said.at.at_s(began_s, zones, every)
    if said.for_ is not None:
        ends = (begins + said.for_).astype(np.float64)
    elif said.until is not None:
        ends = ends_of(said.until, begins, zones, began_s).astype(np.float64)
    else:
        ends = np.full(every.size, FOREVER)
    for pair in sorted({*zip(begins.tolist(), ends.tolist(), strict=True)}):
        from_s, until_s = pair
        where = np.flatnonzero((begins == from_s) & (ends == until_s)).tolist()
        if until_s <= from_s:
            raise InvalidCondition(
                f"a condition of the network ends at {_utc(until_s)}, which is not after its"
                f" beginning at {_utc(from_s)} in {zones.names[where[0]]}; `for` says how long it"
                " holds"
            )
        yield from_s, until_s, tuple(where)


def _utc(at_s: float) -> str:
    return f"{datetime.datetime.fromtimestamp(at_s, datetime.UTC):%Y-%m-%d %H:%M} UTC"


def ends_of(until: When, begins: Ints, zones: Zones, began_s: int) -> Ints:
    """The moment in each zone; a clock that shows it before the beginning shows it again."""
    every = np.arange(len(zones.names))
    ends = until.at_s(began_s, zones, every)
    is_from_start = until.at_s(began_s + 1, zones, every) == ends + 1
    for zone in np.flatnonzero((ends <= begins) & ~is_from_start).tolist():
        ends[zone] = until.at_s(int(begins[zone]) + 1, zones, every[zone : zone + 1])[0]
    return ends


def _rows(
    said: Said, fleet: Fleet, seed: int, rows_of: RowsOf, zones: tuple[int, ...]
) -> Ints:  # fmt: skip
    rows = rows_of(said.who, fleet, seed)
    return rows[np.isin(fleet.zone[rows], zones)]


@dataclass(frozen=True, slots=True)
class SaidNetwork:
    """A scenario's network for whichever part of its fleet a process runs."""

    said: Sequence[Said]
    seed: int
    rows_of: RowsOf

    def __call__(self, fleet: Fleet) -> Sequence[Impairment]:
        """What holds for the rows of the fleet."""
        return impairments(self.said, fleet, int(fleet.began_s), self.seed, self.rows_of)
