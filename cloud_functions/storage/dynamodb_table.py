"""The functions' tables in DynamoDB: keys `pk` and `sk`, the item as JSON text, a version."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cloud_functions.errors import VersionConflict
from cloud_functions.ports import Delete, Item, Key, Put, Stored


class DynamoDbTable:
    """An adapter of `ports.Table`; `client` is boto3's `dynamodb` client."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def get(self, key: Key) -> Stored | None:
        """The item, or None."""
        found = self._client.get_item(TableName=self._name, Key=_key(key), ConsistentRead=True)
        return _stored(found["Item"]) if "Item" in found else None

    def put(self, key: Key, item: Item, *, expected_version: int | None = None) -> int:
        """Write it whole; the new version.  Raises VersionConflict."""
        stored = self.get(key)
        version = 0 if stored is None else stored.version
        if expected_version is not None and version != expected_version:
            raise VersionConflict(f"{self._name} {key}: version {version}, not {expected_version}")
        self._transact([self._put(Put(key, item, version), version + 1)])
        return version + 1

    def delete(self, key: Key) -> bool:
        """Remove it; whether it was there."""
        answer = self._client.delete_item(
            TableName=self._name, Key=_key(key), ReturnValues="ALL_OLD"
        )
        return "Attributes" in answer

    def query(
        self,
        partition: str,
        *,
        prefix: str = "",
        after: str | None = None,
        newest_first: bool = False,
        limit: int = 100,
    ) -> Sequence[Stored]:
        """Items of a partition in the order of their sort keys, from just beyond `after`."""
        asked: dict[str, Any] = {
            "TableName": self._name,
            "KeyConditionExpression": "pk = :p",
            "ExpressionAttributeValues": {":p": {"S": partition}},
            "ScanIndexForward": not newest_first,
            "ConsistentRead": True,
            "Limit": limit,
        }
        if prefix:
            asked["KeyConditionExpression"] += " AND begins_with(sk, :s)"
            asked["ExpressionAttributeValues"][":s"] = {"S": prefix}
        if after is not None:
            asked["ExclusiveStartKey"] = _key((partition, after))
        return [_stored(item) for item in self._client.query(**asked)["Items"]]

    def write(self, changes: Sequence[Put | Delete]) -> None:
        """All of the changes or none.  Raises VersionConflict."""
        steps: list[Mapping[str, Any]] = []
        for change in changes:
            if isinstance(change, Delete):
                steps.append(self._delete(change))
                continue
            stored = self.get(change.key)
            version = 0 if stored is None else stored.version
            expected = version if change.expected_version is None else change.expected_version
            steps.append(self._put(Put(change.key, change.item, expected), expected + 1))
        self._transact(steps)

    def _transact(self, steps: Sequence[Mapping[str, Any]]) -> None:
        try:
            self._client.transact_write_items(TransactItems=steps)
        except self._client.exceptions.TransactionCanceledException as error:
            raise VersionConflict(f"{self._name}: {error}") from error

    def _put(self, change: Put, version: int) -> Mapping[str, Any]:
        item = {
            **_key(change.key),
            "item": {"S": json.dumps(change.item, allow_nan=False)},
            "version": {"N": str(version)},
        }
        return {
            "Put": {"TableName": self._name, "Item": item, **_condition(change.expected_version)}
        }

    def _delete(self, change: Delete) -> Mapping[str, Any]:
        condition = _condition(change.expected_version)
        return {"Delete": {"TableName": self._name, "Key": _key(change.key), **condition}}


def _condition(expected: int | None) -> Mapping[str, Any]:
    if expected is None:
        return {}
    if expected == 0:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    return {
        "ConditionExpression": "version = :v",
        "ExpressionAttributeValues": {":v": {"N": str(expected)}},
    }


def _key(key: Key) -> dict[str, Any]:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def _stored(item: Mapping[str, Any]) -> Stored:
    key = (item["pk"]["S"], item["sk"]["S"])
    return Stored(key, json.loads(item["item"]["S"]), int(item["version"]["N"]))
