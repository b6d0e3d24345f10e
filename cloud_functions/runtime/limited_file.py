"""A text file that begins anew when it is too long."""

from pathlib import Path
from typing import Final

MAX_BYTES: Final = 10_000_000


class LimitedFile:
    """Appends; opened anew each time, so that it may be moved away."""

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES) -> None:
        self.path = path
        self._max_bytes = max_bytes

    def append(self, text: str) -> None:
        """Add the text at the end."""
        with self.path.open("a", encoding="utf-8") as file:
            if file.tell() > self._max_bytes:
                file.truncate(0)
            file.write(text)
