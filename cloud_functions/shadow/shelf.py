"""Documents at hand, so that not every request reads the store: the latest ones, within limits.

A document whose change is not on disk yet is held: until its commit is over it is nowhere else.
"""

from collections import Counter, OrderedDict
from collections.abc import Iterable
from itertools import chain
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
        self._changes: Counter[ShadowKey] = Counter()
        """How many of each held document are on their way to the disk."""
        self._held: dict[ShadowKey, Document | None] = {}

    def __contains__(self, key: ShadowKey) -> bool:
        return key in self._held or key in self._documents

    def take(self, key: ShadowKey) -> Document | None:
        """A document that is here; it is the last to go now."""
        if key in self._held:
            return self._held[key]
        self._documents.move_to_end(key)
        return self._documents[key]

    def put(self, key: ShadowKey, document: Document | None) -> None:
        """Have it here; what was not asked for the longest makes room."""
        if key in self._changes:
            self._held[key] = document
            return
        self.forget(key)
        self._documents[key] = document
        self._bytes += _size(document)
        while self._bytes > self._most_bytes or len(self._documents) > self._most:
            self.forget(next(iter(self._documents)))

    def forget(self, key: ShadowKey) -> None:
        """The store knows better."""
        self._held.pop(key, None)
        if key in self._documents:
            self._bytes -= _size(self._documents.pop(key))

    def names_of(self, thing: str) -> Iterable[str]:
        """The named shadows of a thing that are here."""
        return [
            name for owner, name in chain(self._held, self._documents) if owner == thing and name
        ]

    # ------------------------------------------------------------ what is not on disk yet

    def hold(self, key: ShadowKey) -> None:
        """A change of it is on its way to the disk."""
        if key not in self._changes and key in self._documents:
            document = self._documents[key]
            self.forget(key)
            self._held[key] = document
        self._changes[key] += 1

    def release(self, key: ShadowKey) -> None:
        """That change is on disk, or was given up."""
        self._changes[key] -= 1
        if not self._changes[key]:
            del self._changes[key]
            if key in self._held:
                self.put(key, self._held.pop(key))


def _size(document: Document | None) -> int:
    return 0 if document is None else len(document.encoded)
