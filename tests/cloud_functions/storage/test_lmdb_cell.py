"""Shadows on disk: what was committed is there, also after kill -9."""

import subprocess
import sys

import pytest

from cloud_functions.cells import Space, Write
from cloud_functions.storage.committer import Committer
from cloud_functions.storage.lmdb_cell import LmdbCell

WRITER = """
import sys
from pathlib import Path
from cloud_functions.cells import Space, Write
from cloud_functions.storage.lmdb_cell import LmdbCell
store = LmdbCell(Path(sys.argv[1]))
n = 0
while True:
    n += 1
    store.commit([
        Write(Space.SHADOWS, b"t%d" % (n % 7), b"%d" % n),
        Write(Space.OUTBOX, n.to_bytes(8, "big"), b"entry"),
    ])
    print(n, flush=True)
"""


@pytest.fixture
def store(tmp_path):
    opened = LmdbCell(tmp_path / "s.lmdb")
    yield opened
    opened.close()


def test_spaces_are_apart_and_none_forgets(store) -> None:
    store.commit([Write(Space.SHADOWS, b"r", b"1"), Write(Space.OUTBOX, b"r", b"2")])
    store.commit([Write(Space.OUTBOX, b"r", None), Write(Space.OUTBOX, b"never", None)])

    assert store.get(Space.SHADOWS, b"r") == b"1"
    assert store.get(Space.OUTBOX, b"r") is None


def test_of_two_writes_for_one_key_the_last_wins(store) -> None:
    store.commit([Write(Space.QUEUES, b"a", b"1"), Write(Space.QUEUES, b"a", None)])

    assert list(store.scan(Space.QUEUES)) == []


def test_a_scan_is_in_order_and_stays_within_its_prefix(store) -> None:
    store.commit([Write(Space.QUEUES, key, key) for key in (b"b", b"a2", b"a1", b"aa", b"")[:4]])

    assert [key for key, _ in store.scan(Space.QUEUES, b"a")] == [b"a1", b"a2", b"aa"]


def test_after_kill_9_nothing_that_was_committed_is_missing(tmp_path) -> None:
    folder = tmp_path / "s.lmdb"
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    last = 0
    for line in writer.stdout:
        last = int(line)
        if last >= 40:
            break
    writer.kill()
    rest = writer.stdout.read().split()
    writer.stdout.close()
    writer.wait()
    last = int(rest[-1]) if rest else last

    store = LmdbCell(folder)
    kept = max(int(store.get(Space.SHADOWS, b"t%d" % n) or 0) for n in range(7))
    assert kept >= last
    assert len(list(store.scan(Space.OUTBOX))) >= last
    store.close()


class FailingStore:
    """Refuses the first commit."""

    def __init__(self) -> None:
        self.commits = 0

    def commit(self, _writes) -> None:
        self.commits += 1
        if self.commits == 1:
            raise OSError("disk full")


async def test_a_failed_commit_is_told_and_the_next_one_works() -> None:
    store = FailingStore()
    committer = Committer(store)

    with pytest.raises(OSError, match="disk full"):
        await committer.commit([Write(Space.SHADOWS, b"a", b"")])

    await committer.commit([Write(Space.SHADOWS, b"a", b"")])
    await committer.close()
    assert store.commits == 2
