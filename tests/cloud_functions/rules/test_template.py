"""Substitution templates: any expression, from the original payload."""

import pytest

from cloud_functions.rules.context import Context
from cloud_functions.rules.errors import SqlError
from cloud_functions.rules.external import Needs
from cloud_functions.rules.parser import parse
from cloud_functions.rules.rule import Rule
from cloud_functions.rules.template import Template
from cloud_functions.rules.versions import SqlVersion

PAYLOAD = b'{"a": "x/y", "n": 3, "d": 10.0, "list": [1, {"b": "}"}], "nothing": null}'


def rendered(text: str, **circumstances: object) -> str:
    context = Context(topic="robofleet/r1", payload=PAYLOAD, **circumstances)  # type: ignore[arg-type]
    return Template.parse(text).render(context)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("plain", "plain"),
        ("", ""),
        ("${a}", "x/y"),
        ("out/${topic(2)}/${n}", "out/r1/3"),
        ("${n + 1} and ${n * 2}", "4 and 6"),
        ("${missing}z", "z"),
        ("${nothing}z", "z"),
        ("${'}'}", "}"),
        ("${get({'k': {'l': n}}, 'k').l}", "3"),
        ("${list}", '[1,{"b":"}"}]'),
        ("${d}", "10"),
        ("${CASE n WHEN 3 THEN 'three' END}", "three"),
        ("${(SELECT VALUE b FROM list)}", '["}"]'),
        ("${parse_time('yyyy', timestamp(), 'UTC')}", "1970"),
        ("$$aws/things/${topic(2)}/shadow", "$$aws/things/r1/shadow"),
        ("$a {b} }", "$a {b} }"),
        ("${ n }${ n }", "33"),
    ],
)
def test_a_template_is_filled(text: str, result: str) -> None:
    assert rendered(text) == result


def test_bytes_are_rendered_as_text() -> None:
    template = Template.parse("${get_or_default(a, 'none')}")

    assert template.render(Context(topic="a", payload=b"\xff")) == "none"


@pytest.mark.parametrize(
    ("text", "reason", "column"),
    [
        ("a/${b", "this ${ is not closed", 3),
        ("a/${", "this ${ is not closed", 3),
        ("a/${b + }", "here should be a value, not '}'", 9),
        ("a/${}", "here should be a value, not '}'", 5),
        ("a/${b c}", "here should be '}', not 'c'", 7),
        ("${a}/${abz(1)}", "there is no function abz(); did you mean abs()?", 8),
        ("${'open}", "this text is not closed", 3),
        ("${*}", "* stands only in SELECT and as a function's argument", 3),
    ],
)
def test_a_template_that_cannot_be_filled_is_refused_at_its_place(
    text: str, reason: str, column: int
) -> None:
    with pytest.raises(SqlError) as refusal:
        Template.parse(text)

    assert (refusal.value.reason, refusal.value.column) == (reason, column)


def test_a_template_has_the_version_of_its_rule() -> None:
    context = Context(topic="a", payload=PAYLOAD)

    assert Template.parse("${d}", SqlVersion.FIRST).render(context) == "10.0"
    with pytest.raises(SqlError):
        Template.parse("${length(a)}", SqlVersion.FIRST)


def test_a_template_sees_the_variables_of_its_rule_and_no_alias() -> None:
    rule = Rule("r", parse("SET @v = {'p': n + 1} SELECT 9 AS alias FROM 'a'"), ())

    scope = rule.scope(Context(topic="a", payload=PAYLOAD))

    assert Template.parse("${@v.p}${alias}${@other}").render(scope) == "4"


def test_a_template_may_ask_an_external_function() -> None:
    template = Template.parse("${get_thing_shadow('t', 'role').x}")

    with pytest.raises(Needs):
        template.render(Context(topic="a", payload=b"{}"))
