"""The steps of a scenario as acts of the world on a fleet, for dry and live runs alike.

A step by the clock in each home is one act for each moment at which that clock shows it somewhere;
one that is spread over a span is some acts in waves.  Which robots an act concerns follows from
their keys, so that shards agree.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from device_sim.robot.agenda import Act
from device_sim.robot.chance import Purpose, uniform
from device_sim.robot.facts import Listener
from device_sim.robot.fleet import Fleet, Ints
from device_sim.robot.influence import cut_links, cut_power, restart, wish, worsen
from device_sim.robot.orders import start_many
from device_sim.robot.schedule import Zones
from device_sim.scenarios.model import Scenario
from device_sim.scenarios.steps import (
    BadFirmware,
    HolidayMorning,
    Outage,
    PowerCut,
    StartAll,
    Step,
)
from device_sim.scenarios.who import rows_of

_LEAST_WAVE_S: Final = 60
_MOST_WAVES: Final = 60


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
    is_over: bool = False
    """Whether this undoes the step."""

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
            case BadFirmware(factor=factor):
                restart(fleet, rows, listener)
                worsen(fleet, rows, 1.0 / factor if self.is_over else factor)
            case HolidayMorning(for_=for_s):
                wish(fleet, rows, self.at_s + self._spread_s(fleet, rows, for_s))
            case StartAll():
                start_many(fleet, rows, "manual")

    def rows(self, fleet: Fleet) -> Ints:
        """The robots it concerns."""
        rows = rows_of(self.step.who, fleet, self.seed)
        if self.zones:
            rows = rows[np.isin(fleet.zone[rows], self.zones)]
        if self.waves > 1:
            share = uniform(self.seed, fleet.key[rows], self.number, Purpose.WAVE)
            rows = rows[(share * self.waves).astype(np.int64) == self.wave]
        return rows

    def _lasts_s(self, fleet: Fleet, rows: Ints, step: Outage | PowerCut) -> Ints:
        return step.for_ + self._spread_s(fleet, rows, step.back_within)

    def _spread_s(self, fleet: Fleet, rows: Ints, within_s: int) -> Ints:
        """A second within a span for each robot."""
        share = uniform(self.seed, fleet.key[rows], self.number, Purpose.SPREAD)
        return (share * within_s).astype(np.int64)


def acts_of(scenario: Scenario, zones: Zones, began_s: int, seed: int) -> Sequence[Act]:
    """What happens to a fleet of the scenario that began to live at a second.

    A live run hands it to its fleet: `fleet.agenda = Agenda(acts_of(...))`.
    """
    return [
        act
        for number, step in enumerate(scenario.steps)
        for act in _acts(step, number, zones, began_s, seed)
    ]


def _acts(step: Step, number: int, zones: Zones, began_s: int, seed: int) -> Iterator[StepAct]:
    for at_s, where in _moments(step, zones, began_s):
        for wave, waves, delay_s in _waves(step):
            first = StepAct(step, at_s + delay_s, number, seed, where, wave, waves)
            yield first
            if isinstance(step, BadFirmware) and step.for_ is not None:
                over_s = first.at_s + step.for_
                yield StepAct(step, over_s, number, seed, where, wave, waves, is_over=True)


def _moments(step: Step, zones: Zones, began_s: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    """The seconds at which a step happens, and the zones in which it happens then.

    Where its moment has passed before the beginning it does not happen; the first second is the one
    after the beginning.
    """
    every = np.arange(len(zones.names))
    at_s = step.at.at_s(began_s, zones, every)
    for moment in np.unique(at_s[at_s >= began_s]).tolist():
        where = tuple(np.flatnonzero(at_s == moment).tolist()) if step.at.is_local else ()
        yield max(moment, began_s + 1), where


def _waves(step: Step) -> Iterator[tuple[int, int, int]]:
    """The number of each wave, how many there are, and its delay in seconds."""
    within_s = step.within if isinstance(step, BadFirmware | StartAll) else 0
    waves = min(max(within_s // _LEAST_WAVE_S, 1), _MOST_WAVES)
    for wave in range(waves):
        yield wave, waves, within_s * wave // waves
