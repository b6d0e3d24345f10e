"""A version that reaches a fleet share by share, until all have it or its abort rule stops it.

For fleets without a cloud; robots with connections follow jobs, and the cloud decides there.
Modelled here: robots take the version when it is their turn, or as soon after it as they are idle
on the dock, and each fails by a draw of its own; the minutes of flashing take the link and do not
hold up a start.  Whether the rollout stops is decided for the whole fleet, and a shard knows only
its own robots; so the rule is applied to a row of executions drawn from the seed with the same
likelihood to fail, the same for every shard.  Its counts are therefore close to what the robots do,
and not their sum.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

import numpy as np

from device_sim.robot import software
from device_sim.robot.catalogue import FirmwareTraits
from device_sim.robot.chance import Purpose, uniform
from device_sim.robot.facts import Listener
from device_sim.robot.fleet import Bools, Fleet, Ints
from device_sim.robot.influence import cut_links
from device_sim.robot.parameters import Updates

_BATCH: Final = 65_536
_MOST_COUNTED: Final = 1_000_000
"""Executions after which the share of failures does not change any more."""
_MOST_WAVES: Final = 10_000
_USUAL: Final = Updates()


def everybody(fleet: Fleet) -> Ints:
    """All rows."""
    return np.arange(len(fleet))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the abort rule saw."""

    executed: int
    failed: int
    stopped_s: int | None
    """Epoch seconds; None where it never stopped the rollout."""


@dataclass(frozen=True, slots=True)
class Rollout:
    """A release to `robots` robots in all shards together, from `at_s` on."""

    at_s: int
    traits: FirmwareTraits
    robots: int
    share_per_hour: float = 0.1
    abort_share: float = 0.1
    """Of executions that failed, at which it stops."""
    abort_least: int = 20
    """Executions before the rule is applied."""
    wave_s: int = 300
    among: Callable[[Fleet], Ints] = everybody
    """Which rows of a shard it is meant for; must be picklable."""

    def __post_init__(self) -> None:
        if not 0 < self.share_per_hour <= 3600:  # noqa: PLR2004  all of them within a second
            raise ValueError(f"share_per_hour is above 0 and at most 3600: {self.share_per_hour}")
        if self.robots < 1 or self.abort_least < 1 or self.wave_s < 1:
            raise ValueError("robots, abort_least and wave_s are at least 1")
        if 3600 / self.share_per_hour / self.wave_s > _MOST_WAVES:
            raise ValueError(
                f"a rollout has at most {_MOST_WAVES} waves: faster, or a longer wave_s"
            )

    @property
    def failure_share(self) -> float:
        """How likely one execution is to fail."""
        return self.traits.check_failure_share + self.traits.rollback_share

    def verdict(self, seed: int, until_s: int | None = None) -> Verdict:
        """When the abort rule stops it, if it does; what it has seen by a second, if one is named.

        It looks at a million executions at most.
        """
        most = self.robots if until_s is None else int(self.robots * self._share_at(until_s))
        most = min(most, _MOST_COUNTED)
        executed = failed = 0
        while executed < most:
            size = min(_BATCH, most - executed)
            numbers = np.arange(executed + 1, executed + size + 1)
            drawn = uniform(seed, numbers.astype(np.uint64), self.draw, Purpose.UPDATE_ABORT)
            failures = failed + np.cumsum(drawn < self.failure_share)
            over = (numbers >= self.abort_least) & (failures >= self.abort_share * numbers)
            if over.any():
                place = int(over.argmax())
                number = int(numbers[place])
                return Verdict(number, int(failures[place]), self._second_of(number))
            executed, failed = int(numbers[-1]), int(failures[-1])
        return Verdict(executed, failed, None)

    def waves(self, seed: int) -> Sequence["Wave"]:
        """What happens to a fleet when, up to the end or to the abort."""
        stopped_s = self.verdict(seed).stopped_s
        found: list[Wave] = []
        share = 0.0
        for number in range(1, _MOST_WAVES + 2):
            at_s = self.at_s + number * self.wave_s
            if share >= 1.0 or (stopped_s is not None and at_s > stopped_s):
                break
            before, share = share, min(1.0, self.share_per_hour * number * self.wave_s / 3600)
            found.append(Wave(at_s, self, before, share))
        return found

    def reached(self, seed: int, until_s: int) -> float:
        """The share of its robots whose turn has come by a second."""
        stopped_s = self.verdict(seed).stopped_s
        return self._share_at(until_s if stopped_s is None else min(until_s, stopped_s))

    @property
    def draw(self) -> int:
        """The tick of its draws: another release, another luck."""
        return crc32(self.traits.version.encode()) << 32 | self.at_s & 0xFFFFFFFF

    def _share_at(self, at_s: int) -> float:
        """Of its robots, at the end of the last whole wave, if nothing stops it."""
        waves = max(0, at_s - self.at_s) // self.wave_s
        return min(1.0, self.share_per_hour * waves * self.wave_s / 3600)

    def _second_of(self, number: int) -> int:
        """When that execution is over: the end of the wave it belongs to."""
        seconds = number / self.robots / self.share_per_hour * 3600
        return self.at_s + int(-(-seconds // self.wave_s)) * self.wave_s


@dataclass(frozen=True, slots=True)
class Wave:
    """The robots whose turn is between two shares, and those that were busy before."""

    at_s: int
    rollout: Rollout
    after_share: float
    up_to_share: float

    def apply(self, fleet: Fleet, listener: Listener) -> None:
        """Let robots take the version, or fail to."""
        traits, tick = self.rollout.traits, self.rollout.draw
        fleet.catalogue.announce(traits)
        rows = self.rollout.among(fleet)
        turn = uniform(fleet.seed, fleet.key[rows], tick, Purpose.UPDATE_TURN)
        rows, turn = rows[turn < self.up_to_share], turn[turn < self.up_to_share]
        drawn = uniform(fleet.seed, fleet.key[rows], tick, Purpose.UPDATE_OUTCOME)
        fails = drawn < self.rollout.failure_share
        is_now = turn >= self.after_share
        idle = software.may_update(fleet, rows, _USUAL)
        number = fleet.catalogue.number_of(traits.version, fleet.version)
        takes = idle & ~fails & (fleet.version[rows] != number)
        back = idle & fails & is_now & (drawn >= traits.check_failure_share)
        self._silence(fleet, rows, takes, 1, listener)
        self._silence(fleet, rows, back, 2, listener)
        software.stay(fleet, rows[idle & fails & is_now], listener)
        software.install(fleet, rows[takes], traits.version, listener)

    def _silence(
        self, fleet: Fleet, rows: Ints, which: Bools, times: int, listener: Listener
    ) -> None:
        """They flash, so many times."""
        chosen = rows[which]
        least, most = _USUAL.flash_s
        share = uniform(fleet.seed, fleet.key[chosen], self.rollout.draw, Purpose.UPDATE_TIME)
        lasts_s = least + (share * (most - least)).astype(np.int64)
        cut_links(fleet, chosen, times * lasts_s, listener)
