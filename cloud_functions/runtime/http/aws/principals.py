"""AWS's `iot` over HTTP: which certificate speaks for which thing."""

from collections.abc import Sequence
from typing import Any, Final

from cloud_functions.registry import thing_principals
from cloud_functions.registry.thing_principals import PrincipalType, ThingPrincipal
from cloud_functions.registry.transaction import Transaction
from cloud_functions.runtime.http.aws.asked import Asked
from cloud_functions.runtime.http.aws.operations import Operation, listed

_PRINCIPAL: Final = "x-amzn-principal"


def _attach(transaction: Transaction, asked: Asked) -> None:
    how = asked.one_of("thingPrincipalType", PrincipalType) or PrincipalType.NON_EXCLUSIVE
    thing, principal = asked.needed("thingName"), asked.header(_PRINCIPAL)
    thing_principals.attach(transaction, thing, principal, how)


def _detach(transaction: Transaction, asked: Asked) -> None:
    thing_principals.detach(transaction, asked.needed("thingName"), asked.header(_PRINCIPAL))


def _of_thing(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    found = thing_principals.of_thing(transaction, asked.needed("thingName"), asked.page())
    return listed("principals", found.map(lambda each: each.principal))


def _of_thing_with_types(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    how = asked.one_of("thingPrincipalType", PrincipalType)
    found = thing_principals.of_thing(transaction, asked.needed("thingName"), asked.page(), how)
    return listed("thingPrincipalObjects", found.map(_principal_object))


def _of_principal(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    found = thing_principals.of_principal(transaction, asked.header(_PRINCIPAL), asked.page())
    return listed("things", found.map(lambda each: each.thing))


def _of_principal_with_types(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    how = asked.one_of("thingPrincipalType", PrincipalType)
    principal = asked.header(_PRINCIPAL)
    found = thing_principals.of_principal(transaction, principal, asked.page(), how)
    return listed("principalThingObjects", found.map(_thing_object))


def _principal_object(each: ThingPrincipal) -> dict[str, str]:
    return {"principal": each.principal, "thingPrincipalType": each.type.value}


def _thing_object(each: ThingPrincipal) -> dict[str, str]:
    return {"thingName": each.thing, "thingPrincipalType": each.type.value}


_PATH: Final = "/things/{thingName}/principals"

OPERATIONS: Final[Sequence[Operation]] = (
    Operation("PUT", _PATH, _attach),
    Operation("DELETE", _PATH, _detach),
    Operation("GET", _PATH, _of_thing),
    Operation("GET", f"{_PATH}-v2", _of_thing_with_types),
    Operation("GET", "/principals/things", _of_principal),
    Operation("GET", "/principals/things-v2", _of_principal_with_types),
)
