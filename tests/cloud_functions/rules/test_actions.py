"""Actions: what is declared, what is refused, what they prepare."""

import pytest

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.ports import Message
from cloud_functions.rules.actions import Failed, InvokeFunction, Republish, read_action
from cloud_functions.rules.context import Context
from cloud_functions.rules.engine import RulesEngine
from cloud_functions.rules.rule import read_rule
from cloud_functions.runtime.template.declaration import Action, TopicRule


def context(topic: str = "robofleet/r1/will", payload: bytes = b'{"a": "x/y", "n": 3}') -> Context:
    return Context(topic=topic, payload=payload)


def test_a_function_is_named_by_its_arn_with_or_without_a_version() -> None:
    arn = "arn:aws:lambda:us-east-1:000000000000:function:Record:live"

    action = read_action("Lambda", {"FunctionArn": arn})

    assert action.prepare({"x": 1}, context()) == InvokeFunction("Record", b'{"x":1}')


def test_a_function_takes_no_bytes() -> None:
    action = read_action("lambda", {"FunctionArn": "f"})

    assert action.prepare(b"\xff", context()) == Failed(
        "LambdaAction", "f", "the result is not JSON"
    )


def test_republish_fills_its_topic_from_the_original_payload() -> None:
    action = read_action("republish", {"Topic": "out/${topic(2)}/${n}/${missing}z", "Qos": 1})

    assert action.prepare({"other": 1}, context()) == Republish("out/r1/3/z", b'{"other":1}', 1)


def test_two_dollars_begin_a_reserved_topic() -> None:
    action = read_action("republish", {"Topic": "$$aws/things/${topic(2)}/shadow/update"})

    deed = action.prepare({}, context())

    assert isinstance(deed, Republish)
    assert deed.topic == "$aws/things/r1/shadow/update"


def test_a_rendered_topic_with_a_wildcard_fails_the_action() -> None:
    action = read_action("republish", {"Topic": "out/${a}"})

    assert isinstance(action.prepare({}, context(payload=b'{"a": "#"}')), Failed)


@pytest.mark.parametrize(
    ("kind", "parameters", "complaint"),
    [
        ("kinesis", {}, "the action kinesis is not supported; there are lambda, republish"),
        ("lambda", {}, "the action needs FunctionArn"),
        ("republish", {"Topic": "a", "Qos": 2}, "Qos is 0 or 1"),
        ("republish", {"Topic": "a", "Headers": {}}, "Headers is not supported"),
        ("republish", {"Topic": "a/${b"}, "not closed"),
        ("republish", {"Topic": "a/${b +}"}, "here should be a value, not '}'"),
    ],
)
def test_an_action_that_cannot_run_is_refused(kind: str, parameters: dict, complaint: str) -> None:
    with pytest.raises(InvalidDeclaration) as refusal:
        read_action(kind, parameters)

    assert complaint in str(refusal.value)


def test_a_refusal_names_the_rule_and_its_place() -> None:
    declared = TopicRule("Broken", "SELECT", "2016-03-23", [], where="template.yaml:12:9")

    with pytest.raises(InvalidDeclaration, match=r"template\.yaml:12:9: rule Broken: line 1"):
        read_rule(declared)


def test_all_rules_that_match_run_and_all_their_actions() -> None:
    actions = [Action("lambda", {"FunctionArn": "f"}), Action("republish", {"Topic": "out"})]
    rules = [
        read_rule(TopicRule("one", "SELECT * FROM 'a/+'", "2016-03-23", actions)),
        read_rule(TopicRule("two", "SELECT * FROM 'a/#'", "2016-03-23", actions[:1])),
        read_rule(TopicRule("three", "SELECT * FROM 'b'", "2016-03-23", actions)),
    ]

    fired = list(RulesEngine(rules).fire(Message("a/b", b"{}"), 0))

    assert sorted(each.rule for each in fired) == ["one", "one", "two"]
