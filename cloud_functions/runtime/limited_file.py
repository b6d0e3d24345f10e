"""A text file that begins anew when it is too long."""

import os
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
        file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            if os.fstat(file).st_size > self._max_bytes:
                os.ftruncate(file, 0)
            os.write(file, text.encode())
        finally:
            os.close(file)
