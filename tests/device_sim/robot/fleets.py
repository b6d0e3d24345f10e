"""Fleets for tests: a few robots in a perfect world, or many in one where everything happens."""

import itertools

import numpy as np

from device_sim.robot.families import FAMILIES
from device_sim.robot.fleet import Fleet, RobotSpec
from device_sim.robot.households.traits import PETS, WORKING
from device_sim.robot.orders import obey
from device_sim.robot.parameters import HOUSEHOLDS, NOBODY, Battery, Faults, Habits
from device_sim.robot.population import Population, of_specs
from device_sim.robot.schedule import NEVER, Zones

PERFECT = Faults(scale=0)
START = 1_700_000_000.0
DAY_S = 86_400

ZONES = Zones(
    ("Etc/UTC", "Europe/Berlin", "America/New_York"),
    np.array(
        [
            [-NEVER, NEVER, NEVER],
            [-NEVER, 1_711_846_800, 1_729_990_800],
            [-NEVER, 1_710_054_000, 1_730_613_600],
        ]
    ),
    np.array([[0, 0, 0], [3600, 7200, 3600], [-18_000, -14_400, -18_000]], dtype=np.int32),
)
"""The changes of 2024."""


def fleet(count: int = 1, *, faults: Faults = PERFECT, seed: int = 7, **more) -> Fleet:
    families = itertools.cycle(["i7", "900", "m6"])
    specs = [RobotSpec(f"r{n}", next(families), n % 5) for n in range(count)]
    return Fleet(specs, seed, START, faults=faults, **more)


def people(count: int, first: int = 0, *, scale: float = 1.0) -> Population:
    """Households of every kind: schedules, wishes, pets, old and new robots."""
    families = list(FAMILIES)
    numbers = np.arange(first, first + count)
    specs = [RobotSpec(f"r{n}", families[n % len(families)], n % 48) for n in numbers.tolist()]
    plain = of_specs(specs, 7, Faults(scale=scale), ZONES)
    return Population(
        specs=plain.specs, routes=plain.routes, zones=ZONES, key=plain.key, family=plain.family,
        home=plain.home,
        country=(numbers % 3).astype(np.uint8),
        zone=(numbers % 3).astype(np.uint16),
        days=(numbers * 37 % 128).astype(np.uint8),
        minute=(numbers * 97 % 1440).astype(np.uint16),
        wish=(numbers * 13 % 200).astype(np.uint8),
        away=(numbers * 11 % 40).astype(np.uint8),
        traits=np.choose(numbers % 4, [0, PETS, WORKING, PETS | WORKING]).astype(np.uint8),
        wifi_dbm=plain.wifi_dbm,
        age_days=(numbers * 31 % 1500).astype(np.uint16),
        version=(numbers % 3).astype(np.uint8),
        difficulty=plain.difficulty,
    )  # fmt: skip


def lively(count: int, first: int = 0, *, scale: float = 1.0, habits: Habits = HOUSEHOLDS) -> Fleet:
    """A fleet that nobody talks to, to which everything happens."""
    who = people(count, first, scale=scale)
    return Fleet(who.specs, 7, START, population=who, faults=Faults(scale=scale), habits=habits)


def order(robots: Fleet, row: int, name: str, **params) -> str:
    return obey(robots, row, name, initiator="rmtApp", params=params, happened=[])


def thirsty(minutes: float) -> Battery:
    """A battery that lasts that long at the plain power of an i7."""
    return Battery(drain_scale=FAMILIES["i7"].battery.runtime_minutes / minutes)


def columns(robots: Fleet, row: int) -> dict:
    """Everything a row holds."""
    return {
        name: column[row].item()
        for name, column in vars(robots).items()
        if isinstance(column, np.ndarray) and len(column) == len(robots) and name != "home"
        and "route" not in name
    }  # fmt: skip


__all__ = ["NOBODY", "PERFECT", "START", "ZONES", "columns", "fleet", "lively", "order", "people"]
