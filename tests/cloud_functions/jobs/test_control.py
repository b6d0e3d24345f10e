"""What operators may do: creation with its repeats and refusals, templates, lists page by page."""

import json

import pytest

from cloud_functions.contract.jobs import ExecutionStatus
from cloud_functions.jobs import errors
from cloud_functions.jobs.control.listing import JobFilter
from cloud_functions.jobs.limits import JobLimits
from cloud_functions.jobs.plan.configuration import TargetSelection
from cloud_functions.jobs.plan.statuses import JobStatus

SOURCE = "https://s3.us-east-1.amazonaws.com/firmware/job.json"


def test_the_same_job_again_is_the_same_and_another_one_is_refused(world) -> None:
    world.create(description="one")
    world.now += 5

    repeated = world.create(description="one")

    assert repeated == []
    assert world.job().created_s == 1000
    for other in ({"description": "two"}, {"document": "{}", "description": "one"}):
        with pytest.raises(errors.AlreadyExists):
            world.create(**other)


@pytest.mark.parametrize(
    ("job_id", "said", "refusal", "why"),
    [
        ("a b", {}, errors.InvalidRequest, "jobId"),
        ("j", {"things": ["t9"]}, errors.NotFound, "t9"),
        ("j", {"things": [], "groups": ["g9"]}, errors.NotFound, "g9"),
        ("j", {"targets": ["t1"]}, errors.InvalidRequest, "no target"),
        ("j", {"targets": ["arn:aws:iot:us-east-1:000000000000:thing/t1"] * 101},
         errors.LimitExceeded, "100 targets"),
        ("j", {"document": None}, errors.InvalidRequest, "document or documentSource"),
        ("j", {"documentSource": SOURCE}, errors.InvalidRequest, "one of them"),
        ("j", {"document": None, "documentSource": SOURCE}, errors.InvalidRequest, "no text at"),
        ("j", {"jobTemplateArn": "arn:aws:iot:us-east-1:0:jobtemplate/t"}, errors.NotFound, "t"),
        ("j", {"document": '{"a":"${aws:iot:s3-presigned-url:https://x/y}"}',
               "presignedUrlConfig": {}}, errors.InvalidRequest, "no S3 object"),
    ],
)  # fmt: skip
def test_a_job_that_cannot_be_is_refused_and_leaves_nothing(
    world, job_id, said, refusal, why
) -> None:
    with pytest.raises(refusal, match=why):
        world.create(job_id, **said)

    assert not any(world.store.spaces.values())
    assert world.listing.jobs(JobFilter(), 10, None).results == []


def test_a_document_may_come_from_the_blob_store(world) -> None:
    world.blobs["firmware/job.json"] = b'{"version": 2}'

    world.create(document=None, documentSource=SOURCE)

    assert world.listing.document("j1") == '{"version": 2}'
    assert world.listing.describe_job("j1")["documentSource"] == SOURCE
    assert world.say("t1", "start-next")[1]["execution"]["jobDocument"] == {"version": 2}


def test_there_is_room_for_so_many_jobs(make_world) -> None:
    world = make_world(["t1", "t2"], JobLimits(active_jobs=1))
    world.create("a")
    with pytest.raises(errors.LimitExceeded, match="1 active"):
        world.create("b")

    crowded = make_world(["t1", "t2"], JobLimits(executions=1))
    with pytest.raises(errors.LimitExceeded, match="at most 1 executions"):
        crowded.create(things=["t1", "t2"])


def test_a_time_out_may_be_changed_until_an_execution_begins(world) -> None:
    world.create(things=["t1", "t2"], timeoutConfig={"inProgressTimeoutInMinutes": 1})
    world.say("t1", "start-next")

    said = {"timeoutConfig": {"inProgressTimeoutInMinutes": 5}, "description": "slower"}
    world.do(lambda draft: world.operations.update(draft, "j1", said, world.now))
    world.say("t2", "start-next")
    world.tick(60)

    assert (world.status("t1"), world.status("t2")) == ("TIMED_OUT", "IN_PROGRESS")
    world.restart()
    assert world.listing.describe_job("j1")["job"]["description"] == "slower"


def test_a_finished_job_is_neither_changed_nor_cancelled(world) -> None:
    world.create()
    world.report("t1", "j1", "SUCCEEDED")

    with pytest.raises(errors.InvalidRequest, match="COMPLETED"):
        world.do(lambda draft: world.operations.update(draft, "j1", {}, world.now))
    with pytest.raises(errors.InvalidRequest, match="COMPLETED"):
        world.cancel()


def test_a_cancelled_job_is_not_cancelled_again(world) -> None:
    world.create(things=["t1", "t2"])
    world.cancel(comment="enough", reasonCode="FIRST")

    for is_forced in (False, True):
        with pytest.raises(errors.InvalidRequest, match="CANCELED"):
            world.cancel(force=is_forced, comment="again", reasonCode="SECOND")

    assert (world.job().comment, world.job().reason_code) == ("enough", "FIRST")


def test_force_reaches_what_a_cancelled_job_left_in_progress_once(world) -> None:
    world.create(things=["t1", "t2"])
    world.say("t1", "start-next")
    world.cancel()
    with pytest.raises(errors.InvalidRequest, match="CANCELED"):
        world.cancel()

    world.cancel(force=True, comment="now")

    assert world.counts() == {"Canceled": 2}
    assert world.job().comment == "now"
    with pytest.raises(errors.InvalidRequest, match="CANCELED"):
        world.cancel(force=True)


def test_targets_join_a_continuous_job_at_once(world) -> None:
    world.members("kitchen", "t2", "t3")
    world.create(targetSelection="CONTINUOUS")
    group = "arn:aws:iot:us-east-1:000000000000:thinggroup/kitchen"

    world.do(lambda draft: world.operations.associate(draft, "j1", {"targets": [group]}, world.now))

    assert world.counts() == {"Queued": 3}
    assert group in world.listing.describe_job("j1")["job"]["targets"]
    world.create("snapshot")
    with pytest.raises(errors.InvalidRequest, match="CONTINUOUS"):
        world.do(
            lambda draft: world.operations.associate(
                draft, "snapshot", {"targets": [group]}, world.now
            )
        )


def test_an_execution_is_deleted_when_it_is_over_or_by_force(world) -> None:
    world.create(things=["t1", "t2"])
    with pytest.raises(errors.InvalidStateTransition, match="without force"):
        world.delete_execution("j1", "t1", 1)

    world.delete_execution("j1", "t1", 1, force=True)
    world.report("t2", "j1", "SUCCEEDED")
    world.delete_execution("j1", "t2", 1)

    assert world.job().status == "COMPLETED"
    assert world.counts() == {}
    with pytest.raises(errors.NotFound):
        world.delete_execution("j1", "t2", 1)


def test_the_attempt_before_is_the_latest_when_the_last_one_is_deleted(world) -> None:
    retry = {"criteriaList": [{"failureType": "FAILED", "numberOfRetries": 1}]}
    world.create(jobExecutionsRetryConfig=retry)
    world.report("t1", "j1", "FAILED")

    world.delete_execution("j1", "t1", 2, force=True)

    assert world.status("t1") == "FAILED"
    assert world.counts() == {"Failed": 1}


def test_jobs_are_listed_newest_first_and_by_what_they_are(world) -> None:
    world.members("kitchen", "t1")
    world.create("a")
    world.create("b", targetSelection="CONTINUOUS")
    world.create("c", things=[], groups=["kitchen"])
    world.cancel("a")

    def listed(**wanted) -> list[str]:
        return [each["jobId"] for each in world.listing.jobs(JobFilter(**wanted), 9, None).results]

    assert listed() == ["c", "b", "a"]
    assert listed(status=JobStatus.CANCELED) == ["a"]
    assert listed(selection=TargetSelection.CONTINUOUS) == ["b"]
    assert listed(group="kitchen") == ["c"]
    first = world.listing.jobs(JobFilter(), 2, None)
    second = world.listing.jobs(JobFilter(), 2, first.next_token)
    assert [each["jobId"] for each in second.results] == ["a"]
    assert second.next_token is None


def test_executions_are_listed_page_by_page(make_world) -> None:
    things = [f"t{n}" for n in range(5)]
    world = make_world(things)
    world.create(things=things)
    world.report("t3", "j1", "SUCCEEDED")

    pages, token = [], None
    while not pages or token is not None:
        page = world.listing.executions_of_job("j1", None, 2, token)
        pages.append([each["thingArn"].rpartition("/")[2] for each in page.results])
        token = page.next_token
    done = world.listing.executions_of_job("j1", ExecutionStatus.SUCCEEDED, 2, None)

    assert pages == [["t0", "t1"], ["t2", "t3"], ["t4"]]
    assert [each["thingArn"].rpartition("/")[2] for each in done.results] == ["t3"]
    assert world.listing.executions_of_thing("t3", None, None, 2, None).results[0]["jobId"] == "j1"


def test_a_job_is_made_from_a_template_and_may_say_otherwise(world) -> None:
    said = {
        "description": "firmware",
        "document": '{"from":"template"}',
        "timeoutConfig": {"inProgressTimeoutInMinutes": 9},
        "jobExecutionsRolloutConfig": {"maximumPerMinute": 5},
    }

    def make(draft):
        return world.creation.create_template(draft, "ota", said, world.now)

    world.do(make)
    world.do(make)
    arn = world.templates.get("ota").arn
    world.create(
        document=None,
        jobTemplateArn=arn,
        jobExecutionsRolloutConfig={"maximumPerMinute": 7},
    )

    described = world.listing.describe_job("j1")["job"]
    assert described["jobTemplateArn"] == arn
    assert described["description"] == "firmware"
    assert described["timeoutConfig"] == {"inProgressTimeoutInMinutes": 9}
    assert described["jobExecutionsRolloutConfig"] == {"maximumPerMinute": 7}
    assert json.loads(world.listing.document("j1")) == {"from": "template"}
    with pytest.raises(errors.TemplateExists):
        world.do(
            lambda draft: world.creation.create_template(
                draft, "ota", {**said, "description": "other"}, world.now
            )
        )


def test_a_template_is_made_from_a_job(world) -> None:
    world.create(timeoutConfig={"inProgressTimeoutInMinutes": 9})
    said = {"description": "as j1", "jobArn": world.job().arn}

    world.do(lambda draft: world.creation.create_template(draft, "t", said, world.now))

    described = world.templates.get("t").described()
    assert described["document"] == '{"do":"it"}'
    assert described["timeoutConfig"] == {"inProgressTimeoutInMinutes": 9}
