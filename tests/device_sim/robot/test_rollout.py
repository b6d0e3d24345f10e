"""Releases to fleets without a cloud, and what bad firmware makes of robots."""

import dataclasses
import math
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from device_sim.robot.agenda import Agenda
from device_sim.robot.catalogue import (
    MOST_VERSIONS,
    OVER_THE_AIR,
    Catalogue,
    CatalogueFull,
    FirmwareTraits,
)
from device_sim.robot.courses import OUTCOMES, Outcome, courses
from device_sim.robot.executions import Account, Count, Executions, Total, alone, pending
from device_sim.robot.facts import CODE, Facts, Kind
from device_sim.robot.fleet import Fleet
from device_sim.robot.life.mishaps import Mishap, mishap_rates
from device_sim.robot.orders import start_many
from device_sim.robot.parameters import HOUSEHOLDS, Faults, Updates
from device_sim.robot.phases import Phase, code_of
from device_sim.robot.rollout import Rollout
from device_sim.robot.software import install, version_mix
from device_sim.robot.step import advance
from device_sim.robot.telling.tally import Tally
from tests.device_sim.robot.fleets import START, fleet, people

HOUR = 3600
BAD = FirmwareTraits("bad", error_factor=10.0, check_failure_share=0.1, rollback_share=0.2)
GOOD = FirmwareTraits("good", check_failure_share=0.0, rollback_share=0.0)
PLAIN = Updates(rejected=0.0, hangs=0.0, power_lost=0.0)


class Heard:
    """A listener that keeps nothing."""

    def take(self, facts: Facts) -> None:
        """Nothing."""


class Together:
    """Shards that live in threads of one process, and sum up as those in processes do."""

    def __init__(self, shards: int) -> None:
        self._barrier = threading.Barrier(shards, timeout=60)
        self._said: dict[int, np.ndarray] = {}

    def __call__(self, counts: np.ndarray) -> np.ndarray:
        self._said[threading.get_ident()] = counts
        self._barrier.wait()
        total = np.sum(list(self._said.values()), axis=0)
        self._barrier.wait()
        return total


@dataclass(frozen=True, eq=False)
class Lived:
    """A stretch of a fleet after a rollout."""

    fleet: Fleet
    tally: Tally
    account: Account

    @property
    def counts(self) -> dict[Count, int]:
        return dict(zip(Count, self.account.counts[-1].tolist(), strict=True))


def lived(
    rollout: Rollout, count: int, first: int = 0, *, hours: float = 14, total: Total = alone
) -> Lived:
    who = people(count, first)
    part = Fleet(who.specs, 7, START, population=who, faults=Faults(), habits=HOUSEHOLDS)
    tally = Tally(part, int(START), HOUR, math.ceil(hours))
    executions = Executions(rollout, total)
    part.agenda = Agenda([executions])
    advance(part, START + hours * HOUR, tally)
    return Lived(part, tally, executions.account(part))


def apart(rollout: Rollout, count: int, shards: int) -> list[Lived]:
    """The same fleet as so many shards."""
    together, size = Together(shards), count // shards
    with ThreadPoolExecutor(shards) as pool:
        return list(
            pool.map(
                lambda n: lived(
                    pickle.loads(pickle.dumps(rollout)), size, n * size, total=together
                ),
                range(shards),
            )
        )


def release(traits: FirmwareTraits, **more) -> Rollout:
    return Rollout(int(START) + 60, traits, **{"share_per_hour": 0.25, **more})


# ---------------------------------------------------------------- how far it comes


def test_a_good_release_reaches_nearly_all_within_its_hours() -> None:
    done = lived(release(GOOD), 400)

    assert done.account.stopped_s is None
    assert version_mix(done.fleet)["good"] > 370
    assert done.counts[Count.TOLD] == done.counts[Count.MEANT] == done.account.meant == 400


def test_robots_are_told_by_the_share_an_hour_and_run_the_version_some_minutes_later() -> None:
    runs = [lived(release(GOOD), 400, hours=hours) for hours in (1, 2, 3)]

    told = [run.counts[Count.TOLD] / 400 for run in runs]
    shares = [version_mix(run.fleet).get("good", 0) / 400 for run in runs]
    assert told == pytest.approx([0.25, 0.5, 0.75], abs=0.06)
    assert shares == pytest.approx([0.11, 0.34, 0.59], abs=0.1)


def test_what_a_rollout_counts_is_what_its_robots_say() -> None:
    for traits in (GOOD, BAD):
        done = lived(release(traits, abort_share=0.2), 400)

        assert done.counts[Count.SUCCEEDED] == done.tally.by_kind[CODE[Kind.UPDATED]].sum()
        assert done.counts[Count.FAILED] == done.tally.by_kind[CODE[Kind.UPDATE_FAILED]].sum()
        assert done.counts[Count.SUCCEEDED] == version_mix(done.fleet)[traits.version]


def test_every_robot_that_was_told_has_one_end_or_is_under_way() -> None:
    rollout = release(BAD, abort_share=0.3, usual=Updates(rejected=0.1, hangs=0.1, power_lost=0.2))
    done = lived(rollout, 400)

    for counts in done.account.counts:
        ends = sum(counts[each] for each in Count if each not in (0, Count.TOLD, Count.BEGUN))
        assert counts[Count.TOLD] == ends + pending(counts)
        assert pending(counts) >= 0
    assert all(done.counts[each] > 0 for each in Count)


def test_robots_end_as_their_draws_say_and_once() -> None:
    """As those with connections do: rejected, hung, broken, rolled back, without power, or done."""
    rollout = release(
        FirmwareTraits("v", 1.0, 0.1, 0.1), abort_share=1.0,
        usual=Updates(rejected=0.1, hangs=0.1, power_lost=0.2),
    )  # fmt: skip
    done = lived(rollout, 400, hours=30)

    course = courses(7, done.fleet.key, rollout.draw, rollout.updates)
    dark = course.outcome == OUTCOMES.index(Outcome.POWER_LOST)
    installs = (course.outcome == OUTCOMES.index(Outcome.INSTALLED)) | (dark & course.resumes)
    fails = dark & ~course.resumes
    for outcome in (Outcome.FAILS_CHECK, Outcome.ROLLED_BACK):
        fails |= course.outcome == OUTCOMES.index(outcome)
    moved = done.fleet.version >= OVER_THE_AIR
    left = pending(done.account.counts[-1])
    assert left < 20
    assert not (moved & ~installs).any()
    assert installs.sum() - left <= done.counts[Count.SUCCEEDED] == moved.sum()
    assert fails.sum() - left <= done.counts[Count.FAILED] <= fails.sum()
    for count, outcome in ((Count.REJECTED, Outcome.REJECTED), (Count.HUNG, Outcome.HANGS)):
        likely = (course.outcome == OUTCOMES.index(outcome)).sum()
        assert likely - left <= done.counts[count] <= likely


def test_a_robot_that_flashes_is_silent_and_refuses_to_start() -> None:
    part = lived(release(GOOD, share_per_hour=3600, wave_s=60), 400, hours=0.15).fleet
    flashing = np.flatnonzero(part.updating)

    start_many(part, flashing, "manual")
    advance(part, part.now_s + 5, Heard())

    assert flashing.size > 50
    assert (part.link_s[flashing] > 0).all()
    assert (part.phase[flashing] == code_of(Phase.CHARGE)).all()


def test_a_robot_that_has_the_version_already_succeeds_without_flashing() -> None:
    rollout = release(GOOD, share_per_hour=1.0)
    part = fleet(5)
    install(part, np.arange(5), "good", Heard())
    executions = Executions(rollout)
    part.agenda = Agenda([executions])

    advance(part, START + 2 * HOUR, Heard())

    counts = executions.account(part).counts[-1]
    assert counts[Count.SUCCEEDED] == 5
    assert counts[Count.BEGUN] == 0


def test_a_rollout_of_which_nothing_more_is_to_be_heard_comes_no_more() -> None:
    done = lived(release(GOOD, share_per_hour=3600, usual=PLAIN), 5, hours=30)

    last_s = done.account.looks[-1]
    assert pending(done.account.counts[-1]) == 0
    assert last_s < START + 29 * HOUR


# ---------------------------------------------------------------- the abort rule


def test_a_bad_release_is_stopped_by_its_abort_rule() -> None:
    rollout = release(BAD, abort_share=0.2, abort_least=20)

    done = lived(rollout, 400)

    stopped_s, seen = done.account.stopped_s, done.account.at_stop
    assert stopped_s in done.account.looks
    assert seen[Count.TOLD] >= 20
    assert seen[Count.FAILED] >= 0.2 * seen[Count.TOLD]
    assert done.counts[Count.TOLD] == seen[Count.TOLD] < 200
    assert 5 < version_mix(done.fleet)["bad"] < 130


def test_it_is_stopped_at_the_first_look_at_which_the_rule_holds() -> None:
    """Reports that came in before a wave are what the rule sees at it; they say no more later."""
    rollout = release(BAD, abort_share=0.2, abort_least=20)

    account = lived(rollout, 400).account

    place = account.looks.index(account.stopped_s)
    for counts in account.counts[: place - 1]:
        assert not rollout.is_stopped_by(counts[Count.TOLD], counts[Count.FAILED])
    assert rollout.is_stopped_by(account.at_stop[Count.TOLD], account.at_stop[Count.FAILED])
    assert account.at_stop[Count.TOLD] == account.counts[place - 1][Count.TOLD]


def test_who_has_begun_goes_on_when_it_is_stopped_and_who_has_not_does_not() -> None:
    done = lived(release(BAD, abort_share=0.2), 400)

    seen = done.account.at_stop
    assert done.counts[Count.CANCELLED] > 0
    assert done.counts[Count.BEGUN] == seen[Count.BEGUN]
    assert done.counts[Count.SUCCEEDED] > seen[Count.SUCCEEDED]
    assert pending(done.account.counts[-1]) < pending(seen)


def test_a_rule_with_a_high_threshold_lets_a_bad_release_pass() -> None:
    done = lived(release(BAD, abort_share=0.6), 400)

    assert done.account.stopped_s is None
    assert version_mix(done.fleet)["bad"] > 200


@pytest.mark.parametrize(
    ("told", "failed", "is_stopped"),
    [(19, 19, False), (20, 2, True), (20, 1, False), (1000, 100, True), (1000, 99, False)],
)
def test_the_rule_counts_failures_among_those_that_were_told(told, failed, is_stopped) -> None:
    assert release(BAD, abort_share=0.1).is_stopped_by(told, failed) is is_stopped


# ---------------------------------------------------------------- shards


@pytest.mark.parametrize("parts", [2, 8])
@pytest.mark.parametrize("traits", [BAD, GOOD], ids=["bad", "good"])
def test_shards_agree_on_the_abort_the_counts_the_mix_and_the_hash(parts, traits) -> None:
    rollout = release(traits, abort_share=0.2)

    whole = lived(rollout, 400)
    shards = apart(rollout, 400, parts)

    assert {each.account.stopped_s for each in shards} == {whole.account.stopped_s}
    assert (whole.account.stopped_s is not None) == (traits is BAD)
    assert all(each.account.looks == whole.account.looks for each in shards)
    if traits is BAD:
        assert all((each.account.at_stop == whole.account.at_stop).all() for each in shards)
    total = np.sum([each.account.counts for each in shards], axis=0)
    assert (total == np.array(whole.account.counts)).all()
    mixes = [version_mix(each.fleet) for each in shards]
    assert {name: sum(mix.get(name, 0) for mix in mixes) for name in version_mix(whole.fleet)} == (
        version_mix(whole.fleet)
    )
    assert sum(each.tally.hash for each in shards) % 2**64 == whole.tally.hash


def test_a_release_is_another_draw_at_another_time() -> None:
    one, other = release(BAD), dataclasses.replace(release(BAD), at_s=int(START) + 61)

    assert one.draw != other.draw


@pytest.mark.parametrize(
    "wrong", [{"wave_s": 0}, {"share_per_hour": 0}, {"abort_least": 0}, {"share_per_hour": 1e-6}]
)
def test_a_rollout_that_could_not_be_is_refused(wrong) -> None:
    with pytest.raises(ValueError, match=r"at least 1|share_per_hour|waves"):
        release(GOOD, **wrong)


@given(st.integers(1, 100_000), st.integers(1, 3600))
def test_the_last_wave_is_all_of_it(within_s, wave_s) -> None:
    assume(within_s / wave_s <= 10_000)
    rollout = Rollout(int(START), GOOD, share_per_hour=3600 / within_s, wave_s=wave_s)

    waves = -(-within_s // wave_s)

    assert rollout.share_at(int(START) + waves * wave_s) == 1.0
    assert rollout.share_at(int(START)) == 0.0


# ---------------------------------------------------------------- versions


def test_bad_firmware_multiplies_the_rate_of_traps_and_the_next_version_takes_it_back() -> None:
    robots = fleet(6, faults=Faults())
    start_many(robots, np.arange(6), "manual")
    advance(robots, START + 600, Heard())
    rows = np.arange(6)
    install(robots, rows, "plain", Heard())
    before = mishap_rates(robots, rows)
    robots.catalogue.announce(FirmwareTraits("bad", error_factor=9.0))

    install(robots, rows, "bad", Heard())
    worse = mishap_rates(robots, rows)
    install(robots, rows, "cured", Heard())
    after = mishap_rates(robots, rows)

    assert worse[Mishap.TRAPPED] == pytest.approx(9.0 * before[Mishap.TRAPPED])
    assert worse[Mishap.JAM] == pytest.approx(3.0 * before[Mishap.JAM])
    assert (after == before).all()


def test_a_version_keeps_its_number_and_its_name() -> None:
    robots = fleet(3)
    old = [robots.software_of(row) for row in range(3)]

    install(robots, np.array([1]), "2.0", Heard())
    install(robots, np.array([2]), "2.0", Heard())

    assert [robots.software_of(row) for row in range(3)] == [old[0], "2.0", "2.0"]
    assert robots.version[1] == robots.version[2] == OVER_THE_AIR
    assert version_mix(robots) == {"2.0": 2, old[0]: 1}


def test_the_catalogue_has_a_limit_and_gives_away_places_nobody_uses() -> None:
    catalogue = Catalogue()
    everywhere = np.arange(OVER_THE_AIR, OVER_THE_AIR + MOST_VERSIONS, dtype=np.uint8)
    for number in range(MOST_VERSIONS):
        catalogue.number_of(f"v{number}", everywhere)

    with pytest.raises(CatalogueFull, match="128 versions"):
        catalogue.number_of("one more", everywhere)
    assert catalogue.number_of("one more", everywhere[everywhere != 200]) == 200
    assert catalogue.name_of(200, ("of the family",)) == "one more"


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": ""}, {"error_factor": 0}, {"error_factor": 1001},
        {"check_failure_share": 1.1}, {"check_failure_share": 0.6, "rollback_share": 0.6},
    ],
)  # fmt: skip
def test_traits_that_could_not_be_are_refused(wrong) -> None:
    with pytest.raises(ValueError, match=r"version|error_factor|shares"):
        FirmwareTraits(**{"version": "v", **wrong})
