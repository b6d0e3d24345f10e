"""Writes down what must outlive the gateway, and says when it is on disk."""

import asyncio
import logging

from cloud_functions.cells import Space, Write
from cloud_functions.storage.committer import Committer

_logger = logging.getLogger(__name__)


class Diary:
    """Collects the writes of one loop turn; without a committer it forgets them."""

    def __init__(self, committer: Committer | None) -> None:
        self._committer = committer
        self._writes: list[Write] = []

    def write(self, space: Space, key: bytes, raw: bytes | None) -> None:
        """Have it written at the end of this loop turn at the latest."""
        if self._committer is None:
            return
        if not self._writes:
            asyncio.get_running_loop().call_soon(self.save)
        self._writes.append(Write(space, key, raw))

    def save(self) -> "asyncio.Task[None] | None":
        """Have what is collected written now; None when there is nothing.

        The task ends when it is on disk, or with what the disk raised.
        """
        if not self._writes or self._committer is None:
            return None
        writes, self._writes = self._writes, []
        task = asyncio.create_task(self._committer.commit(writes), name="diary")
        task.add_done_callback(_look)
        return task


def _look(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _logger.error("sessions could not be written: %s", error)
