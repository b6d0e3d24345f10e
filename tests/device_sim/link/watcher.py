"""Somebody else at the broker, who hears what robots say and says what they are to hear."""

import queue
import threading
import uuid
from typing import NamedTuple

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

PATIENCE_S = 10


class Heard(NamedTuple):
    topic: str
    payload: bytes


class Watcher:
    """A client of paho in a thread of its own; its subscriptions are in force when it is made."""

    def __init__(self, port: int, *filters: str) -> None:
        self._heard: queue.Queue[Heard] = queue.Queue()
        self._ready = threading.Event()
        name = f"watcher-{uuid.uuid4().hex[:8]}"
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=name)
        self._client.on_message = lambda _c, _u, said: self._heard.put(
            Heard(said.topic, bytes(said.payload))
        )
        self._client.on_subscribe = lambda *_arguments: self._ready.set()
        self._client.on_connect = lambda client, *_arguments: client.subscribe(
            [(each, 1) for each in (*filters, f"{name}/none")]
        )
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._ready.wait(PATIENCE_S)

    def say(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1).wait_for_publish(PATIENCE_S)

    def all(self) -> list[Heard]:
        """What has come so far."""
        found = []
        while not self._heard.empty():
            found.append(self._heard.get())
        return found

    def next(self) -> Heard:
        return self._heard.get(timeout=PATIENCE_S)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
