"""Robots lived forward until something happens."""

from device_sim.robot.fleet import Fleet
from device_sim.robot.phases import PHASES, Phase
from device_sim.robot.step import Happening, Kind, step

HOUR = 3600
RESUMED = (Phase.CHARGE, Phase.RUN)


def phases(happened: list[Happening], row: int = 0) -> list[Phase]:
    return [PHASES[each.value] for each in happened if each.kind is Kind.PHASE and each.row == row]


def run_until(robots: Fleet, phase: Phase, *, row: int = 0, hours: float = 12) -> None:
    """Step minute by minute until a robot is in a phase."""
    for _ in range(int(hours * 60)):
        if robots.phase_of(row) is phase:
            return
        step(robots, robots.now_s + 60)
    raise AssertionError(f"never in {phase}")
