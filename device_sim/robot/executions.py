"""One rollout among the robots of one shard: who is told, who flashes, how each ended.

A robot goes through what one with a connection goes through (`firmware/updates`): it is told at its
turn, and begins when it is idle on its dock with a link and enough charge; it loads the image and
may do anything meanwhile; idle again it flashes, refuses to start and is silent; when it is heard
of again it runs the new version, or says that the installation failed.  Each step but the silence
begins at a wave, so that what a robot does is a function of its own columns and of the rollout.

Whether the rollout goes on is decided for the whole fleet, from exact counts: at each wave a shard
asks for the sum of what all shards have counted (`Total`), and all of them get the same answer.
Once the abort rule holds nobody new is told or begins, and who has begun goes on to the end, as
executions of a cancelled job do that are IN_PROGRESS (AWS reference, section 4.1).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, TypeAlias

import numpy as np

from device_sim.robot import software
from device_sim.robot.chance import Purpose, uniform
from device_sim.robot.courses import OUTCOME_CODE, Courses, Outcome, courses
from device_sim.robot.facts import Listener
from device_sim.robot.fleet import Bools, Fleet, Ints
from device_sim.robot.influence import cut_links, cut_power
from device_sim.robot.rollout import Rollout

Total: TypeAlias = Callable[[Ints], Ints]
"""What all shards have, given what this one has; each asks for the same sums in the same order."""

_REJECTED, _HANGS, _FAILS_CHECK, _ROLLED_BACK, _POWER_LOST = (
    OUTCOME_CODE[each]
    for each in (
        Outcome.REJECTED,
        Outcome.HANGS,
        Outcome.FAILS_CHECK,
        Outcome.ROLLED_BACK,
        Outcome.POWER_LOST,
    )
)
_NOBODY: Final = np.zeros(0, dtype=np.int64)


class Count(IntEnum):
    """What is counted of a rollout: robots, each of them once in each that applies."""

    MEANT = 0
    """It is for them."""
    TOLD = 1
    BEGUN = 2
    SUCCEEDED = 3
    FAILED = 4
    REJECTED = 5
    HUNG = 6
    """They have begun and never say another word."""
    CANCELLED = 7
    """They were told, and it was stopped before they began."""


def alone(counts: Ints) -> Ints:
    """The sum where one shard is the whole fleet."""
    return counts


def pending(counts: Ints) -> int:
    """Robots that were told, and of which more is to be heard."""
    over = (Count.SUCCEEDED, Count.FAILED, Count.REJECTED, Count.HUNG, Count.CANCELLED)
    return int(counts[Count.TOLD] - sum(counts[each] for each in over))


@dataclass(frozen=True, slots=True, eq=False)
class Account:
    """What became of a rollout: at the end of each of its waves, in one shard."""

    rollout: Rollout
    meant: int
    looks: list[int]
    """Epoch seconds, the same in every shard."""
    counts: list[Ints]
    """[look][count]."""
    stopped_s: int | None
    """Epoch seconds; None where nothing stopped it."""
    at_stop: Ints | None
    """What the abort rule saw, of the whole fleet."""


class Executions:
    """An act that comes again with each wave, until nothing more is to be heard."""

    def __init__(self, rollout: Rollout, total: Total = alone) -> None:
        self.rollout = rollout
        self.at_s = rollout.next_s(rollout.at_s, tells=True)
        self.stopped_s: int | None = None
        self._at_stop: Ints | None = None
        self._total = total
        self._counts = np.zeros(len(Count), dtype=np.int64)
        self._looks: list[int] = []
        self._history: list[Ints] = []
        self._by_turn: Ints | None = None
        self._turn = np.zeros(0)
        self._queued = self._flashing = _NOBODY
        self._loading = self._ready_s = _NOBODY
        self._again: set[int] = set()
        """Rows that flash a second time after their power was lost."""

    def account(self, fleet: Fleet) -> Account:
        """What has become of it."""
        return Account(
            self.rollout, self.rollout.among(fleet).size, self._looks, self._history,
            self.stopped_s, self._at_stop,
        )  # fmt: skip

    # ------------------------------------------------------------ one wave

    def apply(self, fleet: Fleet, listener: Listener) -> None:
        """Let what is due happen, and come again."""
        if self._by_turn is None:
            self._by_turn = self._in_turn(fleet)
        self._come_up(fleet, listener)
        seen = self._total(self._counts.copy())
        self._judge(seen)
        tells = self.stopped_s is None and self._told_share < 1.0
        if not tells and not pending(seen):
            self._remember()
            return
        if tells:
            self._tell()
        self._begin(fleet)
        self._flash(fleet, listener)
        self._remember()
        self.at_s = self.rollout.next_s(self.at_s, tells=tells)
        fleet.agenda.add(self)

    @property
    def _told_share(self) -> float:
        """Of its robots, at the last wave."""
        return self.rollout.share_at(self._looks[-1]) if self._looks else 0.0

    def _in_turn(self, fleet: Fleet) -> Ints:
        """Its rows by their turn."""
        fleet.catalogue.announce(self.rollout.traits)
        rows = self.rollout.among(fleet)
        turn = uniform(fleet.seed, fleet.key[rows], self.rollout.draw, Purpose.UPDATE_TURN)
        order = np.argsort(turn, kind="stable")
        self._turn = turn[order]
        self._counts[Count.MEANT] = rows.size
        return rows[order]

    def _judge(self, seen: Ints) -> None:
        """Stop it if the abort rule says so; who has not begun does not begin."""
        if self.stopped_s is not None:
            return
        told, failed = int(seen[Count.TOLD]), int(seen[Count.FAILED])
        if self.rollout.is_stopped_by(told, failed):
            self.stopped_s, self._at_stop = self.at_s, seen
            self._counts[Count.CANCELLED] += self._queued.size
            self._queued = _NOBODY

    def _remember(self) -> None:
        self._looks.append(self.at_s)
        self._history.append(self._counts.copy())

    # ------------------------------------------------------------ what robots do

    def _tell(self) -> None:
        """Those whose turn is now hear of it."""
        assert self._by_turn is not None
        told = int(self._counts[Count.TOLD])
        share = self.rollout.share_at(self.at_s)
        up_to = self._turn.size if share >= 1.0 else int(np.searchsorted(self._turn, share))
        self._queued = np.concatenate((self._queued, self._by_turn[told:up_to]))
        self._counts[Count.TOLD] = up_to

    def _begin(self, fleet: Fleet) -> None:
        """Who can begins to load the image; some refuse it, some have it, and some say no more."""
        rows = self._queued
        if not rows.size:
            return
        course = self._courses(fleet, rows)
        online = (fleet.link_s[rows] == 0) & ~fleet.updating[rows]
        has = online & (fleet.version[rows] == self._number(fleet))
        rejects = online & ~has & (course.outcome == _REJECTED)
        begins = ~has & ~rejects & software.may_update(fleet, rows, self.rollout.usual)
        hangs = begins & (course.outcome == _HANGS)
        loads = begins & ~hangs
        self._load(rows[loads], (course.download_s + course.check_s)[loads])
        self._queued = rows[~(has | rejects | begins)]
        self._counts[Count.BEGUN] += begins.sum()
        self._counts[Count.SUCCEEDED] += has.sum()
        self._counts[Count.REJECTED] += rejects.sum()
        self._counts[Count.HUNG] += hangs.sum()

    def _load(self, rows: Ints, lasts_s: Ints) -> None:
        self._loading = np.concatenate((self._loading, rows))
        self._ready_s = np.concatenate((self._ready_s, self.at_s + lasts_s))

    def _flash(self, fleet: Fleet, listener: Listener) -> None:
        """Who has the image and is idle goes silent, or says that the image is broken."""
        rows = self._loading
        if not rows.size:
            return
        goes = self._ready_s <= self.at_s
        goes[goes] = software.may_update(fleet, rows[goes], self.rollout.usual)
        self._loading, self._ready_s, rows = rows[~goes], self._ready_s[~goes], rows[goes]
        course = self._courses(fleet, rows)
        broken = course.outcome == _FAILS_CHECK
        self._fail(fleet, rows[broken], listener)
        dark = (course.outcome == _POWER_LOST) & ~self._is_again(rows)
        software.hold(fleet, rows[~broken], updating=True)
        cut_power(fleet, rows[dark], (course.flash_s + course.power_out_s)[dark], listener)
        lasts_s = course.flash_s * np.where(course.outcome == _ROLLED_BACK, 2, 1)
        silent = ~broken & ~dark
        cut_links(fleet, rows[silent], lasts_s[silent], listener)
        self._flashing = np.concatenate((self._flashing, rows[~broken]))

    def _come_up(self, fleet: Fleet, listener: Listener) -> None:
        """Who is heard of again has the version, has not, or begins to flash once more."""
        up = fleet.link_s[self._flashing] == 0
        rows, self._flashing = self._flashing[up], self._flashing[~up]
        if not rows.size:
            return
        software.hold(fleet, rows, updating=False)
        course = self._courses(fleet, rows)
        dark = (course.outcome == _POWER_LOST) & ~self._is_again(rows)
        fails = (course.outcome == _ROLLED_BACK) | (dark & ~course.resumes)
        again = dark & course.resumes
        self._fail(fleet, rows[fails], listener)
        self._again.update(rows[again].tolist())
        self._load(rows[again], course.check_s[again])
        installed = rows[~fails & ~again]
        software.install(fleet, installed, self.rollout.traits.version, listener)
        self._counts[Count.SUCCEEDED] += installed.size

    def _fail(self, fleet: Fleet, rows: Ints, listener: Listener) -> None:
        software.stay(fleet, rows, listener)
        self._counts[Count.FAILED] += rows.size

    # ------------------------------------------------------------ small things

    def _courses(self, fleet: Fleet, rows: Ints) -> Courses:
        return courses(fleet.seed, fleet.key[rows], self.rollout.draw, self.rollout.updates)

    def _number(self, fleet: Fleet) -> int:
        """Of the version in the fleet's catalogue.  Raises CatalogueFull."""
        return fleet.catalogue.number_of(self.rollout.traits.version, fleet.version)

    def _is_again(self, rows: Ints) -> Bools:
        return np.isin(rows, list(self._again))
