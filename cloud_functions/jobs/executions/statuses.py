"""Which status an execution may enter next.

An execution waits (QUEUED) until its thing starts it (IN_PROGRESS) and says how it ended.  Facts
move it on: what the thing reports, a timer that ran out, somebody who cancels, the thing leaving
the targets.  Every legal move is a row of TRANSITIONS; a status without a row is final.

Easy to break: cancelling without force leaves alone what a thing has begun, so CANCELLED is no
move from IN_PROGRESS; only what has begun can time out; and a thing may report an end without
having said that it began (the reference draws the usual path only).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from cloud_functions.contract.jobs import ExecutionStatus
from cloud_functions.jobs.errors import InvalidStateTransition


class Fact(StrEnum):
    """What happened to an execution."""

    STARTED = "started"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REJECTED = "rejected"
    TIMED_OUT = "timed out"
    CANCELLED = "cancelled"
    FORCE_CANCELLED = "cancelled by force"
    REMOVED = "removed"


TRANSITIONS: Final[Mapping[ExecutionStatus, Mapping[Fact, ExecutionStatus]]] = {
    ExecutionStatus.QUEUED: {
        Fact.STARTED: ExecutionStatus.IN_PROGRESS,
        Fact.SUCCEEDED: ExecutionStatus.SUCCEEDED,
        Fact.FAILED: ExecutionStatus.FAILED,
        Fact.REJECTED: ExecutionStatus.REJECTED,
        Fact.CANCELLED: ExecutionStatus.CANCELED,
        Fact.FORCE_CANCELLED: ExecutionStatus.CANCELED,
        Fact.REMOVED: ExecutionStatus.REMOVED,
    },
    ExecutionStatus.IN_PROGRESS: {
        Fact.STARTED: ExecutionStatus.IN_PROGRESS,
        Fact.SUCCEEDED: ExecutionStatus.SUCCEEDED,
        Fact.FAILED: ExecutionStatus.FAILED,
        Fact.REJECTED: ExecutionStatus.REJECTED,
        Fact.TIMED_OUT: ExecutionStatus.TIMED_OUT,
        Fact.FORCE_CANCELLED: ExecutionStatus.CANCELED,
        Fact.REMOVED: ExecutionStatus.REMOVED,
    },
}
PENDING: Final = frozenset(TRANSITIONS)
FINAL: Final = frozenset(ExecutionStatus) - PENDING

REPORTS: Final[Mapping[ExecutionStatus, Fact]] = {
    ExecutionStatus.IN_PROGRESS: Fact.STARTED,
    ExecutionStatus.SUCCEEDED: Fact.SUCCEEDED,
    ExecutionStatus.FAILED: Fact.FAILED,
    ExecutionStatus.REJECTED: Fact.REJECTED,
}
"""What a thing may report; the other statuses are the service's to set."""


def next_status(status: ExecutionStatus, fact: Fact) -> ExecutionStatus:
    """The status that follows.  Raises InvalidStateTransition if the move is not in the table."""
    try:
        return TRANSITIONS[status][fact]
    except KeyError:
        raise InvalidStateTransition(
            f"An execution that is {status} cannot be {fact}; {_allowed(status)}"
        ) from None


def reported(word: ExecutionStatus) -> Fact:
    """The fact behind a status a thing reports.  Raises InvalidStateTransition."""
    fact = REPORTS.get(word)
    if fact is None:
        raise InvalidStateTransition(
            f"A thing reports {', '.join(REPORTS)}; {word} is not its to set"
        )
    return fact


def _allowed(status: ExecutionStatus) -> str:
    if status in FINAL:
        return f"{status} is final"
    return f"it can be {', '.join(TRANSITIONS[status])}"
