"""Tags of what the registry keeps."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cloud_functions.registry.arns import Kind, name_in
from cloud_functions.registry.errors import InvalidInput, LimitExceeded, ResourceNotFound
from cloud_functions.registry.ports import Records
from cloud_functions.registry.transaction import Transaction

_MOST: Final = 50
_KEY: Final = re.compile(r"[\w .:/=+\-@]{1,128}\Z")
_MAX_VALUE: Final = 256


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag of a record, by its ARN."""

    arn: str
    key: str
    value: str


def checked(raw: Sequence[Mapping[str, object]]) -> dict[str, str]:
    """The tags of a request, `[{"Key", "Value"}]`, by key.  Raises InvalidInput."""
    tags: dict[str, str] = {}
    for each in raw:
        key, value = each.get("Key"), each.get("Value", "")
        if not isinstance(key, str) or not _KEY.match(key) or key.startswith("aws:"):
            raise InvalidInput(f"tags: Key is 1 to 128 letters, digits or _.:/=+-@, not {key!r}")
        if not isinstance(value, str) or len(value) > _MAX_VALUE:
            raise InvalidInput(f"tags: Value of {key} is a text of up to {_MAX_VALUE}")
        tags[key] = value
    return tags


def put(transaction: Transaction, arn: str, tags: Mapping[str, str]) -> None:
    """Tag a record.  Raises ResourceNotFound, and LimitExceeded beyond 50 tags."""
    _check_there(transaction, arn)
    known = {tag.key for tag in transaction.store.tags.find({"arn": arn})}
    if len(known | tags.keys()) > _MOST:
        raise LimitExceeded(f"a resource has at most {_MOST} tags")
    for key, value in tags.items():
        transaction.store.tags.put(Tag(arn, key, value))


def remove(transaction: Transaction, arn: str, keys: Sequence[str]) -> None:
    """Take tags off a record; they may be off already."""
    _check_there(transaction, arn)
    for key in keys:
        transaction.store.tags.delete(arn, key)


def find(transaction: Transaction, arn: str) -> list[dict[str, str]]:
    """The tags of a record."""
    _check_there(transaction, arn)
    found = transaction.store.tags.find({"arn": arn})
    return [{"Key": tag.key, "Value": tag.value} for tag in found]


def forget(transaction: Transaction, arn: str) -> None:
    """A record is gone, and its tags with it."""
    for tag in transaction.store.tags.find({"arn": arn}):
        transaction.store.tags.delete(arn, tag.key)


def _check_there(transaction: Transaction, arn: str) -> None:
    store = transaction.store
    tagged: Mapping[Kind, Records[Any]] = {
        Kind.THING_TYPE: store.thing_types,
        Kind.THING_GROUP: store.thing_groups,
        Kind.BILLING_GROUP: store.billing_groups,
        Kind.CA_CERTIFICATE: store.ca_certificates,
        Kind.POLICY: store.policies,
    }
    for kind, records in tagged.items():
        name = name_in(arn, kind)
        if name is not None:
            if records.get(name) is None:
                raise ResourceNotFound(f"{arn} cannot be found.")
            return
    raise InvalidInput(f"{arn!r} is no ARN of what is tagged here: {', '.join(tagged)}")
