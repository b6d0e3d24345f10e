"""One change of the registry, from the first look to what others must hear of it.

An operation reads and writes the store it is given, and notes what it did; whoever opened the
transaction commits, and only then publishes the events and tells the broker (decision 8).
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from cloud_functions.registry.limits import AWS_LIMITS, RegistryLimits
from cloud_functions.registry.ports import RegistryStore

Changed: TypeAlias = Callable[[Sequence[str]], None]
"""Called after a change of who may do what, with the certificates that open nothing any more."""

PublishEvent: TypeAlias = Callable[[str, str, Mapping[str, Any]], None]
"""Publishes a registry event: the kind it is switched on by, the topic, the body."""


@dataclass(frozen=True, slots=True)
class Event:
    """A registry event (AWS reference, section 3.1); `kind` is what it is switched on by."""

    kind: str
    topic: str
    body: Mapping[str, Any]


@dataclass(slots=True)
class Transaction:
    """The store in a transaction, the time, and the notes of what happened."""

    store: RegistryStore
    now_s: float
    limits: RegistryLimits = AWS_LIMITS
    events: list[Event] = field(default_factory=list)
    access_changed: bool = False
    closed: set[str] = field(default_factory=set)

    def note(self, event: Event) -> None:
        """Something happened that subscribers may want to hear of."""
        self.events.append(event)

    def note_access(self, closed: str = "") -> None:
        """Who may do what has changed; `closed` is a certificate that opens nothing any more."""
        self.access_changed = True
        if closed:
            self.closed.add(closed)

    @staticmethod
    def new_id() -> str:
        """An identifier nothing else has."""
        return str(uuid.uuid4())
