"""The registry as jobs look at it: an adapter of `jobs.ports.Targets`."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from cloud_functions.storage.sqlite_registry import SqliteRegistry


class RegistryTargets:
    """Things of the registry in this file."""

    def __init__(self, registry: SqliteRegistry, path: Path) -> None:
        self._registry = registry
        self._watch = sqlite3.connect(path, isolation_level=None, timeout=10)

    def revision(self) -> object:
        """Another value whenever the file was changed, by this process or another.

        SQLite counts for a connection what the others commit, and this one never writes.
        """
        return self._watch.execute("PRAGMA data_version").fetchone()[0]

    def has_thing(self, name: str) -> bool:
        """Whether the thing is registered."""
        return self._registry.thing(name) is not None

    def things_of_group(self, name: str) -> Sequence[str] | None:
        """None: the registry has no groups yet."""
        del name
        return None

    def close(self) -> None:
        """Let the file go."""
        self._watch.close()
