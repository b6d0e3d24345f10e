"""What jobs are limited to, with AWS IoT's defaults (AWS reference, sections 4 and 8.2)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JobLimits:
    """Every number the rooms of jobs enforce; change one to see what a device makes of it."""

    document_bytes: int = 32_768
    targets: int = 100
    active_jobs: int = 100_000
    concurrent_jobs: int = 500
    """Jobs that are rolled out, cancelled or deleted at the same time."""
    deletions: int = 10
    templates: int = 100
    executions: int = 1_000_000
    """Kept in all; ours.  About 100 bytes of memory each when finished and 500 while pending, and
    40 MB at most for those that finished last."""
    rollout_per_minute: int = 1_000
    """The rate of a job that names none."""
    notified: int = 10
    """Executions named in a list notification, of those in progress and of all."""
    details: int = 10
    detail_key_bytes: int = 128
    detail_value_bytes: int = 1_024
    timer_minutes: int = 10_080
    retries: int = 10
    notice_s: int = 30 * 60
    """A schedule starts this much later than now, and ends this much later than it starts."""
    start_ahead_s: int = 366 * 86_400
    end_ahead_s: int = 2 * 366 * 86_400
    reads_per_second: int = 200
    """GetPendingJobExecutions and DescribeJobExecution of all things together."""
    writes_per_second: int = 200
    """StartNextPendingJobExecution and UpdateJobExecution of all things together."""
    client_token_bytes: int = 1_024
    request_bytes: int = 131_072
    moves_per_tick: int = 5_000
    """Executions cancelled, deleted or looked at in one step of the clock; ours."""


DEFAULT_LIMITS = JobLimits()
