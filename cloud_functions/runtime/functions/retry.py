"""When an asynchronous invocation is tried again (Lambda: two retries, then the dead letter)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """AWS waits one minute and then two; a laptop's user does not, so the pauses are settings."""

    retries: int = 2
    pauses_s: tuple[float, ...] = (1.0, 2.0)


def pause_before(attempt: int, policy: RetryPolicy) -> float | None:
    """Seconds to wait before attempt 1, 2, … is tried again; None when it is given up."""
    if attempt > policy.retries:
        return None
    return policy.pauses_s[min(attempt, len(policy.pauses_s)) - 1]
