"""Policies: default deny, a Deny wins, wildcards, variables, conditions; refusals and reasons."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_functions.policies import defaults
from cloud_functions.policies.document import parse
from cloud_functions.policies.errors import MalformedPolicy
from cloud_functions.policies.evaluate import decide
from cloud_functions.policies.operators import OPERATORS
from cloud_functions.policies.patterns import Pattern
from cloud_functions.policies.request import ARN_PREFIX, Request, values_of

CASES = json.loads((Path(__file__).parents[2] / "compliance" / "policies.json").read_text())


def document(*statements: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(**more) -> dict:
    return {"Effect": "Allow", "Action": "iot:Publish", "Resource": "*"} | more


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_evaluation(case) -> None:
    policy = parse(document(*case["statements"]))
    request = Request(case["action"], case["resource"], values_of(case["values"]))

    assert decide([policy], request).allowed is case["allowed"]


def test_every_operator_has_a_case_for_it_and_one_against_it() -> None:
    used = {
        (name.partition(":")[2] or name, case["allowed"])
        for case in CASES
        for statement in case["statements"]
        for name in statement.get("Condition", {})
    }

    missing = {name for name in OPERATORS if not {(name, True), (name, False)} & used}
    assert missing == set()


def test_a_reason_names_policy_and_statement() -> None:
    own = parse(document(allow(Sid="Own")), "own")
    other = parse(document(allow(Effect="Deny", Resource=ARN_PREFIX + "topic/b")), "other")

    reasons = [
        decide([own, other], Request("iot:Publish", resource)).reason
        for resource in ("topic/a", "topic/b")
    ]
    nobody = decide([own], Request("iot:Receive", "topic/a")).reason

    assert reasons == [
        "allowed by policy own statement 1 (Own)",
        "denied by policy other statement 1",
    ]
    assert nobody == "no statement allows it"


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("iot:Connect", "client/r1", True),
        ("iot:Connect", "client/r2", False),
        ("iot:Publish", "topic/$aws/things/r1/shadow/update", True),
        ("iot:Publish", "topic/$aws/things/r2/shadow/update", False),
        ("iot:Publish", "topic/$aws/rules/pose/robofleet/r1/pose", True),
        ("iot:Subscribe", "topicfilter/$aws/things/r1/shadow/get/+", True),
        ("iot:Subscribe", "topicfilter/#", False),
        ("iot:Receive", "topic/robofleet/r2/fact", False),
    ],
)
def test_the_default_policy_is_for_ones_own_topics(action, resource, expected) -> None:
    thing = values_of({"iot:Connection.Thing.ThingName": "r1", "iot:ClientId": "r1"})

    decision = decide([parse(defaults.document())], Request(action, resource, thing))

    assert decision.allowed is expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        ("[]", "allowed: an object"),
        (json.dumps({"Version": "2012-10-17"}), "Version and Statement"),
        (json.dumps({"Version": "1", "Statement": []}), "found '1', allowed: 2012-10-17"),
        (json.dumps({"Statment": []}), "found 'Statment', allowed: Version, Id, Statement"),
        (document(allow(Effect="Maybe")), "found 'Maybe', allowed: Allow, Deny"),
        (document(allow(Action=5)), "statement 1.Action: found 5"),
        (document(allow(Action="Publish")), "allowed: iot:Publish or iot:"),
        (document(allow(Resource="topic/a")), "an ARN"),
        (document(allow(Resource=[])), "a list of texts"),
        (document(allow(NotResource="*")), "one of Resource and NotResource"),
        (document(allow(NotAction="iot:Connect")), "found 'NotAction'"),
        (document(allow(Resource=ARN_PREFIX + "topic/${nothing}")), "no variable"),
        (document(allow(), allow(Condition={"Equals": {"a:b": "c"}})), "statement 2.Condition"),
        (document(allow(Condition={"Equals": {"a:b": "c"}})), "StringEquals"),
        (document(allow(Condition={"Some:StringEquals": {"a:b": "c"}})), "ForAllValues"),
        (document(allow(Condition={"NumericEquals": {"a:b": "ten"}})), "'ten' is no number"),
        (document(allow(Condition={"IpAddress": {"a:b": "10.0.0.300"}})), "no address or range"),
        (document(allow(Condition={"DateEquals": {"a:b": "soon"}})), "is no date"),
        (document(allow(Condition={"Bool": {"a:b": "maybe"}})), "is no boolean"),
        (document(allow(Condition={"ArnLike": {"a:b": "thing/r1"}})), "is no ARN"),
        (document(allow(Condition={"Null": {"a:b": "x"}})), "allowed: true, false"),
        (document(allow(Condition={"StringEquals": {"a:b": []}})), "at least one value"),
        (document(allow(Resource=ARN_PREFIX + "topic/" + "x" * 2000)), "at most 2048"),
    ],
)
def test_a_policy_that_is_none_is_refused_with_what_was_found_and_is_allowed(text, says) -> None:
    with pytest.raises(MalformedPolicy) as refused:
        parse(text)

    assert says in str(refused.value)


def test_a_policy_that_asks_for_time_says_so() -> None:
    now = {"DateLessThan": {"aws:CurrentTime": "2030-01-01"}}

    assert parse(document(allow(Condition=now))).asks_for_time
    assert not parse(document(allow())).asks_for_time


def plainly(pattern: str, text: str) -> bool:
    """What a pattern means, by the plainest means: a table over both texts."""
    row = [True] + [False] * len(text)
    for each in pattern:
        new = [row[0] and each == "*"]
        for index, letter in enumerate(text):
            if each == "*":
                new.append(new[index] or row[index + 1])
            else:
                new.append(row[index] and each in ("?", letter))
        row = new
    return row[-1]


@given(st.text("ab*?/", max_size=12), st.text("ab/", max_size=14))
def test_wildcards_mean_what_a_table_says(pattern, text) -> None:
    assert Pattern(pattern).matches(text, Request("", "")) is plainly(pattern, text)


def test_a_thousand_stars_cost_no_more_than_their_length() -> None:
    hostile = Pattern("a*" * 1000 + "b")

    assert not hostile.matches("a" * 256, Request("", ""))
