"""The last message of each topic that a client asked to keep (AWS reference, section 3.5)."""

from cloud_functions.cells import CellStore, Space
from cloud_functions.contract.mqtt.packets import Publish
from cloud_functions.ports import Message
from cloud_functions.runtime.device_gateway.diary import Diary
from cloud_functions.runtime.device_gateway.stored_message import read_message, write_message


class RetainedMessages:
    """Retained messages by topic, durable."""

    def __init__(self, limit: int, diary: Diary) -> None:
        self._limit = limit
        self._diary = diary
        self._messages: dict[str, Publish] = {}

    def restore(self, store: CellStore) -> None:
        """Go on with those of an earlier run."""
        for key, raw in store.scan(Space.RETAINED):
            self._messages[key.decode()] = read_message(raw)

    def keep(self, message: Message) -> None:
        """Keep it in the place of an older one; an empty payload forgets."""
        topic = message.topic
        if not message.payload:
            if self._messages.pop(topic, None) is not None:
                self._diary.write(Space.RETAINED, topic.encode(), None)
        elif topic in self._messages or len(self._messages) < self._limit:
            kept = Publish(topic, message.payload, message.qos, properties=travelling(message))
            self._messages[topic] = kept
            self._diary.write(Space.RETAINED, topic.encode(), write_message(kept))

    def find(self, topic: str) -> Publish | None:
        """The message of exactly this topic, or None."""
        return self._messages.get(topic)


def travelling(message: Message) -> dict[str, object] | None:
    """The properties that travel on to subscribers: all but the publisher's alias."""
    if message.properties is None:
        return None
    return {name: value for name, value in message.properties.items() if name != "topic_alias"}
