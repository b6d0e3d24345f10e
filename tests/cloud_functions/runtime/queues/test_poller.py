"""A queue that feeds a function: batches, partial failures, dead letters."""

import asyncio

import orjson
import pytest

from cloud_functions.errors import NotFound
from cloud_functions.queues.spec import QueueSpec
from cloud_functions.runtime.functions.invocation import Invocation, TooManyRequests
from cloud_functions.runtime.queues.poller import Poller
from cloud_functions.runtime.queues.queues import Queues
from cloud_functions.runtime.template.declaration import QueueSource

FINE = Invocation(b"null", None, False, 1.0)
BROKEN = Invocation(b'{"errorType":"E"}', "Unhandled", False, 1.0)


class Bench:
    """Queues, one poller, and a function that answers what it is told."""

    def __init__(self, folder, source: QueueSource, *specs: QueueSpec) -> None:
        self.queues = Queues({spec.name: spec for spec in specs}, folder / "queues.db")
        self.events: list = []
        self.answers: list = []
        self.poller = Poller(source, self.queues, self.invoke)

    async def invoke(self, name, event) -> Invocation:
        self.events.append([record["body"] for record in orjson.loads(event)["Records"]])
        answer = self.answers.pop(0) if self.answers else FINE
        if isinstance(answer, Exception):
            raise answer
        return answer(orjson.loads(event)["Records"]) if callable(answer) else answer

    async def until(self, seen) -> None:
        async with asyncio.timeout(10):
            while not await self.ask(seen):  # noqa: ASYNC110  the file knows no events
                await asyncio.sleep(0.02)

    async def ask(self, seen):
        return await self.queues._in_thread(seen)

    def waiting(self, name="work") -> int:
        return self.queues._file.waiting(name)


@pytest.fixture
async def make(tmp_path):
    made: list[Bench] = []

    async def build(source: QueueSource, *specs: QueueSpec, sent=()) -> Bench:
        bench = Bench(tmp_path, source, *specs)
        made.append(bench)
        for body in sent:
            await bench.queues.send("work", body)
        bench.poller.start()
        return bench

    yield build
    for bench in made:
        await bench.poller.stop()
        await bench.queues.close()


async def test_a_batch_is_handed_over_and_deleted(make) -> None:
    bench = await make(QueueSource("f", "work", 2), QueueSpec("work"), sent="abc")

    await bench.until(lambda: bench.waiting() == 0)

    assert sorted(body for batch in bench.events for body in batch) == ["a", "b", "c"]
    assert max(map(len, bench.events)) == 2
    assert bench.queues.statistics.messages_deleted == 3


async def test_what_is_sent_later_wakes_the_poller(make) -> None:
    bench = await make(QueueSource("f", "work"), QueueSpec("work"))
    await asyncio.sleep(0.05)

    await bench.queues.send("work", "late")
    await bench.until(lambda: bench.waiting() == 0)

    assert bench.events == [["late"]]


async def test_a_window_gathers_a_larger_batch(make) -> None:
    source = QueueSource("f", "work", batch_size=15, window_s=1)
    bench = await make(source, QueueSpec("work"), sent=[str(n) for n in range(12)])

    await bench.queues.send("work", "12")
    await bench.until(lambda: bench.waiting() == 0)

    assert [len(batch) for batch in bench.events] == [13]


async def test_a_failed_batch_comes_again_and_ends_among_the_dead(make) -> None:
    work = QueueSpec("work", 0, dead_letters="dead", max_receives=2)
    source = QueueSource("f", "work", concurrency=1)
    bench = await make(source, work, QueueSpec("dead"))
    bench.answers = [BROKEN, BROKEN]

    await bench.queues.send("work", "poison")
    await bench.until(lambda: bench.waiting("dead") == 1)

    assert bench.events == [["poison"], ["poison"]]
    assert bench.waiting() == 0


async def test_of_a_partial_failure_only_what_failed_comes_again(make) -> None:
    def fail_b(records) -> Invocation:
        failed = [{"itemIdentifier": r["messageId"]} for r in records if r["body"] == "b"]
        return Invocation(orjson.dumps({"batchItemFailures": failed}), None, False, 1.0)

    source = QueueSource("f", "work", reports_failures=True, concurrency=1)
    bench = await make(source, QueueSpec("work", visibility_s=0))
    bench.answers = [fail_b]
    await bench.poller.stop()
    for body in "ab":
        await bench.queues.send("work", body)

    bench.poller.start()
    await bench.until(lambda: bench.waiting() == 0)

    assert sorted(bench.events[0]) == ["a", "b"]
    assert bench.events[1:] == [["b"]]


@pytest.mark.parametrize("error", [TooManyRequests("busy"), NotFound("gone")])
async def test_a_function_that_cannot_be_called_leaves_the_message(make, error) -> None:
    source = QueueSource("f", "work", concurrency=1)
    bench = await make(source, QueueSpec("work", visibility_s=1))
    bench.answers = [error]

    await bench.queues.send("work", "a")
    await bench.until(lambda: bench.waiting() == 0)

    assert bench.events == [["a"], ["a"]]


async def test_a_queue_that_is_not_there_is_named(make) -> None:
    bench = await make(QueueSource("f", "work"), QueueSpec("work"))

    with pytest.raises(NotFound, match="there is no queue other; there are work"):
        await bench.queues.send("other", "x")
