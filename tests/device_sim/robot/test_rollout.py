"""Releases to fleets without a cloud, and what bad firmware makes of robots."""

import dataclasses
import pickle

import numpy as np
import pytest

from device_sim.robot.catalogue import (
    MOST_VERSIONS,
    OVER_THE_AIR,
    Catalogue,
    CatalogueFull,
    FirmwareTraits,
)
from device_sim.robot.facts import CODE, Facts, Kind
from device_sim.robot.fleet import Fleet
from device_sim.robot.life.mishaps import Mishap, mishap_rates
from device_sim.robot.orders import start_many
from device_sim.robot.parameters import HOUSEHOLDS, Faults
from device_sim.robot.rollout import Rollout
from device_sim.robot.software import install, version_mix
from device_sim.robot.step import advance
from device_sim.robot.telling.tally import Tally
from tests.device_sim.robot.fleets import START, fleet, people

HOUR = 3600
BAD = FirmwareTraits("bad", error_factor=10.0, check_failure_share=0.1, rollback_share=0.2)
GOOD = FirmwareTraits("good", check_failure_share=0.0, rollback_share=0.0)


class Heard:
    """A listener that keeps nothing."""

    def take(self, facts: Facts) -> None:
        """Nothing."""


def lived(rollout: Rollout, count: int, first: int = 0, *, hours: int = 14) -> tuple[Fleet, Tally]:
    """A stretch of a fleet that lives through a rollout."""
    who = people(count, first)
    part = Fleet(who.specs, 7, START, population=who, faults=Faults(), habits=HOUSEHOLDS)
    tally = Tally(part, int(START), HOUR, hours)
    for wave in rollout.waves(7):
        if wave.at_s < START + hours * HOUR:
            advance(part, wave.at_s, tally)
            wave.apply(part, tally)
    advance(part, START + hours * HOUR, tally)
    return part, tally


def release(traits: FirmwareTraits, **more) -> Rollout:
    return Rollout(int(START) + 60, traits, **{"robots": 400, "share_per_hour": 0.25, **more})


def test_a_good_release_reaches_nearly_all_within_its_hours() -> None:
    rollout = release(GOOD)

    part, tally = lived(rollout, 400)

    assert rollout.verdict(7).stopped_s is None
    assert version_mix(part)["good"] > 380
    assert tally.by_kind[CODE[Kind.UPDATED]].sum() == version_mix(part)["good"]


def test_the_mix_moves_by_the_share_an_hour() -> None:
    mixes = [version_mix(lived(release(GOOD), 400, hours=hours)[0]) for hours in (1, 2, 3)]

    shares = [mix.get("good", 0) / 400 for mix in mixes]
    assert shares == pytest.approx([0.22, 0.45, 0.7], abs=0.1)


def test_a_bad_release_is_stopped_by_its_abort_rule() -> None:
    rollout = release(BAD, abort_share=0.2, abort_least=20)

    part, tally = lived(rollout, 400)

    verdict = rollout.verdict(7)
    assert verdict.stopped_s is not None
    assert verdict.failed >= 0.2 * verdict.executed
    assert verdict.executed >= 20
    assert rollout.waves(7)[-1].at_s <= verdict.stopped_s
    assert 5 < version_mix(part)["bad"] < 100
    assert tally.by_kind[CODE[Kind.UPDATE_FAILED]].sum() > 0


def test_a_verdict_by_a_second_has_seen_the_rollout_up_to_it() -> None:
    rollout = release(BAD, abort_share=0.2, abort_least=20)
    stopped_s = rollout.verdict(7).stopped_s
    assert stopped_s is not None

    assert rollout.verdict(7, stopped_s) == rollout.verdict(7)
    assert rollout.verdict(7, stopped_s - 1).stopped_s is None
    assert rollout.verdict(7, rollout.at_s).executed == 0
    assert rollout.reached(7, stopped_s + HOUR) == rollout.waves(7)[-1].up_to_share
    assert release(GOOD).reached(7, int(START) + 2 * HOUR + 60) == 0.5


def test_a_rule_with_a_high_threshold_lets_a_bad_release_pass() -> None:
    rollout = release(BAD, abort_share=0.6)

    part, _ = lived(rollout, 400)

    assert rollout.verdict(7).stopped_s is None
    assert version_mix(part)["bad"] > 200


@pytest.mark.parametrize("parts", [2, 8])
def test_shards_agree_on_the_abort_the_mix_and_the_hash(parts) -> None:
    rollout = release(BAD, abort_share=0.2)
    size = 400 // parts

    whole = lived(rollout, 400)
    shards = [lived(pickle.loads(pickle.dumps(rollout)), size, n * size) for n in range(parts)]

    mixes = [version_mix(part) for part, _ in shards]
    assert {name: sum(mix.get(name, 0) for mix in mixes) for name in version_mix(whole[0])} == (
        version_mix(whole[0])
    )
    assert sum(tally.hash for _, tally in shards) % 2**64 == whole[1].hash


def test_a_release_is_another_draw_at_another_time() -> None:
    one, other = release(BAD), dataclasses.replace(release(BAD), at_s=int(START) + 61)

    assert one.draw != other.draw


@pytest.mark.parametrize(
    "wrong", [{"robots": 0}, {"share_per_hour": 0}, {"abort_least": 0}, {"share_per_hour": 1e-6}]
)
def test_a_rollout_that_could_not_be_is_refused(wrong) -> None:
    with pytest.raises(ValueError, match=r"at least 1|share_per_hour|waves"):
        release(GOOD, **wrong)


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
