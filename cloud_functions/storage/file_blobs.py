"""Blobs as files: written aside, synchronised, renamed."""

import os
import re
from pathlib import Path
from typing import Final

from cloud_functions.errors import InvalidRequest

_NAME: Final = re.compile(r"[\w:.!*'()=@+,& -]+(/[\w:.!*'()=@+,& -]+)*\Z", re.ASCII)
"""S3's safe characters, and those Hive's `year=2026` and the like need."""


class FileBlobs:
    """An adapter of `ports.BlobStore` over a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, data: bytes, content_type: str = "application/json") -> None:
        """Store under the name, replacing what was there; durable on return."""
        del content_type  # a file's name says it
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)

    def get(self, name: str) -> bytes | None:
        """The bytes, or None."""
        try:
            return self._path(name).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def delete(self, name: str) -> bool:
        """Remove it; whether it was there."""
        try:
            self._path(name).unlink()
        except FileNotFoundError:
            return False
        return True

    def _path(self, name: str) -> Path:
        if not _NAME.match(name) or any(part in (".", "..") for part in name.split("/")):
            raise InvalidRequest(f"{name!r} is no name for a blob")
        return self._folder / name
