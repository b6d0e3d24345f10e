"""What steps do to a fleet, and that shards agree on it."""

import numpy as np
import pytest

from device_sim import census, scenario
from device_sim.dry_run import DryRunOptions, run
from device_sim.robot.agenda import Agenda
from device_sim.robot.fleet import Fleet
from device_sim.robot.households.world import ZONES
from device_sim.robot.parameters import HOUSEHOLDS
from device_sim.robot.phases import Phase, code_of
from device_sim.robot.step import advance
from device_sim.robot.telling.tally import Tally
from device_sim.scenarios.acts import Stage, acts_of
from device_sim.scenarios.living import Living
from device_sim.scenarios.model import START_S, Homes, Scenario

HOUR_S = 3600
SEED = 7


def world(*steps: dict[str, object], size: int = 300, **more: object) -> Scenario:
    """A small fleet all over the world."""
    return Scenario.model_validate(
        {"title": "x", "fleet": {"size": size}, "homes": {"different": 4}, "steps": list(steps),
         **more}
    )  # fmt: skip


def fleet_of(chosen: Scenario) -> Fleet:
    who = census.whole(chosen, SEED, chosen.size)
    fleet = Fleet(who.specs, SEED, START_S, population=who, habits=HOUSEHOLDS)
    stage = Stage(fleet.zones, START_S, SEED)
    fleet.agenda = Agenda(acts_of(chosen, stage))
    return fleet


def lived(fleet: Fleet, hours: float) -> Tally:
    tally = Tally(fleet, START_S, 300, round(hours * 12))
    advance(fleet, START_S + hours * HOUR_S, tally)
    return tally


def test_an_outage_takes_its_share_and_gives_it_back_over_a_while() -> None:
    step = {"what": "outage", "at": "1h", "for": "1h", "back_within": "1h", "who": {"share": 0.5}}
    fleet = fleet_of(world(step))

    lived(fleet, 1.5)
    during = int((fleet.link_s > 0).sum())
    lived(fleet, 2.5)
    between = int((fleet.link_s > 0).sum())
    lived(fleet, 3.2)

    assert 120 < during < 180
    assert 40 < between < 110
    assert (fleet.link_s > 0).sum() < 20


def test_a_power_cut_stops_charging_until_the_light_is_back() -> None:
    fleet = fleet_of(world({"what": "power-cut", "at": "2h", "for": "1h"}))
    dark = code_of(Phase.CHARGING_ERROR)

    lived(fleet, 2.5)
    without = int((fleet.phase == dark).sum())
    lived(fleet, 3.1)

    assert without > 200
    assert (fleet.phase == dark).sum() < 20


def test_robots_that_lose_their_power_are_away_for_a_while_and_restart() -> None:
    step = {"what": "power-loss", "at": "1h", "for": "2m", "who": {"share": 0.5}}
    fleet = fleet_of(world(step, {"what": "start-all", "at": "50m"}))
    before = fleet.reboots.copy()

    lived(fleet, 1.01)
    away = fleet.link_s > 0
    lived(fleet, 1.2)

    hit = fleet.reboots > before
    assert 120 < hit.sum() < 180
    assert away[hit].all()
    assert not np.any(fleet.phase[hit] == code_of(Phase.RUN))
    assert (fleet.link_s[hit] > 0).sum() < 10


def test_a_holiday_morning_comes_by_the_clock_in_each_home() -> None:
    plain = world(households={"wishes": 0.0, "scheduled": 0.0, "away": 0.0})
    step = {"what": "holiday-morning", "at": "08:00", "for": "1h"}
    fleet = fleet_of(plain.model_copy(update={"steps": world(step).steps}))

    lived(fleet, 24)

    began = fleet.mission_s[fleet.missions > 0]
    local_s = began + fleet.zones.offset(fleet.zone[fleet.missions > 0], began)
    hours = local_s % 86_400 / HOUR_S
    assert began.size > 250
    assert ((hours >= 8) & (hours < 9.1)).mean() > 0.95
    assert np.ptp(began) > 10 * HOUR_S


def test_all_start_at_once_or_spread_over_a_while() -> None:
    at_once = fleet_of(world({"what": "start-all", "at": "2h"}))
    spread = fleet_of(world({"what": "start-all", "at": "2h", "within": "1h"}))

    lived(at_once, 3)
    lived(spread, 3)

    early = [((f.mission_s - START_S) % 86_400 < 2 * HOUR_S + 10).sum() for f in (at_once, spread)]
    assert early[0] > 200
    assert early[1] < 150


def test_bad_firmware_makes_trouble_and_a_mended_one_ends_it() -> None:
    bad = {"what": "bad-firmware", "at": "1h", "within": "1h", "factor": 50.0, "fails": 0.0}
    start = {"what": "start-all", "at": "3h"}
    quiet, worse = (lived(fleet_of(world(*steps)), 6) for steps in ((start,), (bad, start)))
    mended = lived(fleet_of(world({**bad, "for": "1h"}, start)), 6)

    errors = [int(each.errors.sum()) for each in (quiet, worse, mended)]
    assert errors[1] > 2 * errors[0]
    assert errors[2] < errors[1] / 1.5


def test_a_release_that_fails_is_stopped() -> None:
    step = {"what": "bad-firmware", "at": "1h", "within": "5h", "fails": 0.5, "stop_after": 20}
    fleet = fleet_of(world(step, size=1000))

    lived(fleet, 6)

    assert (fleet.version >= 128).sum() < 100


def test_robots_of_a_live_run_hear_of_a_bad_version_and_get_it_from_the_cloud() -> None:
    """From the beginning: a job may bring it before the second at which a dry run releases it."""
    chosen = world({"what": "bad-firmware", "at": "18h", "version": "9.9", "factor": 3.0})
    who = census.whole(chosen, SEED, 50)
    fleet = Fleet(who.specs, SEED, START_S, population=who)
    fleet.agenda = Agenda(Living(chosen, SEED).acts(fleet))

    advance(fleet, START_S, Tally(fleet, START_S, 300, 1))

    known = fleet.catalogue.known("9.9")
    assert known is not None
    assert known.error_factor == 3.0
    assert (fleet.version < 128).all()


def test_what_has_passed_before_the_beginning_does_not_happen() -> None:
    step = {"what": "outage", "at": START_S - 10**9, "for": "1h"}
    with pytest.raises(ValueError):
        world(step)
    early = Scenario.model_validate(
        {"title": "x", "fleet": {"size": 3}, "start": START_S + 86_400, "steps": [
            {"what": "outage", "at": "05:00", "for": "1h"}, {"what": "outage", "at": 0, "for": 1}]}
    )  # fmt: skip

    acts = acts_of(early, Stage(ZONES, START_S + 86_400, SEED))

    assert min(act.at_s for act in acts) == START_S + 86_400 + 1
    assert len({act.at_s for act in acts}) > 24


def test_a_live_run_is_plain_where_nothing_is_said_of_people() -> None:
    plain = Living(scenario.load("one-home"), SEED)
    lively = Living(scenario.load("christmas-morning"), SEED)

    assert plain.is_plain
    assert plain.start_s is None
    assert not plain.habits.wishes
    assert not lively.is_plain
    assert lively.habits.wishes
    assert lively.start_s == scenario.load("christmas-morning").start


@pytest.mark.parametrize("name", scenario.names())
def test_a_named_scenario_lives_a_short_day_the_same_on_any_processes(name: str) -> None:
    chosen = scenario.load(name).model_copy(update={"homes": Homes(different=4)})
    hours, robots = min(chosen.hours, 11.0), min(chosen.size, 40)

    def told(processes: int) -> dict[str, object]:
        said = run(DryRunOptions(chosen, chosen.seed, robots, hours, processes,
                                 start_s=chosen.start, habits=chosen.habits))  # fmt: skip
        return {key: said[key] for key in said if key not in ("processes", "took_s")}

    assert told(1) == told(2)


def test_eight_processes_agree_on_steps_that_hit_a_share() -> None:
    steps = [
        {"what": "outage", "at": "06:30", "for": "2h", "back_within": "1h", "who": {"share": 0.3}},
        {"what": "bad-firmware", "at": "1h", "within": "3h", "who": {"share": 0.5}},
        {"what": "start-all", "at": "5h", "within": "30m", "who": {"share": 0.4, "draw": 2}},
        {"what": "holiday-morning", "at": "07:00", "who": {"region": "europe"}},
    ]
    chosen = world(*steps, size=64)

    hashes = {
        run(DryRunOptions(chosen, SEED, 64, 7.0, n, start_s=START_S))["hash"] for n in (1, 2, 8)
    }

    assert len(hashes) == 1
