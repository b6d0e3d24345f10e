"""Billing groups: a thing is in one or none."""

import pytest

from cloud_functions.registry import billing_groups, things
from cloud_functions.registry.errors import ResourceExists, ResourceNotFound, VersionMismatch
from cloud_functions.registry.pages import PageWanted

ALL = PageWanted(250)


def test_a_group_is_made_described_and_changed(transaction) -> None:
    first = billing_groups.create(transaction, "flats", "all of them")

    assert billing_groups.create(transaction, "flats", "all of them") == first
    with pytest.raises(ResourceExists):
        billing_groups.create(transaction, "flats", "none of them")
    assert billing_groups.update(transaction, "flats", "some", 1).version == 2
    with pytest.raises(VersionMismatch):
        billing_groups.update(transaction, "flats", "some", 1)
    described = billing_groups.describe(transaction, "flats").described()
    assert described["billingGroupProperties"] == {"billingGroupDescription": "some"}


def test_a_thing_moves_from_group_to_group(transaction) -> None:
    for name in ("flats", "houses"):
        billing_groups.create(transaction, name, "")
    things.create(transaction, "r1", {}, billing_group="flats")

    billing_groups.add(transaction, "houses", "r1")
    billing_groups.remove(transaction, "flats", "r1")

    def of(name: str):
        return billing_groups.find_things(transaction, name, ALL).items

    assert (of("flats"), of("houses")) == ([], ["r1"])
    billing_groups.remove(transaction, "houses", "r1")
    assert of("houses") == []


def test_a_deleted_group_lets_its_things_go(transaction) -> None:
    billing_groups.create(transaction, "flats", "")
    things.create(transaction, "r1", {}, billing_group="flats")

    with pytest.raises(VersionMismatch):
        billing_groups.delete(transaction, "flats", 2)
    billing_groups.delete(transaction, "flats")
    billing_groups.delete(transaction, "flats")

    assert things.describe(transaction, "r1").billing_group == ""
    with pytest.raises(ResourceNotFound):
        things.create(transaction, "r2", {}, billing_group="flats")


def test_groups_are_listed_by_the_beginning_of_their_names(transaction) -> None:
    for name in ("flats", "flats-2", "houses"):
        billing_groups.create(transaction, name, "")

    found = billing_groups.find(transaction, ALL, "flats").items

    assert [group.name for group in found] == ["flats", "flats-2"]
