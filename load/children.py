"""Starts the other parts of robofleet as processes of their own, and ends them.

A demo or a load run never imports the cloud: it starts `robofleet up` and talks to it as anybody
would (design, decision 14).
"""

import asyncio
import contextlib
import fcntl
import os
import signal
import socket
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Self

from cloud_functions.contract.endpoints import (
    HTTP_PORT,
    HTTPS_PORT,
    LOCK_FILE_NAME,
    MQTT_PORT,
    MQTTS_PORT,
    Endpoints,
    NoCloud,
)
from device_sim.child import die_with_parent

_POLL_S: Final = 0.02
_ERROR: Final = "error: "
_BLANK: Final = " │╭╮╰╯─"
"""Typer frames what it has to say."""


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
    """A child ended before it served; the message says in one line why."""


class DirectoryInUse(Exception):
    """A cloud runs on that data directory."""


def vacate(data: Path, leavings: Iterable[str]) -> None:
    """Take away files that an earlier run left in a data directory.

    Raises DirectoryInUse, with everything as it was, while a cloud runs there.
    """
    data.mkdir(parents=True, exist_ok=True)
    with (data / LOCK_FILE_NAME).open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DirectoryInUse(
                f"another cloud runs on {data}: stop it, or take another --data"
            ) from None
        for name in leavings:
            (data / name).unlink(missing_ok=True)


class Child:
    """One `robofleet ...` process; what it prints goes to a log file."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path, at: int) -> None:
        self.name = name
        self.log = log
        self._process = process
        self._at = at
        """Where this child's words begin in a log that earlier ones wrote too."""

    @classmethod
    async def start(cls, arguments: Sequence[str], log: Path, *, module: str = "robofleet") -> Self:
        """Start `robofleet` with these arguments; it ends when this process ends."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as file:
            at = file.tell()
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                module,
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
                preexec_fn=die_with_parent,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        return cls(arguments[0], process, log, at)

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

    async def stop(self, patience_s: float = 5.0, *, ask: int = signal.SIGINT) -> int:
        """End it: first asked by a signal, then forced; its exit code."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(ask)
            try:
                await asyncio.wait_for(self._process.wait(), patience_s)
            except TimeoutError:
                self.kill()
        return await self._process.wait()

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    def reason(self) -> str:
        """Why it ended, in one line: its own error, or the last it said and where the rest is."""
        with self.log.open("rb") as file:
            file.seek(self._at)
            lines = file.read().decode(errors="replace").splitlines()
        said = [text for line in lines if (text := line.strip(_BLANK))]
        errors = [line.removeprefix(_ERROR) for line in said if line.startswith(_ERROR)]
        if errors:
            return errors[-1]
        return f"{said[-1] if said else 'it said nothing'} (see {self.log})"


async def stop_all(children: Iterable[Child], patience_s: float = 5.0) -> None:
    """End children side by side, each asked first."""
    await asyncio.gather(*(child.stop(patience_s) for child in children))


async def first_ended(children: Sequence[Child], for_s: float | None) -> Child | None:
    """The first child that ends, None if all go on for so many seconds."""
    ends = [asyncio.create_task(child.wait(), name=child.name) for child in children]
    try:
        await asyncio.wait(ends, timeout=for_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in ends:
            task.cancel()
    return next((child for child in children if child.exit_code is not None), None)


async def start_cloud(
    arguments: Sequence[str], data: Path, *, patience_s: float = 30.0
) -> tuple[Child, Endpoints]:
    """Start `robofleet up` on a data directory; return when everything serves.

    Raises ChildFailed with the child's own words when it ends or stays silent.
    """
    child = await Child.start(["up", "--data", str(data), *arguments], data / "logs" / "up.log")
    try:
        async with asyncio.timeout(patience_s):
            while child.exit_code is None:
                with contextlib.suppress(NoCloud):
                    endpoints = Endpoints.read(data)
                    if endpoints.pid == child.pid:  # not what another cloud left or serves
                        return child, endpoints
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        await child.stop()
        raise ChildFailed(
            f"the cloud did not serve within {patience_s:g} s: {child.reason()}"
        ) from (None)
    except BaseException:
        child.kill()
        raise
    raise ChildFailed(f"the cloud did not start: {child.reason()}")
