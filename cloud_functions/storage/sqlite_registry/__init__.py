"""The registry in SQLite: one file, a table for each kind of record."""

from cloud_functions.storage.sqlite_registry.registry import SqliteRegistry

__all__ = ["SqliteRegistry"]
