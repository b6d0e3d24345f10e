"""The registry in SQLite: things, certificates, policies."""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cloud_functions.registry.certificates import Certificate, Status
from cloud_functions.registry.things import Thing

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS things (
  name TEXT PRIMARY KEY, attributes TEXT NOT NULL, version INTEGER NOT NULL, id TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS certificates (
  id TEXT PRIMARY KEY, common_name TEXT NOT NULL, pem TEXT NOT NULL, thing TEXT NOT NULL,
  policy TEXT NOT NULL, status TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS policies (
  name TEXT PRIMARY KEY, document TEXT NOT NULL
) WITHOUT ROWID;
"""
_CERTIFICATE: Final = "SELECT id, common_name, pem, thing, policy, status FROM certificates"


class SqliteRegistry:
    """An adapter of the registry's stores; several processes may have it open."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=10)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.executescript(_SCHEMA)

    # ------------------------------------------------------------ things

    def thing(self, name: str) -> Thing | None:
        """The thing, or None."""
        row = self._connection.execute(
            "SELECT name, attributes, version, id FROM things WHERE name = ?", (name,)
        ).fetchone()
        return None if row is None else Thing(row[0], json.loads(row[1]), row[2], row[3])

    def put_thing(self, thing: Thing) -> None:
        """Write it whole."""
        self._connection.execute(
            "INSERT OR REPLACE INTO things VALUES (?, ?, ?, ?)",
            (thing.name, json.dumps(dict(thing.attributes)), thing.version, thing.thing_id),
        )

    def delete_thing(self, name: str) -> bool:
        """Remove it; whether it was there."""
        done = self._connection.execute("DELETE FROM things WHERE name = ?", (name,))
        return done.rowcount == 1

    def things(self, after: str, limit: int) -> Sequence[Thing]:
        """Things by name."""
        rows = self._connection.execute(
            "SELECT name, attributes, version, id FROM things WHERE name > ? ORDER BY name LIMIT ?",
            (after, limit),
        )
        return [Thing(row[0], json.loads(row[1]), row[2], row[3]) for row in rows]

    # ------------------------------------------------------------ certificates and policies

    def certificate(self, certificate_id: str) -> Certificate | None:
        """The certificate, or None."""
        row = self._connection.execute(f"{_CERTIFICATE} WHERE id = ?", (certificate_id,)).fetchone()
        return None if row is None else _certificate(row)

    def certificates(self) -> list[Certificate]:
        """All of them."""
        rows = self._connection.execute(f"{_CERTIFICATE} ORDER BY id")
        return [_certificate(row) for row in rows]

    def put_certificate(self, certificate: Certificate) -> None:
        """Write it whole."""
        self._connection.execute(
            "INSERT OR REPLACE INTO certificates VALUES (?, ?, ?, ?, ?, ?)",
            (
                certificate.id,
                certificate.common_name,
                certificate.pem,
                certificate.thing,
                certificate.policy,
                certificate.status.value,
            ),
        )

    def policy(self, name: str) -> str | None:
        """A policy document's text, or None."""
        row = self._connection.execute(
            "SELECT document FROM policies WHERE name = ?", (name,)
        ).fetchone()
        return None if row is None else str(row[0])

    def put_policy(self, name: str, document: str) -> None:
        """Write it whole."""
        self._connection.execute("INSERT OR REPLACE INTO policies VALUES (?, ?)", (name, document))

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()


def _certificate(row: tuple[str, ...]) -> Certificate:
    identifier, common_name, pem, thing, policy, status = row
    return Certificate(identifier, common_name, pem, thing, policy, Status(status))
