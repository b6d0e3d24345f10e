"""The cloud as a client of a broker: Mosquitto, or any other by URL.

All that one read brings is one batch; its QoS 1 messages are acknowledged to the broker when the
batch is durable.  The session is persistent, so that what is published while the cloud restarts is
delivered when it is back.  What the cloud publishes does not come back (no local), and filters
that overlap are joined, as a broker may deliver once for each that matches.

A broker that dies with the cloud has an older idea of what was acknowledged than the cloud's own
disk: `keep_session=False` begins anew with it, or old updates would come again and overwrite newer
ones.  A broker does not tell the client id of a publisher: rules see `n/a`.
"""

import asyncio
import contextlib
import logging
import random  # noqa: TID251  an adapter at the edge, not the physics
import ssl
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from cloud_functions.contract.mqtt.client_session import (
    ClientSession,
    Closed,
    Connected,
    Event,
    Received,
    Refused,
    State,
    Subscribed,
)
from cloud_functions.contract.mqtt.disjoint import disjoint
from cloud_functions.contract.mqtt.errors import PeerError
from cloud_functions.contract.mqtt.packets import Connect, Subscription, Version
from cloud_functions.contract.mqtt.reasons import FAILURE
from cloud_functions.contract.mqtt.rivals import Rivals
from cloud_functions.errors import Unavailable
from cloud_functions.ports import Deliver, Message
from cloud_functions.runtime.first_try import PATIENCE_S, FirstTry

CLIENT_ID: Final = "robofleet-cloud"
_KEEP_ALIVE_S: Final = 30
_SESSION_S: Final = 7 * 86_400
_SHORTEST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 5.0
_OUTSTANDING: Final = 20_000
"""Received and not yet durable; above this the bridge reads no further."""

_logger = logging.getLogger(__name__)


class Bridge(asyncio.Protocol):
    """An adapter of `ports.Broker` over one MQTT 5 connection."""

    def __init__(
        self,
        url: str,
        client_id: str = CLIENT_ID,
        *,
        keep_session: bool = True,
        tls: ssl.SSLContext | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """`patience_s` is what the first connection may take; after half of it that is said."""
        address = urlsplit(url)
        self._tls = tls
        self.url = url
        self._host = address.hostname or "127.0.0.1"
        self._port = address.port or 1883
        self._session = ClientSession(
            Connect(
                client_id,
                Version.V5,
                clean_start=not keep_session,
                keep_alive_s=_KEEP_ALIVE_S,
                username=address.username,
                password=address.password.encode() if address.password else None,
                properties={
                    "session_expiry_interval": _SESSION_S,
                    "receive_maximum": 65_535,
                },
            ),
            max_queued=100_000,
        )
        self._deliver: Deliver | None = None
        self._filters: list[str] = []
        self._asked: dict[int, Sequence[str]] = {}
        self._transport: Any = None
        self._lost = asyncio.Event()
        self._subscribed: asyncio.Future[None] | None = None
        self._patience_s = patience_s
        self._first: FirstTry | None = None
        """While it is under way."""
        self._was_taken_in = False
        self._rivals = Rivals(1)
        self._is_rival_known = False
        self._keeper: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._flush_scheduled = False
        self._outstanding = 0
        self._generation = 0

    # ------------------------------------------------------------ ports.Broker

    async def start(self, deliver: Deliver, filters: Sequence[str]) -> None:
        """Connect and subscribe.  Raises Unavailable, at once where waiting would not help."""
        self._deliver = deliver
        self._filters = disjoint(filters)
        loop = asyncio.get_running_loop()
        self._subscribed = loop.create_future()
        self._first = FirstTry(self._address, loop.time())
        self._keeper = asyncio.create_task(self._keep_connected(), name="bridge")
        try:
            await self._await_first(self._subscribed)
        except Unavailable:
            self._subscribed = None
            self._keeper.cancel()
            if self._transport is not None:
                self._transport.abort()
            raise
        finally:
            self._first = None

    async def _await_first(self, subscribed: "asyncio.Future[None]") -> None:
        """Until it is known whether the broker takes the cloud in.  Raises Unavailable."""
        half_s = self._patience_s / 2
        await asyncio.wait({subscribed}, timeout=half_s)
        if not subscribed.done():
            _logger.warning("%s %s; it has %g s more", self._address, self._awaited(), half_s)
            await asyncio.wait({subscribed}, timeout=half_s)
        if not subscribed.done():
            raise Unavailable(
                f"{self._address} {self._awaited()} within {self._patience_s:g} s:"
                " is it a broker that works?"
            )
        subscribed.result()

    @property
    def _address(self) -> str:
        """The broker's, without what is secret."""
        return f"{'mqtts' if self._tls else 'mqtt'}://{self._host}:{self._port}"

    def _awaited(self) -> str:
        """What the broker has not done yet."""
        if self._transport is None:
            return "has not taken the connection"
        if self._session.state is State.CONNECTED:
            return "has not answered SUBSCRIBE"
        return "took the connection and has not answered CONNECT"

    def _give_up(self, why: str) -> None:
        """The first connection does not come about, if there is a reason; others are for ever."""
        if why and self._subscribed is not None and not self._subscribed.done():
            self._subscribed.set_exception(Unavailable(why))

    def listen(self, filters: Sequence[str]) -> None:
        """Hand over what matches these from now on; told to the broker as soon as it is there."""
        before, self._filters = self._filters, disjoint(filters)
        if self._session.state is not State.CONNECTED:
            return  # the next connection subscribes to all of them
        self._subscribe([each for each in self._filters if each not in before])
        gone = [each for each in before if each not in self._filters]
        if gone:
            self._session.unsubscribe(gone)
        self._schedule_flush()

    def publish(self, messages: Sequence[Message]) -> None:
        """Send to all who subscribed, in order."""
        session = self._session
        for message in messages:
            session.publish(
                message.topic,
                message.payload,
                message.qos,
                retain=message.retain,
                properties=message.properties,
            )
        self._schedule_flush()

    async def stop(self) -> None:
        """Say goodbye; what is not durable yet comes again at the next start."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=2)
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        self._subscribed = None
        self._session.disconnect()
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def begin_anew(self) -> None:
        """Drop the session at the next connect: the broker's idea of it is older than ours."""
        packet = self._session.connect_packet
        self._session.connect_packet = packet._replace(clean_start=True)

    # ------------------------------------------------------------ connection

    async def _keep_connected(self) -> None:
        loop = asyncio.get_running_loop()
        pause_s = _SHORTEST_PAUSE_S
        while True:
            self._lost.clear()
            try:
                await loop.create_connection(lambda: self, self._host, self._port, ssl=self._tls)
                if await self._tick_until_lost():
                    pause_s = _SHORTEST_PAUSE_S
                elif self._first is not None:
                    self._give_up(self._first.hung_up(loop.time()))
            except OSError as error:
                _logger.debug("no broker at %s: %s", self._address, error)
                if self._first is not None:
                    self._give_up(self._first.not_reached(error, loop.time()))
            self._session.lost()
            if self._rivals.are_there:
                self._meet_rival()
                pause_s = _LONGEST_PAUSE_S
            await asyncio.sleep(pause_s * (0.5 + random.random() / 2))  # noqa: S311  jitter
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    async def _tick_until_lost(self) -> bool:
        """Whether the broker took the cloud in before the connection was lost."""
        loop = asyncio.get_running_loop()
        self._was_taken_in = False
        while not self._lost.is_set():
            if not self._session.tick(loop.time()):
                self._transport.abort()
            self._flush()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._lost.wait(), 1.0)
        if self._was_taken_in:
            self._rivals.lost(0, loop.time())
        return self._was_taken_in

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TCP is there: send CONNECT."""
        self._transport = transport
        self._generation += 1
        self._session.connect(asyncio.get_running_loop().time())
        self._flush()

    def connection_lost(self, error: Exception | None) -> None:
        """TCP is gone; said aloud only when nobody asked for it."""
        if self._first is None and self._subscribed is not None:
            _logger.warning("the broker is lost (%s); coming back", error or "closed")
        self._transport = None
        self._outstanding = 0
        self._lost.set()

    def data_received(self, data: bytes) -> None:
        """One read, one batch."""
        try:
            events = self._session.receive(data, asyncio.get_running_loop().time())
        except PeerError as error:
            if self._first is not None:
                self._give_up(self._first.no_broker(error.reason.name))
            else:
                _logger.exception("the broker broke the protocol")
            self._transport.abort()
            return
        batch: list[Received] = []
        for event in events:
            if isinstance(event, Received):
                batch.append(event)
            else:
                self._hear(event)
        if batch:
            self._hand_over(batch)
        self._schedule_flush()

    def _hear(self, event: Event) -> None:
        match event:
            case Connected():
                self._was_taken_in = True
                self._rivals.up(0, asyncio.get_running_loop().time())
                packet = self._session.connect_packet
                self._session.connect_packet = packet._replace(clean_start=False)
                self._asked.clear()
                self._subscribe(self._filters)
            case Subscribed(packet_id=packet_id, reasons=reasons):
                refused = [
                    topic
                    for topic, reason in zip(self._asked.pop(packet_id, ()), reasons, strict=False)
                    if reason >= FAILURE
                ]
                if refused:
                    _logger.error("the broker refused %s", ", ".join(refused))
                if self._subscribed is not None and not self._subscribed.done():
                    self._subscribed.set_result(None)
            case Refused(reason=reason) if self._first is not None:
                self._give_up(self._first.refused(reason))
                self._transport.close()
            case Refused(reason=reason) | Closed(reason=reason):
                _logger.warning("the broker ended the connection: reason %s", reason)
                self._transport.close()

    def _meet_rival(self) -> None:
        """Another cloud takes this one's place; both would take it back for ever."""
        if not self._is_rival_known:
            _logger.error(
                "another cloud seems to run at the broker %s, and each takes the other's session:"
                " stop one of them, or give it a broker of its own",
                self._address,
            )
        self._is_rival_known = True

    def _subscribe(self, filters: Sequence[str]) -> None:
        if filters:
            wanted = [Subscription(each, 1, no_local=True) for each in filters]
            packet_id = self._session.subscribe(wanted)
            self._asked[packet_id] = filters

    # ------------------------------------------------------------ batches

    def _hand_over(self, batch: Sequence[Received]) -> None:
        self._outstanding += len(batch)
        if self._outstanding > _OUTSTANDING:
            self._transport.pause_reading()
        task = asyncio.create_task(self._make_durable(batch), name="bridge-batch")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _make_durable(self, batch: Sequence[Received]) -> None:
        assert self._deliver is not None
        generation = self._generation
        # What a client retained long ago is no news when the cloud subscribes again.
        news = [each for each in batch if not each.retain]
        await self._deliver(
            [
                Message(each.topic, each.payload, each.qos, properties=each.properties)
                for each in news
            ]
        )
        if generation != self._generation or self._transport is None:
            return
        self._outstanding -= len(batch)
        if self._outstanding < _OUTSTANDING // 2:
            self._transport.resume_reading()
        for each in batch:
            if each.qos:
                self._session.acknowledge(each.packet_id)
        self._schedule_flush()

    def _schedule_flush(self) -> None:
        if not self._flush_scheduled:
            self._flush_scheduled = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_scheduled = False
        data = self._session.data_to_send()
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
            self._session.sent(asyncio.get_running_loop().time())
