"""One Python object a robot, doing what a row does: what the fleet's columns are compared with.

Phases, battery, the way along a route, exponential waits for what may happen, and a person who
helps; without reports, rooms, time zones and the rest, which a row has and these have not.
"""

import heapq
import random  # noqa: TID251  what such a simulation would use
from collections.abc import Callable

FULL, LOW, RESUME = 1.0, 0.15, 0.80
DRAIN_S, TRAVEL_DRAIN_S, GAIN_S, IDLE_S = 1 / 4920, 0.6 / 4920, 0.01 / 60, 0.04 / 3600
SPEED_M_S, CRUISE_M_S, ROUTE_M, WAY_HOME_M = 0.06, 0.3, 300.0, 9.0
STUCK_PER_S, DROP_PER_S, REST_MEAN_S = 0.15 / 3600, 0.5 / 3600, 18 * 3600.0


class Robot:
    """A robot with a clock of its own; `step` moves it to a moment."""

    __slots__ = ("along_m", "charge", "facts", "left_m", "life_run_s", "missions", "next_s",
                 "phase", "rng", "run_s", "since_s")  # fmt: skip

    def __init__(self, seed: int, *, on_mission: bool) -> None:
        self.rng = random.Random(seed)
        self.charge, self.along_m, self.left_m = self.rng.uniform(0.85, 1.0), 0.0, 0.0
        self.since_s = self.run_s = self.life_run_s = 0.0
        self.missions = self.facts = 0
        self.phase = "run" if on_mission else "charge"
        self.next_s = 0.0
        self._plan()

    def step(self, now_s: float) -> None:
        """Be what a robot is at that moment."""
        while self.next_s <= now_s:
            self._spend(self.next_s)
            self._live()
        self._spend(now_s)

    def _spend(self, now_s: float) -> None:
        elapsed, self.since_s = now_s - self.since_s, now_s
        if self.phase == "run":
            self.along_m += SPEED_M_S * elapsed
            self.charge -= DRAIN_S * elapsed
            self.run_s += elapsed
            self.life_run_s += elapsed
        elif self.phase in {"home_low", "home_done"}:
            self.left_m -= CRUISE_M_S * elapsed
            self.charge -= TRAVEL_DRAIN_S * elapsed
            self.run_s += elapsed
            self.life_run_s += elapsed
        elif self.phase == "stuck":
            self.charge -= IDLE_S * elapsed
        else:
            self.charge = min(FULL, self.charge + GAIN_S * elapsed)

    def _live(self) -> None:
        self.facts += 1
        if self.phase == "charge":
            self.phase, self.along_m, self.run_s = "run", 0.0, 0.0
            self.missions += 1
        elif self.phase in {"recharge", "stuck"}:
            self.phase = "run"
        elif self.phase == "home_low":
            self.phase = "recharge"
        elif self.phase == "home_done":
            self.phase = "charge"
        elif self.along_m >= ROUTE_M - 1e-6:
            self.phase, self.left_m = "home_done", WAY_HOME_M
        elif self.charge <= LOW + 1e-6:
            self.phase, self.left_m = "home_low", WAY_HOME_M
        elif self.rng.random() < STUCK_PER_S / (STUCK_PER_S + DROP_PER_S):
            self.phase = "stuck"
        self._plan()

    def _plan(self) -> None:
        draw = self.rng.expovariate
        if self.phase == "charge":
            wait = draw(1 / REST_MEAN_S)
        elif self.phase == "recharge":
            wait = (RESUME - self.charge) / GAIN_S
        elif self.phase == "stuck":
            wait = draw(1 / 2700)
        elif self.phase in {"home_low", "home_done"}:
            wait = self.left_m / CRUISE_M_S
        else:
            wait = min(
                (ROUTE_M - self.along_m) / SPEED_M_S,
                (self.charge - LOW) / DRAIN_S,
                draw(STUCK_PER_S + DROP_PER_S),
            )
        self.next_s = self.since_s + max(1.0, float(round(wait)))


def robots(count: int, busy_share: float) -> list[Robot]:
    """As many robots, that share of them on a mission."""
    every = round(1 / busy_share)
    return [Robot(number, on_mission=number % every == 0) for number in range(count)]


def each_second(fleet: list[Robot]) -> Callable[[int], None]:
    """Step every robot through some seconds, one by one."""
    clock = [0]

    def run(seconds: int) -> None:
        for _ in range(seconds):
            clock[0] += 1
            for robot in fleet:
                robot.step(clock[0])

    return run


def fact_to_fact(fleet: list[Robot]) -> Callable[[int], None]:
    """Step only robots that are due, out of a heap."""
    heap = [(robot.next_s, number) for number, robot in enumerate(fleet)]
    heapq.heapify(heap)
    clock = [0]

    def run(seconds: int) -> None:
        clock[0] += seconds
        while heap[0][0] <= clock[0]:
            at_s, number = heap[0]
            fleet[number].step(at_s)
            heapq.heapreplace(heap, (fleet[number].next_s, number))

    return run
