"""AWS's `iot` over HTTP: things."""

from collections.abc import Sequence
from typing import Any, Final

from cloud_functions.registry import things
from cloud_functions.registry.transaction import Transaction
from cloud_functions.runtime.http.aws.asked import Asked
from cloud_functions.runtime.http.aws.operations import Operation, listed


def _create(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    change = asked.attributes()
    thing = things.create(
        transaction,
        asked.needed("thingName"),
        {} if change is None else change.attributes,
        type_name=asked.text("thingTypeName"),
        billing_group=asked.text("billingGroupName"),
    )
    return {"thingName": thing.name, "thingArn": thing.arn, "thingId": thing.thing_id}


def _describe(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    return things.describe(transaction, asked.needed("thingName")).described()


def _update(transaction: Transaction, asked: Asked) -> None:
    update = things.Update(
        attributes=asked.attributes(),
        type_name=asked.text("thingTypeName"),
        removes_type=asked.flag("removeThingType"),
        expected_version=asked.number("expectedVersion"),
    )
    things.update(transaction, asked.needed("thingName"), update)


def _delete(transaction: Transaction, asked: Asked) -> None:
    things.delete(transaction, asked.needed("thingName"), asked.number("expectedVersion"))


def _list(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    search = things.Search(
        type_name=asked.text("thingTypeName"),
        attribute=asked.text("attributeName"),
        value=asked.text("attributeValue") if asked.has("attributeValue") else None,
        is_prefix=asked.flag("usePrefixAttributeValue"),
    )
    found = things.find(transaction, asked.page(), search)
    return listed("things", found.map(things.Thing.listed))


_PATH: Final = "/things/{thingName}"

OPERATIONS: Final[Sequence[Operation]] = (
    Operation("GET", "/things", _list, unsigned=True),
    Operation("POST", _PATH, _create, unsigned=True),
    Operation("GET", _PATH, _describe, unsigned=True),
    Operation("PATCH", _PATH, _update, unsigned=True),
    Operation("DELETE", _PATH, _delete, unsigned=True),
)
