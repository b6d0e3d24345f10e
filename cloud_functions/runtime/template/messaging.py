"""Queues and topics of a template, and the functions they feed."""

from collections.abc import Mapping
from typing import Any, Final

import orjson

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.fanout.subscriber import Protocol, Subscriber, topic_name
from cloud_functions.queues.spec import QueueSpec, queue_name
from cloud_functions.rules.actions.http_post import check_loopback
from cloud_functions.runtime.template.declaration import QueueSource
from cloud_functions.runtime.template.draft import Draft, ResourceReader
from cloud_functions.runtime.template.values import (
    demand_known,
    flag,
    inner,
    number,
    objects,
    refused,
    shown,
    text,
)
from cloud_functions.runtime.template.yaml_nodes import Marked, Place, Refusal, place_of

_QUEUE: Final = (
    *("QueueName", "VisibilityTimeout", "MessageRetentionPeriod", "RedrivePolicy"),
    "DelaySeconds",
)
_QUEUE_IGNORED: Final = (
    *("Tags", "SqsManagedSseEnabled", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds"),
    *("ReceiveMessageWaitTimeSeconds", "MaximumMessageSize", "RedriveAllowPolicy"),
)
_TOPIC: Final = ("TopicName", "Subscription")
_TOPIC_IGNORED: Final = ("Tags", "DisplayName", "KmsMasterKeyId", "TracingConfig")
_SUBSCRIPTION: Final = ("TopicArn", "Protocol", "Endpoint", "RawMessageDelivery")
_MAX_BATCH: Final = 10_000
_MAX_BATCH_AT_ONCE: Final = 10
_MAX_WINDOW_S: Final = 300


def _queue(draft: Draft, name: str, said: Marked) -> None:
    demand_known(said, _QUEUE, _QUEUE_IGNORED)
    if str(said.get("QueueName")).endswith(".fifo"):
        raise refused(said, "QueueName", "FIFO queues are not supported")
    named = draft.name(name, "AWS::SQS::Queue", said)
    if named in draft.queues:
        raise refused(said, "QueueName", f"there is another queue {named}")
    redrive = _redrive(said)
    draft.queues[named] = QueueSpec(
        named,
        visibility_s=number(said, "VisibilityTimeout", 30, 0, 43_200),
        retention_s=number(said, "MessageRetentionPeriod", 345_600, 60, 1_209_600),
        delay_s=number(said, "DelaySeconds", 0, 0, 900),
        dead_letters=queue_name(text(redrive, "deadLetterTargetArn")) if redrive else None,
        max_receives=number(redrive, "maxReceiveCount", 10, 1, 1000) if redrive else 0,
    )

    def check() -> None:
        dead_letters = draft.queues[named].dead_letters
        if dead_letters is not None:
            _demand_queue(draft, dead_letters, place_of(said, "RedrivePolicy"))

    draft.checks.append((name, check))


def _redrive(said: Marked) -> Mapping[str, Any]:
    """The policy, given as an object or as its JSON text."""
    policy = said.get("RedrivePolicy")
    if isinstance(policy, str):
        try:
            policy = orjson.loads(policy)
        except orjson.JSONDecodeError:
            policy = None
        if not isinstance(policy, dict):
            raise refused(said, "RedrivePolicy", "RedrivePolicy is an object, not a text")
        return policy
    return inner(said, "RedrivePolicy")


def _topic(draft: Draft, name: str, said: Marked) -> None:
    if flag(said, "FifoTopic"):
        raise InvalidDeclaration("FIFO topics are not supported")
    demand_known(said, _TOPIC, (*_TOPIC_IGNORED, "FifoTopic"))
    named = draft.name(name, "AWS::SNS::Topic", said)
    if named in draft.topics:
        raise refused(said, "TopicName", f"there is another topic {named}")
    draft.topics.append(named)
    for each in objects(said, "Subscription"):
        demand_known(each, ("Protocol", "Endpoint"), ())
        _subscribe(draft, name, named, each)


def _subscription(draft: Draft, name: str, said: Marked) -> None:
    demand_known(said, _SUBSCRIPTION, ("Region",))
    _subscribe(draft, name, topic_name(text(said, "TopicArn")), said)


def _subscribe(draft: Draft, resource: str, topic: str, said: Mapping[str, Any]) -> None:
    kind, endpoint = text(said, "Protocol"), text(said, "Endpoint")
    try:
        protocol = Protocol(kind)
    except ValueError:
        known = ", ".join(Protocol)
        complaint = f"a subscriber by {kind} is not supported; there are {known}"
        raise refused(said, "Protocol", complaint) from None
    if protocol in (Protocol.HTTP, Protocol.HTTPS):
        try:
            check_loopback(endpoint)
        except InvalidDeclaration as error:
            raise refused(said, "Endpoint", str(error)) from None
    else:
        endpoint = queue_name(endpoint)  # the last part of either ARN
    subscriber = Subscriber(topic, protocol, endpoint, flag(said, "RawMessageDelivery"))
    if subscriber.is_raw and protocol is Protocol.LAMBDA:
        complaint = "RawMessageDelivery is for queues and HTTP, not for functions"
        raise refused(said, "RawMessageDelivery", complaint)
    draft.subscribers.append(subscriber)
    draft.checks.append((resource, lambda: _check_subscriber(draft, subscriber, said)))


def _check_subscriber(draft: Draft, subscriber: Subscriber, said: Mapping[str, Any]) -> None:
    if subscriber.topic not in draft.topics:
        known = ", ".join(draft.topics) or "none"
        place = place_of(said, "TopicArn" if "TopicArn" in said else "Topic")
        raise Refusal(f"there is no topic {subscriber.topic}; there are {known}", place)
    if subscriber.protocol is Protocol.SQS:
        _demand_queue(draft, subscriber.endpoint, place_of(said, "Endpoint"))
    if subscriber.protocol is Protocol.LAMBDA and subscriber.endpoint not in draft.functions:
        known = ", ".join(draft.functions) or "none"
        complaint = f"there is no function {subscriber.endpoint}; there are {known}"
        raise refused(said, "Endpoint", complaint)


def _demand_queue(draft: Draft, name: str, place: Place | None) -> QueueSpec:
    queue = draft.queues.get(name)
    if queue is None:
        known = ", ".join(draft.queues) or "none"
        raise Refusal(f"there is no queue {name}; there are {known}", place)
    return queue


def read_queue_event(draft: Draft, function: str, _name: str, said: Marked) -> None:
    """SAM's event `SQS`: a queue that feeds the function."""
    known = ("Queue", "BatchSize", "MaximumBatchingWindowInSeconds", "FunctionResponseTypes")
    demand_known(said, (*known, "ScalingConfig", "Enabled"), ())
    if not flag(said, "Enabled", default=True):
        return
    window_s = number(said, "MaximumBatchingWindowInSeconds", 0, 0, _MAX_WINDOW_S)
    batch_size = number(said, "BatchSize", 10, 1, _MAX_BATCH)
    if batch_size > _MAX_BATCH_AT_ONCE and window_s < 1:
        raise refused(
            said,
            "BatchSize",
            f"BatchSize over {_MAX_BATCH_AT_ONCE} needs MaximumBatchingWindowInSeconds of 1 at"
            " least",
        )
    scaling = inner(said, "ScalingConfig")
    demand_known(scaling, ("MaximumConcurrency",), ())
    source = QueueSource(
        function,
        queue_name(text(said, "Queue")),
        batch_size,
        window_s,
        _reports_failures(said),
        number(scaling, "MaximumConcurrency", 2, 2, 1000) if scaling else None,
    )
    draft.queue_sources.append(source)
    resource, place = draft.logical_ids[function], place_of(said, "Queue")
    draft.checks.append((resource, lambda: _check_source(draft, source, place)))


def _reports_failures(said: Marked) -> bool:
    given = said.get("FunctionResponseTypes")
    if not given:
        return False
    if given != ["ReportBatchItemFailures"]:
        complaint = f"FunctionResponseTypes is [ReportBatchItemFailures], not {shown(given)}"
        raise refused(said, "FunctionResponseTypes", complaint)
    return True


def _check_source(draft: Draft, source: QueueSource, place: Place | None) -> None:
    queue = _demand_queue(draft, source.queue, place)
    timeout_s = draft.functions[source.function].timeout_s
    if queue.visibility_s < timeout_s:  # AWS refuses it too: a batch would come again too soon
        raise Refusal(
            f"the queue {queue.name} has VisibilityTimeout {queue.visibility_s}, less than the"
            f" function's Timeout of {timeout_s:g}",
            place,
        )


def read_topic_event(draft: Draft, function: str, _name: str, said: Marked) -> None:
    """SAM's event `SNS`: the function is a subscriber."""
    demand_known(said, ("Topic",), ("Region",))
    topic = topic_name(text(said, "Topic"))
    subscriber = Subscriber(topic, Protocol.LAMBDA, function)
    draft.subscribers.append(subscriber)
    resource = draft.logical_ids[function]
    draft.checks.append((resource, lambda: _check_subscriber(draft, subscriber, said)))


READERS: Final[Mapping[str, ResourceReader]] = {
    "AWS::SQS::Queue": _queue,
    "AWS::SNS::Topic": _topic,
    "AWS::SNS::Subscription": _subscription,
}
