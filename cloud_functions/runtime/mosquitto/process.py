"""Mosquitto as a child: started, watched, listened to, reloaded, stopped."""

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from cloud_functions.errors import Unavailable
from cloud_functions.runtime.child import die_with_parent

INSTALL: Final = "apt-get install mosquitto mosquitto-clients"
_START_S: Final = 10.0
_LAST_LINES: Final = 5
_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 5.0
_READ_BYTES: Final = 65_536

_logger = logging.getLogger(__name__)


class Mosquitto:
    """One Mosquitto process, and another one when it ends by itself.

    What it says goes to the log's file and, line by line, to `hear`.  `on_restart` hears that a
    new one is about to start, with what the old one last wrote down.
    """

    def __init__(
        self,
        configuration: Path,
        log: Path,
        host: str,
        port: int,
        *,
        on_restart: Callable[[], None] = lambda: None,
        hear: Callable[[Sequence[str]], None] = lambda _lines: None,
    ) -> None:
        self._configuration = configuration
        self._log = log
        self._host = host
        self._port = port
        self._on_restart = on_restart
        self._process: asyncio.subprocess.Process | None = None
        self._hear = hear
        self._watcher: asyncio.Task[None] | None = None
        self._listener: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it; returns when it answers.  Raises Unavailable with its own words."""
        await self._launch()
        self._watcher = asyncio.create_task(self._watch(), name="mosquitto-watcher")

    async def _watch(self) -> None:
        pause_s = _PAUSE_S
        while True:
            assert self._process is not None
            status = await self._process.wait()
            _logger.error("Mosquitto ended by itself (status %s); starting it again", status)
            self._on_restart()
            await asyncio.sleep(pause_s)
            try:
                await self._launch()
                pause_s = _PAUSE_S
            except Unavailable:
                _logger.exception("Mosquitto could not be started again")
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    async def _launch(self) -> None:
        program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/sbin")
        if program is None:
            raise Unavailable(f"Mosquitto is not installed: {INSTALL}, or take --broker builtin")
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._process = process = await asyncio.create_subprocess_exec(
            program,
            "-c",
            str(self._configuration.resolve()),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        self._listener = asyncio.create_task(self._listen(process), name="mosquitto-log")
        for _ in range(int(_START_S / 0.02)):
            if process.returncode is not None:
                await self._listener
                lines = self._log.read_text(errors="replace").splitlines()[-_LAST_LINES:]
                raise Unavailable("Mosquitto did not start: " + "; ".join(lines))
            if await self._answers():
                return
            await asyncio.sleep(0.02)
        raise Unavailable(f"Mosquitto did not answer within {_START_S:g} s")

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        """Read on until its end, whatever happens to the lines: a full pipe would stop it."""
        assert process.stderr is not None
        rest = b""
        with self._log.open("ab") as log:
            while data := await process.stderr.read(_READ_BYTES):
                log.write(data)
                log.flush()
                *whole, rest = (rest + data).split(b"\n")
                rest = rest[-_READ_BYTES:]
                try:
                    self._hear([line.decode(errors="replace") for line in whole])
                except Exception:
                    _logger.exception("lines of Mosquitto's log were lost")

    async def _answers(self) -> bool:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(self._host, self._port)
            writer.close()
            return True
        return False

    def reload(self) -> None:
        """Read the access list and the revocations again."""
        self._signal(signal.SIGHUP)

    async def stop(self) -> None:
        """Let it write its persistence and end."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.wait({self._watcher})
        if self._process is None:
            return
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), 2)
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self._process.wait()
        if self._listener is not None:
            await self._listener

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, number)


def free_port(host: str) -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def is_free(host: str, port: int) -> bool:
    """Whether a port could be listened on."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
