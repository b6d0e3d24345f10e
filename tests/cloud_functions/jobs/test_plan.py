"""What follows from a job's configuration: rates, aborts, retries, schedules, documents."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_functions.contract.jobs import ExecutionStatus
from cloud_functions.jobs.errors import InvalidRequest
from cloud_functions.jobs.limits import DEFAULT_LIMITS
from cloud_functions.jobs.plan.configuration import (
    AbortConfig,
    EndBehavior,
    JobRequest,
    RetryConfig,
    RolloutConfig,
    SchedulingConfig,
)
from cloud_functions.jobs.plan.document import (
    S3Object,
    check_document,
    check_links,
    delivered,
    s3_object,
)
from cloud_functions.jobs.plan.rollout import (
    Minute,
    allowance,
    is_aborted,
    may_retry,
    rate_per_minute,
)
from cloud_functions.jobs.plan.schedule import Schedule, read_schedule
from cloud_functions.jobs.plan.section import read

NOW = 1_764_000_000.0  # 2025-11-24T16:00:00Z


def growing(base=50, factor=2.0, most=None, **criteria) -> RolloutConfig:
    said = {
        "exponentialRate": {
            "baseRatePerMinute": base,
            "incrementFactor": factor,
            "rateIncreaseCriteria": criteria,
        }
    }
    return read(RolloutConfig, said if most is None else {**said, "maximumPerMinute": most})


@pytest.mark.parametrize(
    ("notified", "rate"), [(0, 50), (999, 50), (1000, 100), (2000, 200), (3000, 400)]
)
def test_an_exponential_rate_grows_as_the_guides_example_does(notified, rate) -> None:
    rollout = growing(numberOfNotifiedThings=1000)

    assert rate_per_minute(rollout, notified=notified, succeeded=0, most=1000) == rate


def test_a_rate_grows_by_successes_too_and_stops_at_the_maximum() -> None:
    rollout = growing(base=10, factor=1.5, most=40, numberOfSucceededThings=5)

    rates = [
        rate_per_minute(rollout, notified=500, succeeded=done, most=1000) for done in (0, 5, 10, 99)
    ]

    assert rates == [10, 15, 22, 40]


def test_without_a_rollout_configuration_the_limit_is_the_rate() -> None:
    constant = read(RolloutConfig, {"maximumPerMinute": 7})

    assert rate_per_minute(None, notified=0, succeeded=0, most=1000) == 1000
    assert rate_per_minute(constant, notified=9, succeeded=9, most=1000) == 7


@given(
    st.integers(1, 1000),
    st.integers(11, 50).map(lambda tenths: tenths / 10),
    st.integers(1, 10_000),
    st.integers(0, 10**9),
)
def test_a_rate_is_never_above_the_limit_nor_below_its_base(base, factor, every, notified) -> None:
    rollout = growing(base=base, factor=factor, numberOfNotifiedThings=every)

    assert base <= rate_per_minute(rollout, notified=notified, succeeded=0, most=1000) <= 1000


def test_a_minute_that_was_missed_is_not_made_up_for() -> None:
    minute, first = allowance(Minute(), 10, 100.0)
    used = Minute(minute.began_s, 10)

    assert first == 10
    assert allowance(used, 10, 159.9) == (used, 0)
    assert allowance(used, 10, 160.0) == (Minute(160.0, 0), 10)
    assert allowance(used, 10, 9_999.0)[1] == 10


def criterion(kind="ALL", percent=20, least=5) -> AbortConfig:
    said = {
        "failureType": kind,
        "action": "CANCEL",
        "thresholdPercentage": percent,
        "minNumberOfExecutedThings": least,
    }
    return read(AbortConfig, {"criteriaList": [said]})


def test_a_job_is_aborted_when_enough_things_were_told_and_too_many_failed() -> None:
    failed = {ExecutionStatus.FAILED: 1, ExecutionStatus.REJECTED: 1}

    assert not is_aborted(None, failed, 10)
    assert not is_aborted(criterion(), failed, 4)
    assert is_aborted(criterion(), failed, 10)
    assert not is_aborted(criterion(), failed, 11)
    assert not is_aborted(criterion("FAILED"), failed, 10)
    assert is_aborted(criterion("FAILED"), failed, 5)
    assert not is_aborted(criterion("TIMED_OUT"), failed, 5)


def test_retries_are_counted_by_what_went_wrong() -> None:
    both = read(
        RetryConfig,
        {
            "criteriaList": [
                {"failureType": "FAILED", "numberOfRetries": 2},
                {"failureType": "TIMED_OUT", "numberOfRetries": 1},
            ]
        },
    )
    either = read(RetryConfig, {"criteriaList": [{"failureType": "ALL", "numberOfRetries": 2}]})
    failed, timed_out = ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT

    assert may_retry(both, failed, after_failure=1, after_timeout=1)
    assert not may_retry(both, failed, after_failure=2, after_timeout=0)
    assert not may_retry(both, timed_out, after_failure=0, after_timeout=1)
    assert may_retry(either, timed_out, after_failure=1, after_timeout=0)
    assert not may_retry(either, timed_out, after_failure=1, after_timeout=1)
    assert not may_retry(either, ExecutionStatus.REJECTED, after_failure=0, after_timeout=0)
    assert not may_retry(None, failed, after_failure=0, after_timeout=0)


def test_a_schedule_is_read_in_utc() -> None:
    asked = read(
        SchedulingConfig,
        {
            "startTime": "2025-11-24T17:00",
            "endTime": "2025-11-24T19:00",
            "endBehavior": "FORCE_CANCEL",
        },
    )

    assert read_schedule(asked, NOW, DEFAULT_LIMITS) == Schedule(
        NOW + 3600, NOW + 3 * 3600, EndBehavior.FORCE_CANCEL
    )


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"startTime": "tomorrow"}, "startTime is a time like"),
        ({"startTime": "2025-11-24 17:00"}, "startTime is a time like"),
        ({"startTime": "2025-11-24T17:00:00Z"}, "startTime is a time like"),
        ({"startTime": "2025-11-24T16:10"}, "30 minutes to one year"),
        ({"startTime": "2027-11-24T16:10"}, "30 minutes to one year"),
        ({"startTime": "2025-11-24T17:00", "endTime": "2025-11-24T17:20"}, "at least 30 minutes"),
        ({"endTime": "2028-11-24T17:20"}, "within two years"),
    ],
)
def test_a_schedule_that_cannot_be_kept_is_refused(said, why) -> None:
    with pytest.raises(InvalidRequest, match=why):
        read_schedule(read(SchedulingConfig, said), NOW, DEFAULT_LIMITS)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"targets": []}, "targets"),
        ({"colour": "red"}, "colour: Extra inputs"),
        ({"namespaceId": "n"}, "namespaces are not supported"),
        ({"destinationPackageVersions": ["arn:x"]}, "software packages are not supported"),
        ({"documentParameters": {"a": "b"}}, "AWS managed templates"),
        ({"schedulingConfig": {"maintenanceWindows": [{}]}}, "maintenance windows are not"),
        ({"schedulingConfig": {"endBehavior": "CANCEL"}}, "goes with endTime"),
        ({"schedulingConfig": {"endTime": "x", "endBehavior": "STOP"}}, "STOP_ROLLOUT"),
        ({"jobExecutionsRolloutConfig": {"maximumPerMinute": 1001}}, "maximumPerMinute.*1000"),
        ({"timeoutConfig": {"inProgressTimeoutInMinutes": 10_081}}, "10080"),
        ({"timeoutConfig": {"inProgressTimeoutInMinutes": "5"}}, "valid integer"),
        ({"presignedUrlConfig": {"expiresInSec": 59}}, "expiresInSec.*60"),
        ({"abortConfig": {"criteriaList": []}}, "criteriaList"),
        ({"targetSelection": "SOME"}, "SNAPSHOT"),
    ],
)
def test_what_a_job_may_not_ask_for_is_named(more, why) -> None:
    with pytest.raises(InvalidRequest, match=why):
        read(JobRequest, {"targets": ["arn"], "document": "{}", **more})


@pytest.mark.parametrize(
    ("retries", "why"),
    [
        ([("FAILED", 6), ("TIMED_OUT", 5)], "at most 10"),
        ([("ALL", 2), ("FAILED", 1)], "ALL alone"),
        ([("FAILED", 2), ("FAILED", 1)], "once"),
        ([("REJECTED", 2)], "failureType"),
        ([("ALL", 11)], "numberOfRetries"),
    ],
)
def test_retries_are_ten_in_total(retries, why) -> None:
    said = [{"failureType": kind, "numberOfRetries": number} for kind, number in retries]

    with pytest.raises(InvalidRequest, match=why):
        read(RetryConfig, {"criteriaList": said})


def test_percentages_have_two_digits_and_factors_one() -> None:
    criterion(percent=10.99)
    with pytest.raises(InvalidRequest, match="two digits"):
        criterion(percent=10.999)
    growing(factor=1.5, numberOfNotifiedThings=1)
    with pytest.raises(InvalidRequest, match="one digit"):
        growing(factor=1.55, numberOfNotifiedThings=1)
    with pytest.raises(InvalidRequest, match="numberOfSucceededThings"):
        growing()


@pytest.mark.parametrize(
    "url",
    [
        "https://s3.eu-west-1.amazonaws.com/firmware/v2/image.bin",
        "https://s3.amazonaws.com/firmware/v2/image.bin",
        "https://firmware.s3.eu-west-1.amazonaws.com/v2/image.bin",
        "https://firmware.s3.amazonaws.com/v2/image.bin",
        "https://s3-eu-west-1.amazonaws.com/firmware/v2/image.bin",
    ],
)
def test_an_s3_url_of_either_style_names_a_bucket_and_a_key(url) -> None:
    assert s3_object(url) == S3Object("firmware", "v2/image.bin")


@pytest.mark.parametrize(
    "url", ["http://s3.amazonaws.com/a/b", "https://example.com/a/b", "https://s3.amazonaws.com/a"]
)
def test_any_other_url_is_none_of_s3(url) -> None:
    with pytest.raises(InvalidRequest, match="no S3 object"):
        s3_object(url)


def test_places_for_links_are_filled_when_the_document_is_delivered() -> None:
    place = "${aws:iot:s3-presigned-url:https://s3.us-east-1.amazonaws.com/firmware/v2.bin}"
    text = f'{{"url":"{place}","twice":["{place}"],"version":2}}'

    filled = delivered(text, lambda found: f"http://x/{found.bucket}/{found.key}?s=1")

    assert filled == (
        '{"url":"http://x/firmware/v2.bin?s=1","twice":["http://x/firmware/v2.bin?s=1"],"version":2}'
    )
    assert delivered(text, None) == text
    check_links(text)
    with pytest.raises(InvalidRequest, match="no S3 object"):
        check_links('{"url":"${aws:iot:s3-presigned-url:https://example.com/a}"}')


def test_a_document_is_a_json_object_of_32_kb() -> None:
    largest = '{"a":"' + "x" * (32_768 - 8) + '"}'

    assert check_document(largest, DEFAULT_LIMITS) == largest
    for text in (largest + " ", "[1]", "no", ""):
        with pytest.raises(InvalidRequest, match="document"):
            check_document(text, DEFAULT_LIMITS)
