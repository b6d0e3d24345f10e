"""The steps of a scenario as acts of the world on a fleet, for dry and live runs alike.

A step by the clock in each home is one act for each moment at which that clock shows it somewhere;
one that is spread over a span is some acts in waves.  Which robots an act concerns follows from
their keys, so that shards agree.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from device_sim.robot.agenda import Act
from device_sim.robot.catalogue import FirmwareTraits
from device_sim.robot.chance import Purpose, uniform
from device_sim.robot.executions import Executions, Total, alone
from device_sim.robot.facts import Listener
from device_sim.robot.fleet import Fleet, Ints
from device_sim.robot.influence import cut_links, cut_power, lose_power, wish
from device_sim.robot.orders import start_many
from device_sim.robot.rollout import Rollout
from device_sim.robot.schedule import Zones
from device_sim.scenarios.model import Scenario
from device_sim.scenarios.steps import (
    BadFirmware,
    HolidayMorning,
    Outage,
    PowerCut,
    PowerLoss,
    StartAll,
    Step,
)
from device_sim.scenarios.who import Who, rows_of

_HOUR_S: Final = 3600
_WAVE_S: Final = 300
"""Of a rollout."""
_LEAST_WAVE_S: Final = 60
_MOST_WAVES: Final = 60


@dataclass(frozen=True, slots=True)
class Among:
    """The rows of a fleet that are meant, in some zones only if any are named."""

    who: Who
    seed: int
    zones: tuple[int, ...] = ()

    def __call__(self, fleet: Fleet) -> Ints:
        """The rows."""
        rows = rows_of(self.who, fleet, self.seed)
        return rows[np.isin(fleet.zone[rows], self.zones)] if self.zones else rows


@dataclass(frozen=True, slots=True)
class Announcement:
    """It becomes known what a version does to robots that install it."""

    at_s: int
    traits: FirmwareTraits

    def apply(self, fleet: Fleet, _listener: Listener) -> None:
        """Let robots feel it that have the version."""
        fleet.catalogue.announce(self.traits)


@dataclass(frozen=True, slots=True)
class StepAct:
    """A step, or the part of it that happens at one second."""

    step: Step
    at_s: int
    number: int
    """Of the step within its scenario: chance differs from step to step."""
    seed: int
    zones: tuple[int, ...] = ()
    """Only robots in these; none for everywhere."""
    wave: int = 0
    waves: int = 1

    def apply(self, fleet: Fleet, listener: Listener) -> None:
        """Let it happen to the robots it concerns."""
        rows = self.rows(fleet)
        if not rows.size:
            return
        match self.step:
            case Outage():
                cut_links(fleet, rows, self._lasts_s(fleet, rows, self.step), listener)
            case PowerCut():
                cut_power(fleet, rows, self._lasts_s(fleet, rows, self.step), listener)
            case PowerLoss():
                lose_power(fleet, rows, self._lasts_s(fleet, rows, self.step), listener)
            case HolidayMorning(for_=for_s):
                wish(fleet, rows, self.at_s + self._spread_s(fleet, rows, for_s))
            case StartAll():
                start_many(fleet, rows, "manual")

    def rows(self, fleet: Fleet) -> Ints:
        """The robots it concerns."""
        rows = Among(self.step.who, self.seed, self.zones)(fleet)
        if self.waves > 1:
            share = uniform(self.seed, fleet.key[rows], self.number, Purpose.WAVE)
            rows = rows[(share * self.waves).astype(np.int64) == self.wave]
        return rows

    def _lasts_s(self, fleet: Fleet, rows: Ints, step: Outage | PowerCut | PowerLoss) -> Ints:
        return step.for_ + self._spread_s(fleet, rows, step.back_within)

    def _spread_s(self, fleet: Fleet, rows: Ints, within_s: int) -> Ints:
        """A second within a span for each robot."""
        share = uniform(self.seed, fleet.key[rows], self.number, Purpose.SPREAD)
        return (share * within_s).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where steps happen."""

    zones: Zones
    began_s: int
    seed: int
    is_live: bool = False
    """Whether a cloud is there, whose jobs bring firmware."""
    total: Total = alone
    """How rollouts without a cloud learn what all shards have counted."""


def acts_of(scenario: Scenario, stage: Stage) -> Sequence[Act]:
    """What happens to a fleet of the scenario: `fleet.agenda = Agenda(acts_of(...))`."""
    known = _announcements(scenario, stage) if stage.is_live else ()
    return [*known] + [
        act
        for number, step in enumerate(scenario.steps)
        if not (stage.is_live and isinstance(step, BadFirmware))
        for at_s, zones in _moments(step, stage)
        for act in _acts(step, number, at_s, zones, stage)
    ]


def _announcements(scenario: Scenario, stage: Stage) -> Iterator[Act]:
    """What bad versions do, known from the beginning: a job may bring them at any time."""
    for step in scenario.steps:
        if isinstance(step, BadFirmware):
            yield Announcement(stage.began_s, _traits(step))


def _acts(
    step: Step, number: int, at_s: int, zones: tuple[int, ...], stage: Stage
) -> Iterator[Act]:
    if isinstance(step, BadFirmware):
        for rollout in _rollouts(step, at_s, zones, stage):
            yield Executions(rollout, stage.total)
        return
    for wave, waves, delay_s in _waves(step):
        yield StepAct(step, at_s + delay_s, number, stage.seed, zones, wave, waves)


def _traits(step: BadFirmware) -> FirmwareTraits:
    return FirmwareTraits(step.version, step.factor, 0.0, step.fails)


def _rollouts(
    step: BadFirmware, at_s: int, zones: tuple[int, ...], stage: Stage
) -> Iterator[Rollout]:
    """The rollout of a bad version, and of a good one after it."""
    first = Rollout(
        at_s, _traits(step), share_per_hour=_HOUR_S / max(step.within, 1),
        abort_share=step.stop_at, abort_least=step.stop_after,
        wave_s=min(_WAVE_S, max(step.within, 1)),
        among=Among(step.who, stage.seed, zones),
    )  # fmt: skip
    yield first
    if step.for_ is not None:
        good = FirmwareTraits(f"{step.version}-mended")
        yield dataclasses.replace(first, at_s=at_s + step.for_, traits=good)


def _moments(step: Step, stage: Stage) -> Iterator[tuple[int, tuple[int, ...]]]:
    """The seconds at which a step happens, and the zones in which it happens then.

    Where its moment has passed before the beginning it does not happen; the first second is the one
    after the beginning.
    """
    zones, began_s = stage.zones, stage.began_s
    at_s = step.at.at_s(began_s, zones, np.arange(len(zones.names)))
    for moment in np.unique(at_s[at_s >= began_s]).tolist():
        where = tuple(np.flatnonzero(at_s == moment).tolist()) if step.at.is_local else ()
        yield max(moment, began_s + 1), where


def _waves(step: Step) -> Iterator[tuple[int, int, int]]:
    """The number of each wave, how many there are, and its delay in seconds."""
    within_s = step.within if isinstance(step, StartAll) else 0
    waves = min(max(within_s // _LEAST_WAVE_S, 1), _MOST_WAVES)
    for wave in range(waves):
        yield wave, waves, within_s * wave // waves
