"""Acts come in the order of their time, whenever they were added."""

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from device_sim.robot.agenda import Agenda


@dataclass(frozen=True)
class Named:
    """An act that does nothing."""

    at_s: int
    name: str = field(default="", compare=False)

    def apply(self, fleet, listener) -> None:
        """Nothing."""


def drained(agenda: Agenda, until_s: int = 1000) -> list[Named]:
    found = []
    while act := agenda.next_until(until_s):
        found.append(act)
    return found


@given(st.lists(st.integers(0, 9)), st.lists(st.integers(0, 9)))
def test_acts_that_are_added_come_in_their_order_after_those_of_their_second(given_s, added_s):
    first = [Named(at_s, f"given {n}") for n, at_s in enumerate(given_s)]
    more = [Named(at_s, f"added {n}") for n, at_s in enumerate(added_s)]
    agenda = Agenda(first)

    for act in more:
        agenda.add(act)

    names = [act.name for act in drained(agenda)]
    assert names == [act.name for act in sorted(first + more, key=lambda act: act.at_s)]


def test_an_act_that_is_later_stays() -> None:
    agenda = Agenda([Named(5)])
    agenda.add(Named(7))

    assert [act.at_s for act in drained(agenda, 6)] == [5]
    assert [act.at_s for act in drained(agenda, 7)] == [7]
