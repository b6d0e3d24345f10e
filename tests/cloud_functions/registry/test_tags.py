"""Tags of types, groups, CAs and policies."""

import pytest

from cloud_functions.registry import tags, thing_types
from cloud_functions.registry.errors import InvalidInput, LimitExceeded, ResourceNotFound


@pytest.fixture
def arn(transaction):
    return thing_types.create(transaction, "vacuum", thing_types.Properties()).arn


def test_tags_are_put_replaced_and_removed(transaction, arn) -> None:
    tags.put(transaction, arn, {"stage": "test", "team": "floor"})
    tags.put(transaction, arn, {"stage": "live"})
    tags.remove(transaction, arn, ["team", "nothing"])

    assert tags.find(transaction, arn) == [{"Key": "stage", "Value": "live"}]


def test_a_record_has_at_most_fifty_tags(transaction, arn) -> None:
    tags.put(transaction, arn, {f"k{n}": "" for n in range(50)})

    with pytest.raises(LimitExceeded):
        tags.put(transaction, arn, {"one-more": ""})
    tags.put(transaction, arn, {"k1": "again"})


def test_tags_go_with_their_record(transaction, arn) -> None:
    tags.put(transaction, arn, {"stage": "test"})
    thing_types.deprecate(transaction, "vacuum")
    transaction.now_s += 300

    thing_types.delete(transaction, "vacuum")

    with pytest.raises(ResourceNotFound):
        tags.find(transaction, arn)
    thing_types.create(transaction, "vacuum", thing_types.Properties())
    assert tags.find(transaction, arn) == []


@pytest.mark.parametrize(
    "raw",
    [[{}], [{"Key": ""}], [{"Key": "a", "Value": 7}], [{"Key": "aws:a"}], [{"Key": "x" * 129}]],
)
def test_what_is_no_tag_is_refused(raw) -> None:
    with pytest.raises(InvalidInput, match="tags"):
        tags.checked(raw)


def test_what_is_not_tagged_here_is_refused_by_name(transaction) -> None:
    with pytest.raises(InvalidInput, match="thingtype"):
        tags.find(transaction, "arn:aws:iot:us-east-1:000000000000:rule/r")
