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
from cloud_functions.runtime.template.known import name_of
from cloud_functions.runtime.template.values import demand_known, flag, number, text

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


def _queue(draft: Draft, name: str, said: dict[str, Any]) -> None:
    demand_known(said, _QUEUE, _QUEUE_IGNORED)
    named = name_of(name, "AWS::SQS::Queue", said)
    if named.endswith(".fifo"):
        raise InvalidDeclaration("FIFO queues are not supported")
    redrive = _redrive(said.get("RedrivePolicy"))
    draft.queues[named] = QueueSpec(
        named,
        visibility_s=int(number(said, "VisibilityTimeout", 30, 0, 43_200)),
        retention_s=int(number(said, "MessageRetentionPeriod", 345_600, 60, 1_209_600)),
        delay_s=int(number(said, "DelaySeconds", 0, 0, 900)),
        dead_letters=queue_name(text(redrive, "deadLetterTargetArn")) if redrive else None,
        max_receives=int(number(redrive, "maxReceiveCount", 10, 1, 1000)) if redrive else 0,
    )

    def check() -> None:
        dead_letters = draft.queues[named].dead_letters
        if dead_letters is not None:
            _demand_queue(draft, dead_letters)

    draft.checks.append((name, check))


def _redrive(said: Any) -> Mapping[str, Any]:
    """The policy, given as an object or as its JSON text."""
    if isinstance(said, str):
        try:
            said = orjson.loads(said)
        except orjson.JSONDecodeError:
            raise InvalidDeclaration("RedrivePolicy is an object, not a text") from None
    if said is not None and not isinstance(said, dict):
        raise InvalidDeclaration("RedrivePolicy is an object")
    return said or {}


def _topic(draft: Draft, name: str, said: dict[str, Any]) -> None:
    if flag(said, "FifoTopic"):
        raise InvalidDeclaration("FIFO topics are not supported")
    demand_known(said, _TOPIC, (*_TOPIC_IGNORED, "FifoTopic"))
    named = name_of(name, "AWS::SNS::Topic", said)
    draft.topics.append(named)
    for each in said.get("Subscription") or ():
        demand_known(each, ("Protocol", "Endpoint"), ())
        _subscribe(draft, name, named, each)


def _subscription(draft: Draft, name: str, said: dict[str, Any]) -> None:
    demand_known(said, _SUBSCRIPTION, ("Region",))
    _subscribe(draft, name, topic_name(text(said, "TopicArn")), said)


def _subscribe(draft: Draft, resource: str, topic: str, said: Mapping[str, Any]) -> None:
    kind, endpoint = text(said, "Protocol"), text(said, "Endpoint")
    try:
        protocol = Protocol(kind)
    except ValueError:
        known = ", ".join(Protocol)
        raise InvalidDeclaration(
            f"a subscriber by {kind} is not supported; there are {known}"
        ) from None
    if protocol in (Protocol.HTTP, Protocol.HTTPS):
        check_loopback(endpoint)
    else:
        endpoint = queue_name(endpoint)  # the last part of either ARN
    subscriber = Subscriber(topic, protocol, endpoint, flag(said, "RawMessageDelivery"))
    if subscriber.is_raw and protocol is Protocol.LAMBDA:
        raise InvalidDeclaration("RawMessageDelivery is for queues and HTTP, not for functions")
    draft.subscribers.append(subscriber)
    draft.checks.append((resource, lambda: _check_subscriber(draft, subscriber)))


def _check_subscriber(draft: Draft, subscriber: Subscriber) -> None:
    if subscriber.topic not in draft.topics:
        known = ", ".join(draft.topics) or "none"
        raise InvalidDeclaration(f"there is no topic {subscriber.topic}; there are {known}")
    if subscriber.protocol is Protocol.SQS:
        _demand_queue(draft, subscriber.endpoint)
    if subscriber.protocol is Protocol.LAMBDA and subscriber.endpoint not in draft.functions:
        known = ", ".join(draft.functions) or "none"
        raise InvalidDeclaration(f"there is no function {subscriber.endpoint}; there are {known}")


def _demand_queue(draft: Draft, name: str) -> QueueSpec:
    queue = draft.queues.get(name)
    if queue is None:
        known = ", ".join(draft.queues) or "none"
        raise InvalidDeclaration(f"there is no queue {name}; there are {known}")
    return queue


def read_queue_event(draft: Draft, function: str, _name: str, said: dict[str, Any]) -> None:
    """SAM's event `SQS`: a queue that feeds the function."""
    known = ("Queue", "BatchSize", "MaximumBatchingWindowInSeconds", "FunctionResponseTypes")
    demand_known(said, (*known, "ScalingConfig", "Enabled"), ())
    if said.get("Enabled", True) is False:
        return
    window_s = int(number(said, "MaximumBatchingWindowInSeconds", 0, 0, _MAX_WINDOW_S))
    batch_size = int(number(said, "BatchSize", 10, 1, _MAX_BATCH))
    if batch_size > _MAX_BATCH_AT_ONCE and window_s < 1:
        raise InvalidDeclaration(
            f"BatchSize over {_MAX_BATCH_AT_ONCE} needs MaximumBatchingWindowInSeconds of 1 at"
            " least"
        )
    source = QueueSource(
        function,
        queue_name(text(said, "Queue")),
        batch_size,
        window_s,
        _reports_failures(said.get("FunctionResponseTypes")),
        (said.get("ScalingConfig") or {}).get("MaximumConcurrency"),
    )
    draft.queue_sources.append(source)
    draft.checks.append((function, lambda: _check_source(draft, source)))


def _reports_failures(said: Any) -> bool:
    if not said:
        return False
    if said != ["ReportBatchItemFailures"]:
        raise InvalidDeclaration(
            f"FunctionResponseTypes is [ReportBatchItemFailures], not {said!r}"
        )
    return True


def _check_source(draft: Draft, source: QueueSource) -> None:
    queue = _demand_queue(draft, source.queue)
    timeout_s = draft.functions[source.function].timeout_s
    if queue.visibility_s < timeout_s:  # AWS refuses it too: a batch would come again too soon
        raise InvalidDeclaration(
            f"the queue {queue.name} has VisibilityTimeout {queue.visibility_s}, less than the"
            f" function's Timeout of {timeout_s:g}"
        )


def read_topic_event(draft: Draft, function: str, _name: str, said: dict[str, Any]) -> None:
    """SAM's event `SNS`: the function is a subscriber."""
    demand_known(said, ("Topic",), ("Region",))
    topic = topic_name(text(said, "Topic"))
    _subscribe(draft, function, topic, {"Protocol": "lambda", "Endpoint": function})


READERS: Final[Mapping[str, ResourceReader]] = {
    "AWS::SQS::Queue": _queue,
    "AWS::SNS::Topic": _topic,
    "AWS::SNS::Subscription": _subscription,
}
