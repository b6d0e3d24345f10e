"""AWS's `iot` over HTTP: certificates.

Keys and signatures are made beside the loop and before the transaction: they need no registry,
and an RSA key takes a tenth of a second.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.registry import ca_certificates, certificates
from cloud_functions.registry.authority import Authority, Issued
from cloud_functions.registry.certificates import SETTABLE, Certificate, Status
from cloud_functions.registry.errors import InvalidInput
from cloud_functions.registry.transaction import Transaction
from cloud_functions.runtime.http.aws.answers import answer
from cloud_functions.runtime.http.aws.asked import Asked
from cloud_functions.runtime.http.aws.operations import Operation, listed, routes_of
from cloud_functions.runtime.http.aws.signed_route import CONTROL_PLANE, SignedRoute
from cloud_functions.runtime.registrar import Registrar


def routes(registrar: Registrar, authority: Authority) -> list[SignedRoute]:
    """The routes of certificates."""

    async def issue(asked: Asked, make: Callable[[], Issued]) -> tuple[Issued, dict[str, Any]]:
        """A certificate of the local authority, registered."""
        status = Status.ACTIVE if asked.flag("setAsActive") else Status.INACTIVE
        issued = await asyncio.to_thread(make)
        made = await registrar.run(lambda change: certificates.add(change, issued.pem, status))
        return issued, {**_named(made), "certificatePem": made.pem}

    async def create_keys(request: Request) -> Response:
        issued, said = await issue(await Asked.read(request), authority.issue_with_rsa)
        keys = {"PublicKey": issued.public_key_pem, "PrivateKey": issued.key_pem}
        return answer({**said, "keyPair": keys})

    async def create_from_request(request: Request) -> Response:
        asked = await Asked.read(request)
        signing_request = asked.needed("certificateSigningRequest")
        _, said = await issue(asked, lambda: authority.sign(signing_request))
        return answer(said)

    return [
        SignedRoute(CONTROL_PLANE, "POST", "/keys-and-certificate", create_keys, unsigned=False),
        SignedRoute(CONTROL_PLANE, "POST", "/certificates", create_from_request, unsigned=False),
        *routes_of(registrar, OPERATIONS),
    ]


def _register(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    made = ca_certificates.register_certificate(
        transaction,
        asked.needed("certificatePem"),
        asked.text("caCertificatePem"),
        _wanted_status(asked),
    )
    return _named(made)


def _register_without_ca(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    pem, status = asked.needed("certificatePem"), _wanted_status(asked)
    return _named(ca_certificates.register_without_ca(transaction, pem, status))


def _describe(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    found = certificates.describe(transaction, asked.needed("certificateId"))
    return {"certificateDescription": found.described()}


def _list(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    found = certificates.find(transaction, asked.marked_page())
    return listed("certificates", found.map(Certificate.listed), "nextMarker")


def _list_by_ca(transaction: Transaction, asked: Asked) -> dict[str, Any]:
    ca_id = asked.needed("caCertificateId")
    found = certificates.find(transaction, asked.marked_page(), ca_id)
    return listed("certificates", found.map(Certificate.listed), "nextMarker")


def _update(transaction: Transaction, asked: Asked) -> None:
    status = asked.one_of("newStatus", Status)
    if status is None:
        raise InvalidInput(f"newStatus is one of {', '.join(SETTABLE)}")
    certificates.update(transaction, asked.needed("certificateId"), status)


def _delete(transaction: Transaction, asked: Asked) -> None:
    force = asked.flag("forceDelete")
    certificates.delete(transaction, asked.needed("certificateId"), force=force)


def _no_transfer(_transaction: Transaction, _asked: Asked) -> None:
    raise InvalidInput(
        "Certificates are not transferred here: there is one account."
        " Register the certificate in the other cloud with RegisterCertificateWithoutCA"
    )


def _wanted_status(asked: Asked) -> Status:
    if asked.flag("setAsActive"):
        return Status.ACTIVE
    status = asked.one_of("status", Status) or Status.INACTIVE
    if status not in SETTABLE:
        raise InvalidInput(f"status is one of {', '.join(SETTABLE)}, not {status}")
    return status


def _named(certificate: Certificate) -> dict[str, Any]:
    return {"certificateArn": certificate.arn, "certificateId": certificate.id}


_PATH: Final = "/certificates/{certificateId}"

OPERATIONS: Final[Sequence[Operation]] = (
    Operation("POST", "/certificate/register", _register),
    Operation("POST", "/certificate/register-no-ca", _register_without_ca),
    Operation("GET", "/certificates", _list),
    Operation("GET", "/certificates-by-ca/{caCertificateId}", _list_by_ca),
    Operation("GET", _PATH, _describe),
    Operation("PUT", _PATH, _update),
    Operation("DELETE", _PATH, _delete),
    Operation("PATCH", "/transfer-certificate/{certificateId}", _no_transfer),
    Operation("PATCH", "/accept-certificate-transfer/{certificateId}", _no_transfer),
    Operation("PATCH", "/reject-certificate-transfer/{certificateId}", _no_transfer),
    Operation("PATCH", "/cancel-certificate-transfer/{certificateId}", _no_transfer),
)
