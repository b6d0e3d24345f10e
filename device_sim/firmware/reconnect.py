"""When a robot that lost its broker comes back."""

from dataclasses import dataclass

from device_sim.robot.chance import Purpose, one_uniform


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential with full jitter: a fleet that was cut off together does not return together."""

    first_s: float = 0.5
    longest_s: float = 30.0


def pause_s(seed: int, key: int, attempt: int, policy: Backoff) -> float:
    """Seconds to wait before an attempt, counted from 1."""
    ceiling = min(policy.longest_s, policy.first_s * 2.0 ** min(attempt - 1, 20))
    return ceiling * one_uniform(seed, key, attempt, Purpose.BACKOFF)
