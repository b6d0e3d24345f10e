"""Frozen dataclasses in a table: key and searched fields as columns, the whole record as JSON."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from cloud_functions.registry.ports import EVERYTHING, Field, Position, Span

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Layout(Generic[T]):
    """Where a kind of record lies: its table, its key, and what it is searched and ordered by."""

    table: str
    kind: type[T]
    key: tuple[str, ...]
    searched: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields that are columns."""
        return tuple(dict.fromkeys((*self.key, *self.searched)))

    @property
    def schema(self) -> str:
        """The statements that make the table; they may be run again."""
        columns = ", ".join(f'"{name}" NOT NULL' for name in self.columns)
        indexes = "".join(
            f"CREATE INDEX IF NOT EXISTS {self.table}_{name} ON {self.table}"
            f" ({_names(dict.fromkeys((name, *self.key)))});\n"
            for name in self.searched
        )
        return (
            f"CREATE TABLE IF NOT EXISTS {self.table} ({columns}, record BLOB NOT NULL,"
            f" PRIMARY KEY ({_names(self.key)})) WITHOUT ROWID;\n{indexes}"
        )


class SqliteRecords(Generic[T]):
    """An adapter of `registry.ports.Records`: one table."""

    def __init__(self, connection: sqlite3.Connection, layout: Layout[T]) -> None:
        self._connection = connection
        self._columns = layout.columns
        self._key = layout.key
        self._decoder = msgspec.json.Decoder(layout.kind)
        # no value is in the text of a statement, only the names of a layout
        table, places = layout.table, ", ".join("?" * (len(self._columns) + 1))
        by_key = " AND ".join(f'"{name}" = ?' for name in layout.key)
        self._get = f"SELECT record FROM {table} WHERE {by_key}"  # noqa: S608
        self._put = f"INSERT OR REPLACE INTO {table} VALUES ({places})"  # noqa: S608
        self._delete = f"DELETE FROM {table} WHERE {by_key}"  # noqa: S608
        self._find = f"SELECT record FROM {table}"  # noqa: S608
        self._count = f"SELECT COUNT(*) FROM {table}"  # noqa: S608

    @property
    def key_length(self) -> int:
        """How many fields the key has."""
        return len(self._key)

    def get(self, *key: Field) -> T | None:
        """The record, or None."""
        row = self._connection.execute(self._get, key).fetchone()
        return None if row is None else self._decoder.decode(row[0])

    def put(self, record: T) -> None:
        """Write it whole."""
        values = [getattr(record, name) for name in self._columns]
        self._connection.execute(self._put, (*values, msgspec.json.encode(record)))

    def delete(self, *key: Field) -> bool:
        """Remove it; whether it was there."""
        return self._connection.execute(self._delete, key).rowcount == 1

    def find(
        self, where: Mapping[str, Field] | None = None, span: Span = EVERYTHING
    ) -> Sequence[T]:
        """The records whose fields have these values, in the order of the span."""
        conditions, values = self._conditions(where)
        order = (*span.by, *self._key)
        assert set(order) <= set(self._columns)
        if span.prefix:
            conditions.append(f'"{self._key[0]}" >= ? AND "{self._key[0]}" < ?')
            values += [span.prefix, span.prefix + "\U0010ffff"]
        if span.after:
            beyond = "<" if span.descending else ">"
            places = ", ".join("?" * len(span.after))
            conditions.append(f"({_names(order)}) {beyond} ({places})")
            values += span.after
        direction = "DESC" if span.descending else "ASC"
        ordered = ", ".join(f'"{name}" {direction}' for name in order)
        rows = self._connection.execute(
            f"{self._find}{_where(conditions)} ORDER BY {ordered} LIMIT ?",
            (*values, span.limit or -1),
        )
        return [self._decoder.decode(row[0]) for row in rows]

    def count(self, where: Mapping[str, Field] | None = None) -> int:
        """How many records have these values."""
        conditions, values = self._conditions(where)
        row = self._connection.execute(self._count + _where(conditions), values).fetchone()
        return int(row[0])

    def position(self, record: T, by: tuple[str, ...] = ()) -> Position:
        """Where the record stands in the order of a span."""
        return tuple(getattr(record, name) for name in (*by, *self._key))

    def _conditions(self, where: Mapping[str, Field] | None) -> tuple[list[str], list[Any]]:
        asked = where or {}
        assert asked.keys() <= set(self._columns)
        return [f'"{name}" = ?' for name in asked], list(asked.values())


def _names(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _where(conditions: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""
