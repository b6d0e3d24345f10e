"""What the shadow service asks of its store."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeAlias

ShadowKey: TypeAlias = tuple[str, str]
"""Thing name and shadow name; the classic shadow's name is empty."""


class Write(NamedTuple):
    """One shadow to store; `raw` None forgets it."""

    key: ShadowKey
    raw: bytes | None


class ShadowStore(Protocol):
    """Keeps documents as bytes."""

    def get(self, key: ShadowKey) -> bytes | None:
        """The stored bytes, or None."""

    def names(self, thing: str) -> Sequence[str]:
        """The names of a thing's named shadows, in order; tombstones among them."""

    def commit(self, writes: Sequence[Write], outbox: Sequence[bytes] = ()) -> Sequence[int]:
        """All of it in one transaction, durable on return; the numbers of the outbox entries."""

    def outbox(self) -> Sequence[tuple[int, bytes]]:
        """What was committed to the outbox and is not done, oldest first."""

    def done(self, numbers: Sequence[int]) -> None:
        """Forget outbox entries; durable with the next commit at the latest."""
