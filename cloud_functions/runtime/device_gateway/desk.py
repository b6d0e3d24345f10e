"""What the connection API asks of the gateway (AWS reference, section 3.7)."""

import asyncio
from enum import Enum, auto

from cloud_functions.contract.mqtt.packets import Subscription
from cloud_functions.contract.mqtt.reasons import Reason
from cloud_functions.ports import Message
from cloud_functions.runtime.device_gateway.clients import Clients, Seen, absent, profile
from cloud_functions.runtime.device_gateway.connection import Connection
from cloud_functions.runtime.device_gateway.presence import DisconnectReason
from cloud_functions.runtime.device_gateway.router import Router
from cloud_functions.runtime.device_gateway.session_book import SessionBook
from cloud_functions.runtime.device_gateway.wills import Wills


class Sent(Enum):
    """What became of a message to one client."""

    DELIVERED = auto()
    ABSENT = auto()
    FORBIDDEN = auto()
    UNCONFIRMED = auto()


class Desk:
    """Looks clients up, hangs up on them, hands them messages."""

    def __init__(
        self, *, clients: Clients, book: SessionBook, router: Router, wills: Wills
    ) -> None:
        self._clients = clients
        self._book = book
        self._router = router
        self._wills = wills
        self._confirming: dict[tuple[Connection, int], asyncio.Future[bool]] = {}

    def find(self, client_id: str) -> Seen | None:
        """A client that is connected, went within half an hour, or left a session; else None."""
        if (connection := self._clients.by_id.get(client_id)) is not None:
            return profile(connection)
        if (departure := self._clients.departure(client_id)) is not None:
            return departure
        session = self._book.find(client_id)
        return None if session is None else absent(client_id, session.expiry_s)

    def subscriptions(self, client_id: str) -> list[Subscription] | None:
        """What a client with a session subscribed to, by filter; None without a session."""
        session = self._book.find(client_id)
        if session is None:
            return None
        return sorted(session.subscriptions.values(), key=lambda each: each.topic_filter)

    def disconnect(self, client_id: str, *, clean_session: bool, prevent_will: bool) -> bool:
        """End a client's connection, its session too if asked; False if there is neither."""
        connection = self._clients.by_id.get(client_id)
        has_session = self._book.find(client_id) is not None
        if connection is not None:
            if prevent_will:
                connection.will = None
            why = DisconnectReason.API_INITIATED
            self._clients.end(connection, why, Reason.ADMINISTRATIVE_ACTION)
        if clean_session:
            self._book.forget(client_id)
            if prevent_will:
                self._wills.withdraw(client_id)
            self._wills.release(client_id)
        return connection is not None or (has_session and clean_session)

    async def send(self, client_id: str, message: Message, timeout_s: float | None) -> "Sent":
        """Hand a message to one client, whether it subscribed or not.

        With a time-out, at QoS 1, this waits for the client's acknowledgement.
        """
        connection = self._clients.by_id.get(client_id)
        if connection is None:
            return Sent.ABSENT
        if not self._router.may_receive(connection, message.topic):
            return Sent.FORBIDDEN
        packet = self._router.direct(connection, message)
        if timeout_s is None:
            return Sent.DELIVERED
        if packet is None:
            return Sent.UNCONFIRMED
        confirmed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        key = (connection, packet.packet_id)
        self._confirming[key] = confirmed
        try:
            is_confirmed = await asyncio.wait_for(confirmed, timeout_s)
        except TimeoutError:
            is_confirmed = False
        finally:
            self._confirming.pop(key, None)
        return Sent.DELIVERED if is_confirmed else Sent.UNCONFIRMED

    def acknowledged(self, connection: Connection, packet_id: int) -> None:
        """A client sent PUBACK."""
        self._settle((connection, packet_id), is_confirmed=True)

    def gone(self, connection: Connection) -> None:
        """A connection is over: nobody there confirms any more."""
        for key in [each for each in self._confirming if each[0] is connection]:
            self._settle(key, is_confirmed=False)

    def _settle(self, key: tuple[Connection, int], *, is_confirmed: bool) -> None:
        waiting = self._confirming.get(key) if self._confirming else None
        if waiting is not None and not waiting.done():
            waiting.set_result(is_confirmed)
