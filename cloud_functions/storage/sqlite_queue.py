"""Queues in one SQLite file, for several processes at once."""

import sqlite3
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cloud_functions.errors import InvalidRequest, NotFound, Unavailable
from cloud_functions.ports import Clock, QueueMessage
from cloud_functions.queues.spec import MAX_RECEIVED, QueueSpec, check_body
from cloud_functions.storage.sqlite_file import open_file

MAX_FILE_BYTES: Final = 4 * 1024**3
"""Together the queues of a computer hold no more than this."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS messages (
  number INTEGER PRIMARY KEY AUTOINCREMENT, queue TEXT NOT NULL, id TEXT NOT NULL,
  body TEXT NOT NULL, sent_ms INTEGER NOT NULL, visible_ms INTEGER NOT NULL,
  receives INTEGER NOT NULL, first_ms INTEGER NOT NULL, receipt TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS visible ON messages (queue, visible_ms, number);
CREATE INDEX IF NOT EXISTS age ON messages (queue, sent_ms);
"""


class SqliteQueues:
    """The file; `queue` gives one queue of it.  One thread at a time may use it."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_FILE_BYTES) -> None:
        self._connection = open_file(path, _SCHEMA, one_thread=False)
        self._max_bytes = max_bytes

    def queue(self, spec: QueueSpec, clock: Clock = time.time) -> "SqliteQueue":
        """The queue of that name."""
        return SqliteQueue(self, self._connection, spec, clock)

    def send(self, sent: Sequence[tuple[QueueSpec, str]], now_s: float) -> Sequence[str]:
        """Add messages to several queues in one transaction; their ids.  Raises as `Queue.send`."""
        for _, body in sent:
            check_body(body)
        now_ms = int(now_s * 1000)
        identifiers = [str(uuid.uuid4()) for _ in sent]
        with _transaction(self._connection):
            self._demand_room()
            self._connection.executemany(
                "INSERT INTO messages (queue, id, body, sent_ms, visible_ms, receives, first_ms,"
                " receipt) VALUES (?, ?, ?, ?, ?, 0, 0, '')",
                [
                    (spec.name, identifier, body, now_ms, now_ms + spec.delay_s * 1000)
                    for identifier, (spec, body) in zip(identifiers, sent, strict=True)
                ],
            )
        return identifiers

    def _demand_room(self) -> None:
        """What is full takes nothing more, and still gives: receiving writes too."""
        pages, free, page_bytes = (
            self._connection.execute(f"PRAGMA {what}").fetchone()[0]
            for what in ("page_count", "freelist_count", "page_size")
        )
        if (pages - free) * page_bytes > self._max_bytes:
            raise Unavailable(f"the queues hold {self._max_bytes} bytes: they are full")

    def waiting(self, name: str) -> int:
        """Messages of a queue that are not deleted yet."""
        row = self._connection.execute(
            "SELECT count(*) FROM messages WHERE queue = ?", (name,)
        ).fetchone()
        return int(row[0])

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()


class SqliteQueue:
    """An adapter of `ports.Queue`."""

    def __init__(
        self, file: SqliteQueues, connection: sqlite3.Connection, spec: QueueSpec, clock: Clock
    ) -> None:
        self._file = file
        self._connection = connection
        self._spec = spec
        self._clock = clock

    def send(self, bodies: Sequence[str]) -> Sequence[str]:
        """Add messages; their ids.  Raises InvalidRequest, Unavailable."""
        return self._file.send([(self._spec, body) for body in bodies], self._clock())

    def receive(self, most: int, *, visibility_s: int | None = None) -> Sequence[QueueMessage]:
        """At most so many (1 to 10) that are visible now; returns at once when none are."""
        if not 1 <= most <= MAX_RECEIVED:
            raise InvalidRequest(f"1 to {MAX_RECEIVED} messages are received at once, not {most}")
        now_ms = self._now_ms()
        if not self._has_visible(now_ms):
            return ()
        hidden_s = self._spec.visibility_s if visibility_s is None else visibility_s
        with _transaction(self._connection):
            self._forget_old(now_ms)
            self._bury(now_ms)
            return [self._take(row, now_ms, hidden_s) for row in self._visible(now_ms, most)]

    def delete(self, receipts: Sequence[str]) -> None:
        """Remove what was received; nothing happens for what is gone."""
        with _transaction(self._connection):
            self._connection.executemany(
                "DELETE FROM messages WHERE number = ? AND receipt = ? AND queue = ?",
                [(_number(receipt), receipt, self._spec.name) for receipt in receipts],
            )

    def change_visibility(self, receipt: str, visibility_s: int) -> None:
        """Let it come again so many seconds from now.  Raises NotFound if it is not received."""
        now_ms = self._now_ms()
        with _transaction(self._connection):
            done = self._connection.execute(
                "UPDATE messages SET visible_ms = ? WHERE number = ? AND receipt = ?"
                " AND queue = ? AND visible_ms > ?",
                (
                    now_ms + visibility_s * 1000,
                    *(_number(receipt), receipt, self._spec.name, now_ms),
                ),
            )
        if done.rowcount != 1:
            raise NotFound(f"{self._spec.name}: no message is received by {receipt!r}")

    # ------------------------------------------------------------ inside a transaction

    def _has_visible(self, now_ms: int) -> bool:
        statement = "SELECT 1 FROM messages WHERE queue = ? AND visible_ms <= ? LIMIT 1"
        found = self._connection.execute(statement, (self._spec.name, now_ms)).fetchone()
        return found is not None

    def _forget_old(self, now_ms: int) -> None:
        self._connection.execute(
            "DELETE FROM messages WHERE queue = ? AND sent_ms <= ?",
            (self._spec.name, now_ms - self._spec.retention_s * 1000),
        )

    def _bury(self, now_ms: int) -> None:
        """To the dead-letter queue, keeping id, age and count."""
        spec = self._spec
        if spec.dead_letters is not None:
            self._connection.execute(
                "UPDATE messages SET queue = ?, receipt = ''"
                " WHERE queue = ? AND visible_ms <= ? AND receives >= ?",
                (spec.dead_letters, spec.name, now_ms, spec.max_receives),
            )

    def _visible(self, now_ms: int, most: int) -> Sequence[tuple[int, str, str, int, int, int]]:
        return self._connection.execute(
            "SELECT number, id, body, sent_ms, receives, first_ms FROM messages"
            " WHERE queue = ? AND visible_ms <= ? ORDER BY visible_ms, number LIMIT ?",
            (self._spec.name, now_ms, most),
        ).fetchall()

    def _take(
        self, row: tuple[int, str, str, int, int, int], now_ms: int, hidden_s: int
    ) -> QueueMessage:
        number, identifier, body, sent_ms, receives, first_ms = row
        receipt = f"{number}.{uuid.uuid4().hex}"
        self._connection.execute(
            "UPDATE messages SET visible_ms = ?, receives = ?, first_ms = ?, receipt = ?"
            " WHERE number = ?",
            (now_ms + hidden_s * 1000, receives + 1, first_ms or now_ms, receipt, number),
        )
        return QueueMessage(identifier, receipt, body, sent_ms, receives + 1, first_ms or now_ms)

    def _now_ms(self) -> int:
        return int(self._clock() * 1000)


def _number(receipt: str) -> int:
    """The row a receipt is for; 0, which is none, for a text that is no receipt."""
    digits = receipt.partition(".")[0]
    return int(digits) if digits.isdecimal() and len(digits) < 19 else 0  # noqa: PLR2004  64 bits


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing.  Raises Unavailable when the file is full or locked for long."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if connection.in_transaction:  # a full disk has ended it already
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        raise Unavailable(f"the queues cannot be written: {error}") from error
