"""AWS's `iot` over HTTP: billing groups."""

from collections.abc import Sequence
from typing import Any, Final

from cloud_functions.registry import billing_groups, tags
from cloud_functions.registry.arns import Kind
from cloud_functions.registry.billing_groups import BillingGroup
from cloud_functions.registry.transaction import Transaction
from cloud_functions.runtime.http.aws.asked import Asked
from cloud_functions.runtime.http.aws.operations import Operation, listed


def _create(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    made = billing_groups.create(transaction, asked.needed("billingGroupName"), _said(asked))
    tags.put(transaction, made.arn, tags.checked(asked.objects("tags")))
    return {
        "billingGroupName": made.name,
        "billingGroupArn": made.arn,
        "billingGroupId": made.group_id,
    }


def _describe(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    return billing_groups.describe(transaction, asked.needed("billingGroupName")).described()


def _update(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    name, expected = asked.needed("billingGroupName"), asked.number("expectedVersion")
    return {"version": billing_groups.update(transaction, name, _said(asked), expected).version}


def _delete(transaction: Transaction, asked: Asked) -> None:
    name, expected = asked.needed("billingGroupName"), asked.number("expectedVersion")
    billing_groups.delete(transaction, name, expected)


def _list(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    found = billing_groups.find(transaction, asked.page(), asked.text("namePrefixFilter"))
    return listed("billingGroups", found.map(BillingGroup.named))


def _add(transaction: Transaction, asked: Asked) -> None:
    billing_groups.add(transaction, *_group_and_thing(asked))


def _remove(transaction: Transaction, asked: Asked) -> None:
    billing_groups.remove(transaction, *_group_and_thing(asked))


def _list_things(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    name = asked.needed("billingGroupName")
    return listed("things", billing_groups.find_things(transaction, name, asked.page()))


def _said(asked: Asked) -> str:
    return asked.object("billingGroupProperties").text("billingGroupDescription")


def _group_and_thing(asked: Asked) -> tuple[str, str]:
    return (
        asked.name_or_arn("billingGroupName", "billingGroupArn", Kind.BILLING_GROUP),
        asked.name_or_arn("thingName", "thingArn", Kind.THING),
    )


_PATH: Final = "/billing-groups/{billingGroupName}"

OPERATIONS: Final[Sequence[Operation]] = (
    Operation("GET", "/billing-groups", _list),
    Operation("PUT", "/billing-groups/addThingToBillingGroup", _add),
    Operation("PUT", "/billing-groups/removeThingFromBillingGroup", _remove),
    Operation("POST", _PATH, _create),
    Operation("GET", _PATH, _describe),
    Operation("PATCH", _PATH, _update),
    Operation("DELETE", _PATH, _delete),
    Operation("GET", f"{_PATH}/things", _list_things),
)
