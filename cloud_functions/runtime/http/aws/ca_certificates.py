"""AWS's `iot` over HTTP: CA certificates and the registration code."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final

from cloud_functions.registry import ca_certificates, registration_code, tags
from cloud_functions.registry.ca_certificates import CaCertificate
from cloud_functions.registry.certificates import Mode
from cloud_functions.registry.errors import InvalidInput
from cloud_functions.registry.transaction import Transaction
from cloud_functions.runtime.http.aws.asked import Asked
from cloud_functions.runtime.http.aws.operations import Operation, listed


class _Status(StrEnum):
    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"


class _AutoRegistration(StrEnum):
    ENABLE = "ENABLE"
    DISABLE = "DISABLE"


def _register(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    _refuse_auto_registration(asked)
    made = ca_certificates.register(
        transaction,
        asked.needed("caCertificate"),
        asked.text("verificationCertificate"),
        is_active=asked.flag("setAsActive"),
        mode=asked.one_of("certificateMode", Mode) or Mode.DEFAULT,
    )
    tags.put(transaction, made.arn, tags.checked(asked.objects("tags")))
    return {"certificateArn": made.arn, "certificateId": made.id}


def _describe(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    found = ca_certificates.describe(transaction, asked.needed("caCertificateId"))
    return {"certificateDescription": found.described()}


def _list(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    found = ca_certificates.find(transaction, asked.marked_page())
    return listed("certificates", found.map(CaCertificate.listed), "nextMarker")


def _update(transaction: Transaction, asked: Asked) -> None:
    _refuse_auto_registration(asked)
    ca_id, status = asked.needed("caCertificateId"), asked.one_of("newStatus", _Status)
    ca_certificates.describe(transaction, ca_id)
    if status is not None:
        is_active = status is _Status.ACTIVE
        ca_certificates.update(transaction, ca_id, is_active=is_active)


def _delete(transaction: Transaction, asked: Asked) -> None:
    ca_certificates.delete(transaction, asked.needed("caCertificateId"))


def _code(transaction: Transaction, _asked: Asked) -> dict[str, Any]:
    return {"registrationCode": registration_code.get(transaction)}


def _delete_code(transaction: Transaction, _asked: Asked) -> None:
    registration_code.delete(transaction)


def _refuse_auto_registration(asked: Asked) -> None:
    asked_for = asked.one_of("newAutoRegistrationStatus", _AutoRegistration)
    if (
        asked.flag("allowAutoRegistration")
        or asked_for is _AutoRegistration.ENABLE
        or asked.has("registrationConfig")
    ):
        raise InvalidInput(
            "Certificates are not registered at their first connect here:"
            " register each with RegisterCertificate"
        )


_PATH: Final = "/cacertificate/{caCertificateId}"

OPERATIONS: Final[Sequence[Operation]] = (
    Operation("POST", "/cacertificate", _register),
    Operation("GET", "/cacertificates", _list),
    Operation("GET", _PATH, _describe),
    Operation("PUT", _PATH, _update),
    Operation("DELETE", _PATH, _delete),
    Operation("GET", "/registrationcode", _code),
    Operation("DELETE", "/registrationcode", _delete_code),
)
