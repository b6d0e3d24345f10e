"""AWS's `iot` over HTTP: destinations of http actions (AWS reference, section 2.11)."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from cloud_functions.errors import InvalidDeclaration, InvalidRequest, NotFound, Unauthorized
from cloud_functions.rules.destination import Destination
from cloud_functions.runtime.http.aws.answers import (
    Handler,
    InvalidAwsRequest,
    answer,
    body_of,
    page_size,
)
from cloud_functions.runtime.http.aws.asked import Asked
from cloud_functions.runtime.http.aws.signed_route import CONTROL_PLANE, SignedRoute
from cloud_functions.runtime.http_posts.destinations import Destinations

_MAX_PAGE: Final = 1000
_OTHERS: Final = ("vpcConfiguration", "influxDBConfiguration")


class NoDestination(Unauthorized):
    """A missing destination; the API has no 404 here, and answers as for a missing rule."""

    code = "UnauthorizedException"


def routes(destinations: Destinations) -> Sequence[SignedRoute]:
    """The routes of destinations; confirming is a link that anybody may follow."""

    async def create(request: Request) -> Response:
        said = (await Asked.read(request)).object("destinationConfiguration")
        for refused in _OTHERS:
            if said.has(refused):
                raise InvalidAwsRequest(f"{refused} is not run here; there is httpUrlConfiguration")
        url = said.object("httpUrlConfiguration").text("confirmationUrl")
        if not url:
            raise InvalidAwsRequest("httpUrlConfiguration needs a confirmationUrl")
        return answer({"topicRuleDestination": _described(destinations.create(url))})

    async def get(request: Request) -> Response:
        found = destinations.get(request.path_params["arn"])
        return answer({"topicRuleDestination": _described(found)})

    async def update(request: Request) -> Response:
        said = await body_of(request)
        destinations.update(str(said.get("arn", "")), str(said.get("status", "")))
        return answer({})

    async def delete(request: Request) -> Response:
        destinations.delete(request.path_params["arn"])
        return answer({})

    async def confirm(request: Request) -> Response:
        destinations.confirm(request.path_params["token"])
        return answer({})

    async def list_destinations(request: Request) -> Response:
        size = page_size(request, _MAX_PAGE)
        after = request.query_params.get("nextToken", "")
        rest = [each for each in destinations.of_rules() if each.arn > after]
        said: dict[str, Any] = {"destinationSummaries": [_listed(each) for each in rest[:size]]}
        if len(rest) > size:
            said["nextToken"] = rest[size - 1].arn
        return answer(said)

    one = "/destinations/{arn:path}"
    confirming = "/confirmdestination/{token:path}"
    return [
        SignedRoute(CONTROL_PLANE, "POST", "/destinations", _in_aws_words(create), unsigned=False),
        SignedRoute(CONTROL_PLANE, "PATCH", "/destinations", _in_aws_words(update), unsigned=False),
        SignedRoute(
            CONTROL_PLANE, "GET", "/destinations", _in_aws_words(list_destinations), unsigned=False
        ),
        SignedRoute(CONTROL_PLANE, "GET", one, _in_aws_words(get), unsigned=False),
        SignedRoute(CONTROL_PLANE, "DELETE", one, _in_aws_words(delete), unsigned=False),
        SignedRoute(CONTROL_PLANE, "GET", confirming, _in_aws_words(confirm)),
    ]


def _in_aws_words(handler: Handler) -> Handler:
    """The handler with its refusals as the API's model has them."""

    async def run(request: Request) -> Response:
        try:
            return await handler(request)
        except NotFound as error:
            raise NoDestination(str(error)) from error
        except (InvalidDeclaration, InvalidRequest) as error:
            raise InvalidAwsRequest(str(error)) from error

    return run


def _described(destination: Destination) -> dict[str, Any]:
    return {**_times(destination), "httpUrlProperties": {"confirmationUrl": destination.url}}


def _listed(destination: Destination) -> dict[str, Any]:
    return {**_times(destination), "httpUrlSummary": {"confirmationUrl": destination.url}}


def _times(destination: Destination) -> dict[str, Any]:
    return {
        "arn": destination.arn,
        "status": destination.status,
        "statusReason": destination.reason,
        "createdAt": destination.created_s,
        "lastUpdatedAt": destination.updated_s,
    }
