"""AWS's `iot` over HTTP: where devices and their tools find the cloud (AWS reference, 6.1)."""

from collections.abc import Mapping
from enum import StrEnum

from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.runtime.http.aws.answers import InvalidAwsRequest, answer
from cloud_functions.runtime.http.aws.signed_route import CONTROL_PLANE, SignedRoute


class EndpointType(StrEnum):
    """What DescribeEndpoint knows."""

    DATA = "iot:Data"
    DATA_ATS = "iot:Data-ATS"
    CREDENTIALS = "iot:CredentialProvider"
    JOBS = "iot:Jobs"


def addresses(data: str, http: str) -> dict[EndpointType, str]:
    """The addresses by type, host and port without a scheme as AWS gives hosts.

    Devices connect to the data endpoint by TLS, with MQTT or HTTPS as far as the broker speaks it
    there; where there is no such port, it is the HTTP port's as the others are.
    """
    plain = http.partition("://")[2]
    data = data.partition("://")[2] or plain
    return {
        EndpointType.DATA: data,
        EndpointType.DATA_ATS: data,
        EndpointType.CREDENTIALS: plain,
        EndpointType.JOBS: plain,
    }


def routes(known: Mapping[EndpointType, str]) -> list[SignedRoute]:
    """The route of DescribeEndpoint."""

    async def describe(request: Request) -> Response:
        asked = request.query_params.get("endpointType", EndpointType.DATA)
        try:
            return answer({"endpointAddress": known[EndpointType(asked)]})
        except ValueError:
            raise InvalidAwsRequest(
                f"Endpoint type {asked} is not recognised: it is one of {', '.join(EndpointType)}"
            ) from None

    return [SignedRoute(CONTROL_PLANE, "GET", "/endpoint", describe, unsigned=False)]
