"""Bytes to and from many sockets at a time, one system call for each socket.

`ring.py` does the same with one system call for all; `usual` takes it where the kernel has it.
"""

import os
from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from device_sim.link.bulk.ring import Ring

Integers: TypeAlias = npt.NDArray[np.int64]
Bytes: TypeAlias = npt.NDArray[np.uint8]

MOST: Final = 256
"""Sockets that are read at a time."""
PART: Final = 1024
"""Bytes that are read of each: an answer and a few commands; who reads so many looks for more."""


class Files(Protocol):
    """Non-blocking sockets by their descriptors; a result below 0 is an error number, negated."""

    def send(self, files: Integers, data: bytes, starts: Integers, sizes: Integers) -> Integers:
        """Write to each file, of which none comes twice, its part of the data; how much it took."""

    def receive(self, files: Integers) -> tuple[Bytes, Integers]:
        """Read at most PART bytes of each of MOST files: a line each, and how many there are.

        The lines are good until the next call.
        """

    def close(self) -> None:
        """Give back what the kernel holds for this."""


class EachFile:
    """A system call for each file."""

    def __init__(self) -> None:
        self._lines = np.zeros((MOST, PART), np.uint8)

    def send(self, files: Integers, data: bytes, starts: Integers, sizes: Integers) -> Integers:
        """Write to each file its part of the data; how much it took."""
        view, write = memoryview(data), os.write
        took = []
        ends = (starts + sizes).tolist()
        for file, start, end in zip(files.tolist(), starts.tolist(), ends, strict=True):
            try:
                took.append(write(file, view[start:end]))
            except OSError as error:
                took.append(-(error.errno or 0))
        return np.array(took, np.int64)

    def receive(self, files: Integers) -> tuple[Bytes, Integers]:
        """Read at most PART bytes of each file: a line each, and how many there are."""
        lines, read = self._lines.data.cast("B"), os.read
        took = []
        for start, file in zip(range(0, MOST * PART, PART), files.tolist(), strict=False):
            try:
                data = read(file, PART)
            except OSError as error:
                took.append(-(error.errno or 0))
            else:
                lines[start : start + len(data)] = data
                took.append(len(data))
        return self._lines, np.array(took, np.int64)

    def close(self) -> None:
        """Nothing is held."""


MakeFiles: TypeAlias = Callable[[], Files]


def usual() -> Files:
    """A ring; each by itself where the kernel refuses one: it is old, or a sandbox forbids it."""
    try:
        return Ring(MOST, PART)
    except OSError:
        return EachFile()
