"""Billing groups: what things are charged to; a thing is in one or none."""

from dataclasses import dataclass, replace
from typing import Any

from cloud_functions.registry import tags, things
from cloud_functions.registry.arns import Kind, arn
from cloud_functions.registry.errors import (
    ResourceExists,
    ResourceNotFound,
    VersionMismatch,
)
from cloud_functions.registry.names import checked_description, checked_name
from cloud_functions.registry.pages import Page, PageWanted, page
from cloud_functions.registry.transaction import Transaction


@dataclass(frozen=True, slots=True)
class BillingGroup:
    """A registry record."""

    name: str
    group_id: str
    created_s: float
    description: str = ""
    version: int = 1

    @property
    def arn(self) -> str:
        """Its ARN."""
        return arn(Kind.BILLING_GROUP, self.name)

    def named(self) -> dict[str, str]:
        """The group in the answer of a list."""
        return {"groupName": self.name, "groupArn": self.arn}

    def described(self) -> dict[str, Any]:
        """The answer of DescribeBillingGroup."""
        properties = {"billingGroupDescription": self.description} if self.description else {}
        return {
            "billingGroupName": self.name,
            "billingGroupId": self.group_id,
            "billingGroupArn": self.arn,
            "version": self.version,
            "billingGroupProperties": properties,
            "billingGroupMetadata": {"creationDate": self.created_s},
        }


def create(transaction: Transaction, name: str, description: str) -> BillingGroup:
    """Make a group; the same again is the same.  Raises ResourceExists for other content."""
    checked_name(name, "billingGroupName")
    checked_description(description, "billingGroupDescription")
    known = transaction.store.billing_groups.get(name)
    if known is not None:
        if known.description != description:
            raise ResourceExists(
                f"Billing group {name} already exists with different properties",
                known.name,
                known.arn,
            )
        return known
    made = BillingGroup(name, transaction.new_id(), transaction.now_s, description)
    transaction.store.billing_groups.put(made)
    return made


def describe(transaction: Transaction, name: str) -> BillingGroup:
    """A group.  Raises ResourceNotFound."""
    group = transaction.store.billing_groups.get(name)
    if group is None:
        raise ResourceNotFound(f"Billing group {name} cannot be found.")
    return group


def update(
    transaction: Transaction, name: str, description: str, expected_version: int | None = None
) -> BillingGroup:
    """Describe a group anew; its version grows by 1.  Raises VersionMismatch."""
    group = describe(transaction, name)
    checked_description(description, "billingGroupDescription")
    _check_version(group, expected_version)
    changed = replace(group, description=description, version=group.version + 1)
    transaction.store.billing_groups.put(changed)
    return changed


def delete(transaction: Transaction, name: str, expected_version: int | None = None) -> None:
    """Remove a group, its things out of it first; one that does not exist is removed already.

    Raises VersionMismatch.
    """
    group = transaction.store.billing_groups.get(name)
    if group is None:
        return
    _check_version(group, expected_version)
    for thing in transaction.store.things.find({"billing_group": name}):
        transaction.store.things.put(replace(thing, billing_group=""))
    transaction.store.billing_groups.delete(name)
    tags.forget(transaction, group.arn)


def find(transaction: Transaction, wanted: PageWanted, prefix: str = "") -> Page[BillingGroup]:
    """The groups by name."""
    return page(transaction.store.billing_groups, wanted, prefix=prefix)


def add(transaction: Transaction, name: str, thing: str) -> None:
    """Put a thing into a group, out of the one it was in."""
    describe(transaction, name)
    known = things.describe(transaction, thing)
    transaction.store.things.put(replace(known, billing_group=name))


def remove(transaction: Transaction, name: str, thing: str) -> None:
    """Take a thing out of a group; it may be out of it already."""
    describe(transaction, name)
    known = things.describe(transaction, thing)
    if known.billing_group == name:
        transaction.store.things.put(replace(known, billing_group=""))


def find_things(transaction: Transaction, name: str, wanted: PageWanted) -> Page[str]:
    """The names of a group's things."""
    describe(transaction, name)
    found = page(transaction.store.things, wanted, {"billing_group": name})
    return found.map(lambda thing: thing.name)


def _check_version(group: BillingGroup, expected: int | None) -> None:
    if expected is not None and expected != group.version:
        raise VersionMismatch(
            f"The version for billing group {group.name} does not match the expected version."
        )
