"""Bytes to and from many sockets at a time: the same by a ring and one by one."""

import ctypes
import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device_sim.link.bulk import ring
from device_sim.link.bulk.files import MOST, PART, EachFile, Files, usual
from device_sim.link.bulk.ring import Ring

MAKERS: dict[str, Callable[[], Files]] = {"each": EachFile, "ring": lambda: Ring(MOST, PART)}


def is_refused() -> bool:
    """Whether this kernel has no ring for us."""
    return isinstance(usual(), EachFile)


@pytest.fixture(params=["each"] if is_refused() else list(MAKERS))
def files(request):
    made = MAKERS[request.param]()
    yield made
    made.close()


@pytest.fixture
def pairs():
    """Makes pairs of connected sockets; ours do not block."""
    made: list[socket.socket] = []

    def make(count: int) -> list[tuple[socket.socket, socket.socket]]:
        new = [socket.socketpair() for _ in range(count)]
        for ours, theirs in new:
            ours.setblocking(False)
            theirs.setblocking(False)
            made.extend((ours, theirs))
        return new

    yield make
    for each in made:
        each.close()


def numbers(pairs) -> np.ndarray:
    return np.array([ours.fileno() for ours, _ in pairs], np.int64)


def send(files: Files, pairs, texts: list[bytes]) -> list[int]:
    sizes = np.array([len(text) for text in texts], np.int64)
    return files.send(numbers(pairs), b"".join(texts), np.cumsum(sizes) - sizes, sizes).tolist()


def test_each_file_gets_its_part(files, pairs) -> None:
    lines = pairs(2 * MOST + 3)
    texts = [b"%d" % number * (number % 7 + 1) for number in range(len(lines))]

    for _ in range(3):
        assert send(files, lines, texts) == [len(text) for text in texts]
        assert [theirs.recv(100) for _, theirs in lines] == texts


def test_a_file_that_takes_no_more_or_is_broken_harms_no_other(files, pairs) -> None:
    full, broken, good, gone = lines = pairs(4)
    while True:
        try:
            full[0].send(b"x" * 100_000)
        except BlockingIOError:
            break
    broken[1].close()
    numbers_ = numbers(lines)
    os.close(gone[0].detach())

    took = files.send(numbers_, b"hello", np.zeros(4, np.int64), np.full(4, 5))

    assert took.tolist() == [-errno.EAGAIN, -errno.EPIPE, 5, -errno.EBADF]
    assert good[1].recv(100) == b"hello"


def test_a_file_may_take_a_part_only(files, pairs) -> None:
    (line,) = pairs(1)
    line[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)
    large = bytes(range(256)) * 40_000

    (took,) = send(files, [line], [large])

    assert 0 < took < len(large)
    heard = b""
    while len(heard) < took:
        heard += line[1].recv(1 << 20)
    assert heard == large[:took]


def test_what_there_is_to_read_is_read_up_to_a_part_of_each(files, pairs) -> None:
    quiet, short, long, over = lines = pairs(4)
    short[1].send(b"short")
    long[1].send(b"l" * (PART + 10))
    over[1].close()

    read, took = files.receive(numbers(lines))

    assert took.tolist() == [-errno.EAGAIN, 5, PART, 0]
    assert read[1, :5].tobytes() == b"short"
    assert read[2].tobytes() == b"l" * PART
    assert long[0].recv(100) == b"l" * 10
    quiet[1].send(b"now")
    read, took = files.receive(numbers([quiet]))
    assert read[0, : took[0]].tobytes() == b"now"


@settings(max_examples=30)
@given(st.lists(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=9), max_size=20))
@pytest.mark.parametrize("kind", ["each"] if is_refused() else list(MAKERS))
def test_what_is_sent_is_what_is_received(kind, turns) -> None:
    files = MAKERS[kind]()
    lines = [socket.socketpair() for _ in range(9)]
    for texts in turns:
        used = lines[: len(texts)]
        assert send(files, used, texts) == [len(text) for text in texts]
        read, took = files.receive(np.array([theirs.fileno() for _, theirs in used], np.int64))
        assert [read[place, :size].tobytes() for place, size in enumerate(took.tolist())] == texts
    for pair in lines:
        for each in pair:
            each.close()
    files.close()


def test_closing_leaves_no_file_open() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))

    usual().close()

    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOSYS, errno.ENOMEM, errno.EINVAL])
def test_where_the_kernel_refuses_a_ring_each_file_is_served_by_itself(monkeypatch, code) -> None:
    def refuse(*_arguments: object) -> int:
        ctypes.set_errno(code)
        return -1

    monkeypatch.setattr(ring, "_system", refuse)

    assert isinstance(usual(), EachFile)


def test_a_kernel_whose_ring_cannot_send_is_one_without(monkeypatch) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    monkeypatch.setattr(ring, "_SEND", 255)

    assert isinstance(usual(), EachFile)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.skipif(is_refused(), reason="this kernel refuses a ring")
def test_what_the_kernel_has_no_memory_for_is_as_if_its_socket_would_block(
    pairs, monkeypatch
) -> None:
    files, lines = Ring(MOST, PART), pairs(3)

    def refuse(*_arguments: object) -> int:
        raise OSError(errno.EAGAIN, "no memory")

    with monkeypatch.context() as without:
        without.setattr(ring, "_call", refuse)
        assert send(files, lines, [b"a", b"b", b"c"]) == [-errno.EAGAIN] * 3
    assert send(files, lines, [b"d", b"e", b"f"]) == [1, 1, 1]

    assert [theirs.recv(10) for _, theirs in lines] == [b"d", b"e", b"f"]
    files.close()


@pytest.mark.skipif(is_refused(), reason="this kernel refuses a ring")
def test_a_signal_in_the_middle_of_a_batch_harms_nothing(pairs, monkeypatch) -> None:
    files, lines, call = Ring(MOST, PART), pairs(3), ring._call
    calls: list[int] = []

    def interrupted(*arguments: object) -> int:
        calls.append(1)
        if len(calls) == 1:
            raise InterruptedError
        return call(*arguments)

    monkeypatch.setattr(ring, "_call", interrupted)

    assert send(files, lines, [b"a", b"b", b"c"]) == [1, 1, 1]
    files.close()
