"""Last wills: published when a client is lost, at once or after their delay (MQTT 5, 3.1.3.2).

A will that waits is durable: after a crash it is published when its time comes.  It goes out
early when its session ends, and not at all when the client comes back to its session in time.
"""

import struct
from typing import Final

from cloud_functions.cells import CellStore, Space
from cloud_functions.contract.mqtt.packets import Publish, Will
from cloud_functions.ports import Message
from cloud_functions.runtime.device_gateway.connection import Connection
from cloud_functions.runtime.device_gateway.diary import Diary
from cloud_functions.runtime.device_gateway.inbox import Inbox
from cloud_functions.runtime.device_gateway.router import Router
from cloud_functions.runtime.device_gateway.stored_message import (
    Stored,
    read_message,
    write_message,
)

_DELAY: Final = "will_delay_interval"
_HEAD: Final = struct.Struct("!dB")
_RETAIN: Final = 1


class Wills:
    """The wills of clients that went and may still come back."""

    def __init__(self, router: Router, inbox: Inbox, diary: Diary) -> None:
        self._router = router
        self._inbox = inbox
        self._diary = diary
        self._waiting: dict[str, tuple[float, Message]] = {}

    def restore(self, store: CellStore) -> None:
        """Go on waiting with those of an earlier run."""
        for key, raw in store.scan(Space.WILLS):
            client_id, _, principal = key.decode().partition("\0")
            due_s, flags = _HEAD.unpack(raw[: _HEAD.size])
            kept = read_message(raw[_HEAD.size :]).message
            message = Message(
                kept.topic,
                kept.payload,
                kept.qos,
                bool(flags & _RETAIN),
                client_id,
                principal,
                kept.properties,
                is_will=True,
            )
            self._waiting[client_id] = (due_s, message)

    def lost(self, connection: Connection, now_s: float) -> None:
        """A client is lost: its will is due now, or with a session that lasts, after its delay."""
        will, session = connection.will, connection.session
        if will is None or session is None:
            return
        message = _message(will, connection)
        delay_s = min((will.properties or {}).get(_DELAY, 0), session.expiry_s)
        if delay_s > 0:
            self._waiting[connection.client_id] = (now_s + delay_s, message)
            self._write(message, now_s + delay_s)
        else:
            self._publish(message)

    def withdraw(self, client_id: str) -> None:
        """The client is back in its session in time."""
        if (waiting := self._waiting.pop(client_id, None)) is not None:
            self._write(waiting[1], None)

    def release(self, client_id: str) -> None:
        """The client's session is over: a will that waits goes out now."""
        if (waiting := self._waiting.pop(client_id, None)) is not None:
            self._write(waiting[1], None)
            self._publish(waiting[1])

    def expire(self, now_s: float) -> None:
        """Publish what is due."""
        for client_id in [each for each, (due_s, _) in self._waiting.items() if due_s <= now_s]:
            self.release(client_id)

    def _write(self, message: Message, due_s: float | None) -> None:
        key = f"{message.client_id}\0{message.principal}".encode()
        if due_s is None:
            self._diary.write(Space.WILLS, key, None)
            return
        kept = Publish(message.topic, message.payload, message.qos, properties=message.properties)
        flags = _RETAIN if message.retain else 0
        self._diary.write(Space.WILLS, key, _HEAD.pack(due_s, flags) + write_message(Stored(kept)))

    def _publish(self, message: Message) -> None:
        """To subscribers and rules; the shadow service passes it over (AWS reference, 1.10)."""
        self._router.route(message)
        self._inbox.hand_over([message])


def _message(will: Will, connection: Connection) -> Message:
    properties = {name: value for name, value in (will.properties or {}).items() if name != _DELAY}
    return Message(
        will.topic,
        will.payload,
        will.qos,
        will.retain,
        connection.client_id,
        connection.principal,
        properties or None,
        source_ip=connection.peer[0],
        is_will=True,
    )
