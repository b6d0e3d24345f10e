"""Shadows on disk: what was committed is there, also after kill -9."""

import subprocess
import sys

import pytest

from cloud_functions.shadow.store import Write
from cloud_functions.storage.committer import Committer
from cloud_functions.storage.lmdb_shadows import LmdbShadows

WRITER = """
import sys
from pathlib import Path
from cloud_functions.shadow.store import Write
from cloud_functions.storage.lmdb_shadows import LmdbShadows
store = LmdbShadows(Path(sys.argv[1]))
n = 0
while True:
    n += 1
    store.commit([Write((f"t{n % 7}", ""), b"%d" % n)], [b"entry %d" % n])
    print(n, flush=True)
"""


@pytest.fixture
def store(tmp_path):
    opened = LmdbShadows(tmp_path / "s.lmdb")
    yield opened
    opened.close()


def test_shadows_and_outbox_are_kept_together(store) -> None:
    numbers = store.commit([Write(("r", ""), b"1"), Write(("r", "n"), b"2")], [b"a", b"b"])

    assert (store.get(("r", "")), store.get(("r", "n"))) == (b"1", b"2")
    assert list(store.outbox()) == [(numbers[0], b"a"), (numbers[1], b"b")]
    store.done([numbers[0]])
    assert list(store.outbox()) == [(numbers[1], b"b")]


def test_names_are_those_of_one_thing(store) -> None:
    store.commit([Write((thing, name), b"x") for thing in ("r", "r1") for name in ("", "b", "a")])

    assert store.names("r") == ["a", "b"]


def test_numbers_of_the_outbox_go_on_after_a_restart(tmp_path) -> None:
    first = LmdbShadows(tmp_path / "s.lmdb")
    first.commit([], [b"a"])
    first.close()
    second = LmdbShadows(tmp_path / "s.lmdb")

    (number,) = second.commit([], [b"b"])

    assert [raw for _, raw in second.outbox()] == [b"a", b"b"]
    assert number == 2
    second.close()


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

    store = LmdbShadows(folder)
    kept = max(int(store.get((f"t{n}", "")) or 0) for n in range(7))
    assert kept >= last
    assert len(store.outbox()) >= last
    store.close()


class FailingStore:
    """Refuses the first commit."""

    def __init__(self) -> None:
        self.commits = 0

    def commit(self, writes, outbox=()):
        self.commits += 1
        if self.commits == 1:
            raise OSError("disk full")
        return range(len(outbox))

    def done(self, numbers) -> None:
        raise AssertionError


async def test_a_failed_commit_is_told_and_the_next_one_works() -> None:
    committer = Committer(FailingStore())

    with pytest.raises(OSError, match="disk full"):
        await committer.commit([Write(("a", ""), b"")])

    assert list(await committer.commit([], [b"x"])) == [0]
    await committer.close()
