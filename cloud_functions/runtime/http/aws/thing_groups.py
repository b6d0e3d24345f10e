"""AWS's `iot` over HTTP: thing groups and who is in them."""

from collections.abc import Sequence
from typing import Any, Final

from cloud_functions.registry import group_members, tags, thing_groups
from cloud_functions.registry.arns import Kind
from cloud_functions.registry.thing_groups import Properties, ThingGroup
from cloud_functions.registry.transaction import Transaction
from cloud_functions.runtime.http.aws.asked import Asked
from cloud_functions.runtime.http.aws.operations import Operation, listed


def _create(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    name, parent = asked.needed("thingGroupName"), asked.text("parentGroupName")
    made = thing_groups.create(transaction, name, properties_of(asked), parent=parent)
    tags.put(transaction, made.arn, tags.checked(asked.objects("tags")))
    return {
        "thingGroupName": made.name,
        "thingGroupArn": made.arn,
        "thingGroupId": made.group_id,
    }


def _describe(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    return thing_groups.described(transaction, asked.needed("thingGroupName"))


def _update(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    name, expected = asked.needed("thingGroupName"), asked.number("expectedVersion")
    changed = thing_groups.update(transaction, name, properties_of(asked), expected)
    return {"version": changed.version}


def _delete(transaction: Transaction, asked: Asked) -> None:
    name, expected = asked.needed("thingGroupName"), asked.number("expectedVersion")
    thing_groups.delete(transaction, name, expected)


def _list(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    found = thing_groups.find(
        transaction,
        asked.page(),
        parent=asked.text("parentGroup"),
        prefix=asked.text("namePrefixFilter"),
        recursive=asked.flag("recursive", default=True),
    )
    return listed("thingGroups", found.map(ThingGroup.named))


def _add(transaction: Transaction, asked: Asked) -> None:
    group = asked.name_or_arn("thingGroupName", "thingGroupArn", Kind.THING_GROUP)
    thing = asked.name_or_arn("thingName", "thingArn", Kind.THING)
    overrides = asked.flag("overrideDynamicGroups")
    group_members.add(transaction, group, thing, overrides_dynamic=overrides)


def _remove(transaction: Transaction, asked: Asked) -> None:
    group = asked.name_or_arn("thingGroupName", "thingGroupArn", Kind.THING_GROUP)
    thing = asked.name_or_arn("thingName", "thingArn", Kind.THING)
    group_members.remove(transaction, group, thing)


def _update_for_thing(transaction: Transaction, asked: Asked) -> None:
    group_members.update(
        transaction,
        asked.needed("thingName"),
        enter=asked.texts("thingGroupsToAdd"),
        leave=asked.texts("thingGroupsToRemove"),
        overrides_dynamic=asked.flag("overrideDynamicGroups"),
    )


def _list_things(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    name, recursive = asked.needed("thingGroupName"), asked.flag("recursive")
    found = group_members.find_things(transaction, name, asked.page(), recursive=recursive)
    return listed("things", found)


def _list_for_thing(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    found = group_members.find_groups(transaction, asked.needed("thingName"), asked.page())
    return listed("thingGroups", found.map(ThingGroup.named))


def properties_of(asked: Asked) -> Properties:
    """`thingGroupProperties`, for static and dynamic groups."""
    said = asked.object("thingGroupProperties")
    has_description = said.has("thingGroupDescription")
    description = said.text("thingGroupDescription") if has_description else None
    return Properties(description, said.attributes())


_PATH: Final = "/thing-groups/{thingGroupName}"

OPERATIONS: Final[Sequence[Operation]] = (
    Operation("GET", "/thing-groups", _list),
    Operation("PUT", "/thing-groups/addThingToThingGroup", _add),
    Operation("PUT", "/thing-groups/removeThingFromThingGroup", _remove),
    Operation("PUT", "/thing-groups/updateThingGroupsForThing", _update_for_thing),
    Operation("POST", _PATH, _create),
    Operation("GET", _PATH, _describe),
    Operation("PATCH", _PATH, _update),
    Operation("DELETE", _PATH, _delete),
    Operation("GET", f"{_PATH}/things", _list_things),
    Operation("GET", "/things/{thingName}/thing-groups", _list_for_thing),
)
