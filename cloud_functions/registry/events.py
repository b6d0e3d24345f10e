"""Registry events: their topics and bodies (AWS reference, section 3.1; AWS's registry events).

Each becomes a message when the kind it belongs to is switched on.
"""

import uuid
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from cloud_functions.region import ACCOUNT
from cloud_functions.registry.arns import Kind, arn
from cloud_functions.registry.transaction import Event

if TYPE_CHECKING:  # the nouns announce themselves with these
    from cloud_functions.registry.thing_groups import ThingGroup
    from cloud_functions.registry.thing_types import ThingType
    from cloud_functions.registry.things import Thing


class Operation(StrEnum):
    """What happened; in lower case the last level of a topic."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    DELETED = "DELETED"
    ADDED = "ADDED"
    REMOVED = "REMOVED"


def _event(
    kind: str, levels: str, operation: Operation, now_s: float, body: Mapping[str, Any]
) -> Event:
    said = {
        "eventType": f"{kind}_EVENT",
        "eventId": str(uuid.uuid4()),
        "timestamp": int(now_s * 1000),
        "operation": operation.value,
        "accountId": ACCOUNT,
        **body,
    }
    return Event(kind, f"$aws/events/{levels}/{operation.lower()}", said)


def thing_event(thing: "Thing", operation: Operation, now_s: float) -> Event:
    """A thing was created, updated or deleted."""
    body = {
        "thingId": thing.thing_id,
        "thingName": thing.name,
        "versionNumber": thing.version,
        "thingTypeName": thing.type_name or None,
        "attributes": dict(thing.attributes),
    }
    return _event("THING", f"thing/{thing.name}", operation, now_s, body)


def association_event(thing: "Thing", type_name: str, operation: Operation, now_s: float) -> Event:
    """A thing got or lost its type."""
    body = {"thingId": thing.thing_id, "thingName": thing.name, "thingTypeName": type_name}
    levels = f"thingTypeAssociation/thing/{thing.name}/thingType/{type_name}"
    return _event("THING_TYPE_ASSOCIATION", levels, operation, now_s, body)


def thing_type_event(thing_type: "ThingType", operation: Operation, now_s: float) -> Event:
    """A thing type was created, updated (deprecation included) or deleted."""
    deprecated_s = thing_type.deprecated_s
    body = {
        "thingTypeId": thing_type.type_id,
        "thingTypeName": thing_type.name,
        "isDeprecated": deprecated_s is not None,
        "deprecationDate": None if deprecated_s is None else int(deprecated_s * 1000),
        "searchableAttributes": list(thing_type.searchable),
        "propagatingAttributes": [dict(each) for each in thing_type.propagating],
        "description": thing_type.description,
    }
    return _event("THING_TYPE", f"thingType/{thing_type.name}", operation, now_s, body)


def group_event(
    group: "ThingGroup", ancestors: Sequence["ThingGroup"], operation: Operation, now_s: float
) -> Event:
    """A thing group was created, updated or deleted; `ancestors` from the root to its parent."""
    body = {
        "thingGroupId": group.group_id,
        "thingGroupName": group.name,
        "versionNumber": group.version,
        "parentGroupName": group.parent or None,
        "parentGroupId": ancestors[-1].group_id if ancestors else None,
        "description": group.description,
        "rootToParentThingGroups": [
            {"groupArn": each.arn, "groupId": each.group_id} for each in ancestors
        ],
        "attributes": dict(group.attributes),
        "dynamicGroupMappingId": group.group_id if group.query else None,
    }
    return _event("THING_GROUP", f"thingGroup/{group.name}", operation, now_s, body)


def hierarchy_event(
    parent: "ThingGroup", child: "ThingGroup", operation: Operation, now_s: float
) -> Event:
    """A group got or lost a child."""
    body = {
        "thingGroupId": parent.group_id,
        "thingGroupName": parent.name,
        "childGroupId": child.group_id,
        "childGroupName": child.name,
    }
    levels = f"thingGroupHierarchy/thingGroup/{parent.name}/childThingGroup/{child.name}"
    return _event("THING_GROUP_HIERARCHY", levels, operation, now_s, body)


def membership_event(
    group: "ThingGroup", thing: "Thing", membership_id: str, operation: Operation, now_s: float
) -> Event:
    """A thing came into a group or left it."""
    body = {
        "groupArn": group.arn,
        "groupId": group.group_id,
        "thingArn": arn(Kind.THING, thing.name),
        "thingId": thing.thing_id,
        "membershipId": membership_id,
    }
    levels = f"thingGroupMembership/thingGroup/{group.name}/thing/{thing.name}"
    return _event("THING_GROUP_MEMBERSHIP", levels, operation, now_s, body)
