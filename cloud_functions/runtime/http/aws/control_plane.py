"""AWS's `iot` over HTTP: everything the registry answers."""

from collections.abc import Mapping
from typing import Final

from cloud_functions.registry.authority import Authority
from cloud_functions.runtime.http.aws import (
    billing_groups,
    ca_certificates,
    certificates,
    endpoints,
    policies,
    principals,
    registry_tags,
    thing_groups,
    thing_types,
    things,
)
from cloud_functions.runtime.http.aws.endpoints import EndpointType
from cloud_functions.runtime.http.aws.operations import routes_of
from cloud_functions.runtime.http.aws.signed_route import SignedRoute
from cloud_functions.runtime.registrar import Registrar

_NOUNS: Final = (
    things,
    thing_types,
    thing_groups,
    billing_groups,
    ca_certificates,
    policies,
    principals,
    registry_tags,
)


def routes(
    registrar: Registrar, authority: Authority, known: Mapping[EndpointType, str]
) -> list[SignedRoute]:
    """The routes of the registry."""
    return [
        *certificates.routes(registrar, authority),
        *endpoints.routes(known),
        *(route for noun in _NOUNS for route in routes_of(registrar, noun.OPERATIONS)),
    ]
