"""What stands in for the firmware: some robots' links, and all that has come in over them."""

import time
import uuid
from collections.abc import Callable, Sequence

from cloud_functions.contract.mqtt.packets import Version
from cloud_functions.contract.topics import ProductTopic, product
from device_sim.firmware.batches import Incoming, Outbound
from device_sim.firmware.reconnect import Backoff
from device_sim.link.kinds import LinkKind, make_links
from device_sim.link.port import Caller, LinkOptions

SOON = Backoff(first_s=0.1, longest_s=0.2)
WILL = b'{"connected":false}'
SPEAKERS = [
    (kind, version)
    for kind in LinkKind
    for version in (Version.V311, Version.V5)
    if kind is not LinkKind.NONE and (kind, version) != ("awsiotsdk", Version.V311)
]
"""Every link in every version it speaks."""
KINDS = [kind for kind in LinkKind if kind is not LinkKind.NONE]


def names(count: int) -> list[str]:
    """Things nobody else uses."""
    stem = uuid.uuid4().hex[:8]
    return [f"robot-{stem}-{number}" for number in range(count)]


def fact(thing: str) -> str:
    return product(thing, ProductTopic.FACT)


def will(thing: str) -> str:
    return product(thing, ProductTopic.WILL)


class Shell:
    """Robots at their links."""

    def __init__(self, kind: LinkKind, things: Sequence[str], options: LinkOptions) -> None:
        self.things = things
        self.callers = [
            Caller(thing, number, (will(thing), WILL)) for number, thing in enumerate(things)
        ]
        self.links = make_links(kind, self.callers, options)
        self.came = Incoming()

    def exchange(self, *messages: Outbound, timeout_s: float = 0.02) -> Incoming:
        incoming = self.links.exchange(messages, time.time(), timeout_s)
        self.came.messages += incoming.messages
        self.came.acknowledged += incoming.acknowledged
        self.came.connected += incoming.connected
        self.came.lost += incoming.lost
        return incoming

    def until(self, seen: Callable[[Incoming], object], patience_s: float = 15) -> Incoming:
        """Exchange until so much has come."""
        deadline = time.monotonic() + patience_s
        while not seen(self.came):
            assert time.monotonic() < deadline, (self.came, self.links.counts)
            self.exchange()
        return self.came

    def go_on(self, for_s: float) -> Incoming:
        """Exchange for a while."""
        ends = time.monotonic() + for_s
        while time.monotonic() < ends:
            self.exchange()
        return self.came

    def connect(self) -> "Shell":
        self.until(lambda came: sorted(came.connected) == list(range(len(self.things))))
        self.came = Incoming()
        return self

    def words(self) -> str:
        """All payloads that came, as one text."""
        return " ".join(message.payload.decode() for message in self.came.messages)
