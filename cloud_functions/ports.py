"""What the rooms of the cloud ask of the world, as small as their callers need."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias


class Message(NamedTuple):
    """One MQTT message inside the cloud, whatever broker it came from.

    `client_id` is "n/a" and `principal` empty for what the cloud itself says.  `properties` are
    the MQTT 5 properties by their names in `contract.mqtt`, None when there are none.  `receiver`
    is the client an answer is for; empty, it is for all who subscribed.  `source_ip` is where the
    publisher is connected from, empty where nobody knows.  A will (`is_will`) reaches rules and
    subscribers, and no service that answers devices (AWS reference, section 1.10).  `republished`
    grows with each time that rules republished what the message comes of; nobody outside sees it.
    """

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    client_id: str = "n/a"
    principal: str = ""
    properties: Mapping[str, Any] | None = None
    receiver: str = ""
    source_ip: str = ""
    is_will: bool = False
    republished: float = 0.0


Deliver: TypeAlias = Callable[[Sequence[Message]], Awaitable[None]]
"""Takes a batch a broker has received; returns once all of it is durable (decision 8)."""


class Broker(Protocol):
    """A broker of any of the four kinds, as the cloud sees it."""

    async def start(self, deliver: Deliver, filters: Sequence[str]) -> None:
        """Serve; hand every message that matches one of the topic filters to `deliver`.

        Basic Ingest topics and shadow requests are among the filters.  A QoS 1 message is
        acknowledged to its publisher (or to the broker it came from) when `deliver` returned.
        """

    def listen(self, filters: Sequence[str]) -> None:
        """From now on hand over what matches these topic filters and nothing else.

        A broker elsewhere hears of it in the next moments; no message of a filter that stays is
        missed or delivered twice.
        """

    def publish(self, messages: Sequence[Message]) -> None:
        """Send to all who subscribed, in order; never to `deliver` again."""

    async def stop(self) -> None:
        """Stop serving; what was acknowledged is durable."""


Key: TypeAlias = tuple[str, str]
"""Partition and sort key of an item."""

Item: TypeAlias = dict[str, Any]
"""JSON values only; numbers are int, of any size, or float."""


class Stored(NamedTuple):
    """An item with its key and its version, which starts at 1 and grows by 1 with each write."""

    key: Key
    item: Item
    version: int


@dataclass(frozen=True, slots=True)
class Put:
    """Write an item whole.

    `expected_version` 0 demands that no item exists, None demands nothing.
    """

    key: Key
    item: Item
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove an item; with `expected_version`, only that version of it."""

    key: Key
    expected_version: int | None = None


class Table(Protocol):
    """Items by partition and sort key.  Everything is durable when a method returns."""

    def get(self, key: Key) -> Stored | None:
        """The item, or None."""

    def put(self, key: Key, item: Item, *, expected_version: int | None = None) -> int:
        """Write it whole; the new version.  Raises VersionConflict."""

    def delete(self, key: Key) -> bool:
        """Remove it; whether it was there."""

    def query(
        self,
        partition: str,
        *,
        prefix: str = "",
        after: str | None = None,
        newest_first: bool = False,
        limit: int = 100,
    ) -> Sequence[Stored]:
        """Items of a partition in the order of their sort keys, from just beyond `after`."""

    def write(self, changes: Sequence[Put | Delete]) -> None:
        """All of the changes or none.  Raises VersionConflict."""


class BlobStore(Protocol):
    """Bytes by name."""

    def put(self, name: str, data: bytes, content_type: str = "application/json") -> None:
        """Store under the name, replacing what was there; durable on return."""

    def get(self, name: str) -> bytes | None:
        """The bytes, or None."""

    def delete(self, name: str) -> bool:
        """Remove it; whether it was there."""


class QueueMessage(NamedTuple):
    """A message as it was received; `receipt` is of this receiving, to delete or postpone it."""

    message_id: str
    receipt: str
    body: str
    sent_ms: int
    receives: int
    first_received_ms: int


class Queue(Protocol):
    """Texts that wait to be received, at least once, in no promised order.

    Everything is durable when a method returns.  What is received is invisible to others for the
    queue's visibility time-out, and comes again unless it is deleted before.  What was received
    as often as the queue allows goes to its dead-letter queue instead; what is older than the
    queue's retention is gone.
    """

    def send(self, bodies: Sequence[str]) -> Sequence[str]:
        """Add messages; their ids.  Raises InvalidRequest, Unavailable."""

    def receive(self, most: int, *, visibility_s: int | None = None) -> Sequence[QueueMessage]:
        """At most so many (1 to 10) that are visible now; returns at once when none are."""

    def delete(self, receipts: Sequence[str]) -> None:
        """Remove what was received; nothing happens for what is gone."""

    def change_visibility(self, receipt: str, visibility_s: int) -> None:
        """Let it come again so many seconds from now.  Raises NotFound if it is not received."""


class Shadows(Protocol):
    """Shadows as handlers reach them: over the data plane, never in the same process."""

    def get(self, thing: str) -> Mapping[str, Any]:
        """The whole document.  Raises NotFound."""

    def desire(self, thing: str, desired: Mapping[str, Any], client_token: str) -> int:
        """Merge into `desired`; the new version.  Raises InvalidRequest, TooLarge."""


class Things(Protocol):
    """The registry as handlers reach it."""

    def attributes(self, thing: str) -> Mapping[str, str]:
        """The attributes of a registered thing.  Raises NotFound."""


class RobotQuery(Protocol):
    """What an owner looks for among the robots, in the query language of fleet indexing."""

    def matches(self, thing: str, document: Mapping[str, Any], *, connected: bool) -> bool:
        """Whether the robot with this shadow is among those asked for."""


ReadQuery: TypeAlias = Callable[[str], RobotQuery]
"""Reads a query.  Raises InvalidRequest with the column of the mistake."""


class Phones(Protocol):
    """Open WebSocket connections of phones."""

    def post(self, connection_id: str, data: bytes) -> bool:
        """Send to one connection; False when it has gone."""


Clock: TypeAlias = Callable[[], float]
"""Epoch seconds."""
