"""Child processes that end with their parent, and are not asked by the terminal to end."""

import contextlib
import ctypes
import multiprocessing
import signal
import sys
from collections.abc import Callable, Iterator
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, Final

_PR_SET_PDEATHSIG: Final = 1
_LIBC: Final = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Called in a child: Linux kills it when the thread that forked it ends.

    Fork from the main thread only, or the child dies with the thread.
    """
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@contextlib.contextmanager
def without_interrupts() -> Iterator[None]:
    """Children that are started here never hear Ctrl-C: their parent decides.

    The tracker that multiprocessing starts with its first child unblocks the signal once it runs,
    so it has to run before.  The parent, of which another thread may be hit, hears it afterwards:
    half a start would leave a child that waits for the other half.  From the main thread only.
    """
    resource_tracker.ensure_running()
    came: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _frame: came.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
        if came:
            signal.raise_signal(signal.SIGINT)


def start(
    target: Callable[..., None], arguments: tuple[Any, ...], name: str
) -> tuple[SpawnProcess, Connection]:
    """A child with an interpreter of its own, and this end of the pipe that is its last argument.

    To be called `without_interrupts`.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(*arguments, theirs), name=name, daemon=True)
    process.start()
    theirs.close()
    return process, ours
