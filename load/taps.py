"""What became of a tap: each has one fate, and only a lost one is nobody's doing."""

from enum import StrEnum
from typing import Final

from cloud_functions.contract import api
from cloud_functions.contract.commands import Outcome

SEEN_S: Final = 10.0
"""How long an owner waits for a tap, and how long the tap is valid."""
SEALED_S: Final = 2.0
"""After its deadline, how long a robot has to say that a tap came too late."""


class Fate(StrEnum):
    """The end of a tap; the ledger has a count for each."""

    SEEN = "seen"
    """The robot obeyed and the phone was told in time."""
    REFUSED = "refused"
    """The cloud or the robot said no."""
    FAILED = "failed"
    """The API gave no answer, or one that is no answer (5xx)."""
    EXPIRED = "expired"
    """The robot heard of it after its deadline, and said so."""
    LATE = "late"
    """The robot answered, but the phone was not told in time."""
    SUPERSEDED = "superseded"
    """Another command took its place before the robot answered."""
    OFFLINE = "offline"
    """The robot had no connection."""
    SILENT = "silent"
    """The robot's home had no internet, behind a connection that was open."""
    LOST = "lost"
    """The robot was connected, and never answered."""


_FATES = {
    Outcome.OBEYED: Fate.SEEN,
    Outcome.REFUSED: Fate.REFUSED,
    Outcome.EXPIRED: Fate.EXPIRED,
}


def of_answer(result: api.CommandResultBody) -> Fate:
    """The fate of a tap whose answer its phone heard in time."""
    return _FATES[result.outcome]


def of_silence(command_id: str, robot: api.Robot) -> Fate | None:
    """The fate of a tap that its phone heard nothing of, by the robot's shadow.

    None while the robot may still answer.
    """
    result = robot.reported.get("lastCommandResult") or {}
    if result.get("id") == command_id:
        return Fate.EXPIRED if result.get("outcome") == Outcome.EXPIRED else Fate.LATE
    wanted = robot.desired.get("command") or [{}]
    if wanted[0].get("id") != command_id:
        return Fate.SUPERSEDED
    return None if robot.connected else Fate.OFFLINE
