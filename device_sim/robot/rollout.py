"""A version that reaches a fleet share by share, until all have it or its abort rule stops it.

For fleets without a cloud; robots with connections follow jobs, and the cloud decides there.  This
is the plan, the same in every shard; `executions` follows it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final
from zlib import crc32

import numpy as np

from device_sim.robot.catalogue import FirmwareTraits
from device_sim.robot.fleet import Fleet, Ints
from device_sim.robot.parameters import Updates

_MOST_WAVES: Final = 10_000
_LOOK_S: Final = 300
"""Between two looks at a rollout that tells no more robots."""
_GRAIN: Final = 12
"""Digits of a share, so that the last wave is all of it."""
_USUAL: Final = Updates()


def everybody(fleet: Fleet) -> Ints:
    """All rows."""
    return np.arange(len(fleet))


@dataclass(frozen=True, slots=True)
class Rollout:
    """A release to robots from `at_s` on."""

    at_s: int
    traits: FirmwareTraits
    share_per_hour: float = 0.1
    abort_share: float = 0.1
    """Of robots that were told of it, whose installation failed, at which it stops."""
    abort_least: int = 20
    """Robots that were told of it before the rule is applied."""
    wave_s: int = 300
    among: Callable[[Fleet], Ints] = everybody
    """Which rows of a shard it is meant for; must be picklable."""
    usual: Updates = _USUAL
    """How installations go, where the version does not say it."""

    def __post_init__(self) -> None:
        if not 0 < self.share_per_hour <= 3600:  # noqa: PLR2004  all of them within a second
            raise ValueError(f"share_per_hour is above 0 and at most 3600: {self.share_per_hour}")
        if self.abort_least < 1 or self.wave_s < 1:
            raise ValueError("abort_least and wave_s are at least 1")
        if 3600 / self.share_per_hour / self.wave_s > _MOST_WAVES:
            raise ValueError(
                f"a rollout has at most {_MOST_WAVES} waves: faster, or a longer wave_s"
            )

    @property
    def updates(self) -> Updates:
        """How installations of this version go."""
        traits = self.traits
        return replace(
            self.usual, fails_check=traits.check_failure_share, rolled_back=traits.rollback_share
        )

    @property
    def draw(self) -> int:
        """The tick of its draws: another release, another luck."""
        return crc32(self.traits.version.encode()) << 32 | self.at_s & 0xFFFFFFFF

    def share_at(self, at_s: int) -> float:
        """The share of its robots whose turn has come, if nothing stops it."""
        return min(1.0, round(self.share_per_hour * (at_s - self.at_s) / 3600, _GRAIN))

    def next_s(self, at_s: int, *, tells: bool) -> int:
        """When it is looked at again; one that tells no more robots is looked at less often."""
        return at_s + (self.wave_s if tells else max(self.wave_s, _LOOK_S))

    def is_stopped_by(self, told: int, failed: int) -> bool:
        """The abort rule, as the cloud has it for FAILED (AWS reference, section 4.1)."""
        return told >= self.abort_least and failed >= self.abort_share * told
