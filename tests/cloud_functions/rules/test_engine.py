"""The engine: which rules fire, that they come and go, and what an error action is told."""

import base64
import itertools
import re

import orjson
import pytest

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.ports import Message
from cloud_functions.rules.context import Sources
from cloud_functions.rules.deeds import Failed, InvokeFunction, Republish
from cloud_functions.rules.engine import RulesEngine
from cloud_functions.rules.rule import read_rule
from cloud_functions.runtime.template.declaration import Action, TopicRule

CALL = Action("lambda", {"FunctionArn": "f"})
SAY = Action("republish", {"Topic": "out"})


def rule(name: str, sql: str, *actions: Action, **more):
    return read_rule(TopicRule(name, sql, "2016-03-23", actions or (CALL,), **more))


def fired(engine: RulesEngine, topic: str, payload: bytes = b"{}") -> list[str]:
    return sorted(each.rule for each in engine.fire(Message(topic, payload), 0))


def test_all_rules_that_match_run_and_all_their_actions() -> None:
    engine = RulesEngine(
        [
            rule("one", "SELECT * FROM 'a/+'", CALL, SAY),
            rule("two", "SELECT * FROM 'a/#'"),
            rule("three", "SELECT * FROM 'b'", CALL, SAY),
        ]
    )

    assert fired(engine, "a/b") == ["one", "one", "two"]


def test_a_refusal_names_the_rule_and_its_place() -> None:
    declared = TopicRule("Broken", "SELECT", "2016-03-23", [], where="template.yaml:12:9")

    with pytest.raises(InvalidDeclaration, match=r"template\.yaml:12:9: rule Broken: line 1"):
        read_rule(declared)


def test_a_refused_action_is_named_with_its_own_place() -> None:
    action = Action("Kinesis", {}, "template.yaml:20:13")
    declared = TopicRule("R", "SELECT *", "2016-03-23", [action], where="template.yaml:12:9")

    with pytest.raises(InvalidDeclaration, match=re.escape("template.yaml:20:13: rule R: the act")):
        read_rule(declared)


def test_a_rule_has_at_most_ten_actions() -> None:
    rule("most", "SELECT *", *([CALL] * 10))
    with pytest.raises(InvalidDeclaration, match="at most 10 actions"):
        rule("more", "SELECT *", *([CALL] * 11))


def test_rules_come_change_and_go() -> None:
    engine = RulesEngine([rule("one", "SELECT * FROM 'a/+'")])

    engine.put(rule("two", "SELECT * FROM 'a/#'"))
    assert fired(engine, "a/b") == ["one", "two"]
    assert engine.topic_filters == ["$aws/rules/#", "a/#", "a/+"]

    engine.put(rule("one", "SELECT * FROM 'b'"))
    assert fired(engine, "a/b") == ["two"]
    assert fired(engine, "b") == ["one"]

    engine.remove("two")
    engine.remove("nobody")
    assert fired(engine, "a/b") == []
    assert engine.topic_filters == ["$aws/rules/#", "b"]


def test_basic_ingest_reaches_the_named_rule_and_counts_unknown_ones(caplog) -> None:
    engine = RulesEngine([rule("one", "SELECT topic() AS t FROM 'a/+'")])

    (only,) = engine.fire(Message("$aws/rules/one/a/b", b"{}"), 0)

    assert only.deed == InvokeFunction("f", b'{"t":"a/b"}')
    assert fired(engine, "$aws/rules/one/other/place") == []
    assert fired(engine, "$aws/rules/nobody/a/b") == []
    assert fired(engine, "$aws/rules/nobody/c") == []
    assert engine.unknown_rules == 2
    assert caplog.text.count("there is no rule 'nobody'") == 1


# ------------------------------------------------------------ the error action


def numbered() -> Sources:
    """New identifiers one after the other: id-0, id-1 ..."""
    numbers = itertools.count()
    return Sources(new_uuid=lambda: f"id-{next(numbers)}")


def test_an_error_action_is_told_as_documented() -> None:
    told = Action("republish", {"Topic": "failed/${topic(2)}/${n}"})
    engine = RulesEngine(
        [rule("R", "SELECT n AS m FROM 'a/+'", CALL, SAY, error_action=told)], numbered()
    )
    message = Message("a/b", b'{"n": 7}', client_id="device-1")

    first, second = engine.fire(message, 0)
    assert first.firing is second.firing
    deed = first.firing.report([Failed("LambdaAction", "f", "no"), Failed("S3Action", "b", "full")])

    assert isinstance(deed, Republish)
    assert deed.topic == "failed/b/7"
    assert orjson.loads(deed.payload) == {
        "ruleName": "R",
        "topic": "a/b",
        "cloudwatchTraceId": "id-0",
        "clientId": "device-1",
        "base64OriginalPayload": base64.b64encode(b'{"n": 7}').decode(),
        "failures": [
            {"failedAction": "LambdaAction", "failedResource": "f", "errorMessage": "no"},
            {"failedAction": "S3Action", "failedResource": "b", "errorMessage": "full"},
        ],
    }


def test_an_error_action_names_the_message_as_its_rule_does() -> None:
    sql = "SET @id = traceid() SELECT @id AS id FROM 'a'"
    told = Action("republish", {"Topic": "failed/${@id}"})
    rules = [rule("R", sql, error_action=told), rule("S", sql, error_action=told)]

    one, two = RulesEngine(rules, numbered()).fire(Message("a", b"{}", client_id="c"), 0)
    reports = [each.firing.report([Failed("LambdaAction", "f", "no")]) for each in (one, two)]

    assert [each.deed.event for each in (one, two)] == [b'{"id":"id-0"}'] * 2
    assert [each.topic for each in reports] == ["failed/id-0"] * 2
    assert [orjson.loads(each.payload)["cloudwatchTraceId"] for each in reports] == ["id-0"] * 2


def test_without_an_error_action_there_is_nothing_to_join() -> None:
    engine = RulesEngine([rule("R", "SELECT * FROM 'a'")])

    (only,) = engine.fire(Message("a", b"{}"), 0)

    assert only.firing is None
    assert engine.firing_of("R", Message("a", b"{}"), 0, 1) is None


def test_a_firing_is_found_again_after_a_restart() -> None:
    told = Action("republish", {"Topic": "failed/${topic(1)}"})
    engine = RulesEngine([rule("R", "SELECT * FROM 'a/+'", error_action=told)])

    firing = engine.firing_of("R", Message("$aws/rules/R/a/b", b"{}"), 0, 3)

    assert firing is not None
    assert (firing.actions, firing.context.topic) == (3, "a/b")


@pytest.mark.parametrize("error_action", [Action("Kafka", {}), Action("republish", {})])
def test_a_broken_error_action_is_refused(error_action) -> None:
    with pytest.raises(InvalidDeclaration):
        rule("R", "SELECT *", error_action=error_action)


def test_an_error_action_whose_template_asks_outside_fails_and_harms_nobody() -> None:
    asking = Action("republish", {"Topic": "errors/${get_thing_shadow('t', 'role').room}"})
    engine = RulesEngine([rule("R", "SELECT * FROM 'a'", SAY, error_action=asking)])
    (only,) = engine.fire(Message("a", b"{}"), 0)

    report = only.firing.report([Failed("RepublishAction", "out", "no")])

    assert isinstance(report, Failed)
    assert report.reason.startswith("its templates cannot be filled")
