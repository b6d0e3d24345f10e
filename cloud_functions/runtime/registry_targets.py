"""The registry as jobs look at it: an adapter of `jobs.ports.Targets`."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from cloud_functions.registry import thing_groups
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
        return self._registry.things.get(name) is not None

    def things_of_group(self, name: str) -> Sequence[str] | None:
        """The things of a group and of the groups below it; None if there is no such group."""
        if self._registry.thing_groups.get(name) is None:
            return None
        below = thing_groups.descendants(self._registry, name)
        members = self._registry.group_members
        return sorted(
            {
                member.thing
                for group in (name, *(each.name for each in below))
                for member in members.find({"group": group})
            }
        )

    def close(self) -> None:
        """Let the file go."""
        self._watch.close()
