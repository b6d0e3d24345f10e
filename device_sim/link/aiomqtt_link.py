"""Each robot its own connection through aiomqtt: a thin shell round the firmware."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import aiomqtt

from cloud_functions.contract import topics
from device_sim.firmware.batches import Inbound, Outbound
from device_sim.firmware.reconnect import Backoff, pause_s

_KEEP_ALIVE_S = 60
_PUBLISH_TIMEOUT_S = 15.0
_GOODBYE_S = 0.5


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """Where to connect and how; `tls` gives a robot's context for mutual TLS."""

    url: str
    tls: Callable[[str], ssl.SSLContext] | None = None
    protocol: aiomqtt.ProtocolVersion = aiomqtt.ProtocolVersion.V5
    backoff: Backoff = field(default_factory=Backoff)


@dataclass(slots=True)
class Mailbox:
    """What the links have for the firmware's next step; `wake` ends the runner's sleep."""

    messages: list[Inbound]
    acknowledged: list[tuple[int, int]]
    connected: list[int]
    lost: list[int]
    wake: asyncio.Event


class RobotLink:
    """One robot's connection, kept open until cancelled."""

    def __init__(  # noqa: PLR0917  what one connection is made of
        self,
        row: int,
        thing: str,
        key: int,
        will: tuple[str, bytes],
        options: LinkOptions,
        mailbox: Mailbox,
        seed: int,
    ) -> None:
        self._row, self._thing, self._key, self._seed = row, thing, key, seed
        self._will = will
        self._options = options
        self._mailbox = mailbox
        self._outbox: asyncio.Queue[Outbound] = asyncio.Queue(maxsize=500)
        self.reconnects = 0

    def send(self, message: Outbound) -> None:
        """Send when the connection allows; what does not fit is dropped and said again later."""
        with contextlib.suppress(asyncio.QueueFull):
            self._outbox.put_nowait(message)

    async def run(self) -> None:
        """Connect, talk, come back."""
        attempt = 0
        while True:
            with contextlib.suppress(aiomqtt.MqttError, OSError, TimeoutError):
                async with self._client() as client:
                    attempt = 0
                    await self._talk(client)
            self._empty()
            self._mailbox.lost.append(self._row)
            self._mailbox.wake.set()
            attempt += 1
            self.reconnects += 1
            await asyncio.sleep(pause_s(self._seed, self._key, attempt, self._options.backoff))

    def _client(self) -> aiomqtt.Client:
        address = urlsplit(self._options.url)
        topic, payload = self._will
        return aiomqtt.Client(
            address.hostname or "127.0.0.1",
            address.port or 1883,
            identifier=self._thing,
            protocol=self._options.protocol,
            will=aiomqtt.Will(topic, payload, qos=1),
            keepalive=_KEEP_ALIVE_S,
            tls_context=None if self._options.tls is None else self._options.tls(self._thing),
            max_queued_incoming_messages=1000,
        )

    async def _talk(self, client: aiomqtt.Client) -> None:
        for topic_filter in topics.robot_subscriptions(self._thing):
            await client.subscribe(topic_filter, qos=1)
        self._mailbox.connected.append(self._row)
        self._mailbox.wake.set()
        work = [
            asyncio.create_task(self._listen(client), name=f"{self._thing}-listen"),
            asyncio.create_task(self._speak(client), name=f"{self._thing}-speak"),
        ]
        try:
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()  # the error that ended it, which the caller answers by reconnecting
        except asyncio.CancelledError:
            await self._say_goodbye(client)
            raise
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)

    async def _say_goodbye(self, client: aiomqtt.Client) -> None:
        """A robot that is switched off says its will itself: after a DISCONNECT nobody would."""
        topic, payload = self._will
        with contextlib.suppress(aiomqtt.MqttError, OSError, TimeoutError):
            await client.publish(topic, payload, qos=1, timeout=_GOODBYE_S)

    async def _listen(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            payload = message.payload
            raw = payload if isinstance(payload, bytes) else bytes(str(payload or ""), "utf-8")
            self._mailbox.messages.append(Inbound(self._row, str(message.topic), raw))
            self._mailbox.wake.set()

    async def _speak(self, client: aiomqtt.Client) -> None:
        while True:
            message = await self._outbox.get()
            await client.publish(
                message.topic, message.payload, qos=message.qos, timeout=_PUBLISH_TIMEOUT_S
            )
            if message.handle:
                self._mailbox.acknowledged.append((self._row, message.handle))

    def _empty(self) -> None:
        while not self._outbox.empty():
            self._outbox.get_nowait()
