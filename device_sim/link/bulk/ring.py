"""An io_uring through ctypes: a batch of sends or receives is one system call.

Theory of operation.  The kernel shares two queues with this process: entries that say what to do,
and results.  A batch is written into the entries as columns, the queue's tail is moved, and one
`io_uring_enter` does it all before it returns: every entry says MSG_DONTWAIT, so that a socket
which would block answers EAGAIN at once and no entry ever outlives its call.  That is why buffers
may be used again as soon as it returns, why no worker of the kernel takes over, and why all it
costs is this process's own CPU time.  Results come in the order in which they were done; each
names its place.
"""

import _socket  # itself: gevent puts its own, with a hub behind it, into `socket`
import ctypes
import errno
import mmap
import os
import socket
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

_SETUP, _ENTER = 425, 426
"""System calls; the same numbers on every architecture."""
_GET_EVENTS: Final = 1
_SEND, _RECEIVE = 26, 27
_FLAGS: Final = socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL
_RINGS_AT, _ENTRIES_AT = 0, 0x10000000
_SIZE: Final = np.dtype(np.uint32).itemsize

_ENTRY: Final = np.dtype(
    [
        ("opcode", "u1"), ("flags", "u1"), ("priority", "u2"), ("file", "i4"), ("offset", "u8"),
        ("address", "u8"), ("size", "u4"), ("message_flags", "u4"), ("place", "u8"),
        ("rest", "V24"),
    ]
)  # fmt: skip
_RESULT: Final = np.dtype([("place", "u8"), ("result", "i4"), ("flags", "u4")])


class _Parameters(ctypes.Structure):
    """`struct io_uring_params`: what was made, and where in the shared memory its parts are."""

    _fields_ = (
        ("entries", ctypes.c_uint32),
        ("results", ctypes.c_uint32),
        ("rest", ctypes.c_uint32 * 8),
        ("entries_at", ctypes.c_uint32 * 10),
        ("results_at", ctypes.c_uint32 * 10),
    )


_HEAD, _TAIL = 0, 1
_ENTRY_ORDER: Final = 6
_RESULTS: Final = 5
"""Places in the offsets that the kernel tells."""

_system: Final[Any] = ctypes.CDLL(None, use_errno=True).syscall


def _call(*arguments: object) -> int:
    result: int = _system(*arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


@dataclass(frozen=True, slots=True)
class _Queues:
    """What the kernel shares; it is shared as long as somebody holds this."""

    entries: npt.NDArray[np.void]
    order: npt.NDArray[np.uint32]
    """In which order entries are to be taken, from the tail on."""
    tail: npt.NDArray[np.uint32]
    """How many entries were ever written."""
    results: npt.NDArray[np.void]
    results_head: npt.NDArray[np.uint32]
    """How many results were ever taken."""
    results_tail: npt.NDArray[np.uint32]
    """How many there ever were."""

    @classmethod
    def of(cls, file: int, made: _Parameters) -> Self:
        """The queues behind a ring's file."""
        at, results_at = made.entries_at, made.results_at
        size = max(
            at[_ENTRY_ORDER] + made.entries * _SIZE,
            results_at[_RESULTS] + made.results * _RESULT.itemsize,
        )
        rings = mmap.mmap(file, size, offset=_RINGS_AT)
        entries = mmap.mmap(file, made.entries * _ENTRY.itemsize, offset=_ENTRIES_AT)
        order = np.frombuffer(rings, np.uint32, made.entries, at[_ENTRY_ORDER])
        shared = np.frombuffer(entries, _ENTRY)
        shared["message_flags"] = _FLAGS
        shared["place"] = np.arange(made.entries)
        return cls(
            shared,
            order,
            np.frombuffer(rings, np.uint32, 1, at[_TAIL]),
            np.frombuffer(rings, _RESULT, made.results, results_at[_RESULTS]),
            np.frombuffer(rings, np.uint32, 1, results_at[_HEAD]),
            np.frombuffer(rings, np.uint32, 1, results_at[_TAIL]),
        )


class Ring:
    """Sockets of which so many are served by one call, and so many bytes read of each.

    Raises OSError where the kernel has no io_uring, not this much of it, or does not allow it.
    """

    def __init__(self, most: int, part: int) -> None:
        made = _Parameters()
        self._file = _call(_SETUP, most, ctypes.byref(made))
        try:
            self._queues = _Queues.of(self._file, made)
            self._lines = np.zeros((most, part), np.uint8)
            self._try()
        except OSError:
            self.close()
            raise

    def _try(self) -> None:
        """Send and receive once: a kernel may have rings and not these operations."""
        ours, theirs = _socket.socketpair()
        try:
            zero, one = np.zeros(1, np.int64), np.ones(1, np.int64)
            sent = self.send(one * ours.fileno(), b"!", zero, one)
            received = self.receive(one * theirs.fileno())[1]
        finally:
            ours.close()
            theirs.close()
        if (sent[0], received[0]) != (1, 1):
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    def send(
        self,
        files: npt.NDArray[np.int64],
        data: bytes,
        starts: npt.NDArray[np.int64],
        sizes: npt.NDArray[np.int64],
    ) -> npt.NDArray[np.int64]:
        """Write to each file its part of the data; how much it took."""
        base = np.frombuffer(data, np.uint8).ctypes.data
        addresses, most = base + starts, len(self._queues.entries)
        took = [
            self._do(_SEND, *(each[first : first + most] for each in (files, addresses, sizes)))
            for first in range(0, len(files), most)
        ]
        return np.concatenate(took)

    def receive(
        self, files: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
        """Read a part of each file: a line each, and how many bytes there are."""
        part = self._lines.shape[1]
        places = self._lines.ctypes.data + np.arange(len(files)) * part
        return self._lines, self._do(_RECEIVE, files, places, part)

    def close(self) -> None:
        """Give the ring back, and the memory that was shared."""
        os.close(self._file)
        vars(self).pop("_queues", None)

    def _do(
        self,
        operation: int,
        files: npt.NDArray[np.int64],
        addresses: npt.NDArray[np.int64],
        sizes: npt.NDArray[np.int64] | int,
    ) -> npt.NDArray[np.int64]:
        """One batch, at most as many as there are entries; the result of each.

        What the kernel has no memory for now has not been done, as if its socket would block.
        """
        queues, count = self._queues, len(files)
        entries = queues.entries[:count]
        entries["opcode"] = operation
        entries["file"] = files
        entries["address"] = addresses
        entries["size"] = sizes
        places = np.arange(count)
        queues.order[(int(queues.tail[0]) + places) % len(queues.order)] = places
        queues.tail[:] += np.uint32(count)
        result = np.full(count, -errno.EAGAIN, np.int64)
        taken = done = 0
        while done < count:
            try:
                taken += _call(
                    _ENTER, self._file, count - taken, count - done, _GET_EVENTS, None, 0
                )
            except InterruptedError:
                pass
            except OSError:
                queues.tail[:] -= np.uint32(count - taken)
                count = taken
            done += self._reap(result)
        return result

    def _reap(self, result: npt.NDArray[np.int64]) -> int:
        """Put the results that are there in their places; how many."""
        queues = self._queues
        head = int(queues.results_head[0])
        count = (int(queues.results_tail[0]) - head) % (1 << 32)
        came = queues.results[(head + np.arange(count)) % len(queues.results)]
        result[came["place"].astype(np.int64)] = came["result"]
        queues.results_head[:] += np.uint32(count)
        return count
