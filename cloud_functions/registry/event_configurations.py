"""Which of the registry's and the jobs' events are told (AWS reference, section 3.1).

All are off until UpdateEventConfigurations turns them on; an update names the types it changes
and leaves the others alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Protocol

from cloud_functions.errors import InvalidRequest


class EventType(StrEnum):
    """The kinds of events that can be turned on."""

    THING = "THING"
    THING_GROUP = "THING_GROUP"
    THING_TYPE = "THING_TYPE"
    THING_GROUP_MEMBERSHIP = "THING_GROUP_MEMBERSHIP"
    THING_GROUP_HIERARCHY = "THING_GROUP_HIERARCHY"
    THING_TYPE_ASSOCIATION = "THING_TYPE_ASSOCIATION"
    JOB = "JOB"
    JOB_EXECUTION = "JOB_EXECUTION"
    POLICY = "POLICY"
    CERTIFICATE = "CERTIFICATE"
    CA_CERTIFICATE = "CA_CERTIFICATE"


class InvalidEventConfiguration(InvalidRequest):
    """AWS's InvalidRequestException."""

    code = "InvalidRequestException"


@dataclass(frozen=True, slots=True)
class EventConfigurations:
    """What is on, and when that was first and last decided; None for never."""

    enabled: Mapping[EventType, bool] = field(default_factory=dict)
    created_s: float | None = None
    modified_s: float | None = None

    def described(self) -> dict[str, Any]:
        """The answer of DescribeEventConfigurations."""
        said: dict[str, Any] = {
            "eventConfigurations": {
                kind.value: {"Enabled": self.enabled.get(kind, False)} for kind in EventType
            }
        }
        if self.created_s is not None:
            said["creationDate"] = self.created_s
            said["lastModifiedDate"] = self.modified_s
        return said


class EventConfigurationStore(Protocol):
    """Keeps the configurations; durable on return."""

    def event_configurations(self) -> EventConfigurations:
        """What was put last; everything off if nothing was."""

    def put_event_configurations(self, configurations: EventConfigurations) -> None:
        """Write them whole."""


class EventSwitches:
    """What is on, at hand for every change that might be told."""

    def __init__(self, store: EventConfigurationStore) -> None:
        self._store = store
        self._now = store.event_configurations()

    @property
    def configurations(self) -> EventConfigurations:
        """All of them."""
        return self._now

    def is_on(self, kind: str) -> bool:
        """Whether events of this kind, an EventType's word, are told."""
        return self._now.enabled.get(EventType(kind), False)

    def update(self, asked: object, now_s: float) -> None:
        """UpdateEventConfigurations.  Raises InvalidEventConfiguration."""
        enabled = {**self._now.enabled, **_read(asked)}
        created_s = self._now.created_s if self._now.created_s is not None else now_s
        after = replace(self._now, enabled=enabled, created_s=created_s, modified_s=now_s)
        self._store.put_event_configurations(after)
        self._now = after


def _read(asked: object) -> dict[EventType, bool]:
    if not isinstance(asked, dict):
        raise InvalidEventConfiguration("eventConfigurations is an object")
    enabled: dict[EventType, bool] = {}
    for word, configuration in asked.items():
        if word not in EventType.__members__:
            kinds = ", ".join(EventType)
            raise InvalidEventConfiguration(f"{word!r} is no event type: there are {kinds}")
        is_on = configuration.get("Enabled", False) if isinstance(configuration, dict) else None
        if not isinstance(is_on, bool):
            raise InvalidEventConfiguration(f"{word}: an object with Enabled, true or false")
        enabled[EventType(word)] = is_on
    return enabled
