"""The course of jobs: rollouts, schedules, aborts, retries, members that come and go, ends."""

import json

import pytest

from cloud_functions.jobs.errors import InvalidRequest, InvalidStateTransition
from cloud_functions.jobs.limits import JobLimits
from cloud_functions.registry.event_configurations import EventType

TEN = [f"t{n}" for n in range(10)]
START = 1_764_000_000.0  # 2025-11-24T16:00:00Z


def told(messages, last="notify") -> list[str]:
    return [m.topic.split("/")[2] for m in messages if m.topic.endswith(f"/{last}")]


def rollout(**said) -> dict:
    return {"jobExecutionsRolloutConfig": said}


def abort(percent, least, kind="FAILED") -> dict:
    criterion = {
        "failureType": kind,
        "action": "CANCEL",
        "thresholdPercentage": percent,
        "minNumberOfExecutedThings": least,
    }
    return {"abortConfig": {"criteriaList": [criterion]}}


def test_a_rollout_tells_so_many_things_a_minute(make_world) -> None:
    world = make_world(TEN)

    at_once = world.create(things=TEN, **rollout(maximumPerMinute=4))
    early = world.tick(59)
    second = world.tick(1)
    third = world.tick(60)

    assert [len(told(each)) for each in (at_once, early, second, third)] == [4, 0, 4, 2]
    assert told(at_once + second + third) == TEN
    assert not world.job().is_concurrent


def test_an_exponential_rollout_goes_faster_as_things_succeed(make_world) -> None:
    world = make_world(TEN)
    world.create(
        things=TEN,
        **rollout(
            exponentialRate={
                "baseRatePerMinute": 1,
                "incrementFactor": 2,
                "rateIncreaseCriteria": {"numberOfSucceededThings": 1},
            }
        ),
    )

    world.report("t0", "j1", "SUCCEEDED")
    same_minute = told(world.tick(1))
    world.report("t1", "j1", "SUCCEEDED")
    next_minute = told(world.tick(60))

    assert same_minute == ["t1"]
    assert next_minute == ["t2", "t3", "t4", "t5"]


def test_while_it_is_rolled_out_a_job_names_its_targets(make_world) -> None:
    world = make_world(TEN)
    world.create(things=TEN, **rollout(maximumPerMinute=4))

    described = world.listing.describe_job("j1")["job"]

    assert described["isConcurrent"] is True
    assert len(described["jobProcessDetails"]["processingTargets"]) == 10
    assert world.counts() == {"Queued": 4}


def test_a_snapshot_job_is_completed_when_everything_is_over(world) -> None:
    world.create(things=["t1", "t2"])

    world.report("t1", "j1", "SUCCEEDED")
    half = world.job().status
    world.report("t2", "j1", "FAILED")

    assert (half, world.job().status) == ("IN_PROGRESS", "COMPLETED")
    assert world.job().completed_s == 1000
    assert world.counts() == {"Succeeded": 1, "Failed": 1}


def test_a_job_for_nobody_is_completed_at_once(world) -> None:
    world.members("empty")

    world.create(things=[], groups=["empty"])

    assert world.job().status == "COMPLETED"


def test_a_scheduled_job_waits_for_its_time(world) -> None:
    world.now = START
    heard = world.create(schedulingConfig={"startTime": "2025-11-24T17:00"})

    before = world.tick(3599)
    status = world.job().status
    after = world.tick(1)

    assert (told(heard), told(before), status) == ([], [], "SCHEDULED")
    assert (told(after), world.job().status) == (["t1"], "IN_PROGRESS")


@pytest.mark.parametrize(
    ("behavior", "statuses", "job"),
    [
        ("STOP_ROLLOUT", ["QUEUED", "IN_PROGRESS", None], "IN_PROGRESS"),
        ("CANCEL", ["CANCELED", "IN_PROGRESS", None], "CANCELED"),
        ("FORCE_CANCEL", ["CANCELED", "CANCELED", None], "CANCELED"),
    ],
)
def test_at_the_end_of_its_schedule_a_job_behaves_as_asked(
    make_world, behavior, statuses, job
) -> None:
    world = make_world(TEN)
    world.now = START
    schedule = {"endTime": "2025-11-24T16:30", "endBehavior": behavior}
    world.create(things=TEN, schedulingConfig=schedule, **rollout(maximumPerMinute=1))
    world.tick(60)
    world.report("t1", "j1", "IN_PROGRESS")

    world.now = START + 1800
    world.tick()
    world.tick(60)

    assert [world.status(thing) for thing in ("t0", "t1", "t2")] == statuses
    assert world.job().status == job


def test_a_rollout_that_was_stopped_ends_with_those_that_were_told(make_world) -> None:
    world = make_world(TEN)
    world.now = START
    world.create(
        things=TEN,
        schedulingConfig={"endTime": "2025-11-24T16:30"},
        **rollout(maximumPerMinute=1),
    )
    world.now = START + 1800
    world.tick()

    world.report("t0", "j1", "SUCCEEDED")

    assert world.job().status == "COMPLETED"


def test_too_many_failures_cancel_what_is_queued_and_stop_the_rollout(make_world) -> None:
    world = make_world(TEN)
    world.create(things=TEN, **abort(40, 4), **rollout(maximumPerMinute=5))
    world.report("t0", "j1", "FAILED")
    world.report("t1", "j1", "IN_PROGRESS")

    world.report("t2", "j1", "FAILED")

    assert world.job().status == "CANCELED"
    assert world.job().comment == "The abort criteria were met"
    assert world.counts() == {"Failed": 2, "InProgress": 1, "Canceled": 2}
    assert told(world.tick(60)) == []
    assert world.report("t1", "j1", "SUCCEEDED")[0] == "accepted"


def test_an_aborted_job_is_not_cancelled_again(make_world) -> None:
    world = make_world(TEN)
    world.create(things=TEN, **abort(10, 1))
    world.report("t0", "j1", "FAILED")

    with pytest.raises(InvalidRequest, match="CANCELED"):
        world.cancel(comment="somebody")

    assert world.job().comment == "The abort criteria were met"


def test_a_queued_retry_goes_when_the_job_is_aborted(make_world) -> None:
    world = make_world(TEN)
    retry = {"criteriaList": [{"failureType": "FAILED", "numberOfRetries": 10}]}
    world.create(things=TEN, jobExecutionsRetryConfig=retry, **abort(20, 10))

    world.report("t0", "j1", "FAILED")
    world.report("t0", "j1", "FAILED")

    assert world.status("t0") == "CANCELED"
    assert world.counts() == {"Canceled": 10}


def test_a_time_out_is_tried_again_and_every_attempt_is_listed(world) -> None:
    retry = {"criteriaList": [{"failureType": "ALL", "numberOfRetries": 2}]}
    world.create(timeoutConfig={"inProgressTimeoutInMinutes": 1}, jobExecutionsRetryConfig=retry)
    for _ in range(2):
        world.say("t1", "start-next")
        world.tick(60)
    world.report("t1", "j1", "FAILED")

    listed = world.listing.executions_of_thing("t1", "j1", None, 10, None).results

    assert [
        (
            each["jobExecutionSummary"]["executionNumber"],
            each["jobExecutionSummary"]["status"],
            each["jobExecutionSummary"]["retryAttempt"],
        )
        for each in listed
    ] == [(3, "FAILED", 2), (2, "TIMED_OUT", 1), (1, "TIMED_OUT", 0)]
    assert world.job().status == "COMPLETED"
    assert world.counts() == {"Failed": 1}


def test_a_continuous_job_follows_its_group(world) -> None:
    world.members("kitchen", "t1", "t2")
    world.create(things=[], groups=["kitchen"], targetSelection="CONTINUOUS")
    world.report("t1", "j1", "SUCCEEDED")
    world.report("t2", "j1", "IN_PROGRESS")

    world.members("kitchen", "t1", "t3")
    heard = world.tick(1)

    assert told(heard) == ["t2", "t3"]
    assert [world.status(thing) for thing in ("t1", "t2", "t3")] == [
        "SUCCEEDED",
        "REMOVED",
        "QUEUED",
    ]
    assert world.job().status == "IN_PROGRESS"


def test_a_thing_that_comes_back_gets_the_job_once_more(world) -> None:
    world.members("kitchen", "t1", "t2")
    world.create(things=[], groups=["kitchen"], targetSelection="CONTINUOUS")
    world.members("kitchen", "t2")
    world.tick(1)
    world.restart()

    world.members("kitchen", "t1", "t2")
    world.tick(1)

    assert [world.status("t1", number=number) for number in (1, 2)] == ["REMOVED", "QUEUED"]
    assert world.counts() == {"Queued": 2}


def test_a_thing_that_leaves_before_it_was_told_is_not_told(make_world) -> None:
    world = make_world(TEN)
    world.members("kitchen", *TEN)
    world.create(
        things=[],
        groups=["kitchen"],
        targetSelection="CONTINUOUS",
        **rollout(maximumPerMinute=2),
    )

    world.members("kitchen", "t0", "t1", "t9")
    world.tick(60)

    assert set(world.conductor.executions.things("j1")) == {"t0", "t1", "t9"}
    assert not world.job().is_rolling_out


def test_a_snapshot_job_does_not_follow_its_group(world) -> None:
    world.members("kitchen", "t1")
    world.create(things=[], groups=["kitchen"])

    world.members("kitchen", "t2")
    world.tick(1)

    assert (world.status("t1"), world.status("t2")) == ("QUEUED", None)


def test_what_a_deleted_thing_had_to_do_is_removed(world) -> None:
    world.create(things=["t1", "t2"])

    world.targets.things.discard("t2")
    world.targets.changes += 1
    world.tick(1)

    assert world.status("t2") == "REMOVED"
    assert world.counts() == {"Queued": 1, "Removed": 1}


def test_a_job_in_progress_is_deleted_by_force_only(world) -> None:
    world.create(things=["t1", "t2"])
    with pytest.raises(InvalidStateTransition, match="without force"):
        world.delete()

    heard = world.delete(force=True)

    assert told(heard) == told(heard, "notify-next") == ["t1", "t2"]
    assert world.conductor.jobs.find("j1") is None
    assert world.say("t1", "j1/get")[1]["code"] == "ResourceNotFound"
    assert all(not space for space in world.store.spaces.values())


def test_large_jobs_are_cancelled_and_deleted_step_by_step(make_world) -> None:
    world = make_world(TEN, JobLimits(moves_per_tick=4))
    world.create(things=TEN)

    first = world.cancel()
    during = world.job().is_concurrent
    rest = [told(world.tick(1)) for _ in range(3)]
    world.delete()
    status = world.job().status
    for _ in range(3):
        world.tick(1)

    assert told(first) == TEN[:4]
    assert during
    assert rest == [TEN[4:8], TEN[8:], []]
    assert status == "DELETION_IN_PROGRESS"
    assert world.conductor.jobs.find("j1") is None


def test_a_deletion_goes_on_after_a_restart(make_world) -> None:
    world = make_world(TEN, JobLimits(moves_per_tick=4))
    world.create(things=TEN)
    world.delete(force=True)

    world.restart()
    for _ in range(3):
        world.tick(1)

    assert all(not space for space in world.store.spaces.values())


def events_of(messages) -> list[tuple[str, dict]]:
    return [(m.topic, json.loads(m.payload)) for m in messages if m.topic.startswith("$aws/ev")]


def test_events_are_off_until_they_are_turned_on(world) -> None:
    world.create()

    heard = world.publish("$aws/things/t1/jobs/j1/update", {"status": "SUCCEEDED"})

    assert events_of(heard) == []


def test_the_end_of_an_execution_and_of_its_job_are_told(world) -> None:
    world.switches.update({"JOB": {"Enabled": True}, "JOB_EXECUTION": {"Enabled": True}}, 1.0)
    world.create(description="Try it")

    heard = world.publish(
        "$aws/things/t1/jobs/j1/update", {"status": "SUCCEEDED", "statusDetails": {"a": "b"}}
    )
    (of_execution, execution), (of_job, job) = events_of(heard)

    assert of_execution == "$aws/events/jobExecution/j1/succeeded"
    assert execution.pop("eventId") != job.pop("eventId")
    assert execution == {
        "eventType": "JOB_EXECUTION",
        "timestamp": 1000,
        "operation": "succeeded",
        "jobId": "j1",
        "thingArn": "arn:aws:iot:us-east-1:000000000000:thing/t1",
        "status": "SUCCEEDED",
        "statusDetails": {"a": "b"},
    }
    assert of_job == "$aws/events/job/j1/completed"
    assert job.pop("jobProcessDetails")["numberOfSucceededThings"] == 1
    assert job == {
        "eventType": "JOB",
        "timestamp": 1000,
        "operation": "completed",
        "jobId": "j1",
        "status": "COMPLETED",
        "targetSelection": "SNAPSHOT",
        "targets": ["arn:aws:iot:us-east-1:000000000000:thing/t1"],
        "description": "Try it",
        "createdAt": 1_000_000,
        "lastUpdatedAt": 1_000_000,
        "completedAt": 1_000_000,
    }


def test_cancelling_and_deleting_are_told_at_their_beginning_and_end(world) -> None:
    world.switches.update({"JOB": {"Enabled": True}}, 1.0)
    world.create()

    cancelled = events_of(world.cancel(comment="enough"))
    deleted = events_of(world.delete())

    assert [topic.rpartition("/")[2] for topic, _ in cancelled + deleted] == [
        "cancellation_in_progress",
        "canceled",
        "deletion_in_progress",
        "deleted",
    ]
    assert [body["status"] for _, body in cancelled + deleted] == [
        "CANCELLATION_IN_PROGRESS",
        "CANCELED",
        "DELETION_IN_PROGRESS",
        "DELETED",
    ]
    assert cancelled[0][1]["comment"] == "enough"
    assert not world.switches.is_on(EventType.JOB_EXECUTION)


def test_an_answer_goes_to_the_client_that_asked_and_to_all_when_nobody_is_known(world) -> None:
    topic = "$aws/things/t1/jobs/get"

    known, unknown = (
        world.publish(topic, client_id="phone")[0],
        world.publish(topic, client_id="n/a")[0],
    )

    assert (known.receiver, unknown.receiver) == ("phone", "")


def test_the_timers_of_many_updates_leave_no_heap_behind(world) -> None:
    world.create()
    for _ in range(5_000):
        world.service.device._writes._taken = 0
        world.report("t1", "j1", "IN_PROGRESS", stepTimeoutInMinutes=10)

    assert len(world.conductor.executions._alarms._heap) < 1_010
    assert told(world.tick(600)) == ["t1"]
