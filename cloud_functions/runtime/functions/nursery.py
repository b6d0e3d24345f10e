"""Starts and ends execution environments through the zygote.

A zygote that dies takes its environments with it; another one takes its place.
"""

import asyncio
import contextlib
import itertools
import json
import logging
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from cloud_functions.runtime.child import die_with_parent

_PAUSE_S: Final = 0.2
"""Before another zygote is started, so that one that cannot live costs little."""

_logger = logging.getLogger(__name__)


class ZygoteDied(RuntimeError):
    """No environment could be started: their parent has just ended."""


class Nursery:
    """The zygote's other end: processes by id, and who wants to hear of their end."""

    def __init__(self, errors: Path) -> None:
        self._errors = errors
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._numbers = itertools.count(1)
        self._started: dict[int, asyncio.Future[int]] = {}
        self._on_exit: dict[int, Callable[[int], None]] = {}
        self._early: dict[int, int] = {}
        self._alive = asyncio.Event()
        self._stopping = False

    async def start(self) -> None:
        """Start the zygote; environments may be asked for at once."""
        self._errors.parent.mkdir(parents=True, exist_ok=True)
        with self._errors.open("ab") as errors:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "cloud_functions.runtime.functions.zygote",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        self._reader = asyncio.create_task(self._read(), name="nursery")
        self._alive.set()

    async def launch(
        self,
        *,
        environment: Mapping[str, str],
        code: Path,
        log: Path,
        on_exit: Callable[[int], None],
    ) -> int:
        """Fork an environment; its process id.  `on_exit` hears its exit status.

        Raises ZygoteDied.
        """
        await self._alive.wait()
        number = next(self._numbers)
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._started[number] = future
        self._send(
            {
                "start": number,
                "environment": dict(environment),
                "code": str(code),
                "log": str(log),
            }
        )
        pid = await future
        if pid in self._early:
            on_exit(self._early.pop(pid))
        else:
            self._on_exit[pid] = on_exit
        return pid

    def kill(self, pid: int) -> None:
        """End an environment at once."""
        with contextlib.suppress(OSError, RuntimeError):
            self._send({"kill": pid})

    async def stop(self) -> None:
        """End the zygote and with it every environment."""
        self._stopping = True
        if self._process is None:
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), 1.0)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        if self._reader is not None:
            await asyncio.wait({self._reader})

    def _send(self, order: dict[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")

    async def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said = json.loads(line)
            if "started" in said:
                self._started.pop(said["started"]).set_result(said["pid"])
            elif "exited" in said:
                hear = self._on_exit.pop(said["exited"], None)
                if hear is None:
                    self._early[said["exited"]] = said["status"]
                else:
                    hear(said["status"])
        self._forget_all()
        if not self._stopping:
            _logger.error("the functions' parent process has ended; starting another")
            await asyncio.sleep(_PAUSE_S)
            await self.start()

    def _forget_all(self) -> None:
        """Every environment has ended with its parent."""
        self._alive.clear()
        started, self._started = self._started, {}
        for future in started.values():
            if not future.done():
                future.set_exception(ZygoteDied("the functions' parent process has ended"))
        heard, self._on_exit = self._on_exit, {}
        for hear in heard.values():
            hear(-signal.SIGKILL)
