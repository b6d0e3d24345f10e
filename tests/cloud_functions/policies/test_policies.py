"""Policies: default deny, a Deny wins, wildcards, variables; and Mosquitto's access list."""

import json

import pytest

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.policies import defaults
from cloud_functions.policies.evaluate import ARN_PREFIX, is_allowed, parse
from cloud_functions.runtime.mosquitto.configuration import Client, access_list

THING = {"iot:Connection.Thing.ThingName": "r1", "iot:ClientId": "r1"}


def document(*statements: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def statement(effect: str, action: str, resource: str) -> dict:
    return {"Effect": effect, "Action": action, "Resource": ARN_PREFIX + resource}


CASES = [
    ("nothing is allowed by default", [], "iot:Publish", "topic/a", False),
    ("allowed", [("Allow", "iot:Publish", "topic/a")], "iot:Publish", "topic/a", True),
    ("another action", [("Allow", "iot:Publish", "topic/a")], "iot:Receive", "topic/a", False),
    ("another topic", [("Allow", "iot:Publish", "topic/a")], "iot:Publish", "topic/b", False),
    (
        "a star crosses levels",
        [("Allow", "iot:*", "topic/a/*")],
        "iot:Publish",
        "topic/a/b/c",
        True,
    ),
    ("one character", [("Allow", "iot:Publish", "topic/a?")], "iot:Publish", "topic/ab", True),
    ("plus is literal", [("Allow", "iot:Publish", "topic/+")], "iot:Publish", "topic/a", False),
    (
        "deny wins",
        [("Allow", "iot:Publish", "topic/*"), ("Deny", "iot:Publish", "topic/a")],
        "iot:Publish",
        "topic/a",
        False,
    ),
    (
        "a variable",
        [("Allow", "iot:Connect", "client/${iot:ClientId}")],
        "iot:Connect",
        "client/r1",
        True,
    ),
    (
        "a variable without value matches nothing",
        [("Allow", "iot:Connect", "client/${iot:Nothing}")],
        "iot:Connect",
        "client/r1",
        False,
    ),
]


@pytest.mark.parametrize(("name", "rules", "action", "resource", "expected"), CASES)
def test_evaluation(name, rules, action, resource, expected) -> None:
    statements = parse(document(*(statement(*rule) for rule in rules)))

    assert is_allowed(statements, action, resource, THING) is expected, name


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
    assert is_allowed(parse(defaults.document()), action, resource, THING) is expected


@pytest.mark.parametrize(
    "text",
    ["{", "[]", document({"Effect": "Maybe", "Action": "a", "Resource": "r"}),
     document({"Effect": "Allow", "Action": 5, "Resource": "r"}),
     document({"Effect": "Allow", "Action": "a", "Resource": "r", "Condition": {}})],
)  # fmt: skip
def test_a_policy_that_is_none_is_refused(text) -> None:
    with pytest.raises(InvalidDeclaration):
        parse(text)


def test_mosquittos_list_says_what_a_clients_policies_say() -> None:
    clients = [
        Client("cn1", ["r1"], [defaults.document()]),
        Client("cn2", [], [defaults.document()]),
        Client("two\nuser admin", ["r3"], [defaults.document()]),
    ]

    text = access_list(clients)

    assert "user cn1" in text
    assert "topic write $aws/things/r1/#" in text
    assert "topic read robofleet/r1/#" in text
    assert "cn2" not in text, "without a thing its variables match nothing"
    assert "admin" not in text, "a name cannot bring lines of its own"


def test_what_mosquittos_list_cannot_say_is_logged_and_gives_nothing(caplog) -> None:
    denying = document(statement("Deny", "iot:Publish", "topic/a"))

    text = access_list([Client("c", ["r"], [denying]), Client("d", ["s"], [defaults.document()])])

    assert "user c" not in text
    assert "user d" in text
    assert "cannot say Deny" in caplog.text
