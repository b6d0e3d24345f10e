"""The action `dynamoDBv2`: each member of the result becomes an attribute of an item."""

from dataclasses import dataclass
from typing import ClassVar

from cloud_functions.rules.actions.parameters import Parameters
from cloud_functions.rules.actions.result import UnkeptValue, as_object
from cloud_functions.rules.context import Context
from cloud_functions.rules.deeds import Deed, Failed, PutItem
from cloud_functions.rules.template import Template
from cloud_functions.rules.values import Value


@dataclass(frozen=True, slots=True)
class DynamoDbV2Action:
    """Replaces the item with the same key."""

    action: ClassVar[str] = PutItem.action
    table: Template

    def prepare(self, result: Value, context: Context) -> Deed | Failed:
        """An item; the result must be an object."""
        table = self.table.render(context)
        try:
            item = as_object(result)
        except UnkeptValue as error:
            return Failed(self.action, table, str(error))
        if item is None:
            return Failed(PutItem.action, table, "the result is not a JSON object")
        return PutItem(table, item)


def read(action: str, given: object) -> DynamoDbV2Action:
    """The action as declared."""
    said = Parameters(action, given, ("putItem",))
    if not said.has("putItem"):
        raise said.error("needs putItem with a tableName")
    return DynamoDbV2Action(said.inner("putItem", ("tableName",)).template("tableName"))
