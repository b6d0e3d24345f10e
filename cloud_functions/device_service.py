"""What answers devices on reserved topics, as the runtime sees it: shadows, jobs, provisioning."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cloud_functions.cells import Write
from cloud_functions.ports import Message


@dataclass(slots=True)
class Changes:
    """What a service made of something: to be committed, then published, in this order."""

    writes: list[Write] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    def settled(self) -> None:
        """Hears that it is committed and published, or that it failed."""


class DeviceService(Protocol):
    """Decides in memory at once, so that the next batch sees it; the caller commits."""

    @property
    def topic_filters(self) -> Sequence[str]:
        """The topics of its requests."""

    def handle(self, batch: Sequence[Message], now_s: float) -> Changes:
        """What its requests among a batch bring; messages that are none are passed over."""

    def tick(self, now_s: float) -> Changes:
        """What time alone brings."""

    def failed(self, changes: Changes, now_s: float) -> Sequence[Message]:
        """The commit failed: forget what was decided; the answers to those who asked."""
