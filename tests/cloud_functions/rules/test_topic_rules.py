"""The rules of a cloud: made, replaced, switched, removed, and what a restart makes of it."""

import pytest

from cloud_functions.ports import Message
from cloud_functions.rules.engine import RulesEngine
from cloud_functions.rules.topic_rules import (
    InvalidRule,
    RuleExists,
    RuleNotFound,
    SqlParseFailed,
    TopicRules,
)
from cloud_functions.runtime.template.declaration import Action, TopicRule
from cloud_functions.storage.sqlite_rules import SqliteRules

SAY = [{"republish": {"roleArn": "r", "topic": "out"}}]
PAYLOAD = {"sql": "SELECT * FROM 'a/+'", "actions": SAY}


def declared(sql: str = "SELECT * FROM 't'", name: str = "T") -> TopicRule:
    action = Action("Republish", {"Topic": "out", "RoleArn": "r", "Headers": {"ContentType": "x"}})
    return TopicRule(name, sql, "2016-03-23", [action], description="of the template")


class Cloud:
    """A cloud's rules over a store that outlives it."""

    def __init__(self, store, *rules: TopicRule) -> None:
        self.engine = RulesEngine(())
        self.changes = 0
        self.confirmed: list = []
        self.rules = TopicRules(rules, store, self.engine, lambda: 5.0)
        self.rules.changed = self.change
        self.rules.confirm = self.confirmed.append

    def change(self) -> None:
        self.changes += 1

    def fires(self, topic: str) -> list[str]:
        return [each.rule for each in self.engine.fire(Message(topic, b"{}"), 0)]


@pytest.fixture
def store(tmp_path):
    made = SqliteRules(tmp_path / "cloud.db")
    yield made
    made.close()


def test_a_rule_is_live_at_once_and_after_a_restart(store) -> None:
    cloud = Cloud(store)

    cloud.rules.create("R", PAYLOAD)

    assert cloud.fires("a/b") == ["R"]
    assert cloud.changes == 1
    assert Cloud(store).fires("a/b") == ["R"]


def test_a_rule_is_replaced_whole(store) -> None:
    cloud = Cloud(store)
    cloud.rules.create("R", {**PAYLOAD, "description": "old"})

    cloud.rules.replace("R", {**PAYLOAD, "sql": "SELECT * FROM 'b'"})

    assert (cloud.fires("a/b"), cloud.fires("b")) == ([], ["R"])
    assert cloud.rules.get("R").description == ""
    assert Cloud(store).fires("b") == ["R"]


def test_a_rule_rests_and_runs_again(store) -> None:
    cloud = Cloud(store)
    cloud.rules.create("R", PAYLOAD)

    cloud.rules.switch("R", enabled=False)
    resting, after_restart = cloud.fires("a/b"), Cloud(store).fires("a/b")
    cloud.rules.switch("R", enabled=True)

    assert (resting, after_restart, cloud.fires("a/b")) == ([], [], ["R"])


def test_a_rule_that_is_removed_is_gone(store) -> None:
    cloud = Cloud(store)
    cloud.rules.create("R", PAYLOAD)

    cloud.rules.delete("R")

    assert cloud.fires("a/b") == Cloud(store).fires("a/b") == []
    for ask in (cloud.rules.get, cloud.rules.delete):
        with pytest.raises(RuleNotFound, match="Access to topic rule 'R' was denied"):
            ask("R")
    with pytest.raises(RuleNotFound):
        cloud.rules.replace("R", PAYLOAD)
    with pytest.raises(RuleNotFound):
        cloud.rules.switch("R", enabled=True)


def test_a_name_is_taken_once(store) -> None:
    cloud = Cloud(store, declared())
    cloud.rules.create("R", PAYLOAD)

    for name in ("R", "T"):
        with pytest.raises(RuleExists):
            cloud.rules.create(name, PAYLOAD)


@pytest.mark.parametrize(
    ("name", "change", "error", "complaint"),
    [
        ("a-b", {}, InvalidRule, "is no rule name"),
        ("R", {"sql": "SELECT"}, SqlParseFailed, "line 1"),
        ("R", {"sql": ""}, InvalidRule, "sql is missing"),
        ("R", {"actions": None}, InvalidRule, "actions is missing"),
        ("R", {"actions": SAY * 11}, InvalidRule, "at most 10 actions"),
        ("R", {"actions": [{"kinesis": {}}]}, InvalidRule, "kinesis of AWS IoT is not run here"),
        ("R", {"actions": [{}]}, InvalidRule, "an action has one name"),
        ("R", {"actions": [{"republish": {"topic": "${"}}]}, SqlParseFailed, "not closed"),
        ("R", {"errorAction": {"sqs": {}}}, InvalidRule, "needs queueUrl"),
        ("R", {"awsIotSqlVersion": "2020-01-01"}, InvalidRule, "awsIotSqlVersion is"),
        ("R", {"ruleDisabled": "no"}, InvalidRule, "ruleDisabled is true or false"),
        ("R", {"colour": "red"}, InvalidRule, "a rule has no member colour"),
    ],
)
def test_what_cannot_be_a_rule_is_refused_and_changes_nothing(
    store, name, change, error, complaint
) -> None:
    cloud = Cloud(store)

    with pytest.raises(error, match=complaint):
        cloud.rules.create(name, {**PAYLOAD, **change})

    assert cloud.rules.listed(None, enabled=None) == []
    assert store.stored_rules() == []


def test_rules_are_listed_by_topic_and_state(store) -> None:
    cloud = Cloud(store, declared())
    cloud.rules.create("R", PAYLOAD)
    cloud.rules.create("S", {**PAYLOAD, "ruleDisabled": True})

    def names(topic=None, enabled=None) -> list[str]:
        return [each.name for each in cloud.rules.listed(topic, enabled=enabled)]

    assert names() == ["R", "S", "T"]
    assert names(enabled=True) == ["R", "T"]
    assert names(enabled=False) == ["S"]
    assert names("a/b") == names("a/+") == ["R", "S"]
    assert names("t") == ["T"]


def test_a_rule_with_an_http_action_has_its_address_asked(store) -> None:
    cloud = Cloud(store)
    said = {"url": "http://localhost:9000/in/x", "confirmationUrl": "http://localhost:9000/in"}

    cloud.rules.create("R", {**PAYLOAD, "actions": [{"http": said}]})

    assert cloud.confirmed == ["http://localhost:9000/in"]
    again = Cloud(store)
    again.rules.ask_destinations()
    assert again.confirmed == ["http://localhost:9000/in"]


# ------------------------------------------------------------ the template's rules


def test_a_templates_rule_is_told_in_the_apis_spelling(store) -> None:
    rules = Cloud(store, declared()).rules

    assert rules.get("T").payload() == {
        "sql": "SELECT * FROM 't'",
        "awsIotSqlVersion": "2016-03-23",
        "description": "of the template",
        "ruleDisabled": False,
        "actions": [
            {"republish": {"topic": "out", "roleArn": "r", "headers": {"contentType": "x"}}}
        ],
    }


def test_what_a_call_changed_of_a_templates_rule_outlives_a_restart(store) -> None:
    cloud = Cloud(store, declared(), declared("SELECT * FROM 'u'", "U"))
    cloud.rules.switch("T", enabled=False)
    cloud.rules.delete("U")

    again = Cloud(store, declared(), declared("SELECT * FROM 'u'", "U"))

    assert (again.fires("t"), again.fires("u")) == ([], [])
    assert [each.name for each in again.rules.listed(None, enabled=None)] == ["T"]


def test_a_template_that_says_something_else_holds_again(store) -> None:
    Cloud(store, declared()).rules.switch("T", enabled=False)

    deployed = Cloud(store, declared("SELECT * FROM 't/new'"))

    assert deployed.fires("t/new") == ["T"]
    assert store.stored_rules() == []


def test_a_rule_that_left_the_template_is_gone(store) -> None:
    Cloud(store, declared()).rules.switch("T", enabled=True)

    assert Cloud(store).rules.listed(None, enabled=None) == []


def test_a_kept_rule_that_cannot_run_any_more_is_passed_over(store, caplog) -> None:
    cloud = Cloud(store)
    cloud.rules.create("R", PAYLOAD)
    cloud.rules.create("S", PAYLOAD)
    kept = next(each for each in store.stored_rules() if each.name == "S")
    store.put_rule(type(kept)("S", kept.payload.replace("republish", "kinesis"), 0.0))

    assert Cloud(store).fires("a/b") == ["R"]
    assert "rule S is not run any more" in caplog.text
