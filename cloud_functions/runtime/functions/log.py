"""A function's log, as Lambda writes it."""

from pathlib import Path

from cloud_functions.runtime.functions.invocation import Invocation
from cloud_functions.runtime.limited_file import MAX_BYTES, LimitedFile


class LogFile:
    """Where a function's output and Lambda's own lines about it go; begun anew when too long."""

    def __init__(self, path: Path, max_bytes: int = MAX_BYTES) -> None:
        self.path = path
        self._file = LimitedFile(path, max_bytes)

    def begin(self, request_id: str) -> None:
        """The line before an event."""
        self._file.append(f"START RequestId: {request_id} Version: $LATEST\n")

    def end(self, request_id: str, result: Invocation, memory_mb: int, init_ms: float) -> None:
        """The lines after an event."""
        init = f"\tInit Duration: {init_ms:.2f} ms" if init_ms else ""
        error = f"\tStatus: error\tError Type: {result.error}" if result.error else ""
        self._file.append(
            f"END RequestId: {request_id}\n"
            f"REPORT RequestId: {request_id}\tDuration: {result.duration_ms:.2f} ms\t"
            f"Billed Duration: {int(result.duration_ms) + 1} ms\t"
            f"Memory Size: {memory_mb} MB{init}{error}\n"
        )
