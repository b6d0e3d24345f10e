"""Which status a job may enter next.

A job may wait for its start time (SCHEDULED), is carried out (IN_PROGRESS), and ends by itself
(COMPLETED, SNAPSHOT jobs only) or because somebody or an abort criterion cancels it (CANCELED).
Deleting is a status too, because it takes time; then the job is gone.  A cancelled job may be
cancelled once more by force alone, to reach what its things had begun, and only while something of
it is pending (the conductor sees to that).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class JobStatus(StrEnum):
    """Where a job is."""

    SCHEDULED = "SCHEDULED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"
    DELETION_IN_PROGRESS = "DELETION_IN_PROGRESS"


class JobFact(StrEnum):
    """What happened to a job."""

    STARTED = "started"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FORCE_CANCELLED = "cancelled by force"
    DELETED = "deleted"
    FORCE_DELETED = "deleted by force"


class IllegalMove(Exception):
    """The move is not in the table."""

    def __init__(self, status: JobStatus, fact: JobFact) -> None:
        super().__init__(f"A job that is {status} cannot be {fact}")


TRANSITIONS: Final[Mapping[JobStatus, Mapping[JobFact, JobStatus]]] = {
    JobStatus.SCHEDULED: {
        JobFact.STARTED: JobStatus.IN_PROGRESS,
        JobFact.CANCELLED: JobStatus.CANCELED,
        JobFact.FORCE_CANCELLED: JobStatus.CANCELED,
        JobFact.FORCE_DELETED: JobStatus.DELETION_IN_PROGRESS,
    },
    JobStatus.IN_PROGRESS: {
        JobFact.FINISHED: JobStatus.COMPLETED,
        JobFact.CANCELLED: JobStatus.CANCELED,
        JobFact.FORCE_CANCELLED: JobStatus.CANCELED,
        JobFact.FORCE_DELETED: JobStatus.DELETION_IN_PROGRESS,
    },
    JobStatus.COMPLETED: {
        JobFact.DELETED: JobStatus.DELETION_IN_PROGRESS,
        JobFact.FORCE_DELETED: JobStatus.DELETION_IN_PROGRESS,
    },
    JobStatus.CANCELED: {
        JobFact.FORCE_CANCELLED: JobStatus.CANCELED,
        JobFact.DELETED: JobStatus.DELETION_IN_PROGRESS,
        JobFact.FORCE_DELETED: JobStatus.DELETION_IN_PROGRESS,
    },
    JobStatus.DELETION_IN_PROGRESS: {},
}


def next_status(status: JobStatus, fact: JobFact) -> JobStatus:
    """The status that follows.  Raises IllegalMove if the move is not in the table."""
    try:
        return TRANSITIONS[status][fact]
    except KeyError:
        raise IllegalMove(status, fact) from None
