"""Jobs as devices see them: the names and words both ends must agree on (AWS reference, 4)."""

import re
from enum import StrEnum
from typing import Final

NEXT: Final = "$next"
"""In the place of a job id: the first of the pending executions."""
JOB_ID: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")


class ExecutionStatus(StrEnum):
    """Where a job is on one thing."""

    QUEUED = "QUEUED"
    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    REJECTED = "REJECTED"
    REMOVED = "REMOVED"
    CANCELED = "CANCELED"


def is_job_id(text: str) -> bool:
    """Whether the text may name a job."""
    return JOB_ID.match(text) is not None
