"""AWS's `iot` over HTTP: tags of what the registry keeps."""

from collections.abc import Sequence
from typing import Any, Final

from cloud_functions.registry import tags
from cloud_functions.registry.transaction import Transaction
from cloud_functions.runtime.http.aws.asked import Asked
from cloud_functions.runtime.http.aws.operations import Operation


def _tag(transaction: Transaction, asked: Asked) -> None:
    tags.put(transaction, asked.needed("resourceArn"), tags.checked(asked.objects("tags")))


def _untag(transaction: Transaction, asked: Asked) -> None:
    tags.remove(transaction, asked.needed("resourceArn"), asked.texts("tagKeys"))


def _list(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    return {"tags": tags.find(transaction, asked.needed("resourceArn"))}


OPERATIONS: Final[Sequence[Operation]] = (
    Operation("POST", "/tags", _tag),
    Operation("POST", "/untag", _untag),
    Operation("GET", "/tags", _list),
)
