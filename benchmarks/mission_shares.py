"""How missions end, beside what the robot reference measured: for setting the physics' estimates.

    python -m benchmarks.mission_shares [--robots 20000] [--days 1] [SCENARIO ...]

Nothing is timed.  What moves which share, each an estimate [E] of `device_sim/robot/parameters.py`:

- cancelled: `HOUSEHOLDS.cancel_share`; missions that fail first are not cancelled any more
- trapped, jammed, at a cliff a run-hour: `Faults.trapped_per_s`, `jam_per_s`, `cliff_per_s`; a wait
  that ends after a mission's last fitting spot is lost, so they stand above the page's rates
- failed: `Faults.helped_share`, when those rates hold; then `difficulty_most`
- battery empty: `Battery.gives_out`
"""

import argparse
from dataclasses import dataclass, field

import numpy as np

from device_sim import census, scenario
from device_sim.robot.facts import Facts, Kind
from device_sim.robot.families import BY_NUMBER
from device_sim.robot.fleet import RESULTS, Fleet
from device_sim.robot.parameters import CLIFF_CODE, FULL
from device_sim.robot.step import advance
from device_sim.shard import RUN_UP_S

PAGE = {"ok": 66.4, "cncl": 25.6, "failed": 7.0, "bat": 0.5}
"""Percent of 1561 missions (17.1), and of the table of rates (17.2)."""
HOUR_S, DAY_S = 3600, 86_400
CYCLES, AGES = 80, 5
"""A row of the table of batteries, and how many it has."""
TRAPPED = {code for each in BY_NUMBER for codes in each.codes.trapped.values() for code in codes}
JAMMED = {2} | {code for each in BY_NUMBER for code in (*each.codes.pad, *each.codes.tank)}


@dataclass(eq=False)
class Ends:
    """A listener that counts how missions end."""

    fleet: Fleet
    results: np.ndarray = field(default_factory=lambda: np.zeros((len(BY_NUMBER), len(RESULTS))))
    by_age: np.ndarray = field(default_factory=lambda: np.zeros((AGES, 2)))
    """Missions and empty batteries, by the battery's cycles."""
    run_h: float = 0.0
    codes: np.ndarray = field(default_factory=lambda: np.zeros(1024))

    def take(self, facts: Facts) -> None:
        for batch in facts:
            if batch.kind is Kind.ERROR:
                np.add.at(self.codes, batch.values, 1)
            if batch.kind is Kind.MISSION_ENDED:
                rows = batch.rows
                np.add.at(self.results, (self.fleet.family[rows], batch.values), 1)
                age = np.minimum(self.fleet.used[rows] // FULL // CYCLES, AGES - 1)
                np.add.at(self.by_age, (age, 0), 1)
                np.add.at(self.by_age, (age[batch.values == RESULTS.index("bat")], 1), 1)
                self.run_h += self.fleet.run_s[rows].sum() / HOUR_S


def lived(name: str, robots: int, days: float) -> Ends:
    """A scenario's fleet for some days, without the scenario's steps."""
    chosen = scenario.load(name)
    who = census.whole(chosen, chosen.seed, robots)
    fleet = Fleet(who.specs, chosen.seed, chosen.start - RUN_UP_S, population=who,
                  faults=chosen.luck, habits=chosen.habits)  # fmt: skip
    advance(fleet, chosen.start, Ends(fleet))
    ends = Ends(fleet)
    advance(fleet, chosen.start + days * DAY_S, ends)
    return ends


def show(name: str, ends: Ends) -> None:
    print(f"{name}: {ends.results.sum():,.0f} missions of {ends.run_h:,.0f} run-hours")
    families = [(each.name, ends.results[each.order]) for each in BY_NUMBER]
    print("  percent   " + "".join(f"{each:>9}" for each in (*RESULTS[1:], "failed")))
    for said, counts in (("all", ends.results.sum(axis=0)), *families):
        if counts.any():
            percent = dict(zip(RESULTS, counts / counts.sum() * 100, strict=True))
            percent["failed"] = 100 - percent["ok"] - percent["cncl"]
            told = (percent[each] for each in (*RESULTS[1:], "failed"))
            print(f"  {said:<10}" + "".join(f"{each:9.2f}" for each in told))
    page = (f"{PAGE[each]:9.1f}" if each in PAGE else " " * 9 for each in (*RESULTS[1:], "failed"))
    print("  the page  " + "".join(page))
    for said, codes in (("trapped", TRAPPED), ("jammed", JAMMED), ("at a cliff", {CLIFF_CODE})):
        print(f"  {said:<12}{ends.codes[list(codes)].sum() / ends.run_h:8.4f} a run-hour")
    for age, (missions, empty) in enumerate(ends.by_age):
        cycles = f"{age * CYCLES} cycles on"
        print(
            f"  {cycles:<14}{100 * empty / max(missions, 1):6.2f} percent end with an empty battery"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", nargs="*", default=["born-2015", "apartment-block"])
    parser.add_argument("--robots", type=int, default=20_000)
    parser.add_argument("--days", type=float, default=1.0)
    options = parser.parse_args()
    for name in options.scenario:
        show(name, lived(name, options.robots, options.days))


if __name__ == "__main__":
    main()
