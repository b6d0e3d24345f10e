"""Many connections on one plain loop: sockets, one poll, and the MQTT session of the contract.

No asyncio: the same loop runs in a thread of its own or inside gevent.  Each robot is a real
connection.  At most a few dozen connect at once, because a broker's backlog is short.
"""

import contextlib
import errno
import select
import socket
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from cloud_functions.contract import topics
from cloud_functions.contract.mqtt.client_session import (
    Acknowledged,
    ClientSession,
    Closed,
    Connected,
    QueueFull,
    Received,
    Refused,
    State,
    Subscribed,
)
from cloud_functions.contract.mqtt.errors import ProtocolError
from cloud_functions.contract.mqtt.packets import Connect, Subscription, Version, Will
from device_sim.firmware.batches import Inbound, Incoming, Outbound
from device_sim.firmware.reconnect import Backoff, pause_s

_AT_ONCE: Final = 64
_READ: Final = 65_536
_KEEP_ALIVE_S: Final = 60


class _Link:
    """One robot's connection."""

    __slots__ = ("attempt", "handles", "is_ready", "out", "row", "session", "sock", "thing")

    def __init__(self, row: int, thing: str, session: ClientSession) -> None:
        self.row = row
        self.thing = thing
        self.session = session
        self.sock: socket.socket | None = None
        self.out = b""
        self.attempt = 0
        self.is_ready = False
        self.handles: dict[int, int] = {}
        """Packet id to the firmware's handle."""


class PollLinks:
    """The connections of a shard of robots."""

    def __init__(  # noqa: PLR0917  what a shard's links are made of
        self,
        things: Sequence[str],
        keys: Sequence[int],
        wills: Sequence[tuple[str, bytes]],
        url: str,
        seed: int,
        epoll: Callable[[], Any],
        backoff: Backoff | None = None,
    ) -> None:
        address = urlsplit(url)
        self._address = (address.hostname or "127.0.0.1", address.port or 1883)
        self._poll = epoll()
        self._seed = seed
        self._keys = keys
        self._backoff = backoff or Backoff()
        self._links = [
            _Link(
                row,
                thing,
                ClientSession(
                    Connect(
                        thing,
                        Version.V311,
                        clean_start=True,
                        keep_alive_s=_KEEP_ALIVE_S,
                        will=Will(*will, qos=1),
                    )
                ),
            )
            for row, (thing, will) in enumerate(zip(things, wills, strict=True))
        ]
        self._by_fd: dict[int, _Link] = {}
        self._waiting = deque(self._links)
        self._later: list[tuple[float, _Link]] = []
        self._connecting = 0
        self.connected = 0
        self.sent = 0
        self.received = 0
        self.connects = 0
        self.losses = 0
        self._next_tick_s = 0.0

    def exchange(
        self, messages: Sequence[Outbound], now_s: float, timeout_s: float = 0.0
    ) -> Incoming:
        """Send, wait up to `timeout_s`, and return what arrived."""
        incoming = Incoming()
        for message in messages:
            self._publish(self._links[message.row], message)
        self._open_some(now_s)
        for fd, events in self._poll.poll(timeout_s):
            link = self._by_fd.get(fd)
            if link is None:
                continue
            if events & select.EPOLLOUT:
                self._flush(link, incoming, now_s)
            if events & ~select.EPOLLOUT and link.sock is not None:
                self._read(link, incoming, now_s)
        if now_s >= self._next_tick_s:
            self._next_tick_s = now_s + 1.0
            self._tick(incoming, now_s)
        return incoming

    def close(self) -> None:
        """Say goodbye on every connection."""
        for link in self._links:
            if link.sock is None:
                continue
            link.session.disconnect()
            link.out += link.session.data_to_send()
            with contextlib.suppress(OSError):
                link.sock.send(link.out)
            link.sock.close()
            link.sock = None
        self._poll.close()

    # ------------------------------------------------------------ connecting

    def _open_some(self, now_s: float) -> None:
        if self._later:
            due = [link for at_s, link in self._later if at_s <= now_s]
            self._later = [(at_s, link) for at_s, link in self._later if at_s > now_s]
            self._waiting.extend(due)
        while self._waiting and self._connecting < _AT_ONCE:
            self._open(self._waiting.popleft(), now_s)

    def _open(self, link: _Link, now_s: float) -> None:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        code = sock.connect_ex(self._address)
        if code not in (0, errno.EINPROGRESS):
            sock.close()
            self._postpone(link, now_s)
            return
        link.sock = sock
        self._connecting += 1
        self._by_fd[sock.fileno()] = link
        self._poll.register(sock.fileno(), select.EPOLLIN | select.EPOLLOUT)
        link.session.connect(now_s)
        link.out = link.session.data_to_send()

    def _postpone(self, link: _Link, now_s: float) -> None:
        link.attempt += 1
        wait_s = pause_s(self._seed, self._keys[link.row], link.attempt, self._backoff)
        self._later.append((now_s + wait_s, link))

    def _lose(self, link: _Link, incoming: Incoming, now_s: float) -> None:
        if link.sock is None:
            return
        fd = link.sock.fileno()
        with contextlib.suppress(OSError, ValueError):
            self._poll.unregister(fd)
        self._by_fd.pop(fd, None)
        link.sock.close()
        link.sock, link.out = None, b""
        if link.is_ready:
            self.connected -= 1
            self.losses += 1
            link.is_ready = False
            incoming.lost.append(link.row)
        else:
            self._connecting -= 1
        link.session.lost()
        self._postpone(link, now_s)

    # ------------------------------------------------------------ bytes

    def _read(self, link: _Link, incoming: Incoming, now_s: float) -> None:
        assert link.sock is not None
        try:
            data = link.sock.recv(_READ)
            events = link.session.receive(data, now_s) if data else None
        except BlockingIOError:
            return
        except (OSError, ProtocolError):
            events = None
        if events is None:
            self._lose(link, incoming, now_s)
            return
        for event in events:
            self._hear(link, event, incoming, now_s)
        self._flush(link, incoming, now_s)

    def _hear(self, link: _Link, event: Any, incoming: Incoming, now_s: float) -> None:
        match event:
            case Received(topic=topic, payload=payload, qos=qos, packet_id=packet_id):
                self.received += 1
                incoming.messages.append(Inbound(link.row, topic, payload))
                if qos:
                    link.session.acknowledge(packet_id)
            case Acknowledged(handle=handle):
                if firmware_handle := link.handles.pop(handle, 0):
                    incoming.acknowledged.append((link.row, firmware_handle))
            case Connected():
                wanted = topics.robot_subscriptions(link.thing)
                link.session.subscribe([Subscription(each, 1) for each in wanted])
            case Subscribed():
                link.is_ready, link.attempt = True, 0
                self._connecting -= 1
                self.connected += 1
                self.connects += 1
                incoming.connected.append(link.row)
            case Refused() | Closed():
                self._lose(link, incoming, now_s)

    def _publish(self, link: _Link, message: Outbound) -> None:
        if not link.is_ready:
            return  # the firmware says it again after the next connect
        with contextlib.suppress(QueueFull):
            handle = link.session.publish(message.topic, message.payload, message.qos)
            if message.handle:
                link.handles[handle] = message.handle
            self.sent += 1
        link.out += link.session.data_to_send()
        self._send(link)

    def _flush(self, link: _Link, incoming: Incoming, now_s: float) -> None:
        if link.sock is None:
            return
        link.out += link.session.data_to_send()
        if not self._send(link):
            self._lose(link, incoming, now_s)

    def _send(self, link: _Link) -> bool:
        """Write what the socket takes; poll for the rest.  False when the connection is gone."""
        if link.sock is None:
            return True
        try:
            if link.out:
                link.out = link.out[link.sock.send(link.out) :]
        except BlockingIOError:
            pass
        except OSError:
            return False
        wanted = select.EPOLLIN | (select.EPOLLOUT if link.out else 0)
        self._poll.modify(link.sock.fileno(), wanted)
        return True

    def _tick(self, incoming: Incoming, now_s: float) -> None:
        for link in self._links:
            if link.sock is None:
                continue
            if link.session.state is State.CLOSED or not link.session.tick(now_s):
                self._lose(link, incoming, now_s)
            else:
                self._flush(link, incoming, now_s)
