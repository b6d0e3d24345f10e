"""Blobs as files: written aside, synchronised, renamed.

An ordinary name is the path of its file, so that people find it and may lay files there
themselves.  Any other key of S3 (`/lead`, `a//b`, `é?`), and one whose path is taken (`a` is a
file and `a/b` is wanted) or too long, is one file in the folder `%objects`, under its name in
percent-encoding; no ordinary name holds a percent sign, so that the two never meet.
"""

import errno
import hashlib
import os
import re
import threading
from pathlib import Path
from typing import Final
from urllib.parse import quote

from cloud_functions.errors import InvalidRequest

_ORDINARY: Final = re.compile(r"[\w:.!*'()=@+,& -]+(/[\w:.!*'()=@+,& -]+)*\Z", re.ASCII)
"""S3's safe characters, and those Hive's `year=2026` and the like need."""
_MAX_KEY_BYTES: Final = 1024
_MAX_PART: Final = 255
"""Bytes of one name in a folder, on the usual file systems."""
_ODD: Final = "%objects"
_MAX_FILE_NAME: Final = 200
_SHOWN: Final = 100
"""How much of a name that is too long its file still shows, before the hash."""
_BUCKET: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,254}\Z")


class FileBlobs:
    """An adapter of `ports.BlobStore` over a folder; names have 1 to 1,024 bytes, as S3's keys."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, data: bytes, content_type: str = "application/json") -> None:
        """Store under the name, replacing what was there; durable on return."""
        del content_type  # a file's name says it
        odd, plain = self._odd(name), self._plain(name)
        if plain is None or not _can_write(plain, data):
            _write(odd, data)
        elif odd.exists():  # from when the path was taken
            odd.unlink()
            _synchronise(odd.parent)

    def get(self, name: str) -> bytes | None:
        """The bytes, or None."""
        for path in (self._odd(name), self._plain(name)):
            try:
                if path is not None:
                    return path.read_bytes()
            except OSError:
                if path is not None and _is_file(path):
                    raise
        return None

    def delete(self, name: str) -> bool:
        """Remove it; whether it was there."""
        removed = False
        for path in (self._plain(name), self._odd(name)):
            if path is not None and _is_file(path):
                path.unlink(missing_ok=True)
                _synchronise(path.parent)
                removed = True
        return removed

    def _plain(self, name: str) -> Path | None:
        """Where an ordinary name has its file; None for any other."""
        parts = name.split("/")
        if not _ORDINARY.match(name) or any(part in (".", "..") for part in parts):
            return None
        if max(map(len, parts)) > _MAX_PART:
            return None
        return self._folder / name

    def _odd(self, name: str) -> Path:
        """Where any name may have its file.  Raises InvalidRequest for what is no key of S3."""
        try:
            raw = name.encode()
        except UnicodeEncodeError:
            raise InvalidRequest(f"{name!r} is no name for a blob: it is not UTF-8") from None
        if not 0 < len(raw) <= _MAX_KEY_BYTES:
            raise InvalidRequest(
                f"a blob's name has 1 to {_MAX_KEY_BYTES} bytes, not {len(raw)}: {name[:60]!r}"
            )
        encoded = quote(name, safe=" !'()=@+,&")
        if encoded.strip(".") == "":
            encoded = encoded.replace(".", "%2E")
        if len(encoded) > _MAX_FILE_NAME:
            encoded = f"{encoded[:_SHOWN]}%-{hashlib.sha256(raw).hexdigest()}"
        return self._folder / _ODD / encoded


class FileBuckets:
    """Buckets side by side in a folder; a name is `bucket/key`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, data: bytes, content_type: str = "application/json") -> None:
        """Store under the name, replacing what was there; durable on return."""
        bucket, key = self._split(name)
        bucket.put(key, data, content_type)

    def get(self, name: str) -> bytes | None:
        """The bytes, or None."""
        bucket, key = self._split(name)
        return bucket.get(key)

    def delete(self, name: str) -> bool:
        """Remove it; whether it was there."""
        bucket, key = self._split(name)
        return bucket.delete(key)

    def _split(self, name: str) -> tuple[FileBlobs, str]:
        bucket, _, key = name.partition("/")
        if not _BUCKET.match(bucket):
            raise InvalidRequest(f"{bucket!r} is no name for a bucket")
        return FileBlobs(self._folder / bucket), key


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long for a file
        return False


def _can_write(path: Path, data: bytes) -> bool:
    """Write it there; False where that path cannot be a file."""
    try:
        _write(path, data)
    except (NotADirectoryError, IsADirectoryError, FileExistsError):
        return False
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return False
    return True


def _write(path: Path, data: bytes) -> None:
    made = [each for each in path.parents if not each.exists()]
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"%draft.{os.getpid()}.{threading.get_ident()}")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    for folder in (path.parent, *(each.parent for each in made)):
        _synchronise(folder)


def _synchronise(folder: Path) -> None:
    """Let the names in a folder outlive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
