"""The functions' tables in one SQLite file, for several processes at once."""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cloud_functions.errors import VersionConflict
from cloud_functions.ports import Delete, Item, Key, Put, Stored
from cloud_functions.storage.sqlite_file import open_file

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS items (
  tbl TEXT NOT NULL, pk TEXT NOT NULL, sk TEXT NOT NULL,
  item TEXT NOT NULL, version INTEGER NOT NULL,
  PRIMARY KEY (tbl, pk, sk)
) WITHOUT ROWID
"""


class SqliteTables:
    """The file; `table` gives one table of it.  One thread at a time may use it."""

    def __init__(self, path: Path) -> None:
        self._connection = open_file(path, _SCHEMA, one_thread=False)

    def table(self, name: str) -> "SqliteTable":
        """The table of that name."""
        return SqliteTable(self._connection, name)

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()


class SqliteTable:
    """An adapter of `ports.Table`."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self._connection = connection
        self._name = name

    def get(self, key: Key) -> Stored | None:
        """The item, or None."""
        row = self._connection.execute(
            "SELECT item, version FROM items WHERE tbl = ? AND pk = ? AND sk = ?",
            (self._name, *key),
        ).fetchone()
        return None if row is None else Stored(key, json.loads(row[0]), row[1])

    def put(self, key: Key, item: Item, *, expected_version: int | None = None) -> int:
        """Write it whole; the new version.  Raises VersionConflict."""
        self._begin()
        try:
            version = self._put(Put(key, item, expected_version))
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        return version

    def delete(self, key: Key) -> bool:
        """Remove it; whether it was there."""
        statement = "DELETE FROM items WHERE tbl = ? AND pk = ? AND sk = ?"
        return self._connection.execute(statement, (self._name, *key)).rowcount == 1

    def query(
        self,
        partition: str,
        *,
        prefix: str = "",
        after: str | None = None,
        newest_first: bool = False,
        limit: int = 100,
    ) -> Sequence[Stored]:
        """Items of a partition in the order of their sort keys, from just beyond `after`."""
        order, beyond = ("DESC", "<") if newest_first else ("ASC", ">")
        values: list[object] = [self._name, partition, prefix, prefix + "\U0010ffff"]
        bound = ""
        if after is not None:
            bound = f" AND sk {beyond} ?"
            values.append(after)
        rows = self._connection.execute(
            "SELECT sk, item, version FROM items WHERE tbl = ? AND pk = ?"  # noqa: S608  no value is in the text
            f" AND sk >= ? AND sk < ?{bound} ORDER BY sk {order} LIMIT ?",
            (*values, limit),
        ).fetchall()
        return [Stored((partition, sk), json.loads(item), version) for sk, item, version in rows]

    def write(self, changes: Sequence[Put | Delete]) -> None:
        """All of the changes or none.  Raises VersionConflict."""
        self._begin()
        try:
            for change in changes:
                if isinstance(change, Put):
                    self._put(change)
                else:
                    self._delete(change)
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def _begin(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def _version(self, key: Key) -> int:
        row = self._connection.execute(
            "SELECT version FROM items WHERE tbl = ? AND pk = ? AND sk = ?", (self._name, *key)
        ).fetchone()
        return 0 if row is None else int(row[0])

    def _check(self, key: Key, expected: int | None) -> int:
        stored = self._version(key)
        if expected is not None and stored != expected:
            raise VersionConflict(f"{self._name} {key}: version {stored}, not {expected}")
        return stored

    def _put(self, change: Put) -> int:
        version = self._check(change.key, change.expected_version) + 1
        self._connection.execute(
            "INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?, ?)",
            (self._name, *change.key, json.dumps(change.item, allow_nan=False), version),
        )
        return version

    def _delete(self, change: Delete) -> None:
        self._check(change.key, change.expected_version)
        self._connection.execute(
            "DELETE FROM items WHERE tbl = ? AND pk = ? AND sk = ?", (self._name, *change.key)
        )
