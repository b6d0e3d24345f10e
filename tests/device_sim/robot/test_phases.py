"""The table of phases: every move in it, and every other one refused."""

import itertools

import pytest

from device_sim.robot.phases import (
    CYCLES,
    NEXT,
    PHASES,
    REFUSED,
    TASK_OF,
    TRANSITIONS,
    Cycle,
    Fact,
    IllegalTransition,
    Phase,
    Task,
    code_of,
    next_state,
)

EVERY_PAIR = list(itertools.product(itertools.product(Phase, Task), Fact))


@pytest.mark.parametrize(("state", "fact"), EVERY_PAIR)
def test_a_move_is_in_the_table_or_refused(state, fact) -> None:
    phase, task = state
    expected = TRANSITIONS.get(state, {}).get(fact)
    code = NEXT[code_of(phase), task, fact]

    if expected is None:
        assert code == REFUSED
        with pytest.raises(IllegalTransition):
            next_state(state, fact)
    else:
        assert next_state(state, fact) == expected
        assert (PHASES[code // len(Task)], code % len(Task)) == expected


def test_every_state_that_can_be_reached_can_be_left() -> None:
    reached = {after for moves in TRANSITIONS.values() for after in moves.values()}

    assert reached <= set(TRANSITIONS)


def test_only_a_start_begins_a_mission() -> None:
    beginnings = {
        fact
        for (_, task), moves in TRANSITIONS.items()
        for fact, (_, after) in moves.items()
        if task != Task.MISSION and after == Task.MISSION
    }

    assert beginnings == {Fact.STARTED}


def test_dock_and_evac_are_errands_and_cleaning_is_a_mission() -> None:
    tasks = {cycle: Task(int(TASK_OF[number])) for number, cycle in enumerate(CYCLES)}

    assert tasks[Cycle.NONE] is Task.NONE
    assert {cycle for cycle, task in tasks.items() if task is Task.ERRAND} == {
        Cycle.DOCK,
        Cycle.EVAC,
    }
