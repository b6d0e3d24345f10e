"""Things: their rules, and the operations on them (AWS reference, section 7)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cloud_functions.registry.arns import Kind, arn
from cloud_functions.registry.attributes import AttributeChange, checked
from cloud_functions.registry.errors import (
    InvalidInput,
    ResourceExists,
    ResourceNotFound,
    VersionMismatch,
)
from cloud_functions.registry.events import Operation, association_event, thing_event
from cloud_functions.registry.names import checked_name
from cloud_functions.registry.pages import Page, PageWanted, page
from cloud_functions.registry.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Thing:
    """A registry record; `version` starts at 1, type and billing group are empty for none."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    version: int = 1
    thing_id: str = ""
    type_name: str = ""
    billing_group: str = ""

    @property
    def arn(self) -> str:
        """Its ARN."""
        return arn(Kind.THING, self.name)

    def listed(self) -> dict[str, Any]:
        """The thing in the answer of ListThings."""
        said = {
            "thingName": self.name,
            "thingArn": self.arn,
            "attributes": dict(self.attributes),
            "version": self.version,
        }
        return said | ({"thingTypeName": self.type_name} if self.type_name else {})

    def described(self) -> dict[str, Any]:
        """The answer of DescribeThing."""
        said = {"defaultClientId": self.name, "thingId": self.thing_id, **self.listed()}
        return said | ({"billingGroupName": self.billing_group} if self.billing_group else {})


@dataclass(frozen=True, slots=True)
class Update:
    """What UpdateThing asks for; an empty type leaves it, None leaves the attributes."""

    attributes: AttributeChange | None = None
    type_name: str = ""
    removes_type: bool = False
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """What ListThings looks for; an empty member asks for nothing, None for any value."""

    type_name: str = ""
    attribute: str = ""
    value: str | None = None
    is_prefix: bool = False

    def finds(self, thing: Thing) -> bool:
        """Whether a thing has the attribute with the value."""
        known = thing.attributes.get(self.attribute)
        if known is None or self.value is None:
            return known is not None
        return known.startswith(self.value) if self.is_prefix else known == self.value


def create(
    transaction: Transaction,
    name: str,
    attributes: Mapping[str, Any],
    *,
    type_name: str = "",
    billing_group: str = "",
) -> Thing:
    """Make a thing; the same again is the same.  Raises ResourceExists for other content."""
    checked_name(name, "thingName")
    _usable_type(transaction, type_name)
    if billing_group and transaction.store.billing_groups.get(billing_group) is None:
        raise ResourceNotFound(f"Billing group {billing_group} cannot be found.")
    kept = _attributes(transaction, attributes, type_name)
    thing = Thing(name, kept, 1, transaction.new_id(), type_name, billing_group)
    known = transaction.store.things.get(name)
    if known is not None:
        if replace(known, version=1, thing_id=thing.thing_id) != thing:
            raise ResourceExists(
                f"Thing {name} already exists in account with different attributes",
                known.name,
                known.arn,
            )
        return known
    transaction.store.things.put(thing)
    transaction.note(thing_event(thing, Operation.CREATED, transaction.now_s))
    if type_name:
        event = association_event(thing, type_name, Operation.ADDED, transaction.now_s)
        transaction.note(event)
    return thing


def describe(transaction: Transaction, name: str) -> Thing:
    """A thing.  Raises ResourceNotFound."""
    thing = transaction.store.things.get(name)
    if thing is None:
        raise ResourceNotFound(f"Thing {name} cannot be found.")
    return thing


def update(transaction: Transaction, name: str, asked: Update) -> Thing:
    """Change a thing; its version grows by 1.  Raises VersionMismatch."""
    thing = describe(transaction, name)
    _check_version(thing, asked.expected_version)
    if asked.removes_type and asked.type_name:
        raise InvalidInput("thingTypeName and removeThingType exclude each other")
    if asked.type_name != thing.type_name:
        _usable_type(transaction, asked.type_name)
    type_name = "" if asked.removes_type else asked.type_name or thing.type_name
    change = asked.attributes
    attributes = thing.attributes if change is None else change.applied(thing.attributes)
    changed = replace(
        thing,
        attributes=_attributes(transaction, attributes, type_name),
        type_name=type_name,
        version=thing.version + 1,
    )
    transaction.store.things.put(changed)
    _note_update(transaction, thing, changed)
    return changed


def delete(transaction: Transaction, name: str, expected_version: int | None = None) -> None:
    """Remove a thing and its memberships; one that does not exist is removed already.

    Raises VersionMismatch, and InvalidInput while a principal is attached.
    """
    store = transaction.store
    thing = store.things.get(name)
    if thing is None:
        return
    _check_version(thing, expected_version)
    if store.thing_principals.count({"thing": name}):
        raise InvalidInput(
            f"Cannot delete. Thing {name} is still attached to one or more principals"
        )
    for member in store.group_members.find({"thing": name}):
        store.group_members.delete(member.group, name)
    store.things.delete(name)
    transaction.note(thing_event(thing, Operation.DELETED, transaction.now_s))


def find(transaction: Transaction, wanted: PageWanted, search: Search) -> Page[Thing]:
    """The things by name.  Raises InvalidInput for a value without its attribute."""
    if search.value is not None and not search.attribute:
        raise InvalidInput("attributeValue needs attributeName")
    if search.is_prefix and search.value is None:
        raise InvalidInput("usePrefixAttributeValue needs attributeName and attributeValue")
    where = {"type_name": search.type_name} if search.type_name else None
    keep = search.finds if search.attribute else None
    return page(transaction.store.things, wanted, where, keep=keep)


def _usable_type(transaction: Transaction, type_name: str) -> None:
    if not type_name:
        return
    thing_type = transaction.store.thing_types.get(type_name)
    if thing_type is None:
        raise ResourceNotFound(f"Thing type {type_name} cannot be found.")
    if thing_type.deprecated_s is not None:
        raise InvalidInput(f"Thing type {type_name} is deprecated: no thing may get it any more")


def _attributes(
    transaction: Transaction, attributes: Mapping[str, Any], type_name: str
) -> dict[str, str]:
    limits = transaction.limits
    most = limits.attributes_with_type if type_name else limits.attributes
    return checked(attributes, most, limits.attribute_bytes)


def _check_version(thing: Thing, expected: int | None) -> None:
    if expected is not None and expected != thing.version:
        raise VersionMismatch(
            f"The version for thing {thing.name} does not match the expected version."
        )


def _note_update(transaction: Transaction, before: Thing, after: Thing) -> None:
    now_s = transaction.now_s
    transaction.note(thing_event(after, Operation.UPDATED, now_s))
    if before.type_name != after.type_name:
        for type_name, operation in (
            (before.type_name, Operation.REMOVED),
            (after.type_name, Operation.ADDED),
        ):
            if type_name:
                transaction.note(association_event(after, type_name, operation, now_s))
    if transaction.store.thing_principals.count({"thing": after.name}):
        transaction.note_access()  # policies may ask for its attributes and its type
