"""Ctrl-C and SIGTERM end a run alike: at its next look, so that robots say goodbye."""

import contextlib
import signal
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def asked_to_end() -> Iterator[Callable[[], bool]]:
    """Whether somebody has asked for the end, instead of the signals' usual doing."""
    came: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda name, _frame: came.append(name)) for number in numbers]
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
