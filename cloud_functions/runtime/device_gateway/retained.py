"""The last message of each topic that a client asked to keep (AWS reference, section 3.5)."""

import heapq
import math
from collections.abc import Callable, Sequence

from cloud_functions.cells import CellStore, Space
from cloud_functions.contract.mqtt.expiry import aged, expires_s
from cloud_functions.contract.mqtt.packets import Publish
from cloud_functions.ports import Message
from cloud_functions.runtime.device_gateway.bucket import bucket
from cloud_functions.runtime.device_gateway.diary import Diary
from cloud_functions.runtime.device_gateway.limits import GatewayLimits
from cloud_functions.runtime.device_gateway.stored_message import (
    Stored,
    read_message,
    write_message,
)


class RetainedMessages:
    """Retained messages by topic, durable."""

    def __init__(self, limits: GatewayLimits, diary: Diary, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._diary = diary
        self._clock = clock
        self._messages: dict[str, Stored] = {}
        self._expiring: list[tuple[float, str]] = []
        self._rate = bucket(limits.retained_publishes_per_second, clock())
        often = limits.retained_publishes_per_topic_per_second
        self._pause_s = 1 / often if often else 0.0
        self._last_s: dict[str, float] = {}

    def restore(self, store: CellStore) -> None:
        """Go on with those of an earlier run."""
        for key, raw in store.scan(Space.RETAINED):
            self._put(key.decode(), read_message(raw))

    def has_room(self, topic: str) -> bool:
        """Whether the limits let one more be kept now."""
        now_s = self._clock()
        if topic not in self._messages and len(self._messages) >= self._limits.retained_messages:
            return False
        if self._pause_s:
            if now_s - self._last_s.get(topic, -math.inf) < self._pause_s:
                return False
            self._last_s[topic] = now_s
        return self._rate is None or self._rate.take(now_s)

    def keep(self, message: Message) -> None:
        """Keep it in the place of an older one; an empty payload forgets."""
        topic = message.topic
        if not message.payload:
            self._forget(topic)
        elif topic in self._messages or len(self._messages) < self._limits.retained_messages:
            now_s = self._clock()
            kept = Publish(topic, message.payload, message.qos, properties=travelling(message))
            stored = Stored(kept, now_s, expires_s(message.properties, now_s))
            self._put(topic, stored)
            self._diary.write(Space.RETAINED, topic.encode(), write_message(stored))

    def find(self, topic: str) -> Stored | None:
        """The message of exactly this topic, with the interval that remains of it, or None."""
        stored, now_s = self._messages.get(topic), self._clock()
        if stored is None or stored.expires_s <= now_s:
            return None
        return stored._replace(message=aged(stored.message, stored.expires_s, now_s))

    def page(self, after: str, size: int) -> Sequence[Stored]:
        """Those of the next topics beyond `after`, by topic."""
        now_s = self._clock()
        topics = (
            topic
            for topic, stored in self._messages.items()
            if topic > after and stored.expires_s > now_s
        )
        return [self._messages[topic] for topic in heapq.nsmallest(size, topics)]

    def expire(self, now_s: float) -> None:
        """Forget those whose time is over."""
        for topic in [t for t, last_s in self._last_s.items() if now_s - last_s >= self._pause_s]:
            del self._last_s[topic]
        while self._expiring and self._expiring[0][0] <= now_s:
            due_s, topic = heapq.heappop(self._expiring)
            stored = self._messages.get(topic)
            if stored is not None and stored.expires_s == due_s:
                self._forget(topic)

    def _put(self, topic: str, stored: Stored) -> None:
        self._messages[topic] = stored
        if stored.expires_s < math.inf:
            heapq.heappush(self._expiring, (stored.expires_s, topic))
            if len(self._expiring) > 2 * len(self._messages) + 64:
                self._tidy()

    def _tidy(self) -> None:
        """Drop what was replaced meanwhile, so that the heap does not outgrow what is kept."""
        self._expiring = [
            (stored.expires_s, topic)
            for topic, stored in self._messages.items()
            if stored.expires_s < math.inf
        ]
        heapq.heapify(self._expiring)

    def _forget(self, topic: str) -> None:
        if self._messages.pop(topic, None) is not None:
            self._diary.write(Space.RETAINED, topic.encode(), None)


def travelling(message: Message) -> dict[str, object] | None:
    """The properties that travel on to subscribers: all but the publisher's alias."""
    if message.properties is None:
        return None
    return {name: value for name, value in message.properties.items() if name != "topic_alias"}
