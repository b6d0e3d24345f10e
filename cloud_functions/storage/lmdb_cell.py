"""A cell's store in LMDB: one synchronised transaction for each batch.

Measured on the design's machine, a document written in batches of 1,000 costs 2 us here and 8 us
in SQLite (design, decision 9).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Final

import lmdb

from cloud_functions.cells import Space, Write

_MAP_BYTES: Final = 64 * 1024**3
"""Address space, not disk: the file grows with what is stored."""


class LmdbCell:
    """Everything durable of one cell; opened by the cloud process alone."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._env = lmdb.open(str(directory), map_size=_MAP_BYTES, max_dbs=len(Space))
        self._writing = Lock()
        """Held by a commit, so that a close waits for it: LMDB may hang on one that does not."""
        self._spaces = {space: self._env.open_db(space.encode()) for space in Space}

    def get(self, space: Space, key: bytes) -> bytes | None:
        """The stored bytes, or None."""
        with self._env.begin(db=self._spaces[space]) as transaction:
            found = transaction.get(key)
        return None if found is None else bytes(found)

    def scan(self, space: Space, prefix: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """What is stored under keys that begin with the prefix, in their order."""
        with self._env.begin(db=self._spaces[space]) as transaction:
            cursor = transaction.cursor()
            found = cursor.set_range(prefix)
            while found and (key := bytes(cursor.key())).startswith(prefix):
                yield key, bytes(cursor.value())
                found = cursor.next()

    def commit(self, writes: Sequence[Write]) -> None:
        """All of it in one transaction, on disk on return; of two for one key the last wins."""
        with self._writing, self._env.begin(write=True) as transaction:
            for space, key, raw in writes:
                if raw is None:
                    transaction.delete(key, db=self._spaces[space])
                else:
                    transaction.put(key, raw, db=self._spaces[space])

    def close(self) -> None:
        """Let the files go, after the commit that runs."""
        with self._writing:
            self._env.close()
