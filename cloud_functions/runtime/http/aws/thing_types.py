"""AWS's `iot` over HTTP: thing types."""

from collections.abc import Sequence
from typing import Any, Final

from cloud_functions.registry import tags, thing_types
from cloud_functions.registry.thing_types import Properties, ThingType
from cloud_functions.registry.transaction import Transaction
from cloud_functions.runtime.http.aws.asked import Asked
from cloud_functions.runtime.http.aws.operations import Operation, listed


def _create(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    made = thing_types.create(transaction, asked.needed("thingTypeName"), _properties(asked))
    tags.put(transaction, made.arn, tags.checked(asked.objects("tags")))
    return {
        "thingTypeName": made.name,
        "thingTypeArn": made.arn,
        "thingTypeId": made.type_id,
    }


def _describe(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    return thing_types.describe(transaction, asked.needed("thingTypeName")).described()


def _update(transaction: Transaction, asked: Asked) -> None:
    thing_types.update(transaction, asked.needed("thingTypeName"), _properties(asked))


def _list(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    found = thing_types.find(transaction, asked.page(), asked.text("thingTypeName"))
    return listed("thingTypes", found.map(ThingType.listed))


def _deprecate(transaction: Transaction, asked: Asked) -> None:
    name, undo = asked.needed("thingTypeName"), asked.flag("undoDeprecate")
    thing_types.deprecate(transaction, name, undo=undo)


def _delete(transaction: Transaction, asked: Asked) -> None:
    thing_types.delete(transaction, asked.needed("thingTypeName"))


def _properties(asked: Asked) -> Properties:
    said = asked.object("thingTypeProperties")
    propagating = said.object("mqtt5Configuration").objects("propagatingAttributes")
    return Properties(
        said.text("thingTypeDescription"),
        said.texts("searchableAttributes"),
        tuple({key: str(value) for key, value in each.items()} for each in propagating),
    )


_PATH: Final = "/thing-types/{thingTypeName}"

OPERATIONS: Final[Sequence[Operation]] = (
    Operation("GET", "/thing-types", _list),
    Operation("POST", _PATH, _create),
    Operation("GET", _PATH, _describe),
    Operation("PATCH", _PATH, _update),
    Operation("DELETE", _PATH, _delete),
    Operation("POST", f"{_PATH}/deprecate", _deprecate),
)
