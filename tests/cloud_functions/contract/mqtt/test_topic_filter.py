"""Topic filters: what is valid, what matches, and the table that finds it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_functions.contract.mqtt.topic_filter import (
    FilterTable,
    InvalidTopic,
    InvalidTopicFilter,
    matches,
    share_group,
    unshared,
    validate_filter,
    validate_topic,
)

MATCHES = [
    ("a/b", "a/b", True),
    ("a/b", "a/c", False),
    ("a/+", "a/b", True),
    ("a/+", "a/b/c", False),
    ("a/+", "a", False),
    ("+/b", "a/b", True),
    ("a/#", "a/b/c", True),
    ("a/#", "a", True),
    ("#", "a/b", True),
    ("#", "$aws/x", False),
    ("+/x", "$aws/x", False),
    ("$aws/#", "$aws/x", True),
    ("$aws/things/+/shadow/update", "$aws/things/r1/shadow/update", True),
    ("/+", "/a", True),
    ("+", "/a", False),
    ("+/+", "/a", True),
    ("a//b", "a//b", True),
    ("a/+/b", "a//b", True),
]


@pytest.mark.parametrize(("topic_filter", "topic", "expected"), MATCHES)
def test_a_filter_matches_as_the_standard_says(topic_filter, topic, expected) -> None:
    table = FilterTable()
    table.add(topic_filter, "value")

    assert matches(topic_filter, topic) is expected
    assert table.match(topic) == (["value"] if expected else [])


def test_at_aws_the_hash_does_not_match_its_parent() -> None:
    table = FilterTable(parent=False)
    table.add("a/#", 1)

    assert not matches("a/#", "a", parent=False)
    assert (table.match("a"), table.match("a/b")) == ([], [1])


levels = st.lists(st.sampled_from(["a", "b", "", "$x"]), min_size=1, max_size=4)
wild_levels = st.lists(st.sampled_from(["a", "b", "", "+", "$x"]), min_size=1, max_size=4)


@given(st.lists(st.tuples(wild_levels, st.booleans()), max_size=8), levels, st.booleans())
def test_the_table_finds_what_matching_one_by_one_finds(filters, topic, parent) -> None:
    texts = ["/".join(parts) + ("/#" if rest else "") for parts, rest in filters]
    name = "/".join(topic)
    table = FilterTable(parent=parent)
    for text in texts:
        table.add(text, text)

    expected = {text for text in texts if matches(text, name, parent=parent)}

    assert set(table.match(name)) == expected


@given(st.lists(wild_levels, min_size=1, max_size=6), levels)
def test_what_was_taken_out_is_not_found(filters, topic) -> None:
    table = FilterTable()
    texts = ["/".join(parts) for parts in filters]
    for text in texts:
        table.add(text, text)
    for text in texts:
        table.remove(text, text)

    assert table.match("/".join(topic)) == []


def test_of_many_subscribers_to_one_filter_those_that_stay_are_found() -> None:
    table = FilterTable()
    for value in (1, 2, 3, 3):
        table.add("a/+", value)
        table.add("a/b", value)
    table.remove("a/+", 2)
    table.remove("a/b", 1)
    table.remove("a/b", 9)

    assert table.match("a/b") == [2, 3, 1]
    assert table.match("a/c") == [1, 3]


@pytest.mark.parametrize("text", ["", "a/#/b", "a#", "a/b+", "#a", "$share/g", "$share//a", "a\0"])
def test_a_filter_that_cannot_be_is_refused(text) -> None:
    with pytest.raises(InvalidTopicFilter):
        validate_filter(text)


@pytest.mark.parametrize("text", ["", "a/+", "#", "a\0", "x" * 70_000])
def test_a_topic_that_cannot_be_is_refused(text) -> None:
    with pytest.raises(InvalidTopic):
        validate_topic(text)


def test_a_shared_filter_has_a_group_and_a_filter() -> None:
    assert share_group("$share/g/a/+") == "g"
    assert unshared("$share/g/a/+") == "a/+"
    assert share_group("a/+") is None
