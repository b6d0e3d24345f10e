"""Where one robot is with one update, and what moves it on.

An update is offered until the robot can take it, and the cloud has it QUEUED as long; from
start-next on it is IN_PROGRESS there.  The image is loaded while the robot may do anything; then
it waits until the robot is idle on its dock, and from the check to the restart the robot refuses
to start.  Before it restarts it says so and waits for the answer, since afterwards it is silent.

Easy to break: whatever the stage, an update is over as soon as the cloud names another execution
as the next, because one in progress comes first; but a robot that flashes cannot hear that.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Stage(StrEnum):
    """Where an update is."""

    OFFERED = "offered"
    DOWNLOADING = "downloading"
    HUNG = "hung"
    """The client says nothing any more; a timer of the cloud ends it."""
    WAITING = "waiting"
    """For the robot to be idle on its dock."""
    CHECKING = "checking"
    ANNOUNCED = "announced"
    """The restart is said, and not yet answered."""
    FLASHING = "flashing"
    """No link."""
    ENDED = "ended"
    """How it ended is said, and not yet answered."""


class Fact(StrEnum):
    """What happens to an update."""

    REFUSED = "refused"
    """There is nothing to do, or nothing the robot can do."""
    STARTED = "started"
    DOWNLOADED = "downloaded"
    GONE_QUIET = "gone quiet"
    READY = "ready"
    CHECKED = "checked"
    CHECK_FAILED = "check failed"
    HEARD = "heard"
    CAME_UP = "came up"
    CAME_UP_UNFINISHED = "came up unfinished"


class IllegalTransition(Exception):
    """The move is not in the table."""


TRANSITIONS: Final[Mapping[Stage, Mapping[Fact, Stage]]] = {
    Stage.OFFERED: {Fact.REFUSED: Stage.ENDED, Fact.STARTED: Stage.DOWNLOADING},
    Stage.DOWNLOADING: {Fact.DOWNLOADED: Stage.WAITING, Fact.GONE_QUIET: Stage.HUNG},
    Stage.HUNG: {},
    Stage.WAITING: {Fact.READY: Stage.CHECKING},
    Stage.CHECKING: {Fact.CHECKED: Stage.ANNOUNCED, Fact.CHECK_FAILED: Stage.ENDED},
    Stage.ANNOUNCED: {Fact.HEARD: Stage.FLASHING},
    Stage.FLASHING: {Fact.CAME_UP: Stage.ENDED, Fact.CAME_UP_UNFINISHED: Stage.WAITING},
    Stage.ENDED: {},
}
HELD: Final = frozenset({Stage.CHECKING, Stage.ANNOUNCED, Stage.FLASHING})
"""The robot refuses to start."""
NEEDS_IDLE: Final = frozenset({Stage.OFFERED, Stage.WAITING})
"""It goes on when the robot is idle on its dock."""


def next_stage(stage: Stage, fact: Fact) -> Stage:
    """The stage that follows.  Raises IllegalTransition."""
    try:
        return TRANSITIONS[stage][fact]
    except KeyError:
        raise IllegalTransition(f"an update that is {stage} cannot be {fact}") from None
