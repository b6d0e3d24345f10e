"""What an owner asks of a robot, and whether it obeys (robot reference, section 7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from device_sim.robot.facts import Facts
from device_sim.robot.fleet import INITIATORS, Fleet, Ints
from device_sim.robot.life.moves import move
from device_sim.robot.life.plan import plan
from device_sim.robot.life.readiness import not_ready
from device_sim.robot.life.settle import settle
from device_sim.robot.parameters import MAP_SAVED_S, NOT_READY_UPDATING, START_DELAY_S
from device_sim.robot.phases import DOCKED, NEXT, TASK_OF, Cycle, Fact, Phase, Task, cycle_code
from device_sim.robot.schedule import NEVER
from device_sim.robot.settings import settle_row
from device_sim.robot.step import START_CYCLE, Happening, empty_bins, reboot
from device_sim.robot.telling.diary import Diary

_FACTS: Final[Mapping[str, Fact]] = {
    "start": Fact.STARTED,
    "clean": Fact.STARTED,
    "quick": Fact.STARTED,
    "spot": Fact.STARTED,
    "train": Fact.STARTED,
    "pause": Fact.PAUSED,
    "resume": Fact.RESUMED,
    "stop": Fact.STOPPED,
    "dock": Fact.DOCK_ASKED,
    "evac": Fact.EVAC_ASKED,
}
_CYCLES: Final[Mapping[str, Cycle]] = {
    "quick": Cycle.QUICK,
    "spot": Cycle.SPOT,
    "train": Cycle.TRAIN,
}
KNOWN: Final = frozenset({*_FACTS, "find", "reset"})
"""The commands a robot knows; an unknown one is not even echoed."""
_NOT_READY_WORDS: Final = {
    1: "on a cliff", 7: "bin missing", 15: "charge too low", 16: "bin full",
    NOT_READY_UPDATING: "software is being updated",
}  # fmt: skip
MAX_REGIONS: Final = 32
_SECOND_PASS_KEYS: Final = ("noAutoPasses", "twoPass")


@dataclass(frozen=True, slots=True)
class Order:
    """A command with who asked and its parameters."""

    command: str
    initiator: str
    params: Mapping[str, Any]


def obey(
    fleet: Fleet,
    row: int,
    command: str,
    *,
    initiator: str,
    params: Mapping[str, Any],
    happened: list[Happening],
) -> str:
    """Let a robot act on a command; empty when it does, else the reason why not.

    A start takes its 2 s: the phase changes with a later step.
    """
    if command not in KNOWN:
        return f"there is no command {command}"
    if command == "find":
        return ""
    settle_row(fleet, row)
    order = Order(command, initiator, params)
    rows, facts = np.array([row]), Facts()
    why = _reset(fleet, rows, facts) if command == "reset" else _act(fleet, rows, order, facts)
    plan(fleet, rows)
    diary = Diary(fleet)
    diary.take(facts)
    happened += diary.happened()
    return why


def _reset(fleet: Fleet, rows: Ints, facts: Facts) -> str:
    reboot(fleet, rows, facts)
    return ""


def _act(fleet: Fleet, rows: Ints, order: Order, facts: Facts) -> str:
    row = int(rows[0])
    fact = _FACTS[order.command]
    on_dock = fleet.phase_of(row) is Phase.CHARGE and fleet.cycle_of(row) is Cycle.NONE
    has_base = bool(fleet.has_base_of(rows)[0])
    if order.command == "dock" and on_dock and has_base:
        fact = Fact.EVAC_ASKED
    if order.command == "quick" and _may(fleet, row, Fact.STOPPED):
        move(fleet, rows, Fact.STOPPED, facts)
    if why := _refusal(fleet, row, order, fact, has_base=has_base):
        return why
    if fact in (Fact.STARTED, Fact.RESUMED) and (
        code := int(not_ready(fleet, rows, fleet.tick)[0])
    ):
        return _NOT_READY_WORDS[code]
    if fact is Fact.STARTED:
        _start(fleet, rows, order)
    else:
        move(fleet, rows, fact, facts)
    return ""


def _refusal(fleet: Fleet, row: int, order: Order, fact: Fact, *, has_base: bool) -> str:
    family, phase = fleet.families[row], fleet.phase_of(row)
    if fact is Fact.EVAC_ASKED and not has_base:
        return "there is no emptying base"
    if not _may(fleet, row, fact):
        return f"cannot {order.command} while {_state(fleet, row)}"
    if fact is Fact.DOCK_ASKED and _saves_map(fleet, row):
        return "the map is being saved"
    if order.command == "spot" and phase is not Phase.STOP:
        return "spot cleaning starts off the dock"
    if order.command == "train" and not family.has_map:
        return "this robot keeps no map"
    if order.command == "train" and phase is not Phase.CHARGE:
        return "a mapping run starts on the dock"
    return ""


def _saves_map(fleet: Fleet, row: int) -> bool:
    """Robots with maps do not go home for some seconds after a mission was stopped (7)."""
    stopped = fleet.phase_of(row) is Phase.STOP and fleet.cycle_of(row) is Cycle.NONE
    since_s = fleet.tick - int(fleet.phase_since_s[row])
    return stopped and fleet.families[row].has_map and since_s < MAP_SAVED_S


def _start(fleet: Fleet, rows: Ints, order: Order) -> None:
    """Note what was asked for; one that is on its way already stays."""
    row = int(rows[0])
    if fleet.start_s[row] != NEVER:
        return
    if TASK_OF[fleet.cycle[row]] != Task.MISSION:
        plain = Cycle(fleet.families[row].start_cycle)
        known = order.initiator if order.initiator in INITIATORS else "none"
        fleet.wanted_initiator[row] = INITIATORS.index(known)
        fleet.wanted_cycle[row] = cycle_code(_CYCLES.get(order.command, plain))
        fleet.wanted_route[row] = _route(fleet, row, order.params)
        fleet.wanted_passes.pop(row, None)
        if passes := _passes(order.params):
            fleet.wanted_passes[row] = passes
        fleet.commands[row] = {**order.params, "command": order.command}
        if not DOCKED[fleet.phase[row]]:
            fleet.starts_away.add(row)
        empty_bins(fleet, rows)
    fleet.start_s[row] = fleet.tick + START_DELAY_S


def start_many(fleet: Fleet, rows: Ints, initiator: str) -> Ints:
    """Start every robot of the rows that can, as a plain start would; which ones."""
    settle(fleet, rows, np.maximum(fleet.since_s[rows], fleet.tick))
    task = TASK_OF[fleet.cycle[rows]]
    may = (NEXT[fleet.phase[rows], task, Fact.STARTED] >= 0) & (task != Task.MISSION)
    may &= (not_ready(fleet, rows, fleet.since_s[rows]) == 0) & (fleet.start_s[rows] == NEVER)
    chosen: Ints = rows[may]
    fleet.wanted_initiator[chosen] = INITIATORS.index(initiator)
    fleet.wanted_cycle[chosen] = START_CYCLE[fleet.family[chosen]]
    fleet.wanted_route[chosen] = fleet.home[chosen]
    empty_bins(fleet, chosen)
    fleet.start_s[chosen] = fleet.tick + START_DELAY_S
    plan(fleet, rows)
    return chosen


def _regions(params: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    regions = params.get("regions")
    if not isinstance(regions, list):
        return []
    return [each for each in regions[:MAX_REGIONS] if isinstance(each, Mapping)]


def _route(fleet: Fleet, row: int, params: Mapping[str, Any]) -> int:
    """The route through the regions asked for; without any, the whole home (12.2)."""
    home = int(fleet.home[row])
    if not fleet.families[row].has_map:
        return home
    rooms = [str(each.get("region_id", "")) for each in _regions(params)]
    if rooms and not params.get("ordered"):
        rooms = sorted(set(rooms))
    return fleet.routes.through(home, rooms)


def _passes(params: Mapping[str, Any]) -> tuple[bool, bool] | None:
    """NoAutoPasses and twoPass of a start: at its top, or with its first region."""
    regions = _regions(params)
    places = [params.get("params"), regions[0].get("params") if regions else None]
    for said in places:
        if isinstance(said, Mapping) and any(key in said for key in _SECOND_PASS_KEYS):
            one, two = (bool(said.get(key)) for key in _SECOND_PASS_KEYS)
            return one, two
    return None


def _may(fleet: Fleet, row: int, fact: Fact) -> bool:
    return bool(NEXT[fleet.phase[row], TASK_OF[fleet.cycle[row]], fact] >= 0)


def _state(fleet: Fleet, row: int) -> str:
    phase, cycle = fleet.phase_of(row), fleet.cycle_of(row)
    if phase is Phase.STOP and cycle != "none":
        return "paused"
    return f"in phase {phase}, cycle {cycle}"
