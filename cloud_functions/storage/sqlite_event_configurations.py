"""Which events are told, in SQLite, beside the registry."""

from pathlib import Path
from typing import Final

from cloud_functions.registry.event_configurations import EventConfigurations, EventType
from cloud_functions.storage.sqlite_file import open_file

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS event_configurations (
  type TEXT PRIMARY KEY, enabled INTEGER NOT NULL, created REAL NOT NULL, modified REAL NOT NULL
) WITHOUT ROWID;
"""


class SqliteEventConfigurations:
    """An adapter of `registry.event_configurations.EventConfigurationStore`."""

    def __init__(self, path: Path) -> None:
        self._connection = open_file(path, _SCHEMA)

    def event_configurations(self) -> EventConfigurations:
        """What was put last; everything off if nothing was."""
        rows = self._connection.execute(
            "SELECT type, enabled, created, modified FROM event_configurations"
        ).fetchall()
        if not rows:
            return EventConfigurations()
        enabled = {EventType(kind): bool(is_on) for kind, is_on, _, _ in rows}
        return EventConfigurations(enabled, rows[0][2], rows[0][3])

    def put_event_configurations(self, configurations: EventConfigurations) -> None:
        """Write them whole."""
        created_s, modified_s = configurations.created_s, configurations.modified_s
        rows = [
            (kind.value, configurations.enabled.get(kind, False), created_s, modified_s)
            for kind in EventType
        ]
        holes = ", ".join("(?, ?, ?, ?)" for _ in rows)  # one statement is one transaction
        self._connection.execute(
            f"INSERT OR REPLACE INTO event_configurations VALUES {holes}",  # noqa: S608
            [value for row in rows for value in row],
        )

    def close(self) -> None:
        """Let the file go."""
        self._connection.close()
