"""Ctrl-C and SIGTERM end a command alike: its work is cancelled, and what it holds is let go."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Interrupted(Exception):
    """Ctrl-C or SIGTERM came before the work was done."""


async def until_interrupted(work: Coroutine[Any, Any, T]) -> T:
    """The result of the work.

    Raises Interrupted when a signal comes first; the work has ended by then.  A second signal
    cancels what the work does on its way out.
    """
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    came: list[int] = []

    def interrupt(number: int) -> None:
        came.append(number)
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt, number)
    try:
        return await task
    except asyncio.CancelledError:
        if came:
            raise Interrupted from None
        raise
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
