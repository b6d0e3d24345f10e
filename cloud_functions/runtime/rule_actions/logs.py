"""Log groups as files: `DIR/logs/<group>.log`, a slash in the group's name being a folder."""

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cloud_functions.errors import InvalidRequest, TooLarge
from cloud_functions.rules.deeds import PutLog
from cloud_functions.runtime.limited_file import LimitedFile

MAX_GROUPS: Final = 1000


class LogWriter:
    """Appends lines to log groups; each file begins anew when it is too long."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, LimitedFile] = {}

    def write(self, deeds: Sequence[PutLog]) -> None:
        """Append in order.  Raises InvalidRequest, TooLarge."""
        texts: dict[str, list[str]] = {}
        for deed in deeds:
            texts.setdefault(deed.group, []).extend(
                f"{_time(at_ms)} {message}\n" for at_ms, message in deed.lines
            )
        for group, lines in texts.items():
            self._file(group).append("".join(lines))

    def _file(self, group: str) -> LimitedFile:
        file = self._files.get(group)
        if file is None:
            if len(self._files) >= MAX_GROUPS:
                raise TooLarge(f"{MAX_GROUPS} log groups are the most: {group} is one too many")
            parts = group.strip("/").split("/")
            if not all(part.strip(".") for part in parts):
                raise InvalidRequest(f"{group!r} is no name for a log group")
            path = self._folder.joinpath(*parts[:-1], f"{parts[-1]}.log")
            path.parent.mkdir(parents=True, exist_ok=True)
            file = self._files[group] = LimitedFile(path)
        return file


def _time(at_ms: int) -> str:
    try:
        moment = datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC)
    except (OverflowError, OSError, ValueError):
        return str(at_ms)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
