"""Thing groups and their hierarchies (AWS reference, section 7).

A group's parent is fixed when it is made.  A dynamic group carries the query that fills it; who
keeps the fleet index makes it with `create(..., query=...)` and fills it with
`group_members.replace_members`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cloud_functions.registry import tags
from cloud_functions.registry.arns import Kind, arn
from cloud_functions.registry.attributes import AttributeChange, checked
from cloud_functions.registry.errors import (
    InvalidInput,
    ResourceExists,
    ResourceNotFound,
    VersionMismatch,
)
from cloud_functions.registry.events import Operation, group_event, hierarchy_event
from cloud_functions.registry.names import checked_description, checked_name
from cloud_functions.registry.pages import Page, PageWanted, page, page_of
from cloud_functions.registry.ports import RegistryStore
from cloud_functions.registry.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Query:
    """What fills a dynamic group."""

    text: str
    index: str = "AWS_Things"
    version: str = "2017-09-30"


@dataclass(frozen=True, slots=True)
class ThingGroup:
    """A registry record; `parent` is empty for a root, `query` None for a static group."""

    name: str
    group_id: str
    created_s: float
    parent: str = ""
    description: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    version: int = 1
    query: Query | None = None
    status: str = "ACTIVE"

    @property
    def arn(self) -> str:
        """Its ARN."""
        return arn(Kind.THING_GROUP, self.name)

    def named(self) -> dict[str, str]:
        """The group in the answer of a list."""
        return {"groupName": self.name, "groupArn": self.arn}

    def properties(self) -> dict[str, Any]:
        """Description and attributes, as far as it has them."""
        said: dict[str, Any] = {}
        if self.description:
            said["thingGroupDescription"] = self.description
        if self.attributes:
            said["attributePayload"] = {"attributes": dict(self.attributes)}
        return said


@dataclass(frozen=True, slots=True)
class Properties:
    """What a caller says of a group; None leaves what is there."""

    description: str | None = None
    attributes: AttributeChange | None = None


def create(
    transaction: Transaction,
    name: str,
    properties: Properties,
    *,
    parent: str = "",
    query: Query | None = None,
) -> ThingGroup:
    """Make a group; the same again is the same.  Raises ResourceExists for other content."""
    checked_name(name, "thingGroupName")
    bare = ThingGroup(name, transaction.new_id(), transaction.now_s, parent, query=query)
    made = _with(transaction, bare, properties)
    store = transaction.store
    known = store.thing_groups.get(name)
    if known is not None:
        like_known = replace(
            made, group_id=known.group_id, created_s=known.created_s, version=known.version
        )
        if like_known != replace(known, status=made.status):
            raise ResourceExists(
                f"Thing Group {name} already exists in current account with different properties",
                known.name,
                known.arn,
            )
        return known
    if parent:
        _check_parent(transaction, parent)
    store.thing_groups.put(made)
    above = ancestors(store, made)
    transaction.note(group_event(made, above, Operation.CREATED, transaction.now_s))
    if above:
        event = hierarchy_event(above[-1], made, Operation.ADDED, transaction.now_s)
        transaction.note(event)
    return made


def describe(transaction: Transaction, name: str) -> ThingGroup:
    """A group.  Raises ResourceNotFound."""
    group = transaction.store.thing_groups.get(name)
    if group is None:
        raise ResourceNotFound(f"Thing group {name} cannot be found.")
    return group


def described(transaction: Transaction, name: str) -> dict[str, Any]:
    """The answer of DescribeThingGroup."""
    group = describe(transaction, name)
    metadata: dict[str, Any] = {"creationDate": group.created_s}
    if group.parent:
        metadata["parentGroupName"] = group.parent
        above = ancestors(transaction.store, group)
        metadata["rootToParentThingGroups"] = [each.named() for each in above]
    said: dict[str, Any] = {
        "thingGroupName": group.name,
        "thingGroupId": group.group_id,
        "thingGroupArn": group.arn,
        "version": group.version,
        "thingGroupProperties": group.properties(),
        "thingGroupMetadata": metadata,
    }
    if group.query is not None:
        said |= {
            "indexName": group.query.index,
            "queryString": group.query.text,
            "queryVersion": group.query.version,
            "status": group.status,
        }
    return said


def update(
    transaction: Transaction,
    name: str,
    properties: Properties,
    expected_version: int | None = None,
    query: Query | None = None,
) -> ThingGroup:
    """Change a group; its version grows by 1.  With `query` it must be a dynamic one.

    Raises VersionMismatch.
    """
    group = describe(transaction, name)
    _check_version(group, expected_version)
    if query is not None and group.query is None:
        raise InvalidInput(f"Thing group {name} is static: it has no query to change")
    changed = replace(
        _with(transaction, group, properties),
        query=query or group.query,
        version=group.version + 1,
    )
    transaction.store.thing_groups.put(changed)
    above = ancestors(transaction.store, changed)
    transaction.note(group_event(changed, above, Operation.UPDATED, transaction.now_s))
    return changed


def delete(
    transaction: Transaction,
    name: str,
    expected_version: int | None = None,
    *,
    is_dynamic: bool = False,
) -> None:
    """Remove a group, its memberships and its policies; one that does not exist is removed already.

    Raises VersionMismatch, and InvalidInput while it has child groups.
    """
    store = transaction.store
    group = store.thing_groups.get(name)
    if group is None:
        return
    _check_version(group, expected_version)
    if (group.query is not None) is not is_dynamic:
        other = "DeleteThingGroup" if is_dynamic else "DeleteDynamicThingGroup"
        raise InvalidInput(f"Thing group {name} is removed with {other}")
    if store.thing_groups.count({"parent": name}):
        raise InvalidInput(
            f"Cannot delete thing group : {name} when there are still child groups attached to it"
        )
    above = ancestors(store, group)
    for member in store.group_members.find({"group": name}):
        store.group_members.delete(name, member.thing)
    for target in store.policy_targets.find({"target": group.arn}):
        store.policy_targets.delete(target.policy, group.arn)
    store.thing_groups.delete(name)
    tags.forget(transaction, group.arn)
    transaction.note_access()
    if above:
        event = hierarchy_event(above[-1], group, Operation.REMOVED, transaction.now_s)
        transaction.note(event)
    transaction.note(group_event(group, above, Operation.DELETED, transaction.now_s))


def find(
    transaction: Transaction,
    wanted: PageWanted,
    *,
    parent: str = "",
    prefix: str = "",
    recursive: bool = True,
) -> Page[ThingGroup]:
    """Groups by name: all of them, or those below a parent.

    Not `recursive`, the roots alone, or the parent's own children.
    """
    groups = transaction.store.thing_groups
    if not parent:
        return page(groups, wanted, None if recursive else {"parent": ""}, prefix=prefix)
    describe(transaction, parent)
    if not recursive:
        return page(groups, wanted, {"parent": parent}, prefix=prefix)
    below = {group.name: group for group in descendants(transaction.store, parent)}
    names = page_of([name for name in below if name.startswith(prefix)], wanted)
    return names.map(below.__getitem__)


def ancestors(store: RegistryStore, group: ThingGroup) -> list[ThingGroup]:
    """The groups above a group, from the root to its parent."""
    above: list[ThingGroup] = []
    while group.parent:
        parent = store.thing_groups.get(group.parent)
        assert parent is not None  # a group with children is not deleted
        above.insert(0, parent)
        group = parent
    return above


def root_of(store: RegistryStore, group: ThingGroup) -> str:
    """The name of the root of the hierarchy a group is in."""
    return (ancestors(store, group) or [group])[0].name


def descendants(store: RegistryStore, name: str) -> list[ThingGroup]:
    """The groups below a group, level by level."""
    below: list[ThingGroup] = []
    waiting = [name]
    while waiting:
        children = store.thing_groups.find({"parent": waiting.pop(0)})
        below += children
        waiting += [child.name for child in children]
    return below


def _check_parent(transaction: Transaction, name: str) -> None:
    limits = transaction.limits
    parent = describe(transaction, name)
    if parent.query is not None:
        raise InvalidInput(f"Thing group {name} is dynamic: it has no child groups")
    if len(ancestors(transaction.store, parent)) + 2 > limits.group_depth:
        raise InvalidInput(f"a hierarchy of thing groups has at most {limits.group_depth} levels")
    if transaction.store.thing_groups.count({"parent": name}) >= limits.group_children:
        raise InvalidInput(f"a thing group has at most {limits.group_children} child groups")


def _check_version(group: ThingGroup, expected: int | None) -> None:
    if expected is not None and expected != group.version:
        raise VersionMismatch(
            f"The version for thing group {group.name} does not match the expected version."
        )


def _with(transaction: Transaction, group: ThingGroup, properties: Properties) -> ThingGroup:
    attributes, change = group.attributes, properties.attributes
    if change is not None:
        limits = transaction.limits
        attributes = checked(
            change.applied(attributes), limits.group_attributes, limits.attribute_bytes
        )
    description = properties.description
    if description is not None:
        checked_description(description, "thingGroupDescription")
    return replace(
        group,
        attributes=attributes,
        description=group.description if description is None else description,
    )
