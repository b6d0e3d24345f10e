"""What an owner asks of a robot, and whether it obeys (robot reference, section 7)."""

from collections.abc import Mapping
from typing import Any, Final

from cloud_functions.contract.commands import CommandName
from device_sim.robot.fleet import Fleet
from device_sim.robot.parameters import START_DELAY_S
from device_sim.robot.phases import NEXT, Fact, Phase
from device_sim.robot.step import Happening, move

_FACTS: Final = {
    CommandName.START: Fact.STARTED,
    CommandName.PAUSE: Fact.PAUSED,
    CommandName.RESUME: Fact.RESUMED,
    CommandName.STOP: Fact.STOPPED,
    CommandName.DOCK: Fact.DOCK_ASKED,
    CommandName.EVAC: Fact.EVAC_ASKED,
    CommandName.TRAIN: Fact.STARTED,
}
_NOT_READY_WORDS: Final = {1: "on a cliff", 15: "charge too low", 16: "bin full"}


def obey(
    fleet: Fleet,
    row: int,
    command: CommandName,
    *,
    initiator: str,
    params: Mapping[str, Any],
    happened: list[Happening],
) -> str:
    """Let a robot act on a command; empty when it does, else the reason why not.

    A start takes its 2 s: the phase changes with a later step.
    """
    if command is CommandName.FIND:
        return ""
    fact = _FACTS[command]
    if not _may(fleet, row, fact):
        return f"cannot {command} while {_state(fleet, row)}"
    if command is CommandName.EVAC and not fleet.has_base[row]:
        return "there is no emptying base"
    if fact in (Fact.STARTED, Fact.RESUMED) and (why := _not_ready(fleet, row)):
        return why
    if fact is Fact.STARTED:
        if fleet.start_at_s[row] != float("inf"):
            return ""
        if fleet.cycle[row] == 0:
            fleet.logs[row].initiator = initiator
            fleet.logs[row].command = {"command": command.value, **params}
        fleet.start_at_s[row] = fleet.now_s + START_DELAY_S
        return ""
    move(fleet, row, fact, happened)
    return ""


def _may(fleet: Fleet, row: int, fact: Fact) -> bool:
    return bool(NEXT[fleet.phase[row], int(fleet.cycle[row] != 0), fact] >= 0)


def _not_ready(fleet: Fleet, row: int) -> str:
    if fleet.charge[row] < fleet.battery.start_above:
        return _NOT_READY_WORDS[15]
    if fleet.bin_full[row] and not fleet.has_base[row]:
        return _NOT_READY_WORDS[16]
    return ""


def _state(fleet: Fleet, row: int) -> str:
    phase, cycle = fleet.phase_of(row), fleet.cycle_of(row)
    if phase is Phase.STOP and cycle != "none":
        return "paused"
    return f"in phase {phase}, cycle {cycle}"
