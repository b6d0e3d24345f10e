"""What each key of a scenario allows and all together do not.

That is what would never happen, what would reach nobody, and what would have no effect beside
something else.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from device_sim.network.impairments import ends_of
from device_sim.robot.households.world import ZONES
from device_sim.scenarios.lines import Path
from device_sim.scenarios.model import Scenario
from device_sim.scenarios.moments import Frame, Moment, span_text
from device_sim.scenarios.network import Network
from device_sim.scenarios.reach import Reach
from device_sim.scenarios.steps import BadFirmware, Outage, PowerCut, Step
from device_sim.scenarios.who import Ints, Who

_EVERY: Final = np.arange(len(ZONES.names))
_NETWORK: Final = (
    "loss", "delay_ms", "jitter_ms", "rate_bytes_s", "duplicates", "clock_offset_s", "partition",
)  # fmt: skip
_LENGTH: Final = 'a span above 0, such as "30m"'


class Contradiction(NamedTuple):
    """A key, what was found there, and what is allowed."""

    path: Path
    found: str
    allowed: str


def contradictions(scenario: Scenario, size: int | None = None) -> Iterator[Contradiction]:
    """All of them; `size` where a run has another number of robots than the scenario says."""
    yield from _beside(scenario)
    yield from _without_robots(scenario)
    yield from _brought_twice(scenario)
    yield from idle(scenario, scenario.size if size is None else size)


def idle(scenario: Scenario, size: int) -> Iterator[Contradiction]:
    """Steps and conditions that certainly do nothing in a run of so many robots."""
    reach = Reach(scenario, size)
    for number, step in enumerate(scenario.steps):
        path: Path = ("steps", number)
        yield from _nobody(path, step.who, reach)
        yield from _astray((*path, "at"), step.at, scenario, reach.zones(step.who))
        yield from _no_length(path, step)
    for number, condition in enumerate(scenario.network):
        path = ("network", number)
        yield from _nobody(path, condition.who, reach)
        yield from _no_condition(path, condition)
        yield from _no_time(path, condition, scenario, reach.zones(condition.who))


# ---------------------------------------------------------------- tables


def _beside(scenario: Scenario) -> Iterator[Contradiction]:
    """Keys that would have no effect beside others."""
    said = scenario.model_fields_set
    if scenario.robots and "homes" in said:
        yield Contradiction(
            ("homes",), "[homes] beside [[robots]]", "`home` or `homes` in each of [[robots]]"
        )
    for number, group in enumerate(scenario.robots):
        if group.home is not None and "homes" in group.model_fields_set:
            yield Contradiction(
                ("robots", number, "homes"), "both `home` and `homes`", "one of the two"
            )
    people = scenario.households
    if people.countries is not None and "north_america" in people.model_fields_set:
        yield Contradiction(
            ("households", "north_america"), "both `countries` and `north_america`",
            "one of the two",
        )  # fmt: skip


def _without_robots(scenario: Scenario) -> Iterator[Contradiction]:
    """Families whose weight is so small that the mix has none of them."""
    there = {group.family for group in scenario.groups}
    for name, weight in scenario.fleet.families.items() if scenario.fleet else ():
        if name not in there:
            total = sum(scenario.fleet.families.values()) if scenario.fleet else 0.0
            yield Contradiction(
                ("fleet", "families", name), f"{weight:g} of {total:g} in all, which is no robot",
                "0.2 % of all weights or more",
            )  # fmt: skip


def _brought_twice(scenario: Scenario) -> Iterator[Contradiction]:
    """Releases of one name: what the second does would befall robots that have the first."""
    seen: set[str] = set()
    for number, step in enumerate(scenario.steps):
        if isinstance(step, BadFirmware):
            if step.version in seen:
                yield Contradiction(
                    ("steps", number, "version"), f'"{step.version}", which another step brings',
                    "a name of its own",
                )  # fmt: skip
            seen.add(step.version)


# ---------------------------------------------------------------- steps and conditions


def _nobody(path: Path, who: Who, reach: Reach) -> Iterator[Contradiction]:
    if (why := reach.nobody(who)) is not None:
        yield Contradiction((*path, "who", *why.key), why.found, why.allowed)


def _astray(path: Path, at: Moment, scenario: Scenario, zones: Ints) -> Iterator[Contradiction]:
    """A moment before the start or not before the end, wherever those live who are meant."""
    if not zones.size:
        return
    at_s = at.at_s(scenario.start, ZONES, zones)
    is_before = bool(at_s.max() < scenario.start)
    if is_before or at_s.min() >= _end_s(scenario):
        bound = "after the start" if is_before else "before the end of the run"
        yield Contradiction(path, str(at), f"a moment {bound}; {_span(at, scenario)}")


def _no_length(path: Path, step: Step) -> Iterator[Contradiction]:
    """A step that is over before anything happens.

    A cell that is loose for no time does restart a robot, and a window of no length is open for
    its second.
    """
    is_over = isinstance(step, BadFirmware) and step.for_ == 0
    if isinstance(step, Outage | PowerCut):
        is_over = step.for_ + step.back_within == 0
    if is_over:
        yield Contradiction((*path, "for"), "no time", _LENGTH)


def _no_condition(path: Path, condition: Network) -> Iterator[Contradiction]:
    if not any(getattr(condition, name) for name in _NETWORK):
        yield Contradiction(path, "no condition", f"at least one of {', '.join(_NETWORK)}")


def _no_time(
    path: Path, condition: Network, scenario: Scenario, zones: Ints
) -> Iterator[Contradiction]:
    """A condition that is over before it begins or before the run does, or begins after the run."""
    if condition.for_ == 0:
        yield Contradiction((*path, "for"), "no time", _LENGTH)
        return
    begins = condition.at.at_s(scenario.start, ZONES, _EVERY)
    ends = begins + condition.for_ if condition.for_ is not None else begins
    if condition.until is not None:
        ends = ends_of(condition.until, begins, ZONES, scenario.start)
        if (over := np.flatnonzero(ends <= begins)).size:
            where = f" in {ZONES.names[over[0]]}" if over.size < _EVERY.size else ""
            yield Contradiction(
                (*path, "until"), str(condition.until),
                f"a moment after `at`, which is {condition.at}{where}",
            )  # fmt: skip
            return
    is_endless = condition.for_ is None and condition.until is None
    if not zones.size:
        return
    if begins[zones].min() >= _end_s(scenario):
        yield from _astray((*path, "at"), condition.at, scenario, zones)
    elif not is_endless and ends[zones].max() <= scenario.start:
        key = "for" if condition.for_ is not None else "until"
        yield Contradiction(
            (*path, key), "an end before the start",
            f"an end after the start; {_span(Moment(0, Frame.UTC_DATE), scenario)}",
        )  # fmt: skip


def _end_s(scenario: Scenario) -> int:
    return scenario.start + round(scenario.hours * 3600)


def _span(at: Moment, scenario: Scenario) -> str:
    """When the run is, in the terms of a moment."""
    lasts = f"lasts {span_text(round(scenario.hours * 3600))}"
    if at.frame is Frame.START:
        return f"it {lasts}"
    return f"it begins at {Moment(scenario.start, Frame.UTC_DATE)} and {lasts}"
