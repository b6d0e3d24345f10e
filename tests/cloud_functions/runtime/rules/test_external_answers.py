"""External functions of rules are answered from what this cloud has."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from cloud_functions.cells import Space, Write
from cloud_functions.registry import group_members, thing_groups, things
from cloud_functions.rules.external import Call, CallFailed
from cloud_functions.runtime.functions.invocation import Invocation, failed
from cloud_functions.runtime.registrar import Registrar
from cloud_functions.runtime.rules import external_answers
from cloud_functions.runtime.rules.external_answers import ExternalAnswers
from cloud_functions.runtime.template.declaration import TableSpec
from cloud_functions.shadow.service import ShadowService
from cloud_functions.storage.lmdb_cell import LmdbCell
from cloud_functions.storage.sqlite_table import SqliteTables

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:echo:live"
GROUPS = "ListThingGroupsForThing"


async def echo(name: str, event: bytes) -> Invocation:
    """Answers with the event, fails or takes too long by its name."""
    if name == "fails":
        return failed("Unhandled", "boom", cold=False, duration_ms=1)
    if name == "slow":
        await asyncio.sleep(30)
    return Invocation(b"no json" if name == "text" else event, None, cold=False, duration_ms=1)


@pytest.fixture
async def answers(tmp_path: Path):
    store = LmdbCell(tmp_path / "cell")
    shadows = ShadowService([store])
    _, pending = shadows.update("t1", "lamp", b'{"state":{"reported":{"on":true}}}', 1)
    store.commit([Write(*write) for write in pending.writes if write.space is Space.SHADOWS])
    registry = Registrar(tmp_path / "registry.db")
    with registry.open() as transaction:
        things.create(transaction, "t1", {"room": "hall"})
        thing_groups.create(transaction, "upstairs", thing_groups.Properties())
        group_members.add(transaction, "upstairs", "t1")
    tables = SqliteTables(tmp_path / "tables.db")
    tables.table("Devices").put(("d1", ""), {"location": "roof"})
    tables.table("Readings").put(("d1", "2"), {"value": 5})
    tables.table("Devices").put(("large", ""), {"text": "x" * 9_000})
    yield ExternalAnswers(
        shadows=shadows,
        invoke=echo,
        registry=registry,
        tables={
            "Devices": TableSpec("Devices", "id"),
            "Readings": TableSpec("Readings", "id", "n"),
        },
        table=tables.table,
        clock=lambda: 1.0,
    )
    tables.close()
    await registry.close()
    store.close()


@pytest.mark.parametrize(
    ("call", "path", "value"),
    [
        (Call("get_thing_shadow", ("t1", "lamp")), ("state", "reported", "on"), True),
        (Call("aws_lambda", (FUNCTION, {"a": 1})), ("a",), 1),
        (Call("get_registry_data", ("DescribeThing", "t1")), ("attributes", "room"), "hall"),
        (Call("get_registry_data", (GROUPS, "t1")), ("thingGroups", 0, "groupName"), "upstairs"),
        (Call("get_dynamodb", ("Devices", "id", "d1")), ("location",), "roof"),
        (Call("get_dynamodb", ("Devices", "id", "d1")), ("id",), "d1"),
        (Call("get_dynamodb", ("Readings", "id", "d1", "n", 2)), ("value",), 5),
    ],
)  # fmt: skip
async def test_a_call_is_answered(
    answers: ExternalAnswers, call: Call, path: tuple[Any, ...], value: Any
) -> None:
    answer = await answers.answer(call)

    for step in path:
        answer = answer[step]
    assert answer == value


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (Call("get_thing_shadow", ("t1",)), "No shadow exists with name: 't1'"),
        (Call("get_thing_shadow", ("t/1",)), "get_thing_shadow"),
        (Call("aws_lambda", ("fails", 1)), "boom"),
        (Call("aws_lambda", ("text", 1)), "text answered what is not JSON"),
        (Call("get_registry_data", ("DescribeThing", "t9")), "Thing t9 cannot be found"),
        (Call("get_registry_data", (GROUPS, "t9")), "Thing t9 cannot be found"),
        (Call("get_dynamodb", ("Nope", "id", "d1")), "there is no table Nope; there are Devices"),
        (Call("get_dynamodb", ("Devices", "key", "d1")), "the key of Devices is id, not key"),
        (Call("get_dynamodb", ("Readings", "id", "d1")), "the key of Readings is id, n, not id"),
        (Call("get_dynamodb", ("Devices", "id", "d9")), "Devices has no item d9"),
        (Call("get_dynamodb", ("Devices", "id", "large")), "more than 8192 bytes"),
    ],
)
async def test_a_call_without_an_answer_fails_with_its_reason(
    answers: ExternalAnswers, call: Call, reason: str
) -> None:
    with pytest.raises(CallFailed) as failure:
        await answers.answer(call)

    assert reason in str(failure.value)


async def test_a_function_that_takes_too_long_is_not_waited_for(
    answers: ExternalAnswers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(external_answers, "LAMBDA_LIMIT_S", 0.01)

    with pytest.raises(CallFailed, match="slow took more than 10 ms"):
        await answers.answer(Call("aws_lambda", ("slow", 1)))

    for running in list(answers._late):
        running.cancel()
