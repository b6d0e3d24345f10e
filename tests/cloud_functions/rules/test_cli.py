"""`robofleet rules test`: what it prints and how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cloud_functions.rules.cli import app


def rules(*arguments: str, given: bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["test", *arguments], input=given)


@pytest.fixture
def message(tmp_path: Path) -> str:
    path = tmp_path / "message.json"
    path.write_text('{"temperature": 40, "color": "red", "big": 12345678901234567890123}')
    return str(path)


def on(message: str, sql: str, *more: str) -> Result:
    return rules(sql, "--topic", "home/kitchen", "--payload", message, *more)


def test_a_statement_that_yields_shows_its_payload(message: str) -> None:
    result = on(message, "SELECT upper(color) AS c, big FROM 'home/+'")

    assert (result.exit_code, result.stdout) == (0, '{"c":"RED","big":12345678901234567890123}\n')


def test_the_payload_may_come_from_standard_input() -> None:
    result = rules("SELECT * FROM 'a'", "--topic", "a", "--payload", "-", given=b'{"x":1}')

    assert (result.exit_code, result.stdout) == (0, '{"x":1}\n')


def test_circumstances_are_options(message: str) -> None:
    sql = "SELECT clientid() AS c, sql_version() AS v FROM 'home/+'"

    result = on(message, sql, "--client-id", "r7", "--sql-version", "2015-10-08")

    assert result.stdout == '{"c":"r7","v":"2015-10-08"}\n'


def test_a_topic_that_does_not_match_is_said(message: str) -> None:
    result = on(message, "SELECT * FROM 'garden/#'")

    assert result.exit_code == 1
    assert result.stdout == "no match: home/kitchen does not match garden/#\n"


def test_a_condition_that_is_false_shows_the_value_of_each_side(message: str) -> None:
    result = on(message, "SELECT * FROM 'home/+' WHERE temperature > 50 AND color <> missing")

    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "no action: WHERE is Undefined",
        "  temperature > 50 AND color <> missing is Undefined",
        "  temperature > 50 is false: temperature is 40",
        '  color <> missing is Undefined: color is "red" and missing is Undefined',
    ]


def test_the_same_as_json(message: str) -> None:
    result = on(message, "SELECT * FROM 'home/+' WHERE temperature > limit", "--json")

    assert json.loads(result.stdout) == {
        "outcome": "no_action",
        "where": [
            {
                "expression": "temperature > limit",
                "sides": [{"expression": "temperature", "value": 40}, {"expression": "limit"}],
            }
        ],
    }


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["SELECT * FRO 'a'", "--topic", "a"], "a statement needs --topic and --payload"),
        (["SELECT 1 FROM 'a'", "--topic", "a", "--payload", "/nowhere"], "/nowhere: No such file"),
        (["--cases", "/nowhere.json"], "/nowhere.json: No such file"),
        ([], "a table of cases is --cases FILE"),
    ],
)
def test_what_cannot_be_read_ends_with_two(arguments: list[str], complaint: str) -> None:
    result = rules(*arguments)

    assert result.exit_code == 2
    assert complaint in result.stderr


def test_a_statement_that_cannot_be_read_is_shown_with_a_caret(message: str) -> None:
    result = on(message, "SELECT * FROM 'home/+' WHER x")

    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].index("^") - 2 == len("SELECT * FROM 'home/+' ")


def test_a_version_that_is_none_is_refused(message: str) -> None:
    result = on(message, "SELECT * FROM 'home/+'", "--sql-version", "1999")

    assert result.exit_code == 2
    assert "there is no SQL version '1999'" in result.stderr


@pytest.mark.parametrize(
    ("sql", "code", "said"),
    [
        ("SELECT a FROM 'a'", 0, "{}"),
        ("SELECT * FROM 'a' WHERE a = 'x'", 1, "no action: WHERE is Undefined"),
        ("SELECT aws_lambda('f', 1), a FROM 'a'", 1, "failed: "),
    ],
)
def test_a_payload_that_is_not_json_is_noted_with_the_reason(
    sql: str, code: int, said: str
) -> None:
    result = rules(sql, "--topic", "a", "--payload", "-", given=b'{"a":"\\ud800"}')

    assert result.exit_code == code
    assert result.stdout.startswith(said)
    assert result.stderr.startswith("note: the payload is not JSON (")
    assert "surrogate" in result.stderr


def test_a_statement_that_takes_any_bytes_needs_no_json() -> None:
    result = rules("SELECT * FROM 'a'", "--topic", "a", "--payload", "-", given=b"\xff")

    assert (result.exit_code, result.stderr) == (0, "")


# ------------------------------------------------------------ cases


def table(tmp_path: Path, *cases: dict[str, Any]) -> str:
    path = tmp_path / "cases.json"
    path.write_text(json.dumps(cases))
    return str(path)


CASES: list[dict[str, Any]] = [
    {"id": "yields", "sql": "SELECT x FROM 'a'", "topic": "a", "payload": {"x": 1}},
    {"id": "false", "sql": "SELECT x FROM 'a' WHERE x = 2", "topic": "a", "payload": {"x": 1}},
    {"id": "other", "sql": "SELECT x FROM 'b'", "topic": "a", "payload": {"x": 1}},
    {"id": "bad", "sql": "SELECT", "topic": "a", "payload": {}},
    {"id": "bytes", "sql": "SELECT * FROM 'a'", "topic": "a", "payload_base64": "/wE="},
    {
        "id": "context",
        "sql": "SELECT newuuid() AS n, timestamp() AS t FROM 'a'",
        "topic": "a",
        "context": {"newuuid": "u", "timestamp": 5},
    },
]


def test_remarks_in_a_table_are_passed_over(tmp_path: Path) -> None:
    case = {**CASES[0], "id": 7, "why": "a remark", "context": {"weather": "fine"}}

    result = rules("--cases", table(tmp_path, case), "--json")

    assert json.loads(result.stdout) == [{"id": 7, "outcome": "payload", "payload": {"x": 1}}]


def test_a_table_is_answered_case_by_case(tmp_path: Path) -> None:
    result = rules("--cases", table(tmp_path, *CASES), "--json")

    answers = json.loads(result.stdout)
    assert result.exit_code == 0
    assert [(each["id"], each["outcome"]) for each in answers] == [
        ("yields", "payload"),
        ("false", "no_action"),
        ("other", "no_match"),
        ("bad", "error"),
        ("bytes", "payload"),
        ("context", "payload"),
    ]
    assert answers[0]["payload"] == {"x": 1}
    assert answers[3]["error"].startswith("line 1, column 7: here should be a value")
    assert answers[4]["payload_base64"] == "/wE="
    assert answers[5]["payload"] == {"n": "u", "t": 5}


@pytest.mark.parametrize(
    ("expected", "code"),
    [
        ({"outcome": "payload", "payload": {"x": 1}}, 0),
        ({"payload": {"x": 1.0}}, 0),
        ({"outcome": "payload", "payload": {"x": 2}}, 1),
        ({"outcome": "payload", "payload_base64": "eA=="}, 1),
        ({"outcome": "no_action"}, 1),
        ({"outcome": "error", "error": "x"}, 1),
    ],
)
def test_a_case_is_compared_with_what_it_expects(
    tmp_path: Path, expected: dict[str, Any], code: int
) -> None:
    result = rules("--cases", table(tmp_path, {**CASES[0], "expected": expected}))

    assert result.exit_code == code
    assert f"1 cases, {code} different" in result.stdout


@pytest.mark.parametrize(
    ("case", "complaint"),
    [
        ([1], "case 0: a case is an object"),
        (
            [{**CASES[0], "payloads": 1}],
            "case yields: there is no member payloads; there is payload",
        ),
        (
            [{**CASES[0], "context": {"clientID": 1}}],
            "case yields: context: there is no member clientID",
        ),
        ([{"id": "x", "topic": "a"}], "case x: sql is a text"),
        (
            [{**CASES[0], "payload_base64": "/wE="}],
            "case yields: payload or payload_base64, not both",
        ),
        ([{**CASES[4], "payload_base64": "?"}], "case bytes: payload_base64 is no base64"),
        ({}, "a file of cases is a list"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, case: Any, complaint: str) -> None:
    path = tmp_path / "cases.json"
    path.write_text(json.dumps(case))

    result = rules("--cases", str(path))

    assert result.exit_code == 2
    assert complaint in result.stderr.replace("\n", " ")


@pytest.mark.parametrize(
    ("context", "complaint"),
    [
        ({"rand": "x"}, 'context.rand is a number from 0 to below 1, not "x"'),
        ({"rand": 1}, "context.rand is a number from 0 to below 1, not 1"),
        ({"rand": True}, "context.rand is a number from 0 to below 1, not true"),
        ({"external": ["x"]}, "context.external[0] is an object {call, arguments?, answer | error"),
        ({"external": {}}, "context.external is a list of {call, arguments?, answer | error}"),
        ({"external": [{"cal": "f"}]}, "context.external[0]: there is no member cal"),
        ({"external": [{}]}, "context.external[0].call is a text, not null"),
        (
            {"external": [{"call": "f", "arguments": 1}]},
            "context.external[0].arguments is a list, not 1",
        ),
        ({"timestamp": "1700000000000"}, "context.timestamp is a whole number of milliseconds"),
        ({"timestamp": None}, "since 1970, not null"),
        ({"timestamp": 10**20}, "context.timestamp is a whole number of milliseconds"),
        ({"newuuid": None}, "context.newuuid is a text, not null"),
        ({"clientId": 5}, "context.clientId is a text, not 5"),
        ({"ruleName": ["x" * 100]}, f'context.ruleName is a text, not ["{"x" * 57}…'),
        ({"protocol": "coap"}, 'context.protocol is "mqtt" or "http", not "coap"'),
        ({"mqtt5": []}, "context.mqtt5 is an object, not []"),
        ({"mqtt5": {"contentTyp": "x"}}, "context.mqtt5: there is no member contentTyp"),
        ({"mqtt5": {"contentType": 5}}, "context.mqtt5.contentType is a text, not 5"),
        ({"mqtt5": {"correlationData": 5}}, "context.mqtt5.correlationData is a text, not 5"),
        ({"mqtt5": {"payloadFormatIndicator": 2}}, "payloadFormatIndicator is 0, 1, "),
        ({"mqtt5": {"payloadFormatIndicator": []}}, "payloadFormatIndicator is 0, 1, "),
        ({"mqtt5": {"userProperties": [["a", 5]]}}, "is a list of pairs of texts, not [["),
        ({"mqtt5": {"userProperties": 5}}, "userProperties is a list of pairs of texts, not 5"),
    ],
)
def test_a_circumstance_that_is_none_is_refused_when_the_table_is_read(
    tmp_path: Path, context: dict[str, Any], complaint: str
) -> None:
    result = rules("--cases", table(tmp_path, CASES[0], {**CASES[1], "context": context}))

    assert (result.exit_code, result.stdout) == (2, "")
    assert f"case {CASES[1]['id']}: context" in result.stderr
    assert complaint in result.stderr


@pytest.mark.parametrize("topic", ["x/+/#", "", "a\0b"])
def test_a_topic_that_no_message_has_is_refused(tmp_path: Path, message: str, topic: str) -> None:
    listed = rules("--cases", table(tmp_path, {**CASES[0], "topic": topic}))
    single = rules("SELECT * FROM 'a'", "--topic", topic, "--payload", message)

    assert (listed.exit_code, single.exit_code) == (2, 2)
    assert "case yields: topic: a topic has " in listed.stderr
    assert "--topic: a topic has " in single.stderr


@pytest.mark.parametrize(
    "said",
    [
        {"userProperties": {"k": ["1", "2"]}},
        {"user_properties": [{"key": "k", "value": "1"}, {"k": "2"}]},
        {"userProperties": [["k", "1"], ["k", "2"]]},
    ],
)
def test_user_properties_may_be_written_in_several_ways(
    tmp_path: Path, said: dict[str, Any]
) -> None:
    sql = "SELECT get_user_properties('k') AS r FROM 'a'"
    case = {**CASES[0], "sql": sql, "context": {"mqtt5": {**said, "formatIndicator": True}}}

    result = rules("--cases", table(tmp_path, case), "--json")

    assert json.loads(result.stdout)[0]["payload"] == {"r": ["1", "2"]}


def test_a_difference_is_explained_by_a_payload_that_is_not_json(tmp_path: Path) -> None:
    case = {**CASES[4], "sql": "SELECT x FROM 'a'", "expected": {"payload": {"x": 1}}}

    result = rules("--cases", table(tmp_path, case))

    assert result.exit_code == 1
    assert "payload is {}; the payload is not JSON (" in result.stdout
