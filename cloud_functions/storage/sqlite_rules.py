"""Topic rules and destinations that API calls made, beside the registry."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cloud_functions.rules.destination import Destination, Kind, Status
from cloud_functions.rules.topic_rules import StoredRule
from cloud_functions.storage.sqlite_file import open_file

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS topic_rules (
  name TEXT PRIMARY KEY, payload TEXT NOT NULL, created_s REAL NOT NULL, over TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS destinations (
  arn TEXT PRIMARY KEY, url TEXT NOT NULL, token TEXT NOT NULL, status TEXT NOT NULL,
  reason TEXT NOT NULL, created_s REAL NOT NULL, updated_s REAL NOT NULL, kind TEXT NOT NULL
) WITHOUT ROWID;
"""


class SqliteRules:
    """An adapter of `RuleStore` and `DestinationStore`."""

    def __init__(self, path: Path) -> None:
        self._connection = open_file(path, _SCHEMA)

    # ------------------------------------------------------------ rules

    def stored_rules(self) -> Sequence[StoredRule]:
        """All of them."""
        rows = self._connection.execute(
            "SELECT name, payload, created_s, over FROM topic_rules ORDER BY name"
        )
        return [StoredRule(*row) for row in rows]

    def put_rule(self, rule: StoredRule) -> None:
        """Write it whole."""
        self._connection.execute(
            "INSERT OR REPLACE INTO topic_rules VALUES (?, ?, ?, ?)",
            (rule.name, rule.payload, rule.created_s, rule.over),
        )

    def forget_rule(self, name: str) -> None:
        """Remove it; nothing happens when it is not there."""
        self._connection.execute("DELETE FROM topic_rules WHERE name = ?", (name,))

    # ------------------------------------------------------------ destinations

    def put_destination(self, destination: Destination) -> None:
        """Write it whole."""
        self._connection.execute(
            "INSERT OR REPLACE INTO destinations VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                destination.arn,
                destination.url,
                destination.token,
                destination.status.value,
                destination.reason,
                destination.created_s,
                destination.updated_s,
                destination.kind.value,
            ),
        )

    def delete_destination(self, arn: str) -> None:
        """Remove it; nothing happens when it is not there."""
        self._connection.execute("DELETE FROM destinations WHERE arn = ?", (arn,))

    def destinations(self) -> Sequence[Destination]:
        """All of them."""
        rows = self._connection.execute(
            "SELECT arn, url, token, status, reason, created_s, updated_s, kind FROM destinations"
        )
        return [
            Destination(arn, url, token, Status(status), reason, created_s, updated_s, Kind(kind))
            for arn, url, token, status, reason, created_s, updated_s, kind in rows
        ]

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()
