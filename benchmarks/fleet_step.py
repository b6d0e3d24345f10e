"""A fleet as columns against one Python object a robot, SimPy processes and mesa agents.

    python -m benchmarks.fleet_step [--rows 1000000] [--objects 20000]

Three questions, each answered side by side: robots moved on by a second at a time; facts lived when
only robots that are due are touched; and what a robot takes in memory.  SimPy and mesa are left out
where they are not installed: pip install simpy mesa.
"""

import argparse
import importlib
import importlib.util
import time
import tracemalloc
from collections.abc import Callable

import numpy as np

from benchmarks.robots_as_objects import each_second, fact_to_fact, robots
from device_sim import census, scenario
from device_sim.robot.facts import Facts
from device_sim.robot.fleet import Fleet
from device_sim.robot.influence import wish
from device_sim.robot.parameters import Faults, Habits
from device_sim.robot.routes import Routes
from device_sim.robot.step import advance

START_S, BUSY = 1_767_571_200, 0.05


class Counter:
    """A listener that counts."""

    def __init__(self) -> None:
        self.facts = 0

    def take(self, facts: Facts) -> None:
        self.facts += sum(batch.rows.size for batch in facts)


def columns(rows: int) -> tuple[Fleet, Counter]:
    """A fleet of which a twentieth is on a mission, begun within the last half hour."""
    chosen = scenario.load("apartment-block")
    routes = Routes.of(census.homes_of(chosen))
    who = census.take(chosen, 7, routes, first=0, count=rows)
    fleet = Fleet(who.specs, 7, START_S, population=who, faults=Faults(),
                  habits=Habits(wishes=True, schedules=False))  # fmt: skip
    counter = Counter()
    advance(fleet, START_S + 1, counter)
    chosen_rows = np.arange(0, rows, round(1 / BUSY))
    wish(fleet, chosen_rows, START_S + 2 + chosen_rows % 1800)
    advance(fleet, START_S + 1800, counter)
    counter.facts = 0
    return fleet, counter


def timed(run: Callable[[int], None], seconds: int) -> float:
    began = time.process_time()
    run(seconds)
    return time.process_time() - began


def simpy_run(count: int, *, by_second: bool) -> Callable[[int], None]:
    simpy = importlib.import_module("simpy")
    environment = simpy.Environment()

    def life(robot):
        while True:
            wait = 1 if by_second else robot.next_s - environment.now
            yield environment.timeout(wait)
            robot.step(environment.now)

    for robot in robots(count, BUSY):
        environment.process(life(robot))
    return lambda seconds: environment.run(until=environment.now + seconds)


def mesa_run(count: int) -> Callable[[int], None]:
    mesa = importlib.import_module("mesa")

    class Agent(mesa.Agent):
        def __init__(self, model, robot) -> None:
            super().__init__(model)
            self.robot = robot

        def step(self) -> None:
            self.robot.step(self.model.now)

    class Model(mesa.Model):
        def __init__(self) -> None:
            super().__init__(rng=7)
            self.now = 0
            for robot in robots(count, BUSY):
                Agent(self, robot)

        def step(self) -> None:
            self.now += 1
            self.agents.do("step")

    model = Model()

    def run(seconds: int) -> None:
        for _ in range(seconds):
            model.step()

    return run


def show(title: str, rates: dict[str, float], unit: str) -> None:
    print(title)
    ours = rates["robofleet"]
    for name, rate in rates.items():
        ratio = "" if name == "robofleet" else f"   ours is {ours / rate:8.1f} times it"
        print(f"  {name:<28}{rate:16,.0f} {unit}{ratio}")


def measure_seconds(rows: int, objects: int) -> None:
    fleet, counter = columns(rows)
    seconds = 300

    def ours(count: int) -> None:
        for _ in range(count):
            advance(fleet, fleet.tick + 1, counter)

    rates = {"robofleet": rows * seconds / timed(ours, seconds)}
    rates["one object a robot"] = objects * 10 / timed(each_second(robots(objects, BUSY)), 10)
    if importlib.util.find_spec("simpy"):
        rates["SimPy processes"] = objects * 10 / timed(simpy_run(objects, by_second=True), 10)
    if importlib.util.find_spec("mesa"):
        rates["mesa agents"] = objects * 10 / timed(mesa_run(objects), 10)
    show("robots moved on by one second at a time, 5 % on a mission", rates, "a CPU second")


def measure_facts(rows: int, objects: int) -> None:
    fleet, counter = columns(rows)
    seconds = 6 * 3600

    def ours(count: int) -> None:
        for _ in range(count // 300):
            advance(fleet, fleet.tick + 300, counter)

    took = timed(ours, seconds)
    rates = {"robofleet": counter.facts / took}
    days = {"robofleet": rows * seconds / took}
    heap = robots(objects, BUSY)
    run = fact_to_fact(heap)
    took = timed(run, seconds)
    rates["objects in a heap"] = sum(robot.facts for robot in heap) / took
    days["objects in a heap"] = objects * seconds / took
    if importlib.util.find_spec("simpy"):
        took = timed(simpy_run(objects, by_second=False), seconds)
        days["SimPy processes"] = objects * seconds / took
    show("facts lived, only robots that are due being touched", rates, "a CPU second")
    show("the same as robot-seconds", days, "a CPU second")


def measure_memory(rows: int) -> None:
    fleet, _ = columns(rows)
    tracemalloc.start()
    kept = robots(2000, BUSY)
    taken = tracemalloc.get_traced_memory()[0] / len(kept)
    tracemalloc.stop()
    print("state in bytes a robot")
    print(f"  {'robofleet':<28}{fleet.bytes_per_robot:16,}")
    print(f"  {'one object a robot':<28}{taken:16,.0f}   {taken / fleet.bytes_per_robot:.1f} times")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--objects", type=int, default=20_000)
    options = parser.parse_args()
    measure_seconds(options.rows, options.objects)
    measure_facts(options.rows, options.objects)
    measure_memory(min(options.rows, 100_000))


if __name__ == "__main__":
    main()
