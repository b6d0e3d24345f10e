"""A broker that does what a test tells it, and links whose time a test tells."""

import contextlib
import select
import socket
import ssl
import time
from collections.abc import Callable, Sequence

from cloud_functions.contract.mqtt.decode import Decoder
from cloud_functions.contract.mqtt.packets import Packet, Publish, Version
from device_sim.firmware.batches import Incoming, Outbound
from device_sim.link.bulk.files import MakeFiles, usual
from device_sim.link.bulk.links import BulkLinks
from device_sim.link.port import LinkOptions
from tests.device_sim.link.bulk.robots import callers, sent, welcome

PATIENCE_S = 10.0


class Line:
    """One accepted connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.source = sock.getpeername()[0]
        self.decoder = Decoder(None)
        self.heard: list[Packet] = []
        self.is_over = False

    def read(self) -> None:
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError):
            while not self.is_over:
                try:
                    data = self.sock.recv(65_536)
                except ConnectionResetError:
                    data = b""
                self.is_over = not data
                self.heard += self.decoder.feed(data)

    def say(self, *packets: Packet, version: Version = Version.V5) -> None:
        self.sock.sendall(sent(*packets, version=version))


class Scripted:
    """A listener, its lines in the order they were taken, and robots that call it."""

    def __init__(
        self, count: int = 1, answer: bytes | None = None, files: MakeFiles = usual, **options
    ) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.listener.setblocking(False)
        self.lines: list[Line] = []
        self.answer = welcome() if answer is None else answer
        self.url = f"mqtt://127.0.0.1:{self.listener.getsockname()[1]}"
        self.now_s = 1_000_000.0
        self.links = BulkLinks(
            callers(count), LinkOptions([self.url], **options), epoll=select.epoll, files=files
        )
        self.came = Incoming()

    def step(self, *messages: Outbound, pass_s: float = 0.0) -> Incoming:
        """Let time pass, exchange once, and let the broker take in and answer what came."""
        self.now_s += pass_s
        incoming = self.links.exchange(messages, self.now_s, 0.002)
        self.came.messages += incoming.messages
        self.came.acknowledged += incoming.acknowledged
        self.came.connected += incoming.connected
        self.came.lost += incoming.lost
        self.serve()
        return incoming

    def serve(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                sock, _ = self.listener.accept()
                sock.setblocking(False)
                self.lines.append(Line(sock))
                if self.answer:
                    sock.sendall(self.answer)
        for line in self.lines:
            line.read()

    def until(self, seen: Callable[[], object], pass_s: float = 0.0) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not seen():
            assert time.monotonic() < deadline, (self.came, self.links.counts, self.links.endings)
            self.step(pass_s=pass_s)

    def connect(self) -> "Scripted":
        self.until(lambda: self.links.counts.connected == len(self.links._callers))
        self.came = Incoming()
        return self

    def payloads(self, row: int = 0) -> Sequence[bytes]:
        return [each.payload for each in self.lines[row].heard if isinstance(each, Publish)]

    def close(self) -> None:
        self.links.close()
        self.listener.close()
        for line in self.lines:
            line.sock.close()
