"""Writes that wait together are made together, and one bad one fails alone."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cloud_functions.runtime.group_writer import GroupWriter


@pytest.fixture
def thread():
    with ThreadPoolExecutor(1) as made:
        yield made


async def test_what_waits_while_a_batch_is_written_is_one_batch(thread) -> None:
    batches: list = []
    gate = threading.Event()

    def write(batch) -> None:
        batches.append(list(batch))
        gate.wait(5)

    writer = GroupWriter(write, thread)
    first = asyncio.create_task(writer.add(0))
    while not batches:  # noqa: ASYNC110  the thread has no event of this loop
        await asyncio.sleep(0.001)
    rest = [asyncio.create_task(writer.add(n)) for n in range(1, 5)]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, *rest)
    await writer.close()

    assert batches == [[0], [1, 2, 3, 4]]


async def test_one_bad_item_fails_alone(thread) -> None:
    written: list = []

    def write(batch) -> None:
        if "bad" in batch:
            raise ValueError("bad")
        written.extend(batch)

    writer = GroupWriter(write, thread)
    outcomes = await asyncio.gather(
        *(writer.add(each) for each in ("a", "bad", "b")), return_exceptions=True
    )

    assert written == ["a", "b"]
    assert [type(each) for each in outcomes] == [type(None), ValueError, type(None)]
