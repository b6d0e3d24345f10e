"""External functions: evaluation asks, is answered, and sees the same again."""

import itertools
from typing import Any

import pytest

from cloud_functions.ports import Message
from cloud_functions.rules.actions import Failed, InvokeFunction, LambdaAction, RepublishAction
from cloud_functions.rules.context import Context, Sources
from cloud_functions.rules.engine import Abandoned, RulesEngine, Waiting
from cloud_functions.rules.errors import RuleFailed
from cloud_functions.rules.external import MAX_CALLS, Call, CallFailed, Needs, outcome
from cloud_functions.rules.parser import parse
from cloud_functions.rules.rule import Rule
from cloud_functions.rules.template import Template

ROLE = "'role'"


class RecordingExternal:
    """Answers from a table and remembers what was asked."""

    def __init__(self, answers: dict[str, Any] | None = None) -> None:
        self.answers = answers or {}
        self.asked: list[Call] = []

    async def answer(self, call: Call) -> Any:
        self.asked.append(call)
        answer = self.answers.get(call.name, {"asked": list(call.arguments)})
        if isinstance(answer, Exception):
            raise answer
        return answer


def counting_sources() -> Sources:
    numbers = itertools.count(1)
    return Sources(new_uuid=lambda: f"id-{next(numbers)}", rand=lambda: next(numbers) / 100)


def rule(sql: str) -> Rule:
    return Rule("r", parse(sql), [LambdaAction("f")])


def context(**circumstances: Any) -> Context:
    return Context(topic="a", payload=b'{"x": 1, "l": [1, 2, 1]}', **circumstances)


async def test_an_answer_is_asked_once_and_used() -> None:
    external = RecordingExternal({"get_thing_shadow": {"state": 7}})
    sql = f"SELECT get_thing_shadow('t', {ROLE}).state AS a, get_thing_shadow('t', {ROLE}) AS b"

    deeds = await outcome(rule(sql), context(), external)

    assert deeds == [InvokeFunction("f", b'{"a":7,"b":{"state":7}}')]
    assert external.asked == [Call("get_thing_shadow", ("t",))]


async def test_calls_with_other_arguments_are_other_calls() -> None:
    external = RecordingExternal()

    deeds = await outcome(
        rule("SELECT (SELECT VALUE aws_lambda('f', n) FROM l AS n) AS r"), context(), external
    )

    assert deeds == [
        InvokeFunction("f", b'{"r":[{"asked":["f",1]},{"asked":["f",2]},{"asked":["f",1]}]}')
    ]
    assert len(external.asked) == 2


async def test_chance_and_time_are_the_same_in_every_evaluation() -> None:
    external = RecordingExternal({"aws_lambda": 5})
    asked = "aws_lambda('f', 1) AS c"
    sql = f"SELECT newuuid() AS a, rand() AS b, {asked}, newuuid() AS d, timestamp() AS t"

    deeds = await outcome(rule(sql), context(sources=counting_sources(), timestamp_ms=9), external)

    assert deeds == [InvokeFunction("f", b'{"a":"id-1","b":0.02,"c":5,"d":"id-3","t":9}')]


async def test_a_new_identifier_may_be_what_is_asked() -> None:
    external = RecordingExternal()

    await outcome(
        rule("SELECT aws_lambda('f', newuuid()) AS c"),
        context(sources=counting_sources()),
        external,
    )

    assert external.asked == [Call("aws_lambda", ("f", "id-1"))]


async def test_a_failed_call_fails_the_rule() -> None:
    external = RecordingExternal({"get_thing_shadow": CallFailed("no shadow")})

    with pytest.raises(RuleFailed, match="no shadow"):
        await outcome(rule(f"SELECT get_thing_shadow('t', {ROLE}) AS r"), context(), external)


async def test_get_or_default_forgives_a_failed_call() -> None:
    external = RecordingExternal({"get_thing_shadow": CallFailed("no shadow")})
    sql = f"SELECT get_or_default(get_thing_shadow('t', {ROLE}).state, 'none') AS r"

    assert await outcome(rule(sql), context(), external) == [InvokeFunction("f", b'{"r":"none"}')]


async def test_get_or_default_does_not_swallow_a_question() -> None:
    external = RecordingExternal({"aws_lambda": 5})

    deeds = await outcome(
        rule("SELECT get_or_default(aws_lambda('f', x), 0) AS r"), context(), external
    )

    assert deeds == [InvokeFunction("f", b'{"r":5}')]


async def test_a_variable_asks_once_for_all_its_places() -> None:
    external = RecordingExternal({"aws_lambda": {"a": 1, "b": 2}})
    sql = "SET @v = aws_lambda('f', x) SELECT @v.a AS a, @v.b AS b WHERE @v.a = 1"

    assert await outcome(rule(sql), context(), external) == [InvokeFunction("f", b'{"a":1,"b":2}')]
    assert len(external.asked) == 1


async def test_an_action_may_ask_too() -> None:
    external = RecordingExternal({"get_thing_shadow": {"room": "hall"}})
    topic = Template.parse(f"out/${{get_thing_shadow('t', {ROLE}).room}}/${{newuuid()}}")
    asking = Rule("r", parse("SELECT newuuid() AS id"), [RepublishAction(topic, 0)])

    (deed,) = await outcome(asking, context(sources=counting_sources()), external)

    assert not isinstance(deed, Failed)
    assert (deed.topic, deed.payload) == ("out/hall/id-2", b'{"id":"id-1"}')


async def test_a_rule_cannot_ask_for_ever() -> None:
    external = RecordingExternal()
    many = Context(topic="a", payload=b'{"l": %s}' % str(list(range(100))).encode())

    with pytest.raises(RuleFailed, match=f"at most {MAX_CALLS}"):
        await outcome(
            rule("SELECT (SELECT VALUE aws_lambda('f', n) FROM l AS n) AS r"), many, external
        )

    assert len(external.asked) == MAX_CALLS


def test_the_engine_says_which_rules_wait_and_which_failed() -> None:
    waiting = Rule("waits", parse("SELECT aws_lambda('f', 1) AS r FROM 'a'"), [LambdaAction("f")])
    failing = Rule("fails", parse("SET @v = x SELECT @v AS r FROM 'a'"), [LambdaAction("f")])
    message = Message("a", b'{"x": "' + b"y" * 140_000 + b'"}')

    outcomes = RulesEngine([waiting, failing]).fire(message, 5)

    waits, failed = sorted(outcomes, key=lambda each: type(each).__name__, reverse=True)
    assert isinstance(waits, Waiting)
    assert waits.rule is waiting
    assert isinstance(failed, Abandoned)
    assert "128 KiB" in failed.reason


def test_a_condition_that_is_false_before_the_call_asks_nothing() -> None:
    never = rule(f"SELECT 1 AS r WHERE x = 2 AND get_thing_shadow('t', {ROLE}).x = 1")

    assert never.outcome(context()) == ()


def test_without_memory_evaluation_stops_at_the_call() -> None:
    with pytest.raises(Needs) as needs:
        rule("SELECT aws_lambda('f', l) AS r").outcome(context())

    assert needs.value.call == Call("aws_lambda", ("f", [1, 2, 1]))
