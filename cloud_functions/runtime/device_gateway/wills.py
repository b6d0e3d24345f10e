"""Last wills: published when a client is lost, at once or after their delay."""

from typing import Final

from cloud_functions.contract.mqtt.packets import Will
from cloud_functions.ports import Message
from cloud_functions.runtime.device_gateway.connection import Connection
from cloud_functions.runtime.device_gateway.inbox import Inbox
from cloud_functions.runtime.device_gateway.router import Router

_DELAY: Final = "will_delay_interval"


class Wills:
    """The wills of clients that went and may still come back."""

    def __init__(self, router: Router, inbox: Inbox) -> None:
        self._router = router
        self._inbox = inbox
        self._waiting: dict[str, tuple[float, Message]] = {}

    def lost(self, connection: Connection, now_s: float) -> None:
        """A client is lost: its will is due now, or with a session that lasts, after its delay."""
        will, session = connection.will, connection.session
        if will is None or session is None:
            return
        message = _message(will, connection)
        delay_s = min((will.properties or {}).get(_DELAY, 0), session.expiry_s)
        if delay_s > 0:
            self._waiting[connection.client_id] = (now_s + delay_s, message)
        else:
            self._publish(message)

    def withdraw(self, client_id: str) -> None:
        """The client is back in time."""
        self._waiting.pop(client_id, None)

    def expire(self, now_s: float) -> None:
        """Publish what is due."""
        due = [each for each, (due_s, _) in self._waiting.items() if due_s <= now_s]
        for client_id in due:
            self._publish(self._waiting.pop(client_id)[1])

    def _publish(self, message: Message) -> None:
        """To subscribers and rules; the shadow service ignores wills (AWS reference, 1.10)."""
        self._router.route(message)
        if not message.topic.startswith("$aws/"):
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
    )
