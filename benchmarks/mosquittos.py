"""Mosquitto for many connections: on addresses of its own, and what it has counted."""

import contextlib
import resource
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho

HOSTS = [f"127.0.1.{number}" for number in range(1, 250)]
"""Away from where connections come from, so that no client can take a listener's port."""
SOURCES = [f"127.1.{high}.{low}" for high in range(2) for low in range(1, 101)]
_RECEIVED = "$SYS/broker/publish/messages/received"
_STANDSTILL_S = 5.0


class Mosquitto:
    """One process; it keeps its port when it is started again."""

    def __init__(self, folder: Path, host: str) -> None:
        self.host = host
        with socket.socket() as probe:
            probe.bind((host, 0))
            self.port = probe.getsockname()[1]
        self.url = f"mqtt://{host}:{self.port}"
        self._configuration = folder / f"mosquitto-{host}.conf"
        self._configuration.write_text(
            f"listener {self.port} {host}\nallow_anonymous true\nmax_connections -1\n"
            "sys_interval 1\nmax_queued_messages 0\nmax_inflight_messages 0\nlog_type none\n"
            "set_tcp_nodelay true\n"
        )
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin")
        if program is None:
            raise SystemExit("this needs Mosquitto: apt-get install mosquitto")
        self._process = subprocess.Popen([program, "-c", str(self._configuration)])
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex((self.host, self.port)) == 0:
                    return
            time.sleep(0.02)
        raise SystemExit("Mosquitto does not answer")

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid


class Counter:
    """How many messages a Mosquitto has taken, as it says itself every second."""

    def __init__(self, broker: Mosquitto) -> None:
        self.taken = 0
        self._news = threading.Event()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="counter")
        self._client.on_message = self._hear
        self._client.on_connect = lambda client, *_: client.subscribe(_RECEIVED)
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()
        self._next()

    def _hear(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        self.taken = int(message.payload)
        self._news.set()

    def _next(self) -> None:
        self._news.clear()
        self._news.wait(_STANDSTILL_S)

    def settle(self) -> int:
        """The count once nothing comes any more."""
        seen = -1
        while seen != self.taken:
            seen = self.taken
            self._next()
        return seen

    def reach(self, count: int) -> int:
        """The count when it has come so far, or when it has stood still for some seconds."""
        seen, since = self.taken, time.monotonic()
        while self.taken < count and time.monotonic() - since < _STANDSTILL_S:
            self._next()
            if self.taken != seen:
                seen, since = self.taken, time.monotonic()
        return self.taken

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextlib.contextmanager
def mosquittos(count: int = 1) -> Iterator[list[Mosquitto]]:
    """So many, each with as many connections as this machine allows; ended by their ids."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # children inherit it
    with tempfile.TemporaryDirectory() as folder:
        made = [Mosquitto(Path(folder), HOSTS[number]) for number in range(count)]
        try:
            for each in made:
                each.start()
            yield made
        finally:
            for each in made:
                each.stop()
