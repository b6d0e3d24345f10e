"""When a job begins and ends (AWS reference, section 4.1)."""

import datetime
from dataclasses import dataclass
from typing import Final

from cloud_functions.jobs.errors import InvalidRequest
from cloud_functions.jobs.limits import JobLimits
from cloud_functions.jobs.plan.configuration import EndBehavior, SchedulingConfig


@dataclass(frozen=True, slots=True)
class Schedule:
    """Epoch seconds; None for at once, and for never."""

    start_s: float | None = None
    end_s: float | None = None
    end_behavior: EndBehavior = EndBehavior.STOP_ROLLOUT


ALWAYS: Final = Schedule()
_FORMAT: Final = "%Y-%m-%dT%H:%M"


def read_schedule(
    configuration: SchedulingConfig | None, now_s: float, limits: JobLimits
) -> Schedule:
    """The schedule behind a configuration.  Raises InvalidRequest."""
    if configuration is None:
        return ALWAYS
    start_s = _seconds("startTime", configuration.start_time)
    end_s = _seconds("endTime", configuration.end_time)
    minutes = limits.notice_s // 60
    if start_s is not None and not _is_within(
        start_s - now_s, limits.notice_s, limits.start_ahead_s
    ):
        raise InvalidRequest(f"startTime is {minutes} minutes to one year from now")
    if end_s is not None:
        begin_s = now_s if start_s is None else start_s
        if end_s - begin_s < limits.notice_s or end_s - now_s > limits.end_ahead_s:
            raise InvalidRequest(
                f"endTime is at least {minutes} minutes after the start and within two years"
            )
    return Schedule(start_s, end_s, configuration.end_behavior or EndBehavior.STOP_ROLLOUT)


def _is_within(ahead_s: float, least_s: float, most_s: float) -> bool:
    return least_s <= ahead_s <= most_s


def _seconds(member: str, text: str | None) -> float | None:
    """A time in UTC, to the minute."""
    if text is None:
        return None
    try:
        time = datetime.datetime.strptime(f"{text}+0000", f"{_FORMAT}%z")
    except ValueError:
        raise InvalidRequest(f"{member} is a time like 2026-11-24T08:00, not {text!r}") from None
    return time.timestamp()
