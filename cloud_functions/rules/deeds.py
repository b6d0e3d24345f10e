"""What actions want done, as values with a stable JSON form.

The form is what the outbox keeps, so it outlives the program that wrote it: a member may be added
with a default, none may be renamed or change its meaning, and unknown ones are passed over.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

import msgspec


def _tag(name: str) -> str:
    return name[:1].lower() + name[1:]


class _Deed(msgspec.Struct, frozen=True, tag=_tag, tag_field="do", omit_defaults=True):
    """`action` is AWS's name for what failed, `resource` what it failed on (section 2.9)."""

    action: ClassVar[str]

    @property
    def resource(self) -> str:
        """What the deed is done to, as the error action names it."""
        raise NotImplementedError

    @property
    def may_be_lost(self) -> bool:
        """Whether it is done at most once, whatever the message was."""
        return False


class InvokeFunction(_Deed, frozen=True):
    """Hand the event to a function, asynchronously."""

    action: ClassVar[str] = "LambdaAction"
    function: str
    event: bytes

    @property
    def resource(self) -> str:
        """The function's name."""
        return self.function


class Republish(_Deed, frozen=True):
    """Publish as a new message, which may concern other rules; properties are MQTT 5's."""

    action: ClassVar[str] = "RepublishAction"
    topic: str
    payload: bytes
    qos: int = 0
    payload_format: int | None = None
    content_type: str | None = None
    response_topic: str | None = None
    correlation_data: bytes | None = None
    expiry_s: int | None = None
    user_properties: Sequence[tuple[str, str]] = ()

    @property
    def resource(self) -> str:
        """The topic."""
        return self.topic

    @property
    def may_be_lost(self) -> bool:
        """A QoS 0 message is worth no disk."""
        return self.qos == 0

    @property
    def properties(self) -> Mapping[str, Any] | None:
        """The MQTT 5 properties by their names in `contract.mqtt`, None when there are none."""
        said = {
            "payload_format_indicator": self.payload_format,
            "content_type": self.content_type,
            "response_topic": self.response_topic,
            "correlation_data": self.correlation_data,
            "message_expiry_interval": self.expiry_s,
            "user_property": [tuple(pair) for pair in self.user_properties] or None,
        }
        return {name: value for name, value in said.items() if value is not None} or None


class PutItem(_Deed, frozen=True):
    """Write an item whole, in the place of one with the same key."""

    action: ClassVar[str] = "DynamoDBv2Action"
    table: str
    item: dict[str, Any]

    @property
    def resource(self) -> str:
        """The table."""
        return self.table


class ChangeItem(_Deed, frozen=True):
    """Insert, update or delete the item with this key; `field` and `value` are its payload."""

    action: ClassVar[str] = "DynamoDBAction"
    table: str
    operation: str
    key: dict[str, Any]
    field: str
    value: Any

    @property
    def resource(self) -> str:
        """The table."""
        return self.table


class PutObject(_Deed, frozen=True):
    """Store bytes under a key of a bucket."""

    action: ClassVar[str] = "S3Action"
    bucket: str
    key: str
    data: bytes
    content_type: str = "application/octet-stream"

    @property
    def resource(self) -> str:
        """The bucket."""
        return self.bucket


class SendMessage(_Deed, frozen=True):
    """Send a text to a queue."""

    action: ClassVar[str] = "SqsAction"
    queue_url: str
    body: str

    @property
    def resource(self) -> str:
        """The queue's URL."""
        return self.queue_url


class PublishToTopic(_Deed, frozen=True):
    """Tell a topic's subscribers; `by_protocol` says it to some of them in words of their own."""

    action: ClassVar[str] = "SnsAction"
    topic_arn: str
    message: str
    by_protocol: dict[str, str] = {}

    @property
    def resource(self) -> str:
        """The topic's ARN."""
        return self.topic_arn


class Batching(msgspec.Struct, frozen=True):
    """How long and how large a batch of requests may grow (AWS reference, section 2.11)."""

    open_ms: int = 20
    messages: int = 10
    size_bytes: int = 5120
    across_topics: bool = False


class PostHttp(_Deed, frozen=True):
    """POST to an address below a confirmed destination.

    `batch` None sends at once; else requests of one rule to one address go together, those of
    different `topic`s only where the batching says so.
    """

    action: ClassVar[str] = "HttpAction"
    url: str
    body: bytes
    headers: Sequence[tuple[str, str]] = ()
    content_type: str = "application/json"
    batch: Batching | None = None
    topic: str = ""

    @property
    def resource(self) -> str:
        """The address."""
        return self.url


class PutMetric(_Deed, frozen=True):
    """Count a value; `at_ms` is when it was measured."""

    action: ClassVar[str] = "CloudwatchMetricAction"
    namespace: str
    name: str
    value: float
    unit: str
    at_ms: int

    @property
    def resource(self) -> str:
        """The metric's name."""
        return self.name

    @property
    def may_be_lost(self) -> bool:
        """Metrics live in memory here."""
        return True


class PutLog(_Deed, frozen=True):
    """Append lines to a log group, each with its time in milliseconds."""

    action: ClassVar[str] = "CloudwatchLogsAction"
    group: str
    lines: Sequence[tuple[int, str]]

    @property
    def resource(self) -> str:
        """The log group."""
        return self.group


Deed: TypeAlias = (
    InvokeFunction
    | Republish
    | PutItem
    | ChangeItem
    | PutObject
    | SendMessage
    | PublishToTopic
    | PostHttp
    | PutMetric
    | PutLog
)


class Failed(msgspec.Struct, frozen=True):
    """An action that failed, in AWS's words for the error action and the log."""

    action: str
    resource: str
    reason: str


def failed(deed: Deed, reason: str) -> Failed:
    """The failure of this deed."""
    return Failed(deed.action, deed.resource, reason)
