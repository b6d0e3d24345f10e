"""The topics of jobs: taken apart, and open to their own thing by the default policy."""

import pytest

from cloud_functions.contract.topics import (
    JobsOperation,
    JobsPush,
    JobsTopic,
    jobs,
    parse_jobs,
)
from cloud_functions.policies import defaults
from cloud_functions.policies.evaluate import decide, parse
from cloud_functions.policies.request import Request, values_of

T = "$aws/things/t/jobs/"
GET, START, UPDATE = JobsOperation.GET, JobsOperation.START_NEXT, JobsOperation.UPDATE


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        (f"{T}get", JobsTopic("t", None, GET)),
        (f"{T}start-next", JobsTopic("t", None, START)),
        (f"{T}j/get", JobsTopic("t", "j", GET)),
        (f"{T}$next/get", JobsTopic("t", "$next", GET)),
        (f"{T}j/update", JobsTopic("t", "j", UPDATE)),
        (f"{T}get/get", JobsTopic("t", "get", GET)),
        (f"{T}", JobsTopic("t", None, None)),
        (f"{T}notify", JobsTopic("t", None, None)),
        (f"{T}get/accepted", JobsTopic("t", None, None)),
        (f"{T}j/start-next", JobsTopic("t", None, None)),
        (f"{T}j/get/more", JobsTopic("t", None, None)),
        ("$aws/things/t/shadow/name/jobs/update", None),
        ("$aws/things/t/jobs", None),
        ("robofleet/t/jobs/get", None),
    ],
)
def test_a_topic_is_taken_apart(topic, expected) -> None:
    assert parse_jobs(topic) == expected


def test_a_topic_that_is_put_together_is_taken_apart_again() -> None:
    assert parse_jobs(jobs("t", GET)) == JobsTopic("t", None, GET)
    assert parse_jobs(jobs("t", UPDATE, "j")) == JobsTopic("t", "j", UPDATE)
    assert jobs("t", JobsPush.NOTIFY_NEXT) == f"{T}notify-next"


@pytest.mark.parametrize("last", ["get", "start-next", "j/get", "$next/get", "j/update"])
def test_the_default_policy_lets_a_thing_do_its_own_jobs_only(last) -> None:
    policy = parse(defaults.document())

    def may(thing: str, action: str, resource: str) -> bool:
        known = values_of({"iot:Connection.Thing.ThingName": thing, "iot:ClientId": thing})
        return decide([policy], Request(f"iot:{action}", resource, known)).allowed

    topic = f"{T}{last}"
    for thing, expected in (("t", True), ("other", False)):
        assert may(thing, "Publish", f"topic/{topic}") is expected
        assert may(thing, "Subscribe", f"topicfilter/{topic}/+") is expected
        assert may(thing, "Receive", f"topic/{topic}/accepted") is expected
        assert may(thing, "Receive", f"topic/{T}notify-next") is expected
