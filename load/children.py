"""Starts the other parts of robofleet as processes of their own, and ends them.

A demo or a load run never imports the cloud: it starts `robofleet up` and talks to it as anybody
would (design, decision 14).
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

from cloud_functions.contract.endpoints import (
    FILE_NAME,
    HTTP_PORT,
    HTTPS_PORT,
    MQTT_PORT,
    MQTTS_PORT,
    Endpoints,
    NoCloud,
)

_PR_SET_PDEATHSIG: Final = 1
_POLL_S: Final = 0.02
_LAST_LINES: Final = 15
_LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None


def default_ports_are_free() -> bool:
    """Whether a cloud could take the ports everybody knows."""
    for port in (MQTT_PORT, MQTTS_PORT, HTTPS_PORT, HTTP_PORT):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


class ChildFailed(Exception):
    """A child ended before it served; the message holds its last words."""


class Child:
    """One `robofleet ...` process; what it prints goes to a log file."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process

    @classmethod
    async def start(cls, arguments: Sequence[str], log: Path, *, module: str = "robofleet") -> Self:
        """Start `robofleet` with these arguments; it ends when this process ends."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                module,
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
                preexec_fn=_die_with_parent,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        return cls(arguments[0], process, log)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code once it has ended."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait until it ends; its exit code."""
        return await self._process.wait()

    async def stop(self, patience_s: float = 5.0) -> int:
        """End it: first asked, then forced; its exit code."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGINT)
            try:
                await asyncio.wait_for(self._process.wait(), patience_s)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    self._process.kill()
        return await self._process.wait()

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def last_words(self) -> str:
        """The end of what it printed."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-_LAST_LINES:])


def _die_with_parent() -> None:
    """Linux kills the child when the thread that forked it ends; elsewhere nothing does."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


async def start_cloud(
    arguments: Sequence[str], data: Path, *, patience_s: float = 30.0
) -> tuple[Child, Endpoints]:
    """Start `robofleet up` on a data directory; return when everything serves.

    Raises ChildFailed with the child's own words when it ends or stays silent.
    """
    (data / FILE_NAME).unlink(missing_ok=True)
    child = await Child.start(["up", "--data", str(data), *arguments], data / "logs" / "up.log")
    try:
        async with asyncio.timeout(patience_s):
            while child.exit_code is None:
                with contextlib.suppress(NoCloud):
                    return child, Endpoints.read(data)
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        await child.stop()
    except BaseException:
        child.kill()
        raise
    raise ChildFailed(f"the cloud did not start:\n{child.last_words()}")
