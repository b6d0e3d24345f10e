"""Every case of the rules table: what a statement makes of a message, or why it is refused."""

from pathlib import Path

import pytest

from cloud_functions.ports import Message
from cloud_functions.rules.actions import InvokeFunction, LambdaAction
from cloud_functions.rules.cases import Case, Word, difference, read_cases, run
from cloud_functions.rules.engine import Fired, RulesEngine
from cloud_functions.rules.errors import SqlError
from cloud_functions.rules.functions import CAST_TYPES, FUNCTIONS, NOT_RUN
from cloud_functions.rules.lexer import KEYWORDS
from cloud_functions.rules.parser import PRECEDENCE, parse
from cloud_functions.rules.rule import Rule
from cloud_functions.rules.values import as_json
from cloud_functions.rules.versions import SqlVersion
from cloud_functions.rules.wording import statement_text

TABLE = Path(__file__).parents[2] / "compliance" / "rules.json"
CASES = read_cases(TABLE.read_bytes())
READ = [case for case in CASES if run(case).word is not Word.ERROR]
REFUSED = [
    case
    for case in CASES
    if case.expected
    and str(case.expected.get("error", "")).startswith("line ")
    and case.sql_version in SqlVersion._value2member_map_
]
ALL_SQL = " ".join(case.sql for case in CASES)


def name_of(case: Case) -> str:
    return case.id


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_statement_makes_of_a_message_what_the_table_says(case: Case) -> None:
    outcome = run(case)

    assert case.expected is not None
    assert difference(outcome, case.expected) == ""


@pytest.mark.parametrize("case", REFUSED, ids=name_of)
def test_what_is_refused_is_shown_with_a_caret_below_the_place(case: Case) -> None:
    with pytest.raises(SqlError) as refusal:
        parse(case.sql, SqlVersion(case.sql_version))

    error = refusal.value
    _, text, caret = str(error).split("\n")
    assert text[2:] == case.sql.split("\n")[error.line - 1]
    assert caret.index("^") - 2 == error.column - 1


@pytest.mark.parametrize("case", READ, ids=name_of)
def test_a_statement_written_in_one_line_is_the_same_statement(case: Case) -> None:
    statement = parse(case.sql, SqlVersion(case.sql_version))

    assert parse(statement_text(statement), statement.version) == statement


def test_the_engine_makes_the_same_of_the_same_message() -> None:
    plain = [
        case for case in READ if not case.context and run(case).word is Word.PAYLOAD
        and not isinstance(run(case).value, bytes) and "rand" not in case.sql
    ]  # fmt: skip
    assert len(plain) > 500
    for case in plain:
        rule = Rule("case", parse(case.sql, SqlVersion(case.sql_version)), [LambdaAction("f")])

        outcomes = RulesEngine([rule]).fire(Message(case.topic, case.payload), 0)

        deeds = [each.deed for each in outcomes if isinstance(each, Fired)]
        assert deeds == [InvokeFunction("f", as_json(run(case).value))], case.id


@pytest.mark.parametrize("name", sorted({*FUNCTIONS, *NOT_RUN, "cast"} - {"proto"}))
def test_every_function_has_a_case(name: str) -> None:
    assert f"{name}(" in ALL_SQL.lower()


@pytest.mark.parametrize("word", sorted({*KEYWORDS, *PRECEDENCE, "VALUE"}))
def test_every_word_and_operator_has_a_case(word: str) -> None:
    assert word in ALL_SQL.upper()


@pytest.mark.parametrize("kind", sorted(CAST_TYPES))
def test_every_type_of_cast_has_a_case(kind: str) -> None:
    assert f"as {kind})" in ALL_SQL.lower()


def test_no_case_stands_twice() -> None:
    names = [case.id for case in CASES]

    assert sorted(set(names)) == sorted(names)
