"""A topic's message, to the letter, as each kind of subscriber gets it."""

import orjson
import pytest

from cloud_functions.fanout.notification import (
    Notification,
    body,
    confirmation,
    function_event,
    http_headers,
)
from cloud_functions.fanout.subscriber import Protocol, Subscriber, topic_arn, topic_name

TOLD = Notification("told", "id-1", "hello", {"sqs": "hello queue"}, 1_700_000_000.5)
ARN = "arn:aws:sns:us-east-1:000000000000:told"
FUNCTION = Subscriber("told", Protocol.LAMBDA, "hear")
QUEUE = Subscriber("told", Protocol.SQS, "work")
DOOR = Subscriber("told", Protocol.HTTP, "http://127.0.0.1/in")


def test_a_functions_event_has_lambdas_own_shape() -> None:
    (record,) = orjson.loads(function_event(TOLD, FUNCTION))["Records"]

    assert set(record) == {"EventSource", "EventVersion", "EventSubscriptionArn", "Sns"}
    assert (record["EventSource"], record["EventVersion"]) == ("aws:sns", "1.0")
    assert record["EventSubscriptionArn"] == FUNCTION.arn
    assert set(record["Sns"]) == {
        *("Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp", "SignatureVersion"),
        *("Signature", "SigningCertUrl", "UnsubscribeUrl", "MessageAttributes"),
    }
    assert record["Sns"]["Message"] == "hello"
    assert record["Sns"]["Timestamp"] == "2023-11-14T22:13:20.500Z"
    assert record["Sns"]["TopicArn"] == ARN


def test_a_queue_gets_the_envelope_in_words_of_its_own() -> None:
    said = orjson.loads(body(TOLD, QUEUE))

    assert set(said) == {
        *("Type", "MessageId", "TopicArn", "Message", "Timestamp", "SignatureVersion"),
        *("Signature", "SigningCertURL", "UnsubscribeURL"),
    }
    assert (said["Type"], said["Message"]) == ("Notification", "hello queue")


def test_raw_delivery_leaves_the_envelope_away() -> None:
    raw = Subscriber("told", Protocol.SQS, "work", is_raw=True)

    assert body(TOLD, raw) == "hello queue"
    assert ("x-amz-sns-rawdelivery", "true") in http_headers(TOLD, raw)


def test_an_endpoint_is_told_what_it_gets_by_headers() -> None:
    assert http_headers(TOLD, DOOR) == [
        ("x-amz-sns-message-type", "Notification"),
        ("x-amz-sns-message-id", "id-1"),
        ("x-amz-sns-topic-arn", ARN),
        ("x-amz-sns-subscription-arn", DOOR.arn),
    ]


def test_an_endpoint_is_asked_to_confirm_with_a_link() -> None:
    said, headers = confirmation(DOOR.arn, "token", "http://127.0.0.1:8080/c/token", 0.0)

    assert said["Type"] == "SubscriptionConfirmation"
    assert (said["Token"], said["TopicArn"]) == ("token", ARN)
    assert said["SubscribeURL"] == "http://127.0.0.1:8080/c/token"
    assert ("x-amz-sns-message-type", "SubscriptionConfirmation") in headers


def test_subscriptions_have_stable_arns_of_their_own() -> None:
    assert FUNCTION.arn == Subscriber("told", Protocol.LAMBDA, "hear").arn
    assert len({FUNCTION.arn, QUEUE.arn, DOOR.arn}) == 3


@pytest.mark.parametrize("address", ["told", ARN])
def test_a_topic_is_named_by_its_arn(address) -> None:
    assert topic_name(address) == "told"
    assert topic_arn("told") == ARN
