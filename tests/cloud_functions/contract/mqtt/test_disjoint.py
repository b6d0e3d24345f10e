"""Filters made disjoint match all they matched, and no topic twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_functions.contract.mqtt.disjoint import disjoint
from cloud_functions.contract.mqtt.topic_filter import matches

LEVEL = st.sampled_from(["a", "b", "", "$c", "+"])
FILTERS = st.lists(
    st.builds(
        lambda levels, tail: "/".join([*levels, *tail]),
        st.lists(LEVEL, min_size=1, max_size=3),
        st.sampled_from([[], ["#"]]),
    ),
    max_size=6,
)
TOPICS = st.lists(st.sampled_from(["a", "b", "", "$c", "d"]), min_size=1, max_size=4).map("/".join)


@pytest.mark.parametrize(
    ("given_filters", "made"),
    [
        (["a/b", "a/b"], ["a/b"]),
        (["a/+", "a/b"], ["a/+"]),
        (["a/b", "a/+"], ["a/+"]),
        (["a/+", "a/#"], ["a/#"]),
        (["a/+", "+/b"], ["+/+"]),
        (["a", "a/#"], ["a/#"]),
        (["a/+", "+/b", "c/c", "d/e/f"], ["+/+", "d/e/f"]),
        (["#", "$aws/rules/#"], ["#", "$aws/rules/#"]),
        (["+/a", "$aws/a"], ["$aws/a", "+/a"]),
        (["a/+/c", "a/b/#"], ["a/+/#"]),
        ([], []),
    ],
)
def test_overlapping_filters_are_joined(given_filters, made) -> None:
    assert disjoint(given_filters) == made


@given(FILTERS, TOPICS)
def test_every_topic_is_matched_as_before_and_at_most_once(filters, topic) -> None:
    matching = [each for each in disjoint(filters) if matches(each, topic)]

    assert len(matching) <= 1
    if any(matches(each, topic) for each in filters):
        assert matching
