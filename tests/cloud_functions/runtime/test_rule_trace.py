"""What a watcher of the rules sees."""

import asyncio

import orjson

from cloud_functions.ports import Message
from cloud_functions.runtime.action_runner import (
    ActionFailed,
)
from tests.cloud_functions.runtime.action_bench import (
    AT_LEAST_ONCE,
    CALL,
    COUNT,
    SENT,
    TELL,
    Bench,
    rule,
)


async def test_a_watcher_sees_each_action_with_its_outcome() -> None:
    bench = Bench(rule(SENT, CALL, error=TELL))
    bench.broken = {"q": ActionFailed("full")}
    lines = bench.runner.trace.lines()
    await anext(lines)  # the sign that it watches

    await bench.take(AT_LEAST_ONCE)
    await bench.settle()
    said = [orjson.loads(line) for line in (await anext(lines)).splitlines()]
    await lines.aclose()

    assert [(each["action"], each["resource"], each["outcome"]) for each in said] == [
        ("LambdaAction", "f", "done"),
        ("SqsAction", "q", "full"),
        ("LambdaAction", "told", "done"),
    ]
    assert [each.get("error_action", False) for each in said] == [False, False, True]
    assert {(each["rule"], each["topic"], each["client_id"]) for each in said} == {
        ("R", "a/b", "c")
    }
    assert not bench.runner.trace.is_watched


async def test_a_slow_watcher_loses_lines_and_is_told_how_many() -> None:
    bench = Bench(rule(COUNT))
    lines = bench.runner.trace.lines()
    await anext(lines)

    for _ in range(1003):
        await bench.take(Message("a/b", b"{}"))
    await bench.settle()
    said = [orjson.loads(line) for line in (await anext(lines)).splitlines()]
    await lines.aclose()

    assert said[0] == {"lost": 3}
    assert len(said) == 1001


async def test_a_cloud_that_stops_lets_its_watchers_go() -> None:
    bench = Bench(rule(COUNT))
    lines = bench.runner.trace.lines()
    await anext(lines)

    await bench.runner.close()

    async with asyncio.timeout(5):
        assert [line async for line in lines if line] == []
