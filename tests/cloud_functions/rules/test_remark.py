"""What somebody who watches hears of rules that matched and did nothing, and nobody else."""

import pytest

from cloud_functions.ports import Message
from cloud_functions.rules.actions import LambdaAction
from cloud_functions.rules.context import Sources
from cloud_functions.rules.engine import Fired, RulesEngine
from cloud_functions.rules.parser import parse
from cloud_functions.rules.rule import Rule

CALL = [LambdaAction("f")]
BROKEN = b'{"a":"\\ud800"}'


class Watcher:
    """Remembers what it hears."""

    def __init__(self, *, is_watched: bool = True) -> None:
        self.is_watched = is_watched
        self.heard: list[tuple[str, str]] = []

    def matched(self, rule: str, _message: Message, outcome: str) -> None:
        self.heard.append((rule, outcome))


def heard(sql: str, payload: bytes = b'{"x":1}', actions=CALL) -> list[str]:
    engine = RulesEngine([Rule("R", parse(sql), actions)])
    engine.watcher = Watcher()
    engine.fire(Message("a", payload), 0)
    return [outcome for _, outcome in engine.watcher.heard]


@pytest.mark.parametrize(
    ("where", "outcome"),
    [
        ("x = 2", "matched, WHERE is false"),
        ("y = 2", "matched, WHERE is Undefined"),
        ("x", "matched, WHERE is 1"),
        ("rpad('', 100)", "matched, WHERE is not true"),
        ("x = 2 AND get_thing_shadow('t', 'role').on", "matched, WHERE is not true"),
    ],
)
def test_a_condition_that_is_not_true_is_said_with_its_value(where: str, outcome: str) -> None:
    assert heard(f"SELECT * FROM 'a' WHERE {where}") == [outcome]


def test_a_rule_without_actions_is_said_to_have_none() -> None:
    assert heard("SELECT * FROM 'a'", actions=()) == ["no actions"]
    assert heard("SELECT * FROM 'a' WHERE x = 2", actions=()) == ["matched, WHERE is false"]


def test_of_a_rule_that_acts_its_actions_tell() -> None:
    assert heard("SELECT * FROM 'a'") == []
    assert heard("SELECT * FROM 'other'") == []


def test_a_payload_that_is_not_json_is_said_where_a_rule_looks_into_it() -> None:
    (no_match,) = heard("SELECT * FROM 'a' WHERE a = 'x'", BROKEN)
    (empty,) = heard("SELECT a FROM 'a'", BROKEN)

    assert no_match.startswith("matched, WHERE is Undefined; the payload is not JSON (")
    assert empty.startswith("matched; the payload is not JSON (")
    assert "surrogate" in no_match
    assert heard("SELECT * FROM 'a'", b"\x00\x01") == []


def test_nothing_is_found_out_when_nobody_looks() -> None:
    engine = RulesEngine([Rule("R", parse("SELECT * FROM 'a' WHERE x = 2"), CALL)])
    engine.watcher = Watcher(is_watched=False)

    engine.fire(Message("a", b"{}"), 0)

    assert engine.watcher.heard == []


def test_looking_changes_nothing_for_the_rules_that_follow() -> None:
    drawn = iter(range(100))
    payload = b'{"n":[%s]}' % b",".join([b'{"v":1}'] * 30_000)
    sql = "SELECT newuuid() AS id FROM 'a' WHERE EXISTS (SELECT * FROM n WHERE v > {})"
    rules = [Rule(f"R{n}", parse(sql.format(1 - (n == 2))), CALL) for n in range(3)]
    engine = RulesEngine(rules, Sources(new_uuid=lambda: str(next(drawn))))
    engine.watcher = Watcher()

    (only,) = engine.fire(Message("a", payload), 0)

    assert isinstance(only, Fired)
    assert sorted(rule for rule, _ in engine.watcher.heard) == ["R0", "R1"]
