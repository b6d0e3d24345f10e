"""A scenario as a live run takes it: who the robots are, what the world and the network do to them.

Where a scenario says nothing of households, network or steps, robots are plain ones that nobody but
their owners' phones starts; else they are drawn as for a dry run.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from device_sim.network.conditions import Impairment, InvalidCondition
from device_sim.network.impairments import impairments, spans_of
from device_sim.robot.agenda import Act
from device_sim.robot.fleet import Fleet
from device_sim.robot.households.world import ZONES
from device_sim.robot.parameters import NOBODY, Habits
from device_sim.scenarios.acts import Stage, acts_of
from device_sim.scenarios.model import Scenario
from device_sim.scenarios.steps import HolidayMorning
from device_sim.scenarios.who import rows_of

_QUIET = Habits(schedules=False)


@dataclass(frozen=True, slots=True)
class Living:
    """What a scenario means for fleets that are connected; shards get it by pickle."""

    scenario: Scenario
    seed: int

    @property
    def is_plain(self) -> bool:
        """Whether nothing is known of the robots but their families, homes and names."""
        said = {"households", "network", "steps"} & self.scenario.model_fields_set
        return not said

    @property
    def habits(self) -> Habits:
        """What people do by themselves: only where the scenario tells of people."""
        if self.is_plain:
            return NOBODY
        lively = any(isinstance(step, HolidayMorning) for step in self.scenario.steps)
        if lively or "households" in self.scenario.model_fields_set:
            return self.scenario.habits
        return _QUIET

    @property
    def start_s(self) -> float | None:
        """When simulated time begins; None for now."""
        return self.scenario.start if "start" in self.scenario.model_fields_set else None

    def check(self, now_s: float) -> None:
        """See that no condition ends before it begins, in a run that is started now.

        Raises InvalidCondition.
        """
        began_s = int(now_s if self.start_s is None else self.start_s)
        for number, said in enumerate(self.scenario.network):
            try:
                list(spans_of(said, ZONES, began_s))
            except InvalidCondition as error:
                raise InvalidCondition(f"network[{number}]: {error}") from None

    def network(self, fleet: Fleet) -> Sequence[Impairment]:
        """What the network of the fleet's robots is like."""
        said = self.scenario.network
        return impairments(said, fleet, int(fleet.began_s), self.seed, rows_of)

    def acts(self, fleet: Fleet) -> Sequence[Act]:
        """What happens to the fleet, and when."""
        stage = Stage(fleet.zones, int(fleet.began_s), self.seed, is_live=True)
        return acts_of(self.scenario, stage)
