"""Deeds that must not be lost, in the cell's store from the commit of their message until done.

An entry's JSON form outlives the program that wrote it (`rules.deeds`).  The entries of one rule
and message carry the number of their first one as `group`, so that after a crash their failures
are reported together; `message` is there for rules with an error action only.
"""

import itertools
import logging
from collections.abc import Sequence

import msgspec

from cloud_functions.cells import CellStore, Space, Write
from cloud_functions.ports import Message
from cloud_functions.rules.deeds import Deed

_logger = logging.getLogger(__name__)


class KeptMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    """The message a rule held for, as far as an error action needs it."""

    topic: str
    payload: bytes
    qos: int = 0
    client_id: str = "n/a"
    principal: str = ""
    at_ms: int = 0

    @classmethod
    def of(cls, message: Message, at_ms: int) -> "KeptMessage":
        """What is kept of a message that came at this time."""
        topic, payload, qos, _, client_id, principal, *_ = message
        return cls(topic, payload, qos, client_id, principal, at_ms)

    @property
    def message(self) -> Message:
        """The message again."""
        return Message(self.topic, self.payload, self.qos, False, self.client_id, self.principal)


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A deed with what is needed to do it after a crash."""

    rule: str
    deed: Deed
    group: int = 0
    message: KeptMessage | None = None
    is_error_action: bool = False


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Entry).decode


class Outbox:
    """Numbers entries, and finds those of an earlier run."""

    def __init__(self, store: CellStore) -> None:
        self.left_over: list[tuple[int, Entry]] = []
        highest = 0
        for key, raw in store.scan(Space.OUTBOX):
            highest = int.from_bytes(key, "big")
            try:
                self.left_over.append((highest, _decode(raw)))
            except msgspec.DecodeError as error:
                _logger.error("entry %d of the outbox cannot be read: %s", highest, error)  # noqa: TRY400  no traceback helps
        self._numbers = itertools.count(1 + highest)

    def number(self) -> int:
        """The next free number."""
        return next(self._numbers)


def keep(number: int, entry: Entry) -> Write:
    """What to commit so that the deed is not lost."""
    return Write(Space.OUTBOX, number.to_bytes(8, "big"), _encode(entry))


def strike(numbers: Sequence[int]) -> list[Write]:
    """What to commit when deeds are done."""
    return [Write(Space.OUTBOX, number.to_bytes(8, "big"), None) for number in numbers]
