"""Which certificate speaks for which thing (AWS reference, section 7).

Attached exclusively, a thing is the only one its principal has: its client id need not be the
thing's name, and presence events carry the thing's name.
"""

from dataclasses import dataclass
from enum import StrEnum

from cloud_functions.registry import certificates, things
from cloud_functions.registry.arns import Kind, name_in
from cloud_functions.registry.errors import InvalidInput, ResourceNotFound
from cloud_functions.registry.pages import Page, PageWanted, page
from cloud_functions.registry.transaction import Transaction


class PrincipalType(StrEnum):
    """How a principal is attached to a thing."""

    EXCLUSIVE = "EXCLUSIVE_THING"
    NON_EXCLUSIVE = "NON_EXCLUSIVE_THING"


@dataclass(frozen=True, slots=True)
class ThingPrincipal:
    """A thing and a principal, by its ARN."""

    thing: str
    principal: str
    type: PrincipalType = PrincipalType.NON_EXCLUSIVE


def attach(transaction: Transaction, thing: str, principal: str, how: PrincipalType) -> None:
    """Attach a principal; it may be attached already.

    Raises InvalidInput where the principal has another thing and one of the two is exclusive.
    """
    things.describe(transaction, thing)
    _check_principal(transaction, principal)
    attachments = transaction.store.thing_principals
    for each in attachments.find({"principal": principal}):
        if each.thing != thing and PrincipalType.EXCLUSIVE in (each.type, how):
            raise InvalidInput(
                f"{principal} is attached to thing {each.thing} ({each.type}): it cannot be"
                f" attached to thing {thing} as {how}"
            )
    attachments.put(ThingPrincipal(thing, principal, how))
    transaction.note_access()


def detach(transaction: Transaction, thing: str, principal: str) -> None:
    """Detach a principal.  Raises ResourceNotFound when it is not attached."""
    things.describe(transaction, thing)
    _check_principal(transaction, principal)
    if not transaction.store.thing_principals.delete(thing, principal):
        raise ResourceNotFound(f"{principal} is not attached to thing {thing}.")
    transaction.note_access()


def of_thing(
    transaction: Transaction, thing: str, wanted: PageWanted, how: PrincipalType | None = None
) -> Page[ThingPrincipal]:
    """The attachments of a thing; with `how` those of one type."""
    things.describe(transaction, thing)
    return _found(transaction, {"thing": thing}, wanted, how)


def of_principal(
    transaction: Transaction, principal: str, wanted: PageWanted, how: PrincipalType | None = None
) -> Page[ThingPrincipal]:
    """The attachments of a principal; with `how` those of one type."""
    _check_principal(transaction, principal)
    return _found(transaction, {"principal": principal}, wanted, how)


def _found(
    transaction: Transaction,
    where: dict[str, str | int | float],
    wanted: PageWanted,
    how: PrincipalType | None,
) -> Page[ThingPrincipal]:
    keep = None if how is None else (lambda each: each.type is how)
    return page(transaction.store.thing_principals, wanted, where, keep=keep)


def _check_principal(transaction: Transaction, principal: str) -> None:
    certificate = name_in(principal, Kind.CERTIFICATE)
    if certificate is None:
        raise InvalidInput(
            f"{principal!r} is no ARN of a certificate of this account;"
            " Cognito identities are not kept here"
        )
    certificates.describe(transaction, certificate)
