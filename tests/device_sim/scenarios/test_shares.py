"""How the missions of a shipped scenario end: as those of real robots did (17.1, 17.2)."""

import dataclasses

import numpy as np
import pytest

from device_sim import census, scenario
from device_sim.robot.facts import Facts, Kind
from device_sim.robot.fleet import RESULTS, Fleet
from device_sim.robot.parameters import FULL, HOUSEHOLDS
from device_sim.robot.step import advance
from device_sim.scenario import Scenario
from device_sim.shard import RUN_UP_S

ROBOTS, HOMES = 16_000, 96
DAY_S = 86_400
BAT = RESULTS.index("bat")
SHIPPED = ("one-home", "apartment-block", "city", "born-2015", "christmas-morning", "power-cut")


class Ends:
    """A listener that keeps how missions end and how often the batteries had been empty."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.results: list[np.ndarray] = []
        self.cycles: list[np.ndarray] = []

    def take(self, facts: Facts) -> None:
        for batch in facts:
            if batch.kind is Kind.MISSION_ENDED:
                self.results.append(batch.values)
                self.cycles.append(self.fleet.used[batch.rows] // FULL)


@pytest.fixture(scope="module")
def ended() -> tuple[np.ndarray, np.ndarray]:
    """The results of a day of born-2015 in fewer homes, and the cycles of the batteries."""
    born = scenario.load("born-2015").model_dump(exclude_unset=True)
    chosen = Scenario.model_validate({**born, "homes": {"different": HOMES}})
    who = census.whole(chosen, chosen.seed, ROBOTS)
    fleet = Fleet(who.specs, chosen.seed, chosen.start - RUN_UP_S, population=who,
                  faults=chosen.luck, habits=chosen.habits)  # fmt: skip
    advance(fleet, chosen.start, Ends(fleet))
    ends = Ends(fleet)
    advance(fleet, chosen.start + DAY_S, ends)
    return np.concatenate(ends.results), np.concatenate(ends.cycles)


def test_a_day_of_born_2015_ends_its_missions_as_the_dumps_say(ended) -> None:
    counts = np.bincount(ended[0], minlength=len(RESULTS)) / len(ended[0])
    shares = dict(zip(RESULTS, counts.tolist(), strict=True))

    assert len(ended[0]) > ROBOTS
    assert shares["ok"] == pytest.approx(0.66, abs=0.025)
    assert shares["cncl"] == pytest.approx(0.26, abs=0.02)
    assert 1 - shares["ok"] - shares["cncl"] == pytest.approx(0.07, abs=0.015)
    assert shares["bat"] == pytest.approx(0.005, abs=0.002)


def test_older_batteries_are_empty_more_often(ended) -> None:
    results, cycles = ended
    thirds = np.digitize(cycles, [130, 260])

    young, middle, old = ((results[thirds == third] == BAT).mean() for third in range(3))

    assert young < middle < old
    assert old > 3 * young


@pytest.mark.parametrize("name", SHIPPED)
def test_people_of_a_scenario_sleep_work_and_travel(name: str) -> None:
    chosen = scenario.load(name)

    cancelled = chosen.households.cancelled
    assert chosen.habits == dataclasses.replace(HOUSEHOLDS, cancel_share=cancelled)
