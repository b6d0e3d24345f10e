"""The registration code: a CA proves that it is the caller's by signing a certificate with it."""

import secrets
from dataclasses import dataclass

from cloud_functions.registry.errors import ResourceNotFound
from cloud_functions.registry.transaction import Transaction


@dataclass(frozen=True, slots=True)
class RegistrationCode:
    """The account's code, 64 hexadecimal digits."""

    code: str


def get(transaction: Transaction) -> str:
    """The code, made when it is first asked for."""
    codes = transaction.store.registration_codes
    known = codes.find()
    if known:
        return known[0].code
    made = RegistrationCode(secrets.token_hex(32))
    codes.put(made)
    return made.code


def delete(transaction: Transaction) -> None:
    """Forget the code; the next one is another.  Raises ResourceNotFound."""
    codes = transaction.store.registration_codes
    known = codes.find()
    if not known:
        raise ResourceNotFound("There is no registration code.")
    codes.delete(known[0].code)
