"""The action `dynamoDB`: the whole result in one attribute of an item."""

import base64
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from cloud_functions.rules.actions.parameters import Parameters
from cloud_functions.rules.actions.result import UnkeptValue, as_bytes, is_json, plain
from cloud_functions.rules.context import Context
from cloud_functions.rules.deeds import ChangeItem, Deed, Failed
from cloud_functions.rules.template import Template
from cloud_functions.rules.values import UNDEFINED, Value, as_number

OPERATIONS: Final = ("INSERT", "UPDATE", "DELETE")
_TYPES: Final = ("STRING", "NUMBER")


@dataclass(frozen=True, slots=True)
class KeyPart:
    """One attribute of the key, and where its value comes from."""

    field: Template
    value: Template
    kind: str

    def render(self, context: Context) -> tuple[str, Any]:
        """Name and value; UNDEFINED where a number was asked for and there is none."""
        text = self.value.render(context)
        value: Value = text or UNDEFINED
        if self.kind == "NUMBER" and (value := as_number(text)) is not UNDEFINED:
            value = plain(value)
        return self.field.render(context), value


@dataclass(frozen=True, slots=True)
class DynamoDbAction:
    """Bytes that are not JSON are kept as their base64 text: items here are JSON."""

    action: ClassVar[str] = ChangeItem.action
    table: Template
    key: tuple[KeyPart, ...]
    field: Template
    operation: Template

    def prepare(self, result: Value, context: Context) -> Deed | Failed:
        """A change of one item; refused where the key or the operation renders to none."""
        table, operation = self.table.render(context), self.operation.render(context)
        if operation not in OPERATIONS:
            reason = f"the operation is {', '.join(OPERATIONS)}, not {operation!r}"
            return Failed(ChangeItem.action, table, reason)
        try:
            return self._change(table, operation, result, context)
        except UnkeptValue as error:
            return Failed(ChangeItem.action, table, str(error))

    def _change(self, table: str, operation: str, result: Value, context: Context) -> Deed | Failed:
        key = dict(part.render(context) for part in self.key)
        for name, value in key.items():
            if value is UNDEFINED:
                return Failed(ChangeItem.action, table, f"the key {name} has no value")
        value = plain(result) if is_json(result) else base64.b64encode(as_bytes(result)).decode()
        return ChangeItem(table, operation, key, self.field.render(context), value)


def read(action: str, given: object) -> DynamoDbAction:
    """The action as declared."""
    said = Parameters(
        action,
        given,
        (
            *("tableName", "hashKeyField", "hashKeyValue", "hashKeyType"),
            *("rangeKeyField", "rangeKeyValue", "rangeKeyType", "payloadField", "operation"),
        ),
    )
    key = [_read_part(said, "hash")]
    if said.has("rangeKeyField") or said.has("rangeKeyValue"):
        key.append(_read_part(said, "range"))
    if said.has("operation") and "${" not in said.text("operation"):
        said.word("operation", OPERATIONS, "INSERT")
    return DynamoDbAction(
        said.template("tableName"),
        tuple(key),
        said.maybe_template("payloadField") or Template.parse("payload"),
        said.maybe_template("operation") or Template.parse("INSERT"),
    )


def _read_part(said: Parameters, which: str) -> KeyPart:
    kind = said.word(f"{which}KeyType", _TYPES, "STRING")
    return KeyPart(said.template(f"{which}KeyField"), said.template(f"{which}KeyValue"), kind)
