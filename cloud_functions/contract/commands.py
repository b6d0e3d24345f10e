"""What an owner asks of a robot, and what the robot answers.

A command travels as `desired.command`, a list of one object (design, decision 11): lists are
stored, compared and delivered whole.  The robot reports the same list, so that the delta
empties, and `lastCommandResult` beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

DEFAULT_LIFETIME_S: Final = 30.0
MAX_ID_LENGTH: Final = 64


class CommandName(StrEnum):
    """The commands of the product; the words are the robot's own (robot reference, section 7)."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    DOCK = "dock"
    FIND = "find"
    EVAC = "evac"
    TRAIN = "train"


class Outcome(StrEnum):
    """What became of a command at the robot."""

    OBEYED = "obeyed"
    REFUSED = "refused"
    EXPIRED = "expired"


class InvalidCommand(ValueError):
    """The command breaks the contract; the message names the member and what is allowed."""


@dataclass(frozen=True, slots=True)
class Command:
    """One wish of an owner; `time_s` and `expires_s` are cloud time in epoch seconds."""

    id: str
    name: CommandName
    time_s: float
    expires_s: float
    initiator: str = "rmtApp"
    params: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, raw: object) -> "Command":
        """The command behind the object on the wire; raises InvalidCommand."""
        if not isinstance(raw, Mapping):
            raise InvalidCommand("a command is an object")
        identifier = raw.get("id")
        if not isinstance(identifier, str) or not 0 < len(identifier) <= MAX_ID_LENGTH:
            raise InvalidCommand(f"id is a text of 1 to {MAX_ID_LENGTH} characters")
        params = raw.get("params", {})
        if not isinstance(params, Mapping):
            raise InvalidCommand("params is an object")
        return cls(
            id=identifier,
            name=parse_name(raw.get("command")),
            time_s=_seconds(raw, "time"),
            expires_s=_seconds(raw, "expires"),
            initiator=str(raw.get("initiator", "rmtApp")),
            params=dict(params),
        )

    def on_wire(self) -> dict[str, Any]:
        """The object as `desired.command[0]` carries it."""
        return {
            "id": self.id,
            "command": self.name.value,
            "params": dict(self.params),
            "initiator": self.initiator,
            "time": int(self.time_s),
            "expires": int(self.expires_s),
        }

    def as_desired(self) -> dict[str, Any]:
        """The part of `desired` that asks for this command."""
        return {"command": [self.on_wire()]}


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What the robot reports as `lastCommandResult`: receipt, not completion."""

    id: str
    name: CommandName
    outcome: Outcome
    reason: str
    time_s: float

    def on_wire(self) -> dict[str, Any]:
        """The object as it is reported."""
        return {
            "id": self.id,
            "command": self.name.value,
            "outcome": self.outcome.value,
            "reason": self.reason,
            "time": int(self.time_s),
        }


def parse_name(raw: object) -> CommandName:
    """The command of that word; raises InvalidCommand with the words allowed."""
    try:
        return CommandName(str(raw))
    except ValueError:
        allowed = ", ".join(CommandName)
        raise InvalidCommand(f"command is one of {allowed}, not {raw!r}") from None


def commands_in(section: Mapping[str, Any]) -> Sequence[Command]:
    """The commands of a delta or a `desired` section; a broken one raises InvalidCommand."""
    wanted = section.get("command")
    if wanted is None:
        return ()
    if not isinstance(wanted, Sequence) or isinstance(wanted, str):
        raise InvalidCommand("command is a list of one object")
    return [Command.parse(raw) for raw in wanted]


def _seconds(raw: Mapping[str, Any], member: str) -> float:
    value = raw.get(member)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidCommand(f"{member} is a number of epoch seconds")
    return float(value)
