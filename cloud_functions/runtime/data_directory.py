"""Everything durable of one cloud, and the lock that keeps a second one out."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from cloud_functions.contract.endpoints import FILE_NAME, LOCK_FILE_NAME, Endpoints


class DirectoryInUse(OSError):
    """Another cloud runs on this data directory."""


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """Paths below one folder."""

    root: Path

    @property
    def registry(self) -> Path:
        """Registry and accounts."""
        return self.root / "cloud.db"

    @property
    def tables(self) -> Path:
        """The functions' tables."""
        return self.root / "tables.db"

    @property
    def queues(self) -> Path:
        """The queues."""
        return self.root / "queues.db"

    @property
    def blobs(self) -> Path:
        """The functions' blobs, a folder a bucket."""
        return self.root / "blobs"

    @property
    def logs(self) -> Path:
        """A log for each function, and for Mosquitto."""
        return self.root / "logs"

    @property
    def pki(self) -> Path:
        """The local CA, the server's certificate, the token key."""
        return self.root / "pki"

    @property
    def mosquitto(self) -> Path:
        """Mosquitto's configuration, access list and persistence."""
        return self.root / "mosquitto"

    def cell(self, number: int) -> Path:
        """Shadows, outbox, sessions and retained messages of a cell."""
        return self.root / f"cell-{number}.lmdb"

    def lock(self) -> int:
        """Take the directory; the descriptor keeps it.  Raises DirectoryInUse."""
        self.root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.root / LOCK_FILE_NAME, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise DirectoryInUse(
                f"another cloud runs on {self.root}: stop it, or take another --data"
            ) from None
        (self.root / FILE_NAME).unlink(missing_ok=True)
        return descriptor

    def announce(self, endpoints: Endpoints) -> None:
        """Say that everything serves, by rename."""
        draft = self.root / f".{FILE_NAME}"
        draft.write_text(endpoints.as_json())
        draft.replace(self.root / FILE_NAME)

    def withdraw(self) -> None:
        """Say that nothing serves any more."""
        (self.root / FILE_NAME).unlink(missing_ok=True)
