"""Tables and buckets of a template."""

from collections.abc import Mapping
from typing import Final

from cloud_functions.runtime.template import properties
from cloud_functions.runtime.template.declaration import TableSpec
from cloud_functions.runtime.template.draft import Draft, ResourceReader
from cloud_functions.runtime.template.values import inner, objects, refused, text, text_or
from cloud_functions.runtime.template.yaml_nodes import Marked, Refusal

_TYPES: Final = {"String": "S", "Number": "N", "Binary": "B"}


def _table(draft: Draft, name: str, said: Marked) -> None:
    properties.demand("AWS::DynamoDB::Table", said)
    keys: dict[str, str] = {}
    for each in objects(said, "KeySchema"):
        kind = text(each, "KeyType")
        if kind not in ("HASH", "RANGE") or kind in keys:
            raise refused(each, "KeyType", f"KeyType is HASH or RANGE, each once, not {kind!r}")
        keys[kind] = text(each, "AttributeName")
    if "HASH" not in keys:
        raise refused(said, "KeySchema", "KeySchema needs a HASH key")
    types = {
        text(each, "AttributeName"): text(each, "AttributeType")
        for each in objects(said, "AttributeDefinitions")
    }
    for key in keys.values():
        if types.get(key) not in _TYPES.values():
            complaint = f"AttributeDefinitions says of {key} whether it is S, N or B"
            raise refused(said, "AttributeDefinitions", complaint)
    named = draft.name(name, "AWS::DynamoDB::Table", said)
    _add(draft, TableSpec(named, keys["HASH"], keys.get("RANGE"), types))


def _simple_table(draft: Draft, name: str, said: Marked) -> None:
    merged = draft.with_globals("SimpleTable", said)
    properties.demand("AWS::Serverless::SimpleTable", merged)
    primary = inner(merged, "PrimaryKey")
    key, kind = text_or(primary, "Name", "id"), text_or(primary, "Type", "String")
    if kind not in _TYPES:
        raise refused(primary, "Type", f"Type is {', '.join(_TYPES)}, not {kind!r}")
    named = draft.name(name, "AWS::Serverless::SimpleTable", merged)
    _add(draft, TableSpec(named, key, None, {key: _TYPES[kind]}))


def _add(draft: Draft, table: TableSpec) -> None:
    if table.name in draft.tables:
        raise Refusal(f"there is another table {table.name}")
    draft.tables[table.name] = table


def _bucket(draft: Draft, name: str, said: Marked) -> None:
    properties.demand("AWS::S3::Bucket", said)
    draft.buckets.append(draft.name(name, "AWS::S3::Bucket", said))


READERS: Final[Mapping[str, ResourceReader]] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::Serverless::SimpleTable": _simple_table,
    "AWS::S3::Bucket": _bucket,
}
