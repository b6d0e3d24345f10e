"""Tables and buckets of a template."""

from collections.abc import Mapping
from typing import Any, Final

from cloud_functions.errors import InvalidDeclaration
from cloud_functions.runtime.template.declaration import TableSpec
from cloud_functions.runtime.template.draft import Draft, ResourceReader
from cloud_functions.runtime.template.known import name_of

_TYPES: Final = {"String": "S", "Number": "N", "Binary": "B"}


def _table(draft: Draft, name: str, said: dict[str, Any]) -> None:
    keys = {each["KeyType"]: each["AttributeName"] for each in said.get("KeySchema") or ()}
    if "HASH" not in keys:
        raise InvalidDeclaration("KeySchema needs a HASH key")
    types = {
        each["AttributeName"]: str(each["AttributeType"])
        for each in said.get("AttributeDefinitions") or ()
    }
    named = name_of(name, "AWS::DynamoDB::Table", said)
    draft.tables[named] = TableSpec(named, keys["HASH"], keys.get("RANGE"), types)


def _simple_table(draft: Draft, name: str, said: dict[str, Any]) -> None:
    primary = said.get("PrimaryKey") or {}
    key = primary.get("Name", "id")
    kind = _TYPES.get(primary.get("Type", "String"), "S")
    named = name_of(name, "AWS::Serverless::SimpleTable", said)
    draft.tables[named] = TableSpec(named, key, None, {key: kind})


def _bucket(draft: Draft, name: str, said: dict[str, Any]) -> None:
    draft.buckets.append(name_of(name, "AWS::S3::Bucket", said))


READERS: Final[Mapping[str, ResourceReader]] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::Serverless::SimpleTable": _simple_table,
    "AWS::S3::Bucket": _bucket,
}
