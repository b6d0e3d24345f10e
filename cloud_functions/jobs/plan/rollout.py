"""How many things may be told of a job now, and when so many have failed that it ends.

The rate is so many things a minute.  With an exponential rate it starts at the base and is
multiplied by the factor each time the criterion is met once more: with 1,000 notified things as
the criterion, at 1,000, 2,000 and 3,000 (AWS's example: 50, 100, 200, 400 a minute), up to the
maximum.  A minute's things are told at its beginning, so a minute that was missed (the cloud was
down) is not made up for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cloud_functions.contract.jobs import ExecutionStatus
from cloud_functions.jobs.plan.configuration import (
    AbortConfig,
    ExponentialRate,
    RetryConfig,
    RolloutConfig,
)

_MINUTE_S: Final = 60.0
_ALL: Final = "ALL"
FAILURES: Final = (ExecutionStatus.FAILED, ExecutionStatus.REJECTED, ExecutionStatus.TIMED_OUT)


@dataclass(frozen=True, slots=True)
class Minute:
    """The minute that counts now: when it began, and how many things were told in it."""

    began_s: float = 0.0
    told: int = 0


NO_MINUTE: Final = Minute()


def rate_per_minute(
    rollout: RolloutConfig | None, *, notified: int, succeeded: int, most: int
) -> int:
    """Things a minute, given how many were notified and how many have succeeded so far."""
    if rollout is None:
        return most
    ceiling = min(rollout.maximum_per_minute or most, most)
    if rollout.exponential_rate is None:
        return ceiling
    return min(_grown(rollout.exponential_rate, notified, succeeded, ceiling), ceiling)


def _grown(exponential: ExponentialRate, notified: int, succeeded: int, ceiling: int) -> int:
    criteria = exponential.rate_increase_criteria
    steps = max(
        notified // criteria.number_of_notified_things if criteria.number_of_notified_things else 0,
        succeeded // criteria.number_of_succeeded_things
        if criteria.number_of_succeeded_things
        else 0,
    )
    rate = float(exponential.base_rate_per_minute)
    for _ in range(steps):
        rate *= exponential.increment_factor
        if rate >= ceiling:
            break
    return int(rate)


def allowance(minute: Minute, rate: int, now_s: float) -> tuple[Minute, int]:
    """The minute that counts at this time, and how many more things may be told in it."""
    if now_s >= minute.began_s + _MINUTE_S:
        minute = Minute(now_s, 0)
    return minute, max(0, rate - minute.told)


def is_aborted(
    abort: AbortConfig | None, failures: Mapping[ExecutionStatus, int], notified: int
) -> bool:
    """Whether any criterion is met.

    Both of a criterion's numbers are about things that received the execution ("executed"
    things in AWS's model); a retry that fails counts as one more failure.
    """
    if abort is None:
        return False
    return any(
        notified >= criterion.min_number_of_executed_things
        and 100 * _failed(criterion.failure_type, failures)
        >= criterion.threshold_percentage * notified
        for criterion in abort.criteria_list
    )


def _failed(kind: str, failures: Mapping[ExecutionStatus, int]) -> int:
    if kind == _ALL:
        return sum(failures.get(each, 0) for each in FAILURES)
    return failures.get(ExecutionStatus(kind), 0)


def may_retry(
    retry: RetryConfig | None, ended: ExecutionStatus, *, after_failure: int, after_timeout: int
) -> bool:
    """Whether a thing is asked again, given how often it was after failures and time-outs."""
    if retry is None or ended not in (ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT):
        return False
    done = {_ALL: after_failure + after_timeout}
    done[ExecutionStatus.FAILED] = after_failure
    done[ExecutionStatus.TIMED_OUT] = after_timeout
    return any(
        criterion.failure_type in (ended, _ALL)
        and done[criterion.failure_type] < criterion.number_of_retries
        for criterion in retry.criteria_list
    )
