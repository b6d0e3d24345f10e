"""Documents at hand, so that not every request reads the store: the latest ones, within limits.

A document whose change is not on disk yet is held: until its commit is over it is nowhere else.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable
from typing import Final, TypeAlias

from cloud_functions.shadow.document import Document

ShadowKey: TypeAlias = tuple[str, str]
"""Thing name and shadow name; the classic shadow's name is empty."""

MAX_DOCUMENTS: Final = 50_000
MAX_BYTES: Final = 8 * 1024 * 1024
"""Of JSON; ready to be merged it takes some three times as much again."""


class Shelf:
    """Documents by key, None for a shadow that is known not to exist."""

    def __init__(self, documents: int = MAX_DOCUMENTS, json_bytes: int = MAX_BYTES) -> None:
        self._most = documents
        self._most_bytes = json_bytes
        self._documents: OrderedDict[ShadowKey, Document | None] = OrderedDict()
        self._bytes = 0
        self._held: Counter[ShadowKey] = Counter()

    def __contains__(self, key: ShadowKey) -> bool:
        return key in self._documents

    def take(self, key: ShadowKey) -> Document | None:
        """A document that is here; it is the last to go now."""
        self._documents.move_to_end(key)
        return self._documents[key]

    def put(self, key: ShadowKey, document: Document | None) -> None:
        """Have it here; what was not asked for the longest makes room."""
        self.forget(key)
        self._documents[key] = document
        self._bytes += _size(document)
        if self._bytes > self._most_bytes or len(self._documents) > self._most:
            self._make_room()

    def forget(self, key: ShadowKey) -> None:
        """The store knows better."""
        if key in self._documents:
            self._bytes -= _size(self._documents.pop(key))

    def names_of(self, thing: str) -> Iterable[str]:
        """The named shadows of a thing that are here."""
        return [name for owner, name in self._documents if owner == thing and name]

    # ------------------------------------------------------------ what is not on disk yet

    def hold(self, key: ShadowKey) -> None:
        """A change of it is on its way to the disk."""
        self._held[key] += 1

    def release(self, key: ShadowKey) -> None:
        """That change is on disk, or was given up."""
        self._held[key] -= 1
        if not self._held[key]:
            del self._held[key]

    def _make_room(self) -> None:
        for _ in range(len(self._held) + 2):
            if self._bytes <= self._most_bytes and len(self._documents) <= self._most:
                return
            oldest = next(iter(self._documents))
            if oldest in self._held:
                self._documents.move_to_end(oldest)
            else:
                self.forget(oldest)


def _size(document: Document | None) -> int:
    return 0 if document is None else len(document.encoded)
