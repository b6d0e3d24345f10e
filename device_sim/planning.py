"""Plans the homes of a fleet once for all its shards, on several processes where they are many."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from device_sim.child import without_interrupts
from device_sim.robot.routes import Routes, Tables, tables_of_home
from device_sim.shard import Stopped, never

_Homes: TypeAlias = Sequence[Sequence[Tables]]
_HOMES_A_TASK: Final = 8
_MANY_HOMES: Final = 64
"""Fewer are planned before other processes would have begun to."""
_LOOK_S: Final = 0.1


@dataclass(slots=True)
class Planned:
    """How many homes are planned."""

    homes: int
    of: int


def routes_of(
    homes: Sequence[int],
    processes: int,
    tell: Callable[[Planned], None] = lambda _planned: None,
    is_over: Callable[[], bool] = never,
) -> Routes:
    """The routes of homes, some KB each, to be handed to every shard.  Raises Stopped."""
    tasks = [homes[first : first + _HOMES_A_TASK] for first in range(0, len(homes), _HOMES_A_TASK)]
    alone = processes == 1 or len(homes) < _MANY_HOMES
    made = map(_tables, tasks) if alone else _together(tasks, processes, is_over)
    tables: list[Sequence[Tables]] = []
    for some in made:
        tables += some
        tell(Planned(len(tables), len(homes)))
        if is_over():
            raise Stopped
    return Routes.of(homes, tables)


def _tables(home_seeds: Sequence[int]) -> _Homes:
    return [tables_of_home(each) for each in home_seeds]


def _together(
    tasks: Sequence[Sequence[int]], processes: int, is_over: Callable[[], bool]
) -> Iterator[_Homes]:
    """In the homes' order, by no more processes than there are processors.  Raises Stopped."""
    with without_interrupts():
        context = multiprocessing.get_context("spawn")
        planners = context.Pool(min(processes, os.cpu_count() or 1))
    with planners as pool:
        results = pool.imap(_tables, tasks)
        for _ in tasks:
            yield _next(results, is_over)


def _next(results: Any, is_over: Callable[[], bool]) -> _Homes:
    while True:
        try:
            made: _Homes = results.next(timeout=_LOOK_S)
        except multiprocessing.TimeoutError:
            if is_over():
                raise Stopped from None
        else:
            return made
