"""Each robot its own connection through aiomqtt: a thin shell round the library.

The event loop is the links' own and runs only while somebody exchanges, so whoever calls needs to
know nothing of asyncio.
"""

import asyncio
import contextlib
import socket
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from cloud_functions.contract import topics
from cloud_functions.contract.mqtt.packets import Version
from device_sim.firmware.batches import Inbound, Incoming, Outbound
from device_sim.firmware.reconnect import pause_s
from device_sim.link.broker import Broker
from device_sim.link.one_each import OneEach
from device_sim.link.port import TOO_LONG, Caller, LinkCounts, LinkOptions

_PUBLISH_TIMEOUT_S: Final = 15.0
_GOODBYE_S: Final = 0.5
_CLOSE_S: Final = 1.2
_MOST_WAITING: Final = 500
"""Messages of one robot that wait for its connection; what does not fit is said again later."""
_MOST_UNREAD: Final = 1000
_THREADS: Final = 8
"""Where the library connects, which blocks."""
_FAILED: Final = 0x80
_VERSIONS: Final = {
    Version.V311: aiomqtt.ProtocolVersion.V311,
    Version.V5: aiomqtt.ProtocolVersion.V5,
}


class AiomqttLinks(OneEach["_RobotLink"]):
    """The connections of some robots, each a client of aiomqtt."""

    def __init__(self, callers: Sequence[Caller], options: LinkOptions) -> None:
        self._loop = asyncio.new_event_loop()
        self._executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="aiomqtt-connect")
        self._loop.set_default_executor(self._executor)
        self._mailbox = _Mailbox()
        gates = {url: asyncio.Semaphore(options.connects_at_once) for url in options.urls}
        self._links = [
            _RobotLink(row, caller, options, gates, self._mailbox)
            for row, caller in enumerate(callers)
        ]
        self._tasks = [self._loop.create_task(link.run()) for link in self._links]
        for task in self._tasks:
            task.add_done_callback(self._mailbox.ended)

    @property
    def counts(self) -> LinkCounts:
        """What has happened so far."""
        return self._mailbox.counts

    def exchange(
        self,
        messages: Sequence[Outbound],
        now_s: float,  # noqa: ARG002  the library keeps its own time
        timeout_s: float = 0.0,
    ) -> Incoming:
        """Send, wait up to `timeout_s` for something to arrive, and return what did."""
        for message in messages:
            self._links[message.row].send(message)
        return self._loop.run_until_complete(self._mailbox.take(timeout_s))

    def close(self) -> None:
        """Say goodbye on every connection; a will is said first, since nobody else will."""
        if self._loop.is_closed():
            return
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            self._loop.run_until_complete(asyncio.wait(self._tasks, timeout=_CLOSE_S))
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._loop.run_until_complete(asyncio.sleep(0))
        for link in self._links:
            link.forget()
        self._end_tasks()
        self._loop.close()

    def _end_tasks(self) -> None:
        """Let go of what the library still has under way, while there is a loop to do it."""
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        if left:
            self._loop.run_until_complete(asyncio.wait(left, timeout=_GOODBYE_S))


class _Mailbox:
    """What the links have for whoever exchanges."""

    def __init__(self) -> None:
        self.counts = LinkCounts()
        self._incoming = Incoming()
        self._news = asyncio.Event()
        self._faults: list[BaseException] = []

    async def take(self, timeout_s: float) -> Incoming:
        """Everything that has arrived, after waiting for something so long.

        Raises the fault of a link that ended, which none does by itself.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._news.wait()
        await asyncio.sleep(0)  # what has arrived together is told together
        self._news.clear()
        if self._faults:
            raise self._faults[0]
        taken, self._incoming = self._incoming, Incoming()
        return taken

    def ended(self, task: "asyncio.Task[None]") -> None:
        """A link is over."""
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._faults.append(fault)
            self._news.set()

    def connected(self, row: int) -> None:
        """A row's subscriptions are in force."""
        self.counts.connected += 1
        self.counts.connects += 1
        self._incoming.connected.append(row)
        self._news.set()

    def lost(self, row: int) -> None:
        """A row that was connected no longer is."""
        self.counts.connected -= 1
        self.counts.losses += 1
        self._incoming.lost.append(row)
        self._news.set()

    def failed(self, reason: str) -> None:
        """A connection did not come about."""
        self.counts.complaint = reason

    def received(self, message: Inbound) -> None:
        """A message arrived."""
        self.counts.received += 1
        self._incoming.messages.append(message)
        self._news.set()

    def acknowledged(self, row: int, handle: int) -> None:
        """A message is the broker's."""
        self._incoming.acknowledged.append((row, handle))
        self._news.set()


class _Client(aiomqtt.Client):
    """The library's client, which can also be cut off and fall silent."""

    _is_deaf = False

    def break_off(self) -> None:
        """End the connection as a pulled cable does: no DISCONNECT, so the will is said."""
        self.hear_again()
        sock = self._client.socket()
        if isinstance(sock, socket.socket):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def fall_silent(self) -> None:
        """Neither read nor ping, and leave the socket open."""
        sock = self._client.socket()
        if sock is not None:
            self._loop.remove_reader(sock.fileno())
            self._is_deaf = True
        if self._misc_task is not None:
            self._misc_task.cancel()

    def hear_again(self) -> None:
        """Read and ping as before."""
        sock = self._client.socket()
        if self._is_deaf and sock is not None:
            self._on_socket_open(self._client, None, sock)
        self._is_deaf = False

    def give_up(self) -> None:
        """Close the socket where the library would leave it to the garbage collector.

        The library hears no more of it: the loop may be closed by the time a thread that is still
        connecting, or the collector, would tell.
        """
        paho = self._client
        paho.on_socket_open = paho.on_socket_close = paho.on_disconnect = None
        paho.on_socket_register_write = paho.on_socket_unregister_write = None
        if self._disconnected.done() and not self._disconnected.cancelled():
            self._disconnected.exception()  # it is known
        if self._misc_task is not None:
            self._misc_task.cancel()
        sock = paho.socket()
        if sock is not None and (number := sock.fileno()) >= 0:
            self._loop.remove_reader(number)
            self._loop.remove_writer(number)
            sock.close()


class _RobotLink:
    """One robot's connection, kept open until cancelled."""

    def __init__(
        self,
        row: int,
        caller: Caller,
        options: LinkOptions,
        gates: Mapping[str, asyncio.Semaphore],
        mailbox: _Mailbox,
    ) -> None:
        self._row, self._caller, self._options, self._mailbox = row, caller, options, mailbox
        self._url = options.url_of(caller)
        self._broker = Broker.parse(self._url)
        self._gate = gates[self._url]
        self._outbox: asyncio.Queue[Outbound] = asyncio.Queue(maxsize=_MOST_WAITING)
        self._client: _Client | None = None
        self._is_ready = False
        self._may_talk = asyncio.Event()
        self._may_talk.set()

    def send(self, message: Outbound) -> None:
        """Send; without a connection, or when too much waits, the firmware says it again."""
        if not self._is_ready or not self._may_talk.is_set():
            return
        with contextlib.suppress(asyncio.QueueFull):
            self._outbox.put_nowait(message)
            self._mailbox.counts.sent += 1

    def cut(self) -> None:
        """Be gone at once, until restored."""
        self._may_talk.clear()
        if self._client is not None:
            self._client.break_off()

    def silence(self) -> None:
        """Let nothing through, until restored."""
        self._may_talk.clear()
        if self._client is not None:
            self._client.fall_silent()

    def restore(self) -> None:
        """Go on."""
        if self._client is not None:
            self._client.hear_again()
        self._may_talk.set()

    def forget(self) -> None:
        """Leave no socket behind."""
        if self._client is not None:
            self._client.give_up()

    # ------------------------------------------------------------ connecting

    async def run(self) -> None:
        """Connect, talk, come back."""
        attempt = 0
        while True:
            await self._may_talk.wait()
            try:
                async with contextlib.AsyncExitStack() as stack:
                    await self._connect(stack)
                    attempt = 0
                    await self._talk()
            except (aiomqtt.MqttError, OSError, TimeoutError) as error:
                if not self._is_ready:
                    why = TOO_LONG if isinstance(error, TimeoutError) else error
                    self._mailbox.failed(f"{self._url}: {why}")
            await asyncio.sleep(0)  # what the library has still to do with its socket
            self._end()
            attempt += 1
            pause = pause_s(self._options.seed, self._caller.key, attempt, self._options.backoff)
            await asyncio.sleep(pause)

    async def _connect(self, stack: contextlib.AsyncExitStack) -> None:
        async with self._gate, asyncio.timeout(self._options.answer_s):
            client = self._client = self._new_client()
            await stack.enter_async_context(client)
            for topic_filter in topics.robot_subscriptions(self._caller.thing):
                answers = await client.subscribe(topic_filter, qos=1)
                if any(_code(answer) >= _FAILED for answer in answers):
                    raise aiomqtt.MqttError(f"the broker refused a subscription: {topic_filter}")
        if not self._may_talk.is_set():  # cut or silenced on its way
            client.break_off()
            raise aiomqtt.MqttError("cut off while connecting")
        self._is_ready = True
        self._mailbox.connected(self._row)

    def _end(self) -> None:
        if self._is_ready:
            self._mailbox.lost(self._row)
        self._is_ready = False
        self.forget()
        self._client = None
        while not self._outbox.empty():
            self._outbox.get_nowait()

    def _new_client(self) -> _Client:
        options, broker, thing = self._options, self._broker, self._caller.thing
        topic, payload = self._caller.will
        user, password = (None, None)
        if options.credentials is not None:
            user, password = options.credentials(thing)
        sources = options.sources
        return _Client(
            broker.host,
            broker.port,
            username=user,
            password=password,
            identifier=thing,
            will=aiomqtt.Will(topic, payload, qos=1),
            keepalive=options.keep_alive_s,
            bind_address=sources[self._row % len(sources)] if sources else "",
            tls_context=options.tls(thing) if broker.is_tls and options.tls else None,
            max_queued_incoming_messages=_MOST_UNREAD,
            **_session(options),
        )

    # ------------------------------------------------------------ talking

    async def _talk(self) -> None:
        client, thing = self._client, self._caller.thing
        assert client is not None
        work = [
            asyncio.create_task(self._listen(client), name=f"{thing}-listen"),
            asyncio.create_task(self._speak(client), name=f"{thing}-speak"),
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

    async def _say_goodbye(self, client: _Client) -> None:
        """A robot that is switched off says its will itself: after a DISCONNECT nobody would."""
        if not self._may_talk.is_set():
            client.break_off()
            return
        topic, payload = self._caller.will
        with contextlib.suppress(aiomqtt.MqttError, OSError, TimeoutError):
            await client.publish(topic, payload, qos=1, timeout=_GOODBYE_S)

    async def _listen(self, client: _Client) -> None:
        async for message in client.messages:
            payload = message.payload
            raw = payload if isinstance(payload, bytes) else bytes(str(payload or ""), "utf-8")
            self._mailbox.received(Inbound(self._row, str(message.topic), raw))

    async def _speak(self, client: _Client) -> None:
        while True:
            message = await self._outbox.get()
            try:
                await client.publish(
                    message.topic, message.payload, qos=message.qos, timeout=_PUBLISH_TIMEOUT_S
                )
            except aiomqtt.MqttError:
                await self._may_talk.wait()  # who is silent does not hang up either
                raise
            if message.handle:
                self._mailbox.acknowledged(self._row, message.handle)


def _code(answer: Any) -> int:
    """A SUBACK's reason: a number in MQTT 3.1.1, an object in 5."""
    return int(getattr(answer, "value", answer))


def _session(options: LinkOptions) -> dict[str, Any]:
    """How the library is told to begin or to keep a session."""
    protocol = _VERSIONS[options.version]
    if options.version is not Version.V5:
        return {"protocol": protocol, "clean_session": options.clean_start}
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    if not options.clean_start:
        properties.SessionExpiryInterval = options.session_expiry_s
    return {"protocol": protocol, "clean_start": options.clean_start, "properties": properties}
