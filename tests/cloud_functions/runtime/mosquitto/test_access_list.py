"""Policies in the words of Mosquitto's access list, never with more than they allow."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_functions.contract.mqtt.topic_filter import matches
from cloud_functions.policies import defaults
from cloud_functions.policies.request import ARN_PREFIX
from cloud_functions.registry.principals import AttachedThing
from cloud_functions.runtime.mosquitto.access_list import Client, access_list, intersection, widened


def statement(effect, actions, *resources, **more) -> dict:
    arns = [each if each == "*" else ARN_PREFIX + each for each in resources]
    return {"Effect": effect, "Action": actions, "Resource": arns} | more


CONNECT = statement("Allow", "iot:Connect", "*")
THING = AttachedThing("r1", "vacuum", {"home": "h1"}, exclusive=False)


def listed(*statements, things=(THING,)) -> tuple[list[str], list[str]]:
    """The rules of one client, and what could not be said."""
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    text, problems = access_list([Client("id1", "cn1", "", things, [document])])
    return [line for line in text.splitlines() if line.startswith("topic")], list(problems)


def test_the_default_policy_is_ones_own_topics() -> None:
    text, problems = access_list([Client("id1", "cn1", "", [THING], [defaults.document()])])

    assert problems == []
    for line in (
        "user cn1",
        "topic write $aws/things/r1/#",
        "topic read robofleet/r1/#",
        "topic deny robofleet/r1",
        "topic write $aws/rules/+/robofleet/r1/#",
    ):
        assert line in text.splitlines()


@pytest.mark.parametrize(
    ("statements", "rules"),
    [
        ([statement("Allow", "iot:Publish", "topic/a")], ["topic write a"]),
        ([statement("Allow", "iot:Receive", "topic/a")], []),
        ([statement("Allow", "iot:Subscribe", "topicfilter/a")], []),
        (
            [
                statement("Allow", "iot:Receive", "topic/a/*"),
                statement("Allow", "iot:Subscribe", "topicfilter/a/+/c"),
            ],
            ["topic read a/+/c"],
        ),
        (
            [
                statement("Allow", "iot:Receive", "topic/a"),
                statement("Allow", "iot:Subscribe", "topicfilter/b"),
            ],
            [],
        ),
        (
            [statement("Allow", "iot:*", "*")],
            ["topic read #", "topic read $aws/#", "topic write #", "topic write $aws/#"],
        ),
        (
            [
                statement("Allow", "iot:*", "*"),
                statement("Deny", ["iot:Publish", "iot:Receive"], "topic/secret"),
            ],
            [
                "topic deny secret",
                "topic read #",
                "topic read $aws/#",
                "topic write #",
                "topic write $aws/#",
            ],
        ),
        (
            [statement("Allow", "iot:Publish", "topic/${iot:Connection.Thing.ThingTypeName}/a")],
            ["topic write vacuum/a"],
        ),
        (
            [statement("Allow", "iot:Publish", "topic/${iot:Connection.Thing.Attributes[home]}")],
            ["topic write h1"],
        ),
        ([statement("Allow", "iot:Publish", "topic/${iot:Certificate.Subject.Title}")], []),
        ([statement("Allow", "iot:Publish", "client/a")], []),
    ],
)
def test_what_a_list_can_say(statements, rules) -> None:
    assert listed(CONNECT, *statements) == (rules, [])


def test_two_things_of_one_certificate_have_their_topics_both() -> None:
    own = statement("Allow", "iot:Publish", "topic/${iot:Connection.Thing.ThingName}")

    rules, _ = listed(CONNECT, own, things=[THING, AttachedThing("r2", "", {}, exclusive=False)])

    assert rules == ["topic write r1", "topic write r2"]


def test_who_may_not_connect_may_nothing() -> None:
    publish = statement("Allow", "iot:Publish", "topic/a")

    assert listed(publish) == ([], [])
    assert listed(CONNECT, publish, statement("Deny", "iot:Connect", "*")) == ([], [])


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (
            statement(
                "Allow",
                "iot:Publish",
                "topic/a",
                Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
            ),
            "statement 2: Mosquitto's access list cannot say 'Condition'",
        ),
        (
            {"Effect": "Allow", "Action": "iot:Publish", "NotResource": ARN_PREFIX + "topic/a"},
            "'NotResource'",
        ),
        (statement("Allow", "iot:Publish", "topic/${iot:ClientId}"), "${iot:ClientId}"),
        (statement("Allow", "iot:Publish", "topic/a*"), "'a*'"),
        (statement("Allow", "iot:Publish", "topic/a?"), "'a?'"),
        (statement("Allow", "iot:Publish", "topic/a\ntopic readwrite #"), "cannot say"),
        (statement("Allow", "iot:Publish", "to*"), "cannot say"),
        (statement("Deny", "iot:Publish", "topic/a/*/c"), "'a/*/c'"),
        (statement("Deny", "iot:RetainPublish", "topic/a"), "iot:RetainPublish alone"),
        (statement("Deny", "iot:Connect", "client/r2"), "a Deny of iot:Connect"),
    ],
)
def test_what_a_list_cannot_say_gives_nothing_and_names_statement_and_way_out(wrong, says) -> None:
    rules, (problem,) = listed(CONNECT, wrong, statement("Allow", "iot:Receive", "topic/b"))

    assert rules == []
    assert problem.startswith("certificate id1 may do nothing: ")
    assert says in problem
    assert "robofleet up --broker builtin" in problem


def test_a_deny_of_publishing_alone_cannot_be_said_where_receiving_is_allowed() -> None:
    read = [
        statement("Allow", "iot:Receive", "topic/a/*"),
        statement("Allow", "iot:Subscribe", "topicfilter/a/*"),
    ]
    deny = statement("Deny", "iot:Publish", "topic/a/b")

    rules, problems = listed(CONNECT, deny, *read)
    alone, none = listed(CONNECT, deny, statement("Allow", "iot:Publish", "topic/a/*"))

    assert (rules, len(problems)) == ([], 1)
    assert "topic deny a/b" in alone
    assert none == []


def test_a_common_name_that_would_be_lines_of_its_own_gets_none() -> None:
    document = json.dumps({"Version": "2012-10-17", "Statement": [CONNECT]})

    text, (problem,) = access_list([Client("id1", "x\ntopic readwrite #", "", [], [document])])

    assert "readwrite" not in text
    assert "common name" in problem


FILTERS = st.lists(st.sampled_from(["a", "b", "+", "$x"]), min_size=1, max_size=3).map("/".join)
FILTERS = st.builds(lambda text, more: text + more, FILTERS, st.sampled_from(["", "/#"]))
TOPICS = st.lists(st.sampled_from(["a", "b", "$x"]), min_size=1, max_size=4).map("/".join)


@given(FILTERS, FILTERS, TOPICS)
def test_an_intersection_matches_what_both_match(one, other, topic) -> None:
    both = intersection(one, other)

    expected = matches(one, topic) and matches(other, topic)
    assert (both is not None and matches(both, topic)) is expected


def test_a_client_id_that_mosquitto_cannot_hold_a_client_to_is_named() -> None:
    limited = statement("Allow", "iot:Connect", "client/r1")
    document = json.dumps({"Version": "2012-10-17", "Statement": [limited]})
    free = json.dumps({"Version": "2012-10-17", "Statement": [CONNECT]})

    (said,) = widened(Client("id1", "cn1", "", [], [document, "no policy"]), {})

    for word in ("statement 1", "client/r1", "any", "--broker builtin"):
        assert word in said
    assert not list(widened(Client("id1", "cn1", "", [], [document, free]), {}))
