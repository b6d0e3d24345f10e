"""What comes between an update and its end: missions, owners, lost links, a change of mind."""

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud_functions.jobs.limits import JobLimits
from device_sim.firmware.batches import Inbound
from device_sim.firmware.updates.stages import HELD, TRANSITIONS, Fact, IllegalTransition, Stage
from device_sim.firmware.updates.stages import next_stage as following
from device_sim.robot.facts import Kind
from device_sim.robot.parameters import Faults
from device_sim.robot.software import version_mix
from device_sim.robot.step import step
from tests.device_sim.firmware.updates.bench import START, Bench


def test_every_pair_of_stage_and_fact_is_in_the_table_or_refused() -> None:
    for stage in Stage:
        for fact in Fact:
            if fact in TRANSITIONS[stage]:
                assert following(stage, fact) in Stage
            else:
                with pytest.raises(IllegalTransition, match=f"{stage} cannot be {fact}"):
                    following(stage, fact)


# ---------------------------------------------------------------- missions and owners


def test_a_robot_on_a_mission_leaves_the_job_queued_until_it_is_home() -> None:
    bench = Bench(speed=60)
    bench.run(1)
    assert bench.wish(0, "start")["outcome"] == "obeyed"
    bench.until(lambda: bench.firmware.state_of(0)["phase"] == "run")

    bench.offer()
    bench.run(10)
    assert bench.status() == "QUEUED"
    bench.until(lambda: bench.status() == "IN_PROGRESS", most_s=900)

    assert bench.firmware.state_of(0)["phase"] == "charge"
    bench.until(lambda: bench.status() == "SUCCEEDED")


def test_a_robot_whose_battery_is_low_waits_until_it_has_charged() -> None:
    bench = Bench(speed=60)
    bench.fleet.charge[:] = 100_000_000

    bench.offer()
    bench.run(5)
    assert bench.status() == "QUEUED"

    bench.until(lambda: bench.status() == "SUCCEEDED")


def test_an_owner_may_start_while_the_image_is_loaded_and_the_update_waits() -> None:
    bench = Bench(speed=60)
    bench.offer()
    bench.until(lambda: bench.stage() == "downloading")

    assert bench.wish(0, "start")["outcome"] == "obeyed"
    bench.until(lambda: bench.stage() == "waiting")
    bench.run(5)
    assert (bench.stage(), bench.status()) == ("waiting", "IN_PROGRESS")

    bench.until(lambda: bench.status() == "SUCCEEDED", most_s=900)
    assert bench.firmware.state_of(0)["missions"] == 1


def test_a_start_during_the_update_is_refused_with_the_reason() -> None:
    bench = Bench(speed=1)
    bench.offer(document={
        "operation": "install", "version": "9", "url": "https://files/9", "size": 1,
    })  # fmt: skip
    bench.until(lambda: bench.stage() == "checking")

    answer = bench.wish(0, "start")

    assert (answer["outcome"], answer["reason"]) == ("refused", "software is being updated")
    told = [each["cleanMissionStatus"]["notReady"] for each in bench.reports("r0")
            if "cleanMissionStatus" in each]  # fmt: skip
    assert told[-1] == 39


def test_a_scheduled_start_during_the_update_is_recorded_as_missed() -> None:
    bench = Bench()
    bench.fleet.updating[0] = True
    bench.fleet.own_schedules[0] = ((0b1111111, 60 * 23),)
    bench.fleet.schedule_s[0] = START - 1

    happened = step(bench.fleet, START + 80_000)

    missed = [each.value for each in happened if each.kind is Kind.START_MISSED]
    assert missed == [39]


def test_counters_are_as_they_were() -> None:
    bench = Bench(speed=100)
    names = ("missions", "life_run_s", "stuck_count", "reboots", "dockings")
    before = {name: getattr(bench.fleet, name).tolist() for name in names}

    bench.offer()
    bench.until(lambda: bench.status() == "SUCCEEDED")

    assert {name: getattr(bench.fleet, name).tolist() for name in names} == before
    assert bench.fleet.error[0] == 0


# ---------------------------------------------------------------- the cloud changes its mind


def test_a_job_that_is_cancelled_while_it_waits_is_forgotten() -> None:
    bench = Bench(speed=60)
    bench.run(1)
    bench.wish(0, "start")
    bench.offer()
    bench.run(2)

    bench._tell(bench.world.cancel())
    bench.run(900)

    assert (bench.stage(), bench.status()) == (None, "CANCELED")
    assert "jobs/start-next" not in bench.asked()
    assert bench.firmware.updates.dropped == 1


@pytest.mark.parametrize("stage", ["downloading", "checking"])
def test_a_job_that_is_cancelled_by_force_is_dropped_where_it_is(stage) -> None:
    bench = Bench(speed=10)
    bench.offer()
    bench.until(lambda: bench.stage() == stage)

    bench._tell(bench.world.cancel(force=True))
    bench.run(2)

    assert bench.stage() is None
    assert bench.wish(0, "start")["outcome"] == "obeyed"
    assert bench.cuts == []


def test_a_job_that_is_cancelled_by_force_while_flashing_stays_installed_and_unsaid() -> None:
    bench = Bench(speed=20)
    bench.offer()
    bench.until(lambda: bench.stage() == "flashing")

    bench._tell(bench.world.cancel(force=True))
    bench.until(lambda: not bench.offline)
    bench.run(20)

    assert bench.fleet.software_of(0) == "9.9"
    assert bench.status() == "CANCELED"
    assert bench.stage() is None
    assert not bench.fleet.updating.any()


def test_an_execution_that_somebody_else_has_changed_is_gone_on_with() -> None:
    bench = Bench(speed=10)
    bench.offer()
    bench.until(lambda: bench.stage() == "downloading")

    bench.world.report("r0", "j1", "IN_PROGRESS", statusDetails={"by": "hand"})
    bench.until(lambda: bench.status() == "SUCCEEDED")

    assert len(bench.cuts) == 1


def test_an_execution_that_somebody_else_has_ended_is_dropped() -> None:
    bench = Bench(speed=10)
    bench.offer()
    bench.until(lambda: bench.stage() == "downloading")

    bench.world.report("r0", "j1", "FAILED")
    bench.run(60)

    assert bench.stage() is None
    assert bench.cuts == []
    assert bench.firmware.updates.dropped == 1


def test_two_jobs_are_done_one_after_the_other() -> None:
    bench = Bench(speed=100)

    bench.offer("9.1", job="first")
    bench.offer("9.2", job="second")
    bench.until(lambda: bench.status(job="second") == "SUCCEEDED")

    assert bench.status(job="first") == "SUCCEEDED"
    assert bench.fleet.software_of(0) == "9.2"
    assert version_mix(bench.fleet) == {"9.2": 1}


# ---------------------------------------------------------------- links and answers


@pytest.mark.parametrize("stage", ["downloading", "checking", "announced"])
def test_a_link_that_is_lost_on_the_way_does_the_work_once(stage) -> None:
    bench = Bench(speed=10)
    bench.offer()
    bench.until(lambda: bench.stage() == stage, tick_s=0.1)

    bench.lose(0)
    bench.run(30)
    bench.come_back(0)
    bench.until(lambda: bench.status() == "SUCCEEDED")

    assert len(bench.cuts) == 1
    assert bench.asked().count("jobs/start-next") == 1


def test_a_download_stands_still_without_a_link() -> None:
    bench = Bench(speed=10)
    bench.offer()
    bench.until(lambda: bench.stage() == "downloading")

    bench.lose(0)
    bench.run(200)

    assert bench.stage() == "downloading"


def test_a_last_word_whose_answer_is_lost_is_said_again_and_not_done_again() -> None:
    bench = Bench(speed=100)
    bench.offer()
    bench.until(lambda: bench.stage() == "flashing")
    bench.deaf = True
    bench.until(lambda: bench.stage() == "ended")
    bench.run(40)
    bench.deaf = False

    bench.until(lambda: bench.stage() is None)

    assert (bench.status(), len(bench.cuts)) == ("SUCCEEDED", 1)


def test_an_end_that_is_offered_again_is_told_from_memory() -> None:
    bench = Bench(speed=100)
    bench.offer(simulated={"failsCheck": 1})
    bench.until(lambda: bench.status() == "FAILED")
    bench.run(5)

    stale = {
        "timestamp": int(bench.world.now),
        "execution": {
            "jobId": "j1", "status": "IN_PROGRESS", "versionNumber": 2, "executionNumber": 1,
            "jobDocument": {"operation": "install", "version": "9.9", "url": "https://f/9"},
        },
    }  # fmt: skip
    topic = "$aws/things/r0/jobs/notify-next"
    bench.incoming.messages.append(Inbound(0, topic, orjson.dumps(stale)))
    bench.run(30)

    assert bench.stage() is None
    assert bench.firmware.updates.offered == 1


def test_a_robot_that_was_switched_off_with_an_update_under_way_goes_on_with_it() -> None:
    bench = Bench(speed=10)
    bench.offer()
    bench.until(lambda: bench.stage() == "downloading")
    other = Bench(speed=10)
    other.world = bench.world

    other.until(lambda: other.status() == "SUCCEEDED")

    assert other.fleet.software_of(0) == "9.9"


def test_throttled_requests_are_made_again_until_all_are_through() -> None:
    limits = JobLimits(reads_per_second=2, writes_per_second=2)
    bench = Bench(12, speed=100, limits=limits)

    bench.offer()
    bench.until(lambda: bench.statuses() == {"SUCCEEDED": 12}, most_s=900)

    assert len(bench.cuts) == 12


def test_a_fleet_that_connects_together_asks_in_turn() -> None:
    bench = Bench(300)

    bench.step()
    at_once = sum(what == "jobs/$next/get" for _, what, _ in bench.said)
    bench.run(4)
    in_all = sum(what == "jobs/$next/get" for _, what, _ in bench.said)

    assert at_once < 30
    assert in_all == 300


def test_a_robot_that_drains_says_nothing_new_about_jobs() -> None:
    bench = Bench(speed=10)
    bench.firmware.is_draining = True

    bench.offer()
    bench.run(5)

    assert bench.asked() == []


@pytest.mark.parametrize(
    "body",
    [
        {}, {"execution": None}, {"execution": 3}, {"execution": {"jobId": "not a job id!"}},
        {"execution": {"jobId": "j", "executionNumber": "1"}},
        {"execution": {"jobId": "j", "executionNumber": 1, "versionNumber": []}},
    ],
)  # fmt: skip
def test_a_message_that_names_no_execution_starts_nothing(body) -> None:
    bench = Bench()
    bench.run(1)
    topic = "$aws/things/r0/jobs/notify-next"

    bench.incoming.messages.append(Inbound(0, topic, orjson.dumps(body)))
    bench.run(2)

    assert bench.stage() is None


def test_a_restart_of_its_own_takes_the_link_away_and_brings_it_back() -> None:
    bench = Bench(speed=1, faults=Faults(reboot_per_s=1 / 60))

    bench.until(lambda: bench.offline == {0})
    assert not bench.firmware.state_of(0)["online"]
    bench.until(lambda: not bench.offline, most_s=90)
    bench.run(1)

    assert bench.firmware.state_of(0)["online"]


def test_a_robot_whose_link_nobody_cuts_talks_on_when_it_is_up_again() -> None:
    bench = Bench(speed=100)
    bench.lose = lambda *_rows: None

    bench.offer()
    bench.until(lambda: bench.status() == "SUCCEEDED")

    assert bench.firmware.state_of(0)["online"]
    assert "9.9" in [each.get("softwareVer") for each in bench.reports("r0")]


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["lose", "back", "start", "cancel", "force", "offer", "deaf", "hear"]),
        st.integers(0, 2),
        st.integers(1, 40),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(EVENTS)
def test_whatever_comes_between_every_update_ends_and_no_robot_is_held_for_nothing(events) -> None:
    bench = Bench(3, speed=60)
    jobs = 0
    for what, row, wait_s in events:
        if what == "lose":
            bench.lose(row)
        elif what == "back" and row not in bench.firmware._restarts:
            bench.come_back(row)
        elif what == "start":
            bench.firmware.start_all()
        elif what in ("cancel", "force") and jobs:
            if bench.world.job(f"j{jobs}").status not in ("CANCELED", "COMPLETED"):
                bench._tell(bench.world.cancel(f"j{jobs}", force=what == "force"))
        elif what == "offer":
            jobs += 1
            bench.offer(f"9.{jobs}", job=f"j{jobs}", simulated={
                "rejected": 0.1, "failsCheck": 0.2, "rolledBack": 0.2, "powerLost": 0.2,
            })  # fmt: skip
        elif what in ("deaf", "hear"):
            bench.deaf = what == "deaf"
        bench.run(wait_s)
        counts = bench.firmware.updates
        assert counts.under_way == sum(
            (bench.stage(each) or "ended") != "ended" for each in range(3)
        )
        for each in range(3):
            assert bench.fleet.updating[each] == (bench.stage(each) in HELD)
    bench.deaf = False
    bench.come_back(*(bench.offline - set(bench.firmware._restarts._has_link)))

    bench.until(lambda: all(bench.stage(each) is None for each in range(3)), most_s=4000, tick_s=2)

    assert not bench.fleet.updating.any()
