"""The same work with each MQTT library: connect and subscribe, publish in turns, one in flight.

Each does it the way its own documentation makes fastest in one process: paho without threads on one
poll, gmqtt on asyncio's loop and on uvloop, aiomqtt on uvloop, awscrt on its own event loops.
"""

import asyncio
import os
import select
import socket
import threading
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, Protocol
from urllib.parse import urlsplit

import paho.mqtt.client as paho
import uvloop

from benchmarks.mosquittos import SOURCES
from cloud_functions.contract.mqtt.encode import encode_publish
from cloud_functions.contract.mqtt.packets import Publish, Version
from cloud_functions.contract.topics import robot_subscriptions
from device_sim.firmware.batches import Outbound
from device_sim.link.bulk.files import EachFile, Files, usual
from device_sim.link.bulk.links import BulkLinks
from device_sim.link.port import Caller, LinkOptions

PAYLOAD = b"x" * 200
AT_ONCE = 64
PATIENCE_S = 120.0
OURS, BARE = "robofleet", "bare"
_ONE_SOURCE = 20_000
"""Connections that one address has ports for."""


class Clients(Protocol):
    """So many connections of one library."""

    def connect(self) -> None:
        """Until every one is connected and its subscriptions are in force."""

    def turn(self, burst: int) -> int:
        """Each publishes so many messages at QoS 0; how many that were."""

    def serve(self, for_s: float) -> None:
        """Let bytes go out and come in."""

    def one_in_flight(self, for_s: float) -> int:
        """Each publishes at QoS 1 when its last is acknowledged; how many were acknowledged."""


class Robofleet:
    """Ours."""

    files: Callable[[], Files] = staticmethod(usual)

    def __init__(self, names: list[str], topics: list[str], url: str) -> None:
        callers = [
            Caller(name, number, (topic, b"gone"))
            for number, (name, topic) in enumerate(zip(names, topics, strict=True))
        ]
        self._topics = topics
        self._count = len(names)
        self._messages: dict[int, list[Outbound]] = {}
        sources = SOURCES if self._count > _ONE_SOURCE else ()  # as others have none either
        options = LinkOptions([url], sources=sources)
        self._links = BulkLinks(callers, options, files=self.files)

    def connect(self) -> None:
        until(lambda: self._links.counts.connected == self._count, self.serve)

    def turn(self, burst: int) -> int:
        messages = self._messages.get(burst)
        if messages is None:  # as others are handed a topic and a payload that are there already
            messages = self._messages[burst] = [
                Outbound(row, topic, PAYLOAD)
                for row, topic in enumerate(self._topics)
                for _ in range(burst)
            ]
        before = self._links.counts.sent
        self._links.exchange(messages, time.time())
        return self._links.counts.sent - before

    def serve(self, for_s: float) -> None:
        self._links.exchange((), time.time(), for_s)

    def one_in_flight(self, for_s: float) -> int:
        ends, count = time.monotonic() + for_s, 0
        all_ = [Outbound(row, topic, PAYLOAD, 1, 1) for row, topic in enumerate(self._topics)]
        messages = all_
        while time.monotonic() < ends:
            incoming = self._links.exchange(messages, time.time(), 0.1)
            count += len(incoming.acknowledged)
            messages = [all_[row] for row, _ in incoming.acknowledged]
        return count


class RobofleetEach(Robofleet):
    """Ours where the kernel has no ring: a system call for each socket."""

    files = EachFile


class Bare(Robofleet):
    """No client: bytes that were encoded before, by a loop of system calls.

    What is left when all work of a client is taken away, so that no client can be much better.
    """

    def __init__(self, names: list[str], topics: list[str], url: str) -> None:
        super().__init__(names, topics, url)
        self._bytes: dict[int, list[tuple[int, bytes]]] = {}

    def turn(self, burst: int) -> int:
        pairs = self._bytes.get(burst)
        if pairs is None:
            pairs = self._bytes[burst] = self._encoded(burst)
        for file, data in pairs:
            _write(file, data)
        return burst * self._count

    def one_in_flight(self, for_s: float) -> int:
        packets = dict(self._encoded(1, qos=1))
        poll, ends, count = select.epoll(), time.monotonic() + for_s, 0
        for file, data in packets.items():
            poll.register(file, select.EPOLLIN)
            _write(file, data)
        while time.monotonic() < ends:
            for file, _events in poll.poll(0.1):
                os.read(file, 64)
                _write(file, packets[file])
                count += 1
        return count

    def _encoded(self, burst: int, qos: int = 0) -> list[tuple[int, bytes]]:
        return [
            (file, encode_publish(Publish(topic, PAYLOAD, qos, packet_id=qos), Version.V5) * burst)
            for file, topic in zip(self._links._file, self._topics, strict=True)
        ]


def _write(file: int, data: bytes) -> None:
    """All of it, however long the broker takes."""
    try:
        sent = os.write(file, data)
    except BlockingIOError:
        sent = 0
    if sent < len(data):
        waiting = select.poll()
        waiting.register(file, select.POLLOUT)
        waiting.poll()
        _write(file, data[sent:])


class Paho:
    """paho-mqtt without threads: all sockets on one poll, published in the caller."""

    def __init__(self, names: list[str], topics: list[str], url: str) -> None:
        self._names, self._topics, self._address = names, topics, address(url)
        self._clients: list[paho.Client] = []
        self._by_file: dict[int, paho.Client] = {}
        self._poll = select.epoll()
        self._up = self._acknowledged = 0
        self._is_over = False

    def connect(self) -> None:
        for name in self._names:
            client = paho.Client(
                paho.CallbackAPIVersion.VERSION2, client_id=name, protocol=paho.MQTTv5
            )
            client.on_connect = lambda client, _u, _f, _r, _p: client.subscribe(
                [
                    (each, paho.SubscribeOptions(qos=1))
                    for each in robot_subscriptions(client._client_id.decode())
                ]
            )
            client.on_subscribe = self._subscribed
            client.connect(*self._address)
            sock = client.socket()
            assert sock is not None
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._poll.register(sock.fileno(), select.EPOLLIN)
            self._by_file[sock.fileno()] = client
            self._clients.append(client)
            if len(self._clients) - self._up >= AT_ONCE:
                self.serve(0.01)
        until(lambda: self._up == len(self._names), self.serve)

    def _subscribed(self, *_arguments: object) -> None:
        self._up += 1

    def turn(self, burst: int) -> int:
        for client, topic in zip(self._clients, self._topics, strict=True):
            for _ in range(burst):
                client.publish(topic, PAYLOAD)
        return burst * len(self._clients)

    def serve(self, for_s: float) -> None:
        for file, _events in self._poll.poll(for_s):
            self._by_file[file].loop_read()
        for client in self._clients:
            if client.want_write():
                client.loop_write()

    def one_in_flight(self, for_s: float) -> int:
        for client, topic in zip(self._clients, self._topics, strict=True):
            client.on_publish = self._next(topic)
            client.publish(topic, PAYLOAD, 1)
        ends = time.monotonic() + for_s
        while time.monotonic() < ends:
            for file, _events in self._poll.poll(0.1):
                client = self._by_file[file]
                client.loop_read()
                if client.want_write():
                    client.loop_write()
        return self._acknowledged

    def _next(self, topic: str) -> Callable[..., None]:
        def acknowledged(client: paho.Client, *_arguments: object) -> None:
            self._acknowledged += 1
            client.publish(topic, PAYLOAD, 1)

        return acknowledged


class _OnALoop:
    """A library of asyncio."""

    make_loop: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop

    def __init__(self, names: list[str], topics: list[str], url: str) -> None:
        self._names, self._topics, self._address = names, topics, address(url)
        self._loop = type(self).make_loop()
        asyncio.set_event_loop(self._loop)

    def serve(self, for_s: float) -> None:
        self._loop.run_until_complete(asyncio.sleep(for_s))

    def connect(self) -> None:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> None:
            async with gate:
                await self._connect(number)

        self._loop.run_until_complete(asyncio.wait_for(self._all(one), PATIENCE_S))

    async def _all(self, one: Callable[[int], Any]) -> None:
        await asyncio.gather(*(one(number) for number in range(len(self._names))))

    async def _connect(self, number: int) -> None:
        raise NotImplementedError


class Gmqtt(_OnALoop):
    """gmqtt, on the loop that it finds."""

    make_loop = asyncio.new_event_loop

    def __init__(self, names: list[str], topics: list[str], url: str) -> None:
        super().__init__(names, topics, url)
        from gmqtt import Client  # noqa: PLC0415  of the bench group

        outer = self

        class Counting(Client):  # type: ignore[misc]
            topic = ""

            def _remove_message_from_queue(self, mid: int) -> None:
                super()._remove_message_from_queue(mid)
                if outer._is_talking:
                    outer._acknowledged += 1
                    self.publish(self.topic, PAYLOAD, qos=1)

        self._is_talking, self._acknowledged = False, 0
        self._clients = [Counting(name) for name in names]
        for client, topic in zip(self._clients, topics, strict=True):
            client.topic = topic

    async def _connect(self, number: int) -> None:
        from gmqtt import Subscription  # noqa: PLC0415

        client, done = self._clients[number], asyncio.Event()
        client.on_subscribe = lambda *_arguments: done.set()
        await client.connect(*self._address)
        client.subscribe(
            [Subscription(each, qos=1) for each in robot_subscriptions(self._names[number])]
        )
        await done.wait()

    def turn(self, burst: int) -> int:
        async def all_() -> None:
            for client, topic in zip(self._clients, self._topics, strict=True):
                for _ in range(burst):
                    client.publish(topic, PAYLOAD)

        self._loop.run_until_complete(all_())
        return burst * len(self._clients)

    def one_in_flight(self, for_s: float) -> int:
        self._is_talking = True
        for client, topic in zip(self._clients, self._topics, strict=True):
            client.publish(topic, PAYLOAD, qos=1)
        self.serve(for_s)
        self._is_talking = False
        return self._acknowledged


class GmqttOnUvloop(Gmqtt):
    """gmqtt on a faster loop than its own."""

    make_loop = uvloop.new_event_loop


class Aiomqtt(_OnALoop):
    """aiomqtt."""

    def __init__(self, names: list[str], topics: list[str], url: str) -> None:
        super().__init__(names, topics, url)
        import aiomqtt  # noqa: PLC0415

        async def make() -> list[Any]:
            version = aiomqtt.ProtocolVersion.V5
            host, port = self._address
            return [aiomqtt.Client(host, port, identifier=name, protocol=version) for name in names]

        self._clients = self._loop.run_until_complete(make())

    async def _connect(self, number: int) -> None:
        client = await self._clients[number].__aenter__()
        await client.subscribe([(each, 1) for each in robot_subscriptions(self._names[number])])

    def turn(self, burst: int) -> int:
        async def one(number: int) -> None:
            for _ in range(burst):
                await self._clients[number].publish(self._topics[number], PAYLOAD)

        self._loop.run_until_complete(self._all(one))
        return burst * len(self._clients)

    def one_in_flight(self, for_s: float) -> int:
        ends, counts = time.monotonic() + for_s, [0] * len(self._clients)

        async def one(number: int) -> None:
            while time.monotonic() < ends:
                await self._clients[number].publish(self._topics[number], PAYLOAD, 1)
                counts[number] += 1

        self._loop.run_until_complete(self._all(one))
        return sum(counts)


class Awscrt:
    """awscrt's MQTT 5 client, which awsiotsdk is made of."""

    def __init__(self, names: list[str], topics: list[str], url: str) -> None:
        from awscrt import io, mqtt5  # noqa: PLC0415  of the extra "aws"

        self._mqtt5 = mqtt5
        self._names, self._topics = names, topics
        host, port = address(url)
        self._lock, self._gate = threading.Lock(), threading.Semaphore(AT_ONCE)
        self._up = self._acknowledged = 0
        self._is_talking = False
        bootstrap = io.ClientBootstrap.get_or_create_static_default()
        self._clients = [
            mqtt5.Client(
                mqtt5.ClientOptions(
                    host_name=host, port=port, bootstrap=bootstrap,
                    connect_options=mqtt5.ConnectPacket(client_id=name, keep_alive_interval_sec=60),
                    on_lifecycle_event_connection_success_fn=self._connected(number),
                )
            )
            for number, name in enumerate(names)
        ]  # fmt: skip

    def _connected(self, number: int) -> Callable[[object], None]:
        def subscribe(_data: object) -> None:
            wanted = [
                self._mqtt5.Subscription(each, self._mqtt5.QoS.AT_LEAST_ONCE)
                for each in robot_subscriptions(self._names[number])
            ]
            packet = self._mqtt5.SubscribePacket(subscriptions=wanted)
            self._clients[number].subscribe(packet).add_done_callback(self._subscribed)

        return subscribe

    def _subscribed(self, _future: object) -> None:
        with self._lock:
            self._up += 1
        self._gate.release()

    def connect(self) -> None:
        for client in self._clients:
            self._gate.acquire()
            client.start()
        until(lambda: self._up == len(self._names), self.serve)

    def _publish(self, number: int, qos: Any) -> Any:
        packet = self._mqtt5.PublishPacket(topic=self._topics[number], payload=PAYLOAD, qos=qos)
        return self._clients[number].publish(packet)

    def turn(self, burst: int) -> int:
        for number in range(len(self._clients)):
            for _ in range(burst):
                last = self._publish(number, self._mqtt5.QoS.AT_MOST_ONCE)
        last.result(PATIENCE_S)
        return burst * len(self._clients)

    def serve(self, for_s: float) -> None:
        time.sleep(for_s)

    def one_in_flight(self, for_s: float) -> int:
        self._is_talking = True

        def acknowledged(number: int) -> Callable[[object], None]:
            def again(_future: object) -> None:
                if self._is_talking:
                    with self._lock:
                        self._acknowledged += 1
                    self._publish(number, self._mqtt5.QoS.AT_LEAST_ONCE).add_done_callback(again)

            return again

        for number in range(len(self._clients)):
            future = self._publish(number, self._mqtt5.QoS.AT_LEAST_ONCE)
            future.add_done_callback(acknowledged(number))
        time.sleep(for_s)
        self._is_talking = False
        return self._acknowledged


LIBRARIES: dict[str, Callable[[list[str], list[str], str], Clients]] = {
    OURS: Robofleet,
    f"{OURS}-each": RobofleetEach,
    BARE: Bare,
    "paho": Paho,
    "gmqtt": Gmqtt,
    "gmqtt-uvloop": GmqttOnUvloop,
    "awscrt": Awscrt,
    "aiomqtt": Aiomqtt,
}


def address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 1883


def until(seen: Callable[[], bool], serve: Callable[[float], None]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not seen():
        if time.monotonic() > deadline:
            raise SystemExit("the connections did not come about")
        serve(0.05)


def installed() -> list[str]:
    """The libraries that are there; ours is the first."""
    missing = {name for name in ("gmqtt", "awscrt") if find_spec(name) is None}
    return [name for name in LIBRARIES if name.split("-")[0] not in missing]
