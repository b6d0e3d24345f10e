"""Which robots the runs on a data directory hold, so that no two take them from each other.

A run writes what it holds into a file and keeps a lock on it, which ends with the process, however
that ends.  Runs on other directories are not seen: those show at the broker (`link/watch.py`).
"""

import contextlib
import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from device_sim.link.port import LinkRefused

FOLDER: Final = "runs"
_DOOR: Final = "lock"


class RobotsHeld(LinkRefused):
    """Another run holds some of these robots; the message says which and what to do."""


@contextlib.contextmanager
def held(directory: Path, urls: Sequence[str], things: Sequence[str]) -> Iterator[None]:
    """These robots at these brokers are this run's.  Raises RobotsHeld.

    Without a broker nobody can take them away.
    """
    if not urls:
        yield
        return
    folder = directory / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        with (folder / _DOOR).open("ab") as door:
            fcntl.flock(door, fcntl.LOCK_EX)  # held for moments only
            for path in folder.glob("*.json"):
                _check(path, set(urls), set(things))
            file = stack.enter_context(
                tempfile.NamedTemporaryFile(
                    "w", dir=folder, prefix=f"{os.getpid()}-", suffix=".json", delete=False
                )
            )
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            json.dump({"pid": os.getpid(), "brokers": [*urls], "things": [*things]}, file)
            file.flush()
        try:
            yield
        finally:
            Path(file.name).unlink(missing_ok=True)


def _check(path: Path, urls: set[str], things: set[str]) -> None:
    """Raises RobotsHeld when the run of that file lives and holds some of these robots."""
    with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            said: dict[str, Any] = json.load(file)
        else:
            path.unlink()  # its run has ended
            return
        common = sorted(things.intersection(said["things"]))
        if common and urls.intersection(said["brokers"]):
            raise RobotsHeld(
                f"another run (process {said['pid']}) holds {len(common):,} of these robots,"
                f" {common[0]} among them: stop it, or take other robots with --seed"
            )
