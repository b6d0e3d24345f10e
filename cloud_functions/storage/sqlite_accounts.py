"""Accounts of the local identity service, in SQLite."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cloud_functions.storage.sqlite_file import open_file

_SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
  email TEXT PRIMARY KEY, subject TEXT NOT NULL, salt BLOB NOT NULL, hash BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS refresh_tokens (
  hash BLOB PRIMARY KEY, email TEXT NOT NULL, expires REAL NOT NULL
) WITHOUT ROWID;
"""


class StoredAccount(NamedTuple):
    """One account; the password only as a salted hash."""

    email: str
    subject: str
    salt: bytes
    hash: bytes


class SqliteAccounts:
    """Accounts and hashed refresh tokens; durable on return."""

    def __init__(self, path: Path) -> None:
        self._connection = open_file(path, _SCHEMA, one_thread=False)

    def add(self, account: StoredAccount) -> bool:
        """Store a new account; False when the name is taken."""
        statement = "INSERT OR IGNORE INTO accounts VALUES (?, ?, ?, ?)"
        return self._connection.execute(statement, account).rowcount == 1

    def find(self, email: str) -> StoredAccount | None:
        """The account of that name, or None."""
        row: Sequence[object] | None = self._connection.execute(
            "SELECT email, subject, salt, hash FROM accounts WHERE email = ?", (email,)
        ).fetchone()
        return None if row is None else StoredAccount(*row)  # type: ignore[arg-type]

    def keep_refresh(self, token_hash: bytes, email: str, expires_s: float) -> None:
        """Remember a refresh token by its hash."""
        self._connection.execute(
            "INSERT INTO refresh_tokens VALUES (?, ?, ?)", (token_hash, email, expires_s)
        )

    def email_of_refresh(self, token_hash: bytes, now_s: float) -> str | None:
        """Whose refresh token it is, while it is valid."""
        row = self._connection.execute(
            "SELECT email FROM refresh_tokens WHERE hash = ? AND expires > ?", (token_hash, now_s)
        ).fetchone()
        return None if row is None else str(row[0])

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()
