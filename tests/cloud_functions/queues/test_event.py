"""The event of a queue, to the letter, and what a function's answer means."""

import hashlib

import orjson
import pytest

from cloud_functions.ports import QueueMessage
from cloud_functions.queues.event import done_of, sqs_event
from cloud_functions.queues.spec import queue_arn, queue_name

ONE = QueueMessage("id-1", "receipt-1", "größe", 1_000, 2, 1_500)
TWO = QueueMessage("id-2", "receipt-2", "two", 1_001, 1, 1_600)


def test_the_event_has_lambdas_own_shape() -> None:
    said = orjson.loads(sqs_event([ONE, TWO], queue_arn("work")))

    assert list(said) == ["Records"]
    assert len(said["Records"]) == 2
    assert said["Records"][0] == {
        "messageId": "id-1",
        "receiptHandle": "receipt-1",
        "body": "größe",
        "attributes": {
            "ApproximateReceiveCount": "2",
            "SentTimestamp": "1000",
            "SenderId": "000000000000",
            "ApproximateFirstReceiveTimestamp": "1500",
        },
        "messageAttributes": {},
        "md5OfBody": hashlib.md5("größe".encode()).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:work",
        "awsRegion": "us-east-1",
    }


def failures(*identifiers: object) -> bytes:
    return orjson.dumps({"batchItemFailures": [{"itemIdentifier": each} for each in identifiers]})


@pytest.mark.parametrize(
    ("answer", "done"),
    [
        (b"null", [ONE, TWO]),
        (b"", [ONE, TWO]),
        (b"{}", [ONE, TWO]),
        (b'{"batchItemFailures": null}', [ONE, TWO]),
        (failures(), [ONE, TWO]),
        (failures("id-1"), [TWO]),
        (failures("id-1", "id-2"), []),
        (failures("stranger"), []),
        (failures(""), []),
        (failures(None), []),
        (b'{"batchItemFailures": [{}]}', []),
        (b'{"batchItemFailures": "id-1"}', []),
        (b"[]", []),
        (b"nonsense", []),
    ],
)
def test_a_partial_answer_keeps_what_failed_and_nonsense_keeps_all(answer, done) -> None:
    assert list(done_of([ONE, TWO], answer, reports_failures=True)) == done


def test_without_partial_answers_a_function_that_returns_is_done_with_all() -> None:
    assert done_of([ONE, TWO], failures("id-1"), reports_failures=False) == [ONE, TWO]


@pytest.mark.parametrize(
    "address",
    ["work", "arn:aws:sqs:us-east-1:0:work", "https://sqs.us-east-1.amazonaws.com/0/work"],
)
def test_a_queue_is_named_by_any_of_its_addresses(address) -> None:
    assert queue_name(address) == "work"
