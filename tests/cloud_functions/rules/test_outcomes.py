"""The engine: only rules that match are looked at, and what they see of the message."""

from collections.abc import Sequence

import pytest

from cloud_functions.contract.topics import BASIC_INGEST_PREFIX
from cloud_functions.ports import Message
from cloud_functions.rules.actions import InvokeFunction, LambdaAction
from cloud_functions.rules.context import Context, Sources
from cloud_functions.rules.engine import Fired, RulesEngine
from cloud_functions.rules.parser import parse
from cloud_functions.rules.rule import Rule, read_rule
from cloud_functions.runtime.template.declaration import Action, TopicRule


class CountingAction:
    """Counts the messages it was asked about."""

    action = "CountingAction"

    def __init__(self) -> None:
        self.prepared = 0

    def prepare(self, _result: object, _context: Context) -> InvokeFunction:
        self.prepared += 1
        return InvokeFunction("f", b"")


def made(sql: str, message: Message, sources: Sources | None = None) -> bytes:
    rule = Rule("r", parse(sql), [LambdaAction("f")])
    (fired,) = RulesEngine([rule], sources).fire(message, 1_700_000_000_123)
    assert isinstance(fired, Fired)
    assert isinstance(fired.deed, InvokeFunction)
    return fired.deed.event


@pytest.mark.parametrize("rules", [10, 1_000])
def test_a_message_is_shown_to_the_rules_that_match_it_alone(rules: int) -> None:
    counting = CountingAction()
    all_rules = [
        Rule(f"r{number}", parse(f"SELECT * FROM 'site/{number}/+/x'"), [counting])
        for number in range(rules)
    ]

    outcomes: Sequence[object] = RulesEngine(all_rules).fire(Message("site/7/b/x", b"{}"), 0)

    assert len(outcomes) == 1
    assert counting.prepared == 1


def test_a_statement_sees_where_the_message_came_from() -> None:
    said = {"content_type": "json", "correlation_data": b"\x01", "user_property": [("k", "v")]}
    message = Message("a", b"{}", 1, False, "c1", "ab12", said, source_ip="192.0.2.7")
    sql = (
        "SELECT clientid() AS c, principal() AS p, sourceip() AS s, timestamp() AS t,"
        " traceid() AS i, accountid() AS a, get_mqtt_property('content_type') AS m,"
        " get_mqtt_property('correlation_data') AS d, get_user_properties('k') AS u FROM 'a'"
    )

    event = made(sql, message, Sources(new_uuid=lambda: "trace"))

    assert event == (
        b'{"c":"c1","p":"ab12","s":"192.0.2.7","t":1700000000123,"i":"trace",'
        b'"a":"000000000000","m":"json","d":"AQ==","u":["v"]}'
    )


def test_what_the_cloud_says_itself_has_no_publisher() -> None:
    sql = "SELECT clientid() AS c, principal() AS p, sourceip() AS s, traceid() AS i FROM 'a'"

    assert made(sql, Message("a", b"{}")) == b'{"c":"n/a"}'


def test_the_trace_of_a_message_is_one_for_all_its_rules() -> None:
    ids = iter(["one", "two", "three"])
    rules = [
        Rule(name, parse("SELECT traceid() AS t, newuuid() AS n FROM 'a'"), [LambdaAction("f")])
        for name in ("x", "y")
    ]
    engine = RulesEngine(rules, Sources(new_uuid=lambda: next(ids)))

    events = [each.deed.event for each in engine.fire(Message("a", b"{}", client_id="c"), 0)]  # type: ignore[union-attr]

    assert events == [b'{"t":"one","n":"two"}', b'{"t":"one","n":"three"}']


def test_one_message_has_the_form_of_each_rules_version() -> None:
    sql, actions = "SELECT '' + x AS r FROM 'a'", [Action("lambda", {"FunctionArn": "f"})]
    rules = [
        read_rule(TopicRule(name, sql, version, actions))
        for name, version in (("first", "2015-10-08"), ("second", "2016-03-23"))
    ]

    outcomes = RulesEngine(rules).fire(Message("a", b'{"x": 10.0}'), 0)

    events = {each.rule: each.deed.event for each in outcomes}  # type: ignore[union-attr]
    assert events == {"first": b'{"r":"10.0"}', "second": b'{"r":"10"}'}


def test_a_declared_version_that_does_not_exist_is_refused() -> None:
    declared = TopicRule("r", "SELECT 1 FROM 'a'", "2020-01-01", [], where="t.yaml:1:1")

    with pytest.raises(Exception, match=r"t\.yaml:1:1: rule r: there is no SQL version"):
        read_rule(declared)


def test_a_waiting_rule_is_found_again_by_its_name() -> None:
    rule = Rule("r", parse("SELECT topic() AS t FROM 'x/+'"), [LambdaAction("f")])
    engine = RulesEngine([rule])

    found = engine.waiting("r", Message(f"{BASIC_INGEST_PREFIX}r/x/y", b"{}"), 3)

    assert found is not None
    assert (found.rule, found.context.topic, found.context.timestamp_ms) == (rule, "x/y", 3)
    assert engine.waiting("gone", Message("a", b""), 0) is None
