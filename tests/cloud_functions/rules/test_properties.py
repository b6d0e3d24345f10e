"""Whatever text or message comes: a statement or a clear refusal, a value or a named failure."""

import string
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_functions.rules import nodes
from cloud_functions.rules.context import Context
from cloud_functions.rules.errors import RuleFailed, SqlError
from cloud_functions.rules.external import Needs
from cloud_functions.rules.functions import CAST_TYPES, FUNCTIONS
from cloud_functions.rules.lexer import KEYWORDS, MAX_STATEMENT_BYTES
from cloud_functions.rules.parser import PRECEDENCE, parse, parse_expression
from cloud_functions.rules.rule import Rule
from cloud_functions.rules.template import Template
from cloud_functions.rules.values import UNDEFINED, as_json
from cloud_functions.rules.versions import SqlVersion
from cloud_functions.rules.wording import statement_text, text_of

WORDS = [
    *KEYWORDS,
    *PRECEDENCE,
    *(f"{name}(" for name in FUNCTIONS),
    *("cast(", "VALUE", "@v", "@", "'a'", '"b"', "x", "a.b", "1", "2.5", "1E9", "*", "(", ")"),
    *("[", "]", "{", "}", ":", ",", ".", "'k':", "String", "'", "\n", "'[a-z]+'", "'yyyy'"),
]
SOUP = st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join)
STATEMENTS = st.one_of(
    SOUP, SOUP.map(lambda text: f"SELECT {text} FROM 'a'"), st.text(), st.text(alphabet="()[]{}'")
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**40), 10**40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["true", "1", "-2.5E3", "base64", "aGk=", "(a", "enrichArray", "UTC"]),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abxkv"), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(STATEMENTS)
def test_any_text_is_a_statement_or_refused_with_a_place(text: str) -> None:
    try:
        statement = parse(text)
    except SqlError as error:
        place = (error.line, error.column)
    else:
        place = (1, 1)
        assert parse(statement_text(statement)) == statement
    assert min(place) >= 1


@given(STATEMENTS)
def test_any_text_is_a_template_or_refused(text: str) -> None:
    try:
        template = Template.parse("x${" + text + "}y")
    except SqlError:
        return
    try:
        assert template.render(Context(topic="a", payload=b"{}")).startswith("x")
    except (Needs, RuleFailed):
        return


# ------------------------------------------------------------ what is well formed

NAMES = st.text(string.ascii_lowercase, min_size=1, max_size=4).filter(
    lambda name: name.upper() not in KEYWORDS and name != "value"
)
PATHS = st.lists(NAMES, min_size=1, max_size=3).map(lambda names: nodes.Path(tuple(names)))
LITERALS = st.builds(
    nodes.Literal,
    st.one_of(st.none(), st.booleans(), st.integers(0, 10**30), st.text(max_size=6)),
)


def larger(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    pair = st.tuples(inner, inner)
    operators = st.sampled_from([word for word in PRECEDENCE if word not in ("AND", "OR")])
    several = st.lists(inner, max_size=3).map(tuple)
    return st.one_of(
        st.builds(nodes.Binary, operators, inner, inner),
        st.builds(nodes.Not, inner),
        st.builds(nodes.Negative, inner),
        st.builds(nodes.Cast, inner, st.sampled_from(sorted(CAST_TYPES))),
        st.builds(nodes.Call, st.sampled_from(["upper", "concat", "get", "round"]), several),
        st.builds(nodes.Array, several),
        st.builds(
            nodes.Object,
            st.dictionaries(st.text(max_size=3), inner, max_size=3).map(lambda d: tuple(d.items())),
        ),
        st.builds(nodes.Case, inner, st.lists(pair, min_size=1, max_size=2).map(tuple), inner),
        st.builds(
            nodes.Query,
            st.builds(nodes.Item, inner, NAMES.map(lambda name: (name,))).map(lambda item: (item,)),
            st.just(value=False),
            PATHS,
            st.none() | NAMES,
            st.none() | inner,
        ),
        st.builds(
            nodes.Member,
            st.builds(nodes.Array, several),
            NAMES.map(lambda name: (name,)),
        ),
    )


EXPRESSIONS = st.recursive(LITERALS | PATHS, larger, max_leaves=10)


@given(EXPRESSIONS)
def test_an_expression_that_is_written_is_read_as_the_same(expression: Any) -> None:
    assert parse_expression(text_of(expression)) == expression


@given(EXPRESSIONS, JSON, st.sampled_from(list(SqlVersion)))
def test_evaluation_ends_with_a_value_whatever_the_message(
    expression: Any, payload: Any, version: SqlVersion
) -> None:
    items = (nodes.Item(expression, ("r",)),)
    for where in (None, expression):
        rule = Rule("r", nodes.Statement(items, "a", where, version=version), ())

        value = rule.result(Context(topic="a", payload=as_json(payload)))

        assert value is UNDEFINED or orjson.loads(as_json(value)) is not None


ARGUMENTS = st.lists(JSON, max_size=6)


@given(st.sampled_from(sorted(FUNCTIONS)), ARGUMENTS, st.booleans())
def test_a_function_takes_anything(name: str, arguments: list[Any], first: bool) -> None:
    version = SqlVersion.FIRST if first else SqlVersion.SECOND
    if first and FUNCTIONS[name].since is SqlVersion.SECOND:
        return
    paths = [f"get(a, {index})" for index in range(len(arguments))]
    rule = Rule("r", parse(f"SELECT {name}({', '.join(paths)}) AS r FROM 'a'", version), ())
    context = Context(topic="a/b", payload=as_json({"a": arguments}))
    try:
        value = rule.result(context)
    except Needs:
        assert FUNCTIONS[name].external
    else:
        as_json(value)


# ------------------------------------------------------------ bounds


@pytest.mark.parametrize(
    "text",
    [
        "SELECT " + "(" * 10_000,
        "SELECT " + "NOT " * 10_000 + "x",
        "SELECT " + "-" * 10_000 + "1",
        "SELECT " + "1 + " * 50_000 + "1",
        "SELECT " + "x OR " * 40_000 + "x",
        "SELECT " + "a." * 10_000 + "a",
        "SELECT x AS " + "a." * 10_000 + "a",
        "SELECT " + "get(" * 10_000,
        "SELECT " + "(SELECT a FROM " * 10_000,
        "SELECT " + "CASE x WHEN " * 10_000,
        "SELECT " + "[" * 10_000,
        "SELECT " + "{'a': " * 10_000,
        "SELECT '" + "''" * 50_000,
        "SELECT " + "x" * (MAX_STATEMENT_BYTES + 1),
        "SELECT EXISTS " * 10_000,
    ],
    ids=lambda text: text[:24],
)
def test_a_statement_beyond_every_measure_is_refused(text: str) -> None:
    with pytest.raises(SqlError):
        parse(text)


def test_a_long_chain_of_or_is_a_statement() -> None:
    text = " OR ".join(f"x = {number}" for number in range(500))

    rule = Rule("r", parse(f"SELECT 1 AS ok FROM 'a' WHERE {text}"), ())

    assert rule.result(Context(topic="a", payload=b'{"x": 499}')) == {"ok": 1}


def failure(sql: str, payload: bytes) -> str:
    rule = Rule("r", parse(sql), ())
    context = rule.scope(Context(topic="a", payload=payload))
    with pytest.raises(RuleFailed) as failed:
        rule.result(context)
    return str(failed.value)


def test_nested_queries_that_multiply_are_ended() -> None:
    many = orjson.dumps({"a": [{"b": [1] * 1_000}] * 200})

    reason = failure("SELECT (SELECT (SELECT * FROM b) AS c FROM a) AS r FROM 'a'", many)

    assert "visit more than 100000 elements" in reason


def test_a_small_message_makes_no_large_result() -> None:
    message = orjson.dumps({"text": "x" * 1_000, "list": [1] * 1_000})

    sql = "SET @t = text SELECT (SELECT VALUE @t FROM list) AS r FROM 'a'"

    assert "the result has more than" in failure(sql, message)


def test_what_is_built_too_deep_is_no_result() -> None:
    deep = "".join(f", @v{n} = " + "{'a': " * 40 + f"@v{n - 1}" + "}" * 40 for n in range(1, 7))

    assert "128 KiB" in failure(f"SET @v0 = x{deep} SELECT @v6 AS r FROM 'a'", b'{"x": 1}')
    assert "the result" in failure(
        f"SET @v0 = x{deep} SELECT " + "{'a': " * 40 + "@v4" + "}" * 40 + " AS r FROM 'a'",
        b'{"x": 1}',
    )


def test_a_text_does_not_grow_beyond_its_limit() -> None:
    message = orjson.dumps({"t": "x" * 100_000})
    sql = "SELECT t + t + t AS a, replace(t, 'x', t) AS b, concat(t, t, t) AS c, 1 AS d FROM 'a'"

    value = Rule("r", parse(sql), ()).result(Context(topic="a", payload=message))

    assert value == {"d": 1}
