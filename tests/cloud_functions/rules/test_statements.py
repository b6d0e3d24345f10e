"""Every case of the rules table: what a statement makes of a message, or why it is refused."""

import base64
import json
from pathlib import Path

import orjson
import pytest

from cloud_functions.ports import Message
from cloud_functions.rules.actions import InvokeFunction, LambdaAction
from cloud_functions.rules.engine import RulesEngine
from cloud_functions.rules.errors import SqlError
from cloud_functions.rules.parser import parse
from cloud_functions.rules.rule import Rule

CASES = json.loads((Path(__file__).parents[2] / "compliance" / "rules.json").read_text())
RUN = [case for case in CASES if case["outcome"] != "error"]
REFUSED = [case for case in CASES if case["outcome"] == "error"]


def name_of(case: dict) -> str:
    return case["id"]


def message_of(case: dict) -> Message:
    raw = case.get("payload_base64")
    payload = base64.b64decode(raw) if raw else orjson.dumps(case["payload"])
    return Message(case["topic"], payload, client_id=case.get("context", {}).get("clientId", "n/a"))


@pytest.mark.parametrize("case", RUN, ids=name_of)
def test_a_statement_makes_of_a_message_what_the_table_says(case: dict) -> None:
    rule = Rule("case", parse(case["sql"]), [LambdaAction("f")])
    engine = RulesEngine([rule])
    now_ms = case.get("context", {}).get("timestamp", 0)

    deeds = [fired.deed for fired in engine.fire(message_of(case), now_ms)]

    if case["outcome"] == "payload":
        assert deeds == [InvokeFunction("f", orjson.dumps(case["result"]))]
    else:
        assert deeds == []


@pytest.mark.parametrize("case", REFUSED, ids=name_of)
def test_what_is_not_run_is_refused_with_line_column_and_caret(case: dict) -> None:
    with pytest.raises(SqlError) as refusal:
        parse(case["sql"])

    error = refusal.value
    assert (error.line, error.column) == (case["line"], case["column"])
    assert error.reason == case.get("reason", error.reason)
    text, caret = str(error).split("\n")[1:]
    assert text[2:] == case["sql"].split("\n")[case["line"] - 1]
    assert caret.index("^") - 2 == case["column"] - 1
