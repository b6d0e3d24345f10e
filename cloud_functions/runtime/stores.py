"""Everything the cloud keeps on disk, opened together and closed together."""

from cloud_functions.runtime.data_directory import DataDirectory
from cloud_functions.storage.committer import Committer
from cloud_functions.storage.file_blobs import FileBuckets
from cloud_functions.storage.lmdb_cell import LmdbCell
from cloud_functions.storage.sqlite_accounts import SqliteAccounts
from cloud_functions.storage.sqlite_event_configurations import SqliteEventConfigurations
from cloud_functions.storage.sqlite_registry import SqliteRegistry
from cloud_functions.storage.sqlite_rules import SqliteRules
from cloud_functions.storage.sqlite_table import SqliteTables


class Stores:
    """The stores of one data directory, which is locked."""

    def __init__(self, directory: DataDirectory) -> None:
        self.cell = LmdbCell(directory.cell(0))
        self.committer = Committer(self.cell)
        self.registry = SqliteRegistry(directory.registry)
        self.accounts = SqliteAccounts(directory.registry)
        self.rules = SqliteRules(directory.registry)
        self.event_configurations = SqliteEventConfigurations(directory.registry)
        self.tables = SqliteTables(directory.tables)
        self.blobs = FileBuckets(directory.blobs)

    async def close(self) -> None:
        """Write what waits, and let the files go."""
        await self.committer.close()
        self.cell.close()
        for each in (
            self.event_configurations,
            self.tables,
            self.registry,
            self.rules,
            self.accounts,
        ):
            each.close()
