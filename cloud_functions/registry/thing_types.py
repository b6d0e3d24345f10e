"""Thing types: what things of one kind have in common (AWS reference, section 7)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from cloud_functions.registry import tags
from cloud_functions.registry.arns import Kind, arn
from cloud_functions.registry.errors import InvalidInput, ResourceExists, ResourceNotFound
from cloud_functions.registry.events import Operation, thing_type_event
from cloud_functions.registry.names import checked_description, checked_name
from cloud_functions.registry.pages import Page, PageWanted, page
from cloud_functions.registry.transaction import Transaction

_ATTRIBUTE: Final = re.compile(r"[a-zA-Z0-9_.,@/:#-]{1,128}\Z")
_PROPERTY: Final = re.compile(r"[a-zA-Z0-9:$.]{1,128}\Z")
_SOURCES: Final = ("thingAttribute", "connectionAttribute")


@dataclass(frozen=True, slots=True)
class ThingType:
    """A registry record; `deprecated_s` is None while things may get it.

    `propagating` says which attributes become MQTT 5 user properties of a message.
    """

    name: str
    type_id: str
    created_s: float
    description: str = ""
    searchable: tuple[str, ...] = ()
    propagating: tuple[Mapping[str, str], ...] = ()
    deprecated_s: float | None = None

    @property
    def arn(self) -> str:
        """Its ARN."""
        return arn(Kind.THING_TYPE, self.name)

    def listed(self) -> dict[str, Any]:
        """The type in the answer of ListThingTypes."""
        metadata: dict[str, Any] = {
            "deprecated": self.deprecated_s is not None,
            "creationDate": self.created_s,
        }
        if self.deprecated_s is not None:
            metadata["deprecationDate"] = self.deprecated_s
        return {
            "thingTypeName": self.name,
            "thingTypeArn": self.arn,
            "thingTypeProperties": self._properties(),
            "thingTypeMetadata": metadata,
        }

    def described(self) -> dict[str, Any]:
        """The answer of DescribeThingType."""
        return {"thingTypeId": self.type_id, **self.listed()}

    def _properties(self) -> dict[str, Any]:
        said: dict[str, Any] = {"searchableAttributes": list(self.searchable)}
        if self.description:
            said["thingTypeDescription"] = self.description
        if self.propagating:
            propagating = [dict(each) for each in self.propagating]
            said["mqtt5Configuration"] = {"propagatingAttributes": propagating}
        return said


@dataclass(frozen=True, slots=True)
class Properties:
    """What a caller says of a type."""

    description: str = ""
    searchable: tuple[str, ...] = ()
    propagating: tuple[Mapping[str, str], ...] = ()


def create(transaction: Transaction, name: str, properties: Properties) -> ThingType:
    """Make a type; the same again is the same.  Raises ResourceExists for other content."""
    checked_name(name, "thingTypeName")
    _check(transaction, properties)
    known = transaction.store.thing_types.get(name)
    made = _with(ThingType(name, transaction.new_id(), transaction.now_s), properties)
    if known is not None:
        if _with(known, properties) != known:
            raise ResourceExists(
                f"ThingType {name} already exists in account with different properties",
                known.name,
                known.arn,
            )
        return known
    transaction.store.thing_types.put(made)
    transaction.note(thing_type_event(made, Operation.CREATED, transaction.now_s))
    return made


def describe(transaction: Transaction, name: str) -> ThingType:
    """A type.  Raises ResourceNotFound."""
    thing_type = transaction.store.thing_types.get(name)
    if thing_type is None:
        raise ResourceNotFound(f"Thing type {name} cannot be found.")
    return thing_type


def find(transaction: Transaction, wanted: PageWanted, name: str = "") -> Page[ThingType]:
    """The types by name; those whose names begin with `name`."""
    return page(transaction.store.thing_types, wanted, prefix=name)


def update(transaction: Transaction, name: str, properties: Properties) -> ThingType:
    """Give a type other properties.  Raises InvalidInput when a thing has it already."""
    thing_type = describe(transaction, name)
    _check(transaction, properties)
    if transaction.store.things.count({"type_name": name}):
        raise InvalidInput(f"Thing type {name} is in use: only its deprecation can change")
    changed = _with(thing_type, properties)
    _put(transaction, changed)
    return changed


def deprecate(transaction: Transaction, name: str, *, undo: bool = False) -> None:
    """Let no further thing have it, or let them again."""
    thing_type = describe(transaction, name)
    if (thing_type.deprecated_s is None) is undo:
        return
    _put(transaction, replace(thing_type, deprecated_s=None if undo else transaction.now_s))


def delete(transaction: Transaction, name: str) -> None:
    """Remove a type.  Raises InvalidInput unless it was deprecated long enough and is not used."""
    thing_type = describe(transaction, name)
    wait_s = transaction.limits.type_deletion_s
    if thing_type.deprecated_s is None:
        raise InvalidInput(f"Thing type {name} must be deprecated before it is deleted")
    if transaction.now_s - thing_type.deprecated_s < wait_s:
        raise InvalidInput(
            f"Thing type {name} can be deleted {wait_s:g} seconds after its deprecation"
        )
    if transaction.store.things.count({"type_name": name}):
        raise InvalidInput(f"Thing type {name} is in use: take it from its things first")
    transaction.store.thing_types.delete(name)
    tags.forget(transaction, thing_type.arn)
    transaction.note(thing_type_event(thing_type, Operation.DELETED, transaction.now_s))


def _put(transaction: Transaction, thing_type: ThingType) -> None:
    transaction.store.thing_types.put(thing_type)
    transaction.note(thing_type_event(thing_type, Operation.UPDATED, transaction.now_s))


def _with(thing_type: ThingType, properties: Properties) -> ThingType:
    return replace(
        thing_type,
        description=properties.description,
        searchable=properties.searchable,
        propagating=properties.propagating,
    )


def _check(transaction: Transaction, properties: Properties) -> None:
    checked_description(properties.description, "thingTypeDescription")
    most = transaction.limits.searchable_attributes
    if len(properties.searchable) > most:
        raise InvalidInput(f"searchableAttributes are at most {most}")
    for name in properties.searchable:
        if not _ATTRIBUTE.match(name):
            raise InvalidInput(f"searchableAttributes: {name!r} is no attribute name")
    most = transaction.limits.propagating_attributes
    if len(properties.propagating) > most:
        raise InvalidInput(f"propagatingAttributes are at most {most}")
    for each in properties.propagating:
        sources = [source for source in _SOURCES if source in each]
        if len(sources) != 1 or not _PROPERTY.match(each.get("userPropertyKey", "")):
            raise InvalidInput(
                "a propagating attribute has userPropertyKey and one of thingAttribute and"
                " connectionAttribute"
            )
