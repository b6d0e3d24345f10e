"""How every SQLite file of the cloud is opened: durable when a statement returns."""

import sqlite3
from pathlib import Path
from typing import Final

_BUSY_S: Final = 10.0
"""How long a writer waits for another process or thread to finish its transaction."""


def open_file(path: Path, schema: str, *, one_thread: bool = True) -> sqlite3.Connection:
    """A connection with the schema in place; it commits by itself, in the file and on the disk.

    With `one_thread` off any thread may use it, one at a time.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(
        path, isolation_level=None, timeout=_BUSY_S, check_same_thread=one_thread
    )
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.executescript(schema)
    return connection
