"""What owners wish of a robot, whichever way it comes: commands and settings."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cloud_functions.contract.commands import (
    Command,
    CommandName,
    CommandResult,
    InvalidCommand,
    Outcome,
    commands_in,
)
from device_sim.firmware.memory import Memory
from device_sim.robot import report
from device_sim.robot.fleet import Fleet
from device_sim.robot.orders import obey
from device_sim.robot.phases import Phase
from device_sim.robot.settings import apply_settings
from device_sim.robot.step import Happening

_SETTING_KEYS: Final = frozenset(report.SETTINGS) | {
    "name", "childLock", "cleanSchedule", "cleanSchedule2",
}  # fmt: skip
_PAIRS: Final = (("carpetBoost", "vacHigh"), ("noAutoPasses", "twoPass"))
_REMEMBERED: Final = 10
"""Commands by whose ids a repeated one is known."""
_DRIVING: Final = (Phase.RUN, Phase.HOME_MID_MISSION, Phase.HOME_DONE)


class Wishes:
    """Takes commands and settings on, and puts what came of them into the next report."""

    def __init__(self, fleet: Fleet, robots: Sequence[Memory]) -> None:
        self._fleet = fleet
        self._robots = robots
        self.obeyed = 0
        """Commands, so far."""

    def take_settings(self, row: int, delta: Mapping[str, Any]) -> None:
        """Take settings on; what the family refuses is reported as it stays (section 8)."""
        robot, family = self._robots[row], self._fleet.families[row]
        wanted = {key: value for key, value in delta.items() if key in _SETTING_KEYS}
        if family.pairs_only:
            for pair in _PAIRS:
                given = set(pair) & wanted.keys()
                if len(given) == 1 and not set(pair) & robot.settings.keys():
                    factory = family.settings
                    wanted.update({key: factory[key] for key in pair if key not in given})
        if "liveMapUntil" in delta:
            robot.dirty["liveMapUntil"] = delta["liveMapUntil"]
        robot.settings.update(wanted)
        robot.dirty.update(wanted)
        apply_settings(self._fleet, row, wanted)

    def take_commands(
        self, row: int, delta: Mapping[str, Any], now_s: float, happened: list[Happening]
    ) -> None:
        """Obey, refuse or report as expired what a delta asks; the same command once."""
        try:
            for command in commands_in(delta):
                self._take(row, command, delta["command"], now_s, happened)
        except InvalidCommand:
            # nobody can obey it: close the delta
            self._robots[row].dirty["command"] = delta["command"]

    def _take(
        self, row: int, command: Command, raw: Any, now_s: float, happened: list[Happening]
    ) -> None:
        robot = self._robots[row]
        if command.id in robot.command_ids:
            if robot.in_flight.get("command") != raw:
                robot.dirty["command"] = raw
            return
        robot.command_ids = [*robot.command_ids[1 - _REMEMBERED :], command.id]
        outcome, reason = Outcome.OBEYED, ""
        if command.expires_s <= now_s:
            outcome, reason = Outcome.EXPIRED, "it came too late"
        else:
            reason = self._obey(row, command, happened)
            outcome = Outcome.REFUSED if reason else Outcome.OBEYED
            self.obeyed += not reason
        result = CommandResult(command.id, command.name, outcome, reason, now_s)
        robot.last_command = {
            **command.params,
            "command": command.name.value,
            "time": int(command.time_s),
            "initiator": command.initiator,
        }
        robot.dirty |= {
            "command": raw,
            "lastCommandResult": result.on_wire(),
            "lastCommand": robot.last_command,
        }

    def _obey(self, row: int, command: Command, happened: list[Happening]) -> str:
        """A dock from the cloud while running pauses first (design, decision 11)."""
        fleet = self._fleet
        if command.name is CommandName.DOCK and fleet.phase_of(row) in _DRIVING:
            obey(
                fleet, row, CommandName.PAUSE,
                initiator=command.initiator, params={}, happened=happened,
            )  # fmt: skip
        return obey(
            fleet, row, command.name,
            initiator=command.initiator, params=command.params, happened=happened,
        )  # fmt: skip
