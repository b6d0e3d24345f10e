"""Rules that wait for an answer: messages do not wait for them, and none is lost."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloud_functions.cells import Space
from cloud_functions.ports import Message
from cloud_functions.rules.actions import LambdaAction
from cloud_functions.rules.engine import RulesEngine
from cloud_functions.rules.external import Call, CallFailed
from cloud_functions.rules.parser import parse
from cloud_functions.rules.rule import Rule
from cloud_functions.runtime.action_runner import ActionRunner
from cloud_functions.runtime.functions.invocation import Invocation
from cloud_functions.runtime.message_core import MessageCore
from cloud_functions.storage.committer import Committer
from cloud_functions.storage.lmdb_cell import LmdbCell

SQL = "SELECT aws_lambda('f', x) AS r, newuuid() AS id FROM 'a/+'"


class Answers:
    """Answers when it is told to."""

    def __init__(self, answer: Any = 7) -> None:
        self.answer_now = asyncio.Event()
        self._answer = answer

    async def answer(self, _call: Call) -> Any:
        await self.answer_now.wait()
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


class Cloud:
    """A core over one store, with one rule that asks."""

    def __init__(self, path: Path, answers: Answers, sql: str = SQL, rule: str = "asks") -> None:
        self.store = LmdbCell(path)
        self.committer = Committer(self.store)
        self.submitted: list[tuple[str, bytes]] = []
        self.published: list[Message] = []
        self.runner = ActionRunner(
            submit=self.submit,
            inject=self.inject,
            committer=self.committer,
            store=self.store,
            clock=lambda: 5.0,
        )
        self.core = MessageCore(
            services=[],
            committer=self.committer,
            rules=RulesEngine([Rule(rule, parse(sql), [LambdaAction("g")])]),
            runner=self.runner,
            answers=answers,
            store=self.store,
            publish=self.published.extend,
            clock=lambda: 5.0,
        )

    def submit(
        self, name: str, event: bytes, finished: Callable[[Invocation], None] | None = None
    ) -> None:
        self.submitted.append((name, event))
        if finished is not None:
            finished(Invocation(b"", None, cold=False, duration_ms=1))

    async def inject(self, message: Message) -> None:
        raise AssertionError(message)

    def notes(self) -> Sequence[bytes]:
        return [raw for _, raw in self.store.scan(Space.WAITING)]

    async def settle(self) -> None:
        """Let everything that can happen happen."""
        while tasks := self.core.waiting._tasks:
            await asyncio.wait(set(tasks))

    async def close(self) -> None:
        await self.core.close()
        await self.committer.close()
        self.store.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cell"


async def test_a_message_is_durable_before_its_rule_is_answered(path: Path) -> None:
    answers = Answers()
    cloud = Cloud(path, answers)

    await cloud.core.deliver([Message("a/b", b'{"x": 1}', 1)])

    assert cloud.submitted == []
    assert len(cloud.notes()) == 1
    answers.answer_now.set()
    await cloud.settle()
    assert cloud.submitted == [("g", b'{"r":7,"id":"00000000-0000-4000-8000-000000000000"}')]
    assert cloud.notes() == []
    await cloud.close()


async def test_a_rule_that_waited_when_the_cloud_was_killed_is_evaluated_at_the_next_start(
    path: Path,
) -> None:
    first = Cloud(path, Answers())
    properties = {"correlation_data": b"\x01\xff"}
    await first.core.deliver([Message("a/b", b'{"x": 1}', 1, properties=properties)])
    await first.close()

    answers = Answers(8)
    answers.answer_now.set()
    second = Cloud(
        path, answers, "SELECT aws_lambda('f', x) AS r, get_mqtt_property('correlation_data') AS d"
        ", timestamp() AS t FROM 'a/+'",
    )  # fmt: skip
    second.core.waiting.resume()
    await second.settle()

    assert second.submitted == [("g", b'{"r":8,"d":"Af8=","t":5000}')]
    assert second.notes() == []
    await second.close()


async def test_what_waited_for_a_rule_that_is_gone_is_struck_out(path: Path) -> None:
    first = Cloud(path, Answers())
    await first.core.deliver([Message("a/b", b"{}", 1), Message("a/b", b'{"x": 1}', 1)])
    await first.close()

    second = Cloud(path, Answers(), rule="renamed")
    second.core.waiting.resume()
    await second.committer.commit([])

    assert second.notes() == []
    await second.close()


async def test_a_failed_call_runs_no_action_and_is_counted(path: Path) -> None:
    answers = Answers(CallFailed("boom"))
    answers.answer_now.set()
    cloud = Cloud(path, answers)

    await cloud.core.deliver([Message("a/b", b'{"x": 1}', 1)])
    await cloud.settle()

    assert cloud.submitted == []
    assert cloud.notes() == []
    assert cloud.core.waiting.statistics.rules_failed == 1
    await cloud.close()


async def seen(path: Path, answer: Any, sql: str, message: Message) -> list[dict[str, Any]]:
    """What somebody who watches is told of one message."""
    answers = Answers(answer)
    answers.answer_now.set()
    cloud = Cloud(path, answers, sql)
    lines = cloud.runner.trace.lines()
    await anext(lines)
    await cloud.core.deliver([message])
    await cloud.settle()
    said = await anext(lines)
    await lines.aclose()
    await cloud.close()
    return [msgspec.json.decode(line) for line in said.splitlines()]


@pytest.mark.parametrize(
    ("answer", "sql", "outcome"),
    [
        (CallFailed("boom"), SQL, "failed: boom"),
        (7, f"{SQL} WHERE aws_lambda('f', x) = 8", "matched, WHERE is false"),
        (7, "SELECT * FROM 'a/+' WHERE x > 1", "matched, WHERE is false"),
        (7, "SET @v = rpad(x, 200000) SELECT @v AS r FROM 'a/+'", "failed: the variables of SET"),
    ],
)
async def test_a_rule_that_matched_and_did_nothing_is_seen(
    path: Path, answer: Any, sql: str, outcome: str
) -> None:
    text = "y" * 140_000 if "SET" in sql else 1
    message = Message("a/b", msgspec.json.encode({"x": text}), 1, client_id="c")

    (line,) = await seen(path, answer, sql, message)

    assert line.pop("outcome").startswith(outcome)
    assert line == {
        "rule": "asks",
        "topic": "a/b",
        "client_id": "c",
        "action": "",
        "resource": "",
        "ms": 0.0,
        "at_ms": 5000,
    }


async def test_basic_ingest_is_seen_on_the_topic_that_the_rule_sees(path: Path) -> None:
    message = Message("$aws/rules/asks/a/b", b'{"x":1}')

    (acted,) = await seen(path, 7, "SELECT * FROM 'a/+'", message)
    (idle,) = await seen(path, 7, "SELECT * FROM 'a/+' WHERE x = 2", message)

    assert (acted["topic"], acted["action"]) == ("a/b", "LambdaAction")
    assert (idle["topic"], idle["outcome"]) == ("a/b", "matched, WHERE is false")


async def test_what_may_be_lost_leaves_no_note(path: Path) -> None:
    answers = Answers()
    answers.answer_now.set()
    cloud = Cloud(path, answers)

    await cloud.core.deliver([Message("a/b", b'{"x": 1}', 0)])
    noted = cloud.notes()
    await cloud.settle()

    assert noted == []
    assert len(cloud.submitted) == 1
    await cloud.close()


async def test_a_rule_that_cannot_be_evaluated_at_once_harms_no_other(path: Path) -> None:
    cloud = Cloud(path, Answers(), "SET @v = x SELECT @v AS r FROM 'a/+'")

    await cloud.core.deliver([Message("a/b", b'{"x": "%s"}' % (b"y" * 140_000), 1)])
    await cloud.core.deliver([Message("a/b", b'{"x": 1}', 1)])

    assert cloud.submitted == [("g", b'{"r":1}')]
    assert cloud.core.waiting.statistics.rules_failed == 1
    await cloud.close()
