"""A topic's message as each kind of subscriber gets it (SNS's own shapes).

Signatures are left empty of meaning: nothing here could check them.
"""

import datetime
from dataclasses import dataclass
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import orjson

from cloud_functions.fanout.subscriber import Protocol, Subscriber, topic_arn
from cloud_functions.region import REGION

_HOST: Final = f"https://sns.{REGION}.amazonaws.com/"
_SIGNATURE: Final = "EXAMPLE"
_CERTIFICATE: Final = f"{_HOST}SimpleNotificationService-local.pem"


@dataclass(frozen=True, slots=True)
class Notification:
    """One message of a topic; `by_protocol` says it to some subscribers in words of their own."""

    topic: str
    message_id: str
    message: str
    by_protocol: dict[str, str]
    now_s: float

    def text_for(self, protocol: Protocol) -> str:
        """The message for a protocol."""
        return self.by_protocol.get(protocol, self.message)

    @property
    def time(self) -> str:
        """When it was published, with milliseconds."""
        return _time(self.now_s)


def function_event(notification: Notification, subscriber: Subscriber) -> bytes:
    """The event of a function."""
    sns: dict[str, Any] = {
        "Type": "Notification",
        "MessageId": notification.message_id,
        "TopicArn": topic_arn(notification.topic),
        "Subject": None,
        "Message": notification.text_for(subscriber.protocol),
        "Timestamp": notification.time,
        "SignatureVersion": "1",
        "Signature": _SIGNATURE,
        "SigningCertUrl": _CERTIFICATE,
        "UnsubscribeUrl": unsubscribe_url(subscriber),
        "MessageAttributes": {},
    }
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscriber.arn,
        "Sns": sns,
    }
    return orjson.dumps({"Records": [record]})


def body(notification: Notification, subscriber: Subscriber) -> str:
    """What a queue or an HTTP endpoint gets: the envelope, or the bare message."""
    text = notification.text_for(subscriber.protocol)
    if subscriber.is_raw:
        return text
    return orjson.dumps(
        {
            "Type": "Notification",
            "MessageId": notification.message_id,
            "TopicArn": topic_arn(notification.topic),
            "Message": text,
            "Timestamp": notification.time,
            "SignatureVersion": "1",
            "Signature": _SIGNATURE,
            "SigningCertURL": _CERTIFICATE,
            "UnsubscribeURL": unsubscribe_url(subscriber),
        }
    ).decode()


def http_headers(notification: Notification, subscriber: Subscriber) -> list[tuple[str, str]]:
    """The headers of a notification by HTTP."""
    headers = [
        ("x-amz-sns-message-type", "Notification"),
        ("x-amz-sns-message-id", notification.message_id),
        ("x-amz-sns-topic-arn", topic_arn(notification.topic)),
        ("x-amz-sns-subscription-arn", subscriber.arn),
    ]
    return [*headers, ("x-amz-sns-rawdelivery", "true")] if subscriber.is_raw else headers


def unsubscribe_url(subscriber: Subscriber) -> str:
    """Where an endpoint would unsubscribe."""
    return f"{_HOST}?Action=Unsubscribe&SubscriptionArn={subscriber.arn}"


def confirmation(
    subscription_arn: str, token: str, link: str, now_s: float
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The request that asks an HTTP endpoint to confirm its subscription, and its headers."""
    arn = subscription_arn.rsplit(":", 1)[0]
    message_id = str(uuid5(NAMESPACE_URL, token))
    said = {
        "Type": "SubscriptionConfirmation",
        "MessageId": message_id,
        "Token": token,
        "TopicArn": arn,
        "Message": f"You have chosen to subscribe to the topic {arn}.\n"
        "To confirm the subscription, visit the SubscribeURL included in this message.",
        "SubscribeURL": link,
        "Timestamp": _time(now_s),
        "SignatureVersion": "1",
        "Signature": _SIGNATURE,
        "SigningCertURL": _CERTIFICATE,
    }
    headers = [
        ("x-amz-sns-message-type", "SubscriptionConfirmation"),
        ("x-amz-sns-message-id", message_id),
        ("x-amz-sns-topic-arn", arn),
    ]
    return said, headers


def _time(now_s: float) -> str:
    moment = datetime.datetime.fromtimestamp(now_s, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
