"""Every way an update can end, robots and the cloud's jobs rooms together."""

import json
from pathlib import Path

import pytest

from cloud_functions.contract.jobs import ExecutionStatus
from device_sim.robot.parameters import Faults
from device_sim.robot.software import version_mix
from tests.device_sim.firmware.updates.bench import Bench

TABLE = Path(__file__).parents[3] / "compliance" / "firmware_documents.json"
CASES = json.loads(TABLE.read_text())


def test_a_robot_without_jobs_asks_once_after_it_has_connected() -> None:
    bench = Bench()

    bench.run(60)

    assert bench.asked() == ["jobs/$next/get"]


def test_an_update_is_installed_reported_and_only_then_succeeded() -> None:
    bench = Bench()
    bench.run(2)

    bench.offer("9.9")
    bench.until(lambda: bench.status() == "SUCCEEDED")

    last = [what for who, what, body in bench.said if body.get("status") == "SUCCEEDED"]
    assert last == ["jobs/j1/update"]
    told = [
        number
        for number, (_, _, body) in enumerate(bench.said)
        if body.get("state", {}).get("reported", {}).get("softwareVer") == "9.9"
    ]
    succeeded = next(
        number for number, (_, _, body) in enumerate(bench.said)
        if body.get("status") == "SUCCEEDED"
    )  # fmt: skip
    assert told[0] < succeeded
    assert bench.cuts == [0]
    assert bench.details() == {"step": "installed", "softwareVer": "9.9"}


def test_progress_is_told_while_the_image_is_loaded() -> None:
    bench = Bench(speed=5)

    bench.offer()
    bench.until(lambda: bench.status() == "SUCCEEDED")

    steps = [
        (body["statusDetails"]["step"], body["statusDetails"].get("progress"))
        for _, what, body in bench.said
        if what == "jobs/j1/update"
    ]
    assert steps == [
        ("download", "25"), ("download", "50"), ("download", "75"),
        ("check", None), ("restart", None), ("installed", None),
    ]  # fmt: skip


def test_a_robot_is_silent_while_it_flashes_and_comes_back() -> None:
    bench = Bench()
    bench.offer()
    bench.until(lambda: bench.stage() == "flashing")
    said = len(bench.said)
    bench.run(10)

    assert bench.offline == {0}
    assert len(bench.said) == said
    assert not bench.firmware.state_of(0)["online"]
    bench.until(lambda: not bench.offline)
    bench.run(2)
    assert bench.firmware.state_of(0)["online"]


@pytest.mark.parametrize(
    ("simulated", "status", "reason", "cuts"),
    [
        ({"rejected": 1}, "REJECTED", "there is no room for the image", 0),
        ({"failsCheck": 1}, "FAILED", "the image does not match its check sum", 0),
        ({"rolledBack": 1}, "FAILED", "the new version did not come up", 1),
        ({"powerLost": 1, "resumes": 0}, "FAILED", "the power was lost while flashing", 1),
    ],
)
def test_an_update_that_comes_to_nothing_leaves_the_old_version(
    simulated, status, reason, cuts
) -> None:
    bench = Bench(speed=100)
    before = bench.fleet.software_of(0)

    bench.offer(simulated=simulated)
    bench.until(lambda: bench.status() == status)
    bench.run(5)

    assert bench.details()["reason"] == reason
    assert bench.fleet.software_of(0) == before
    assert len(bench.cuts) == cuts
    assert bench.wish(0, "start")["outcome"] == "obeyed"


def test_a_rollback_says_so() -> None:
    bench = Bench(speed=100)

    bench.offer(simulated={"rolledBack": 1})
    bench.until(lambda: bench.status() == "FAILED")

    assert bench.details()["rolledBack"] == "true"


def test_a_robot_that_lost_its_power_flashes_again_and_comes_back_late() -> None:
    bench = Bench(speed=100)

    bench.offer(simulated={"powerLost": 1, "resumes": 1})
    bench.until(lambda: bench.offline == {0})
    bench.until(lambda: not bench.offline)
    assert bench.fleet.software_of(0) != "9.9"
    bench.until(lambda: bench.status() == "SUCCEEDED")

    assert len(bench.cuts) == 2
    assert bench.fleet.software_of(0) == "9.9"


def test_a_client_that_hangs_is_ended_by_the_jobs_timer_and_takes_the_next_job() -> None:
    bench = Bench(speed=100)

    bench.offer(simulated={"hangs": 1}, timeoutConfig={"inProgressTimeoutInMinutes": 1})
    bench.until(lambda: bench.stage() == "hung")
    bench.until(lambda: bench.status() == "TIMED_OUT")
    bench.offer("9.10", job="j2")
    bench.until(lambda: bench.status(job="j2") == "SUCCEEDED")

    assert bench.firmware.updates.dropped == 1
    assert bench.fleet.software_of(0) == "9.10"


def test_a_client_that_hangs_is_ended_by_its_own_step_timer_where_the_job_has_none() -> None:
    bench = Bench(speed=100)

    bench.offer(simulated={"hangs": 1})
    bench.until(lambda: bench.status() == "TIMED_OUT", most_s=3700, tick_s=5)

    assert bench.firmware.updates.under_way == 0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_document_is_followed_or_refused_with_what_is_wrong(case) -> None:
    bench = Bench(speed=200)

    bench.offer(document=case["document"])
    bench.until(lambda: bench.status() in ("SUCCEEDED", "REJECTED"))

    if "refused" in case:
        assert bench.status() == "REJECTED"
        assert case["refused"] in bench.details()["reason"]
    else:
        assert bench.fleet.software_of(0) == case["version"]


def test_what_a_robot_runs_already_is_not_installed_again() -> None:
    bench = Bench(speed=100)
    bench.offer("9.9")
    bench.until(lambda: bench.status() == "SUCCEEDED")

    bench.offer("9.9", job="again")
    bench.until(lambda: bench.status(job="again") == "SUCCEEDED")

    assert len(bench.cuts) == 1


def test_many_robots_meet_every_outcome_and_the_mix_moves() -> None:
    bench = Bench(40, speed=200)
    shares = {
        "rejected": 0.15, "hangs": 0.15, "failsCheck": 0.15, "rolledBack": 0.15,
        "powerLost": 0.15, "resumes": 0.5,
    }  # fmt: skip

    bench.offer(simulated=shares, timeoutConfig={"inProgressTimeoutInMinutes": 2})
    bench.until(lambda: not {"QUEUED", "IN_PROGRESS"} & bench.statuses().keys())
    bench.run(30)

    found = bench.statuses()
    assert set(found) == {"SUCCEEDED", "FAILED", "REJECTED", "TIMED_OUT"}
    reasons = {bench.details(f"r{n}").get("reason") for n in range(40)} - {None}
    assert len(reasons) == 4
    counts = bench.firmware.updates
    assert (counts.offered, counts.under_way) == (40, 0)
    assert counts.succeeded == found["SUCCEEDED"] == version_mix(bench.fleet)["9.9"]
    assert counts.dropped == found["TIMED_OUT"]
    assert not bench.offline
    assert not bench.fleet.updating.any()


def test_the_same_execution_goes_the_same_way_and_another_one_its_own() -> None:
    ends = []
    for job in ("a", "a", "b"):
        bench = Bench(12, speed=200)
        bench.offer(job=job, simulated={"failsCheck": 0.5})
        bench.until(lambda bench=bench, job=job: "IN_PROGRESS" not in bench.statuses(job)
                    and "QUEUED" not in bench.statuses(job))  # fmt: skip
        ends.append([bench.status(f"r{n}", job) for n in range(12)])

    assert ends[0] == ends[1] != ends[2]


def test_a_failed_update_is_tried_again_where_the_job_says_so() -> None:
    bench = Bench(6, speed=200)

    bench.offer(
        simulated={"failsCheck": 0.5},
        jobExecutionsRetryConfig={
            "criteriaList": [{"failureType": "FAILED", "numberOfRetries": 8}]
        },
    )
    bench.until(lambda: bench.statuses() == {"SUCCEEDED": 6}, most_s=1200)

    numbers = {body.get("executionNumber") for _, what, body in bench.said if "j1/update" in what}
    assert numbers > {1}


def test_a_bad_version_stops_its_rollout_by_the_abort_rule() -> None:
    bench = Bench(30, speed=200)

    bench.offer(
        "bad",
        simulated={"rolledBack": 0.6},
        jobExecutionsRolloutConfig={"maximumPerMinute": 5},
        abortConfig={
            "criteriaList": [
                {
                    "failureType": "FAILED", "action": "CANCEL",
                    "thresholdPercentage": 30, "minNumberOfExecutedThings": 5,
                }
            ]
        },
    )  # fmt: skip
    bench.until(lambda: bench.world.job().status == "CANCELED")
    bench.run(60)

    assert bench.statuses()[ExecutionStatus.FAILED] >= 2
    assert version_mix(bench.fleet).get("bad", 0) < 10
    assert bench.firmware.updates.under_way == 0


def test_robots_with_bad_firmware_get_into_trouble_more_often_until_it_is_replaced() -> None:
    errors = {}
    for version, factor in (("good", 1.0), ("bad", 40.0)):
        bench = Bench(20, speed=200, faults=Faults(drop_run_per_s=0, drop_docked_per_s=0))
        bench.offer(version, simulated={"errorFactor": factor})
        bench.until(lambda bench=bench: bench.statuses() == {"SUCCEEDED": 20})
        bench.firmware.start_all()
        bench.run(30)
        errors[version] = int(bench.fleet.stuck_count.sum())
    bench.offer("cured", job="j2")
    bench.until(lambda: "cured" in version_mix(bench.fleet))

    assert errors["bad"] > 5 * max(errors["good"], 1)
    cured = [row for row in range(20) if bench.fleet.software_of(row) == "cured"]
    factors = bench.fleet.catalogue.error_factor[bench.fleet.version]
    assert set(factors[cured].tolist()) == {1.0}
